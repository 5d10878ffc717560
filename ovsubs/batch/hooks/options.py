"""What a person asks for -> who is told, checked before a run begins."""

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from ovsubs.errors import InvalidOption


class ServerKind(StrEnum):
    """Media servers that are told of new subtitles."""

    JELLYFIN = "jellyfin"
    EMBY = "emby"
    PLEX = "plex"


@dataclass(frozen=True, slots=True)
class MediaServer:
    """A media server, and the token that lets us in, which no `repr` and no error shows.

    Raises:
        InvalidOption: the URL is none, or the token is missing or none.
    """

    kind: ServerKind
    url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_url(self.kind, self.url)
        if urlsplit(self.url).query:
            raise InvalidOption(self.kind, self.url, "name the server alone, without a question mark")
        if not re.fullmatch(r"[!#-\[\]-~]+", self.token):  # it stands within quotes in a header
            why = "holds characters that no token has" if self.token else "is not set: put its token there"
            raise InvalidOption(self.kind, self.url, f"the variable {token_variable(self.kind)} {why}")


def token_variable(kind: ServerKind) -> str:
    """The variable of the environment that holds a server's token: an option would stand in process lists."""
    return f"OVSUBS_{kind.upper()}_TOKEN"


def media_servers(
    environ: Mapping[str, str], jellyfin: str | None = None, emby: str | None = None, plex: str | None = None
) -> tuple[MediaServer, ...]:
    """The servers whose URLs are given, with their tokens of the environment.

    Raises:
        InvalidOption: see `MediaServer`.
    """
    urls = ((ServerKind.JELLYFIN, jellyfin), (ServerKind.EMBY, emby), (ServerKind.PLEX, plex))
    given = ((kind, url) for kind, url in urls if url is not None)
    return tuple(MediaServer(kind, url, environ.get(token_variable(kind), "")) for kind, url in given)


@dataclass(frozen=True, slots=True)
class HookOptions:
    """Who is told: `on_done`, `webhook` and the servers of each file, `webhook` and `when_done` of the run.

    Commands are run without a shell, split as one of POSIX would (`sh -c '...'` is one; on Windows put paths
    in single quotes). They have one object of JSON on stdin and OVSUBS_EVENT, OVSUBS_FILE, OVSUBS_SUBTITLES
    (joined as PATH is) and OVSUBS_LANGUAGE in the environment. Names that are no UTF-8 have U+FFFD in JSON,
    and their own bytes in the environment.

    Raises:
        InvalidOption: a command is not readable or its program not there, or a URL is none.
    """

    on_done: str | None = None
    webhook: str | None = None
    servers: tuple[MediaServer, ...] = ()
    when_done: str | None = None

    def __post_init__(self) -> None:
        for option, command in (("on_done", self.on_done), ("when_done", self.when_done)):
            if command is not None:
                _check_command(option, command)
        if self.webhook is not None:
            _check_url("webhook", self.webhook)


@dataclass(frozen=True, slots=True)
class HookLimits:
    """How long things may take, in seconds. `back_off_s` are the pauses before a request is tried again.

    Servers are told of all files of `gather_s` at once.
    """

    command_s: float = 60.0
    request_s: float = 10.0
    back_off_s: tuple[float, ...] = (1.0, 4.0)
    gather_s: float = 10.0
    close_s: float = 15.0


def _check_url(option: str, url: str) -> None:
    shown = re.sub("//[^/]*@", "//…@", url)
    if shown != url:
        raise InvalidOption(option, shown, "a name or password in a URL is not sent")
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise InvalidOption(option, url, error) from error
    if not is_one:
        raise InvalidOption(option, url, "give a URL such as http://server:8096")
    if not re.fullmatch(r"[!-~]+", url):
        raise InvalidOption(option, url, "write spaces and letters with accents as %20 and the like")


def _check_command(option: str, command: str) -> None:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InvalidOption(option, command, f"{error}".lower()) from error
    if not words:
        raise InvalidOption(option, command, "give a command")
    if shutil.which(words[0]) is None:
        raise InvalidOption(option, command, f"there is no program {words[0]!r}; `sh -c '...'` runs a shell")
