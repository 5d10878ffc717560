"""Events and new subtitles -> the requests that a webhook, Jellyfin, Emby and Plex are told with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ovsubs.batch.hooks.messages import to_json
from ovsubs.batch.hooks.options import MediaServer, ServerKind
from ovsubs.batch.hooks.problem import HookProblem
from ovsubs.batch.hooks.requests import Answer, get_json, post_json

if TYPE_CHECKING:
    from urllib.request import Request

    Ask = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class _PlexSection:
    key: str
    place: PurePath


def tell_webhook(url: str, body: bytes, ask: Ask) -> Iterator[HookProblem]:
    """Send an event to a URL; its host alone is said, as the rest may be a secret."""
    answer = ask(post_json(url, body))
    if answer.why:
        yield HookProblem(f"webhook ({urlsplit(url).hostname}) {answer.why}")


def tell_server(server: MediaServer, files: Sequence[Path], ask: Ask) -> Iterator[HookProblem]:
    """Have a media server look at these files for new subtitles."""
    tell = _refresh_plex if server.kind is ServerKind.PLEX else _refresh_emby
    for problem in tell(server, files, ask):
        yield HookProblem(f"{server.kind} {problem.kind}", problem.detail)


def _refresh_emby(server: MediaServer, files: Sequence[Path], ask: Ask) -> Iterator[HookProblem]:
    answer = ask(_updated_media(server, files))
    if answer.why:
        yield HookProblem(answer.why)


def _refresh_plex(server: MediaServer, files: Sequence[Path], ask: Ask) -> Iterator[HookProblem]:
    answer = ask(_plex_request(server, "/library/sections"))
    sections = None if answer.why else _plex_sections(answer.body)
    if sections is None:
        yield HookProblem(answer.why or "answers something else than its libraries")
        return
    for folder in dict.fromkeys(file.parent for file in files):
        held = [section for section in sections if folder.is_relative_to(section.place)]
        if not held:
            yield HookProblem("has no library with such a folder", f": {folder}")
            continue
        section = max(held, key=lambda one: len(one.place.parts))
        path = quote(os.fsencode(folder), safe="")
        place = f"/library/sections/{quote(section.key, safe='')}/refresh?path={path}"
        answer = ask(_plex_request(server, place))
        if answer.why:
            yield HookProblem(answer.why)


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
    return post_json(f"{server.url.rstrip('/')}/Library/Media/Updated", to_json(Updates=updates), headers)


def _plex_request(server: MediaServer, place: str) -> Request:
    return get_json(f"{server.url.rstrip('/')}{place}", {"X-Plex-Token": server.token})


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
