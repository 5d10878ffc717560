"""Chromium without a window, led over a pipe (Chrome DevTools Protocol): no port, no driver to install."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE_S
from skips import NO_BROWSER
from systems import OF_THE_SYSTEM

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It asks nobody for anything but our page.
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
_OPTIONS += ("--disable-background-networking", "--disable-component-update", "--disable-sync")
_OPTIONS += ("--disable-extensions", "--no-first-run", "--remote-debugging-pipe")
# The pipe of the browser is its descriptors 3 and 4; ours are put there, and then it takes the place of this.
_INTO_PLACE = """
import os, sys
for place, fd in enumerate(sys.argv[1:3], start=3):
    os.dup2(int(fd), place)
os.execv(sys.argv[3], sys.argv[3:])
"""
_MIDDLE = """(selector => {
  const one = document.querySelector(selector);
  one.scrollIntoView({block: "center"});
  const at = one.getBoundingClientRect();
  return [at.x + at.width / 2, at.y + at.height / 2];
})"""


class Page:
    """One page. `events` are those that have come so far, by which a test sees what the page did."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = os.fdopen(to_browser, "wb"), os.fdopen(from_browser, "rb")
        self._n_sent = 0
        self._session: str | None = None
        self._read = b""
        self.events = list[dict[str, Any]]()
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask for something, and wait for the answer."""
        self._n_sent += 1
        message = {"id": self._n_sent, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while (answer := self._next()).get("id") != self._n_sent:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, path: Path) -> None:
        """Go to a file, and wait until it is loaded."""
        self.send("Page.navigate", url=path.as_uri())
        while not self.happened("Page.loadEventFired"):
            self.events.append(self._next())

    def happened(self, *methods: str) -> list[dict[str, Any]]:
        """The events of some kinds, without their names."""
        return [event["params"] for event in self.events if event.get("method") in methods]

    def evaluate(self, expression: str) -> Any:
        """What an expression is in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click in the middle of an element, with a mouse."""
        x, y = self.evaluate(f"{_MIDDLE}({json.dumps(selector)})")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, text: str = "") -> None:
        """Press a key, with a code as Windows counts them where it is no letter."""
        code = {"Tab": 9, "Enter": 13, "ArrowDown": 40}[key]
        for kind in ("keyDown", "keyUp"):
            written = {"text": text} if text and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **written)

    def picture(self, path: Path, *, dark: bool, width: int = 1200, height: int = 1600) -> Path:
        """A screenshot from the top, as PNG."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.evaluate("window.scrollTo(0, 0)")
        path.write_bytes(b64decode(self.send("Page.captureScreenshot")["data"]))
        return path

    def close(self) -> None:
        """Let the browser end."""
        self._session = None
        self.send("Browser.close")
        self._to.close()
        self._from.close()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            block = os.read(self._from.fileno(), 1 << 20)
            assert block, "the browser has ended"
            self._read += block
        message, _, self._read = self._read.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def browsing(profile: Path) -> Iterator[Page]:
    """A page of a browser of its own; skips where there is none."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        pytest.skip(f"{NO_BROWSER}: install one of {', '.join(NAMES)}, as with `apt-get install chromium`")
    if os.name == "nt":
        pytest.skip(f"{OF_THE_SYSTEM}: descriptors 3 and 4 are not given to a process by number")
    read_here, write_there = os.pipe()
    read_there, write_here = os.pipe()
    # Above those that they are put at.
    given = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (read_there, write_there)]
    command = [sys.executable, "-c", _INTO_PLACE, *map(str, given), browser, *_OPTIONS]
    with (profile.parent / "browser.txt").open("wb") as said:
        process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}"], pass_fds=given, stdout=said, stderr=said
        )
    for fd in (*given, read_there, write_there):
        os.close(fd)
    watch = threading.Timer(PATIENCE_S, process.kill)  # what hangs is noticed
    watch.start()
    try:
        page = Page(write_here, read_here)
        yield page
        page.close()
    finally:
        watch.cancel()
        if process.poll() is None:
            try:
                process.wait(10.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
