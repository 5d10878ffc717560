"""What has become of a file -> the programs and servers that want to know.

Nothing here stops or slows a run: a thread of its own does the telling, and what goes wrong is a short note.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePath
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

from ovsubs.audio.lifeline import ends_with_us
from ovsubs.batch.record import BatchReport, FileRecord, FileState
from ovsubs.errors import InvalidOption

if TYPE_CHECKING:
    from urllib.request import Request

WHEN_DONE_S = 3600.0  # a copy to another disk may take its time; a program that hangs may not
_N_WAITING = 10_000  # events; some 10 MB
_N_ANSWER_BYTES = 8 << 20
_N_TAIL_BYTES = 4096  # of what a program writes
_N_SHOWN = 120  # characters of its last line
_LOOK_S = 0.1
_NO_TEXT = re.compile("[\ud800-\udfff]")  # halves of pairs: bytes of a name that are no UTF-8


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


class HookEvent(StrEnum):
    """What is told."""

    FILE_DONE = "file_done"
    FILE_FAILED = "file_failed"
    FILE_SKIPPED = "file_skipped"
    RUN_DONE = "run_done"


_EVENTS = {
    FileState.DONE: HookEvent.FILE_DONE,
    FileState.FAILED: HookEvent.FILE_FAILED,
    FileState.SKIPPED: HookEvent.FILE_SKIPPED,
}


@dataclass(frozen=True, slots=True)
class HookMessage:
    """One event as it goes out: `body` is an object of JSON, in UTF-8. `file` is None for that of the run."""

    event: HookEvent
    body: bytes
    file: Path | None = None
    subtitles: tuple[Path, ...] = ()
    language: str = ""


def file_message(record: FileRecord) -> HookMessage:
    """What is told of a file.

    Raises:
        ValueError: it has not ended.
    """
    if record.state not in _EVENTS:
        raise ValueError(f"{record.path} is {record.state}: there is nothing to tell yet")
    event, path = _EVENTS[record.state], record.path.absolute()
    subtitles = tuple(output.absolute() for output in record.outputs)
    body = _json(
        event=event,
        file=str(path),
        subtitles=[*map(str, subtitles)],
        language=record.language,
        seconds=record.duration,
        work_seconds=record.work_s,
        why=record.why,
        error_code=record.error_code,
        attempt=record.attempt,
        n_cues=record.n_cues,
        n_doubtful=len(record.doubtful),
        finished=record.finished,
    )
    return HookMessage(event, body, path, subtitles, record.language)


def run_message(report: BatchReport) -> HookMessage:
    """What is told of a run: how many files ended how, or did not."""
    body = _json(
        event=HookEvent.RUN_DONE,
        roots=[str(root.absolute()) for root in report.roots],
        model=report.model,
        began=report.began,
        ended=report.ended,
        seconds=sum(record.duration for record in report.records),
        **{str(state): len(report.in_state(state)) for state in FileState},
    )
    return HookMessage(HookEvent.RUN_DONE, body)


def run_when_done(options: HookOptions, report: BatchReport, say: Callable[[str], None]) -> None:
    """Run `when_done`, of which a machine may be turned off: call it when all else is written and closed."""
    if options.when_done is None:
        return
    problem = _run(options.when_done, run_message(report), WHEN_DONE_S, threading.Event())
    if problem is not None:
        say(f"when_done {problem}")


class Notifier:
    """Tells of files while a run goes on; use it with `with`. Notes go to `say`, out of a thread of its own.

    A note of each kind is said once, and at the end how often it was. Events wait for their turn, up to ten
    thousand of them, and what comes then is not told. A receiver may be told twice of a file: an answer that
    is late is asked for again.
    """

    def __init__(
        self, options: HookOptions, say: Callable[[str], None], limits: HookLimits | None = None
    ) -> None:
        self._options, self._say, self._limits = options, say, limits or HookLimits()
        self._messages = deque[HookMessage]()
        self._files = dict[Path, float]()  # that servers are to look at, and when we heard of them
        self._changed = threading.Condition()
        self._is_closing, self._is_over, self._is_closed = (threading.Event() for _ in range(3))
        self._n_notes = Counter[str]()
        self._n_refused = Counter[str]()
        self._thread = threading.Thread(target=self._work, name="hooks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def tell(self, record: FileRecord) -> None:
        """Tell of a file that has ended; returns at once."""
        message = file_message(record)
        with self._changed:
            if self._options.on_done is not None or self._options.webhook is not None:
                self._put(message)
            if self._options.servers and message.event is HookEvent.FILE_DONE and message.subtitles:
                while len(self._files) >= _N_WAITING:
                    del self._files[next(iter(self._files))]
                self._files.setdefault(record.path.absolute(), time.monotonic())
            self._changed.notify()

    def tell_run(self, report: BatchReport) -> None:
        """Tell that a run has ended; returns at once."""
        if self._options.webhook is not None:
            with self._changed:
                self._put(run_message(report))
                self._changed.notify()

    def close(self) -> None:
        """Wait a while until all is told, end what goes on then, and say what was not told."""
        with self._changed:
            self._is_closing.set()
            self._changed.notify()
        self._thread.join(self._limits.close_s)
        self._is_over.set()
        self._thread.join(1.0)
        self._is_closed.set()
        with self._changed:
            n_left = len(self._messages) + self._thread.is_alive() + self._n_refused.total()
            n_files, left = len(self._files), []
            self._messages.clear()
            self._files.clear()
        if n_left:
            left.append(f"{n_left} event{'s' * (n_left > 1)}")
        if n_files:
            left.append(f"{n_files} file{'s' * (n_files > 1)} for the media servers")
        for kind, n_times in list(self._n_notes.items()):
            if n_times > 1:
                self._say(f"{kind}: {n_times} times")
        self._n_notes.clear()
        self._n_refused.clear()
        if left:
            self._say(f"not told of when the run ended: {', '.join(left)}")

    def _put(self, message: HookMessage) -> None:
        if len(self._messages) < _N_WAITING:
            self._messages.append(message)
        else:
            self._n_refused[message.event] += 1

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                problems = self._told(job) if isinstance(job, HookMessage) else self._refreshed(job)
                for problem in problems:
                    self._note(problem)
            except Exception as error:  # whatever it is, it is no reason to tell of no file any more
                self._note(_Problem(f"hooks: {type(error).__name__}", f": {error}"))

    def _next(self) -> HookMessage | tuple[Path, ...] | None:
        with self._changed:
            while not self._is_over.is_set():
                is_closing, wait_s = self._is_closing.is_set(), None
                if self._files:
                    heard_at = next(iter(self._files.values()))
                    wait_s = heard_at + self._limits.gather_s - time.monotonic()
                    if wait_s <= 0 or (is_closing and not self._messages):
                        files = tuple(self._files)
                        self._files.clear()
                        return files
                if self._messages:
                    return self._messages.popleft()
                if is_closing:
                    return None
                self._changed.wait(wait_s)
        return None

    def _told(self, message: HookMessage) -> Iterator[_Problem]:
        options, limits = self._options, self._limits
        if options.on_done is not None and message.file is not None:
            problem = _run(options.on_done, message, limits.command_s, self._is_over)
            if problem is not None:
                yield _Problem(f"on_done {problem.kind}", problem.detail)
        if options.webhook is not None:
            answer = self._ask(_post(options.webhook, message.body))
            if answer.why:
                yield _Problem(f"webhook ({urlsplit(options.webhook).hostname}) {answer.why}")

    def _refreshed(self, files: tuple[Path, ...]) -> Iterator[_Problem]:
        for server in self._options.servers:
            tell = self._refresh_plex if server.kind is ServerKind.PLEX else self._refresh_emby
            for problem in tell(server, files):
                yield _Problem(f"{server.kind} {problem.kind}", problem.detail)

    def _refresh_emby(self, server: MediaServer, files: Sequence[Path]) -> Iterator[_Problem]:
        answer = self._ask(_updated_media(server, files))
        if answer.why:
            yield _Problem(answer.why)

    def _refresh_plex(self, server: MediaServer, files: Sequence[Path]) -> Iterator[_Problem]:
        answer = self._ask(_plex_request(server, "/library/sections"))
        sections = None if answer.why else _plex_sections(answer.body)
        if sections is None:
            yield _Problem(answer.why or "answers something else than its libraries")
            return
        for folder in dict.fromkeys(file.parent for file in files):
            held = [section for section in sections if folder.is_relative_to(section.place)]
            if not held:
                yield _Problem("has no library with such a folder", f": {folder}")
                continue
            section = max(held, key=lambda one: len(one.place.parts))
            path = quote(os.fsencode(folder), safe="")
            place = f"/library/sections/{quote(section.key, safe='')}/refresh?path={path}"
            answer = self._ask(_plex_request(server, place))
            if answer.why:
                yield _Problem(answer.why)

    def _ask(self, request: Request) -> _Answer:
        """What a server says in the end, after a second and third try where that may help."""
        for pause_s in self._limits.back_off_s:
            answer = _answer(request, self._limits.request_s)
            if not answer.may_pass or self._is_over.wait(pause_s):
                return answer
        return _answer(request, self._limits.request_s)

    def _note(self, problem: _Problem) -> None:
        if self._is_closed.is_set():  # a server that was given up has answered after all
            return
        self._n_notes[problem.kind] += 1
        if self._n_notes[problem.kind] == 1:
            self._say(" ".join(_NO_TEXT.sub("\ufffd", str(problem)).split()))


@dataclass(frozen=True, slots=True)
class _Problem:
    """What went wrong: `kind` is the same where the reason is."""

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}{self.detail}"


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of a server: `why` it is no good one; empty where it is."""

    why: str = ""
    may_pass: bool = False
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class _PlexSection:
    key: str
    place: PurePath


def _json(**fields: object) -> bytes:
    return _NO_TEXT.sub("\ufffd", json.dumps(fields, ensure_ascii=False)).encode()


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


# ---- programs


def _run(command: str, message: HookMessage, limit_s: float, is_over: threading.Event) -> _Problem | None:
    """Run a program to its end, or to that of its time, when its children are ended as well."""
    with tempfile.TemporaryFile() as told:  # a pipe would be waited for, of a program that reads nothing
        told.write(message.body)
        told.seek(0)
        try:
            process = subprocess.Popen(
                shlex.split(command),
                bufsize=0,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=os.environ | _variables(message),
                start_new_session=True,
                creationflags=_creation_flags(),
            )
        except OSError as error:
            return _Problem(f"cannot be started: {error.strerror}")
    tail = bytearray()
    reader = threading.Thread(
        target=_keep_tail, args=(process.stdout, tail), name="hook's output", daemon=True
    )
    reader.start()
    with ends_with_us(process):
        is_ended = _wait(process, limit_s, is_over)
        if not is_ended:
            _kill_tree(process)
            process.wait()
    reader.join(1.0)  # what it has left behind may hold the pipe
    if not is_ended:
        return _Problem("was ended with the run" if is_over.is_set() else f"was ended after {limit_s:g} s")
    if process.returncode == 0:
        return None
    return _Problem(f"ended with {process.returncode}", _last_line(bytes(tail)))


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW
    return 0


def _variables(message: HookMessage) -> dict[str, str]:
    return {
        "OVSUBS_EVENT": message.event,
        "OVSUBS_FILE": str(message.file or ""),
        "OVSUBS_SUBTITLES": os.pathsep.join(map(str, message.subtitles)),
        "OVSUBS_LANGUAGE": message.language,
    }


def _keep_tail(pipe: IO[bytes], tail: bytearray) -> None:
    with pipe:
        while part := pipe.read(_N_TAIL_BYTES):
            tail += part
            del tail[:-_N_TAIL_BYTES]


def _last_line(tail: bytes) -> str:
    lines = tail.decode(errors="replace").split("\n")
    line = next((line for line in reversed(lines) if line.strip()), "").strip()
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in line[:_N_SHOWN])
    return f": {shown}" if shown else ""


def _wait(process: subprocess.Popen[bytes], limit_s: float, is_over: threading.Event) -> bool:
    """Whether it has ended by itself."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and not is_over.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)
            return True
    return process.poll() is not None


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        subprocess.run(
            ("taskkill", "/F", "/T", "/PID", str(process.pid)),
            capture_output=True,
            creationflags=_creation_flags(),
            check=False,
        )
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


# ---- servers


def _post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Request:
    from urllib.request import Request

    named = {"Content-Type": "application/json", "User-Agent": "ovsubs", **(headers or {})}
    return Request(url, body, named, method="POST")


def _updated_media(server: MediaServer, files: Sequence[Path]) -> Request:
    """A request for Jellyfin and Emby (dev.emby.media, postLibraryMediaUpdated).

    Of a path that Jellyfin does not know, such as that of new subtitles, it looks for the nearest folder that
    it does (FileRefresher.cs), which may be a whole library: so it is told of the video. It reads the token
    of `Authorization` in all versions, and no other one from 12 on; Emby reads `X-Emby-Token`.
    """
    updates = [{"Path": str(file), "UpdateType": "Created"} for file in files]
    headers = {"X-Emby-Token": server.token}
    if server.kind is ServerKind.JELLYFIN:
        headers["Authorization"] = f'MediaBrowser Token="{server.token}"'
    return _post(f"{server.url.rstrip('/')}/Library/Media/Updated", _json(Updates=updates), headers)


def _plex_request(server: MediaServer, place: str) -> Request:
    from urllib.request import Request

    headers = {"X-Plex-Token": server.token, "Accept": "application/json", "User-Agent": "ovsubs"}
    return Request(f"{server.url.rstrip('/')}{place}", headers=headers)


def _plex_sections(body: bytes) -> list[_PlexSection] | None:
    """The places of all libraries; None where it is something else."""
    try:
        directories = json.loads(body)["MediaContainer"].get("Directory", [])
        return [
            _PlexSection(str(directory["key"]), PurePath(location["path"]))
            for directory in directories
            for location in directory.get("Location", [])
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _answer(request: Request, limit_s: float) -> _Answer:
    """What a server says. No redirection is followed: it would lose what is sent, or give a token away."""
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    class Unmoved(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        ask = urllib.request.build_opener(Unmoved).open
        with ask(request, timeout=limit_s) as response:
            return _Answer(body=response.read(_N_ANSWER_BYTES) if request.data is None else b"")
    except urllib.error.HTTPError as error:
        with error:
            if 300 <= error.code < 400:
                return _Answer(f"has moved ({error.code}): name its new address")
            return _Answer(f"answers {error.code} {error.reason}", error.code == 429 or error.code >= 500)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            return _Answer(f"does not answer within {limit_s:g} s", may_pass=True)
        said = getattr(reason, "strerror", None) or reason
        return _Answer(f"cannot be reached: {said or type(error).__name__}", may_pass=True)
    except ValueError as error:
        return _Answer(f"cannot be reached: {error}")
