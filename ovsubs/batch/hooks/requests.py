"""A request -> what a server says, after a second and third try where that may help."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ovsubs.batch.hooks.options import HookLimits

if TYPE_CHECKING:
    from urllib.request import Request

_N_ANSWER_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """Of a server: `why` it is no good one; empty where it is."""

    why: str = ""
    may_pass: bool = False
    body: bytes = b""


def get_json(url: str, headers: Mapping[str, str]) -> Request:
    """A request for JSON."""
    from urllib.request import Request

    return Request(url, headers={**headers, "Accept": "application/json", "User-Agent": "ovsubs"})


def post_json(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Request:
    """A request that brings JSON."""
    from urllib.request import Request

    named = {"Content-Type": "application/json", "User-Agent": "ovsubs", **(headers or {})}
    return Request(url, body, named, method="POST")


def ask(request: Request, limits: HookLimits, is_over: threading.Event) -> Answer:
    """What a server says in the end; there is no other try once it `is_over`."""
    for pause_s in limits.back_off_s:
        answer = _answer(request, limits.request_s)
        if not answer.may_pass or is_over.wait(pause_s):
            return answer
    return _answer(request, limits.request_s)


def _answer(request: Request, limit_s: float) -> Answer:
    """What a server says. No redirection is followed: it would lose what is sent, or give a token away."""
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    class Unmoved(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        send = urllib.request.build_opener(Unmoved).open
        with send(request, timeout=limit_s) as response:
            return Answer(body=response.read(_N_ANSWER_BYTES) if request.data is None else b"")
    except urllib.error.HTTPError as error:
        with error:
            if 300 <= error.code < 400:
                return Answer(f"has moved ({error.code}): name its new address")
            return Answer(f"answers {error.code} {error.reason}", error.code == 429 or error.code >= 500)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            return Answer(f"does not answer within {limit_s:g} s", may_pass=True)
        said = getattr(reason, "strerror", None) or reason
        return Answer(f"cannot be reached: {said or type(error).__name__}", may_pass=True)
    except ValueError as error:
        return Answer(f"cannot be reached: {error}")
