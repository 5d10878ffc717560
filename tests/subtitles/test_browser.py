"""WebVTT as a browser shows it: Chromium without a window, a page with a video and our file as its track."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from patience import PATIENCE_S
from skips import NO_BROWSER

from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.subtitles.formats.vtt import write_vtt

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT = 640, 360
CUES = [
    Cue(500, 1500, ("Ever tried.", "Ever failed.")),
    Cue(1500, 2500, ("R&D <b>not bold</b> &lt; a --> b", "{\\an8} \\N <00:00:01.000>")),
    Cue(3000, 3800, ("שלום, עולם! 42", "你好，世界 🙂")),
]
# The video is taken as a blob, which can be sought in whatever the server can do. The server holds a picture
# back until the page has reported, and the browser waits for that with its screenshot.
PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<style>body {{ margin: 0; background: black }} video {{ display: block }}</style>
<video muted width="{width}" height="{height}">{track}</video>
<img src="hold.png" hidden>
<script>
const video = document.querySelector("video");
const happens = (target, name) => new Promise(done => target.addEventListener(name, done, {{once: true}}));
const pause = ms => new Promise(done => setTimeout(done, ms));
const shown = cue => {{
  const content = cue.getCueAsHTML();
  return {{
    start: cue.startTime, end: cue.endTime, text: content.textContent,
    elements: [...content.querySelectorAll("*")].map(each => each.outerHTML),
    line: cue.line, align: cue.align, snapToLines: cue.snapToLines,
  }};
}};
async function look(seconds) {{
  const track = document.querySelector("track");
  const loaded = track && happens(track, "load");
  if (track) track.track.mode = "showing";
  const metadata = happens(video, "loadedmetadata");
  video.src = URL.createObjectURL(await (await fetch("talk.mp4")).blob());
  await metadata;
  await loaded;
  const seen = [];
  for (const second of seconds) {{
    const sought = happens(video, "seeked");
    video.currentTime = second;
    await sought;
    await pause(150);
    seen.push(track ? [...track.track.activeCues].map(shown) : []);
  }}
  return seen;
}}
look({seconds}).then(seen => ({{seen}}), error => ({{error: String(error)}}))
  .then(report => fetch("report", {{method: "POST", body: JSON.stringify(report)}}));
</script>
"""


@dataclass
class Site:
    """A folder that is served, what its page has reported, and when it has."""

    folder: Path
    port: int = 0
    report: dict[str, Any] = field(default_factory=dict)
    reported: threading.Event = field(default_factory=threading.Event)


class Handler(SimpleHTTPRequestHandler):
    """Serves the folder, holds `hold.png` back until the page reports, and keeps the report."""

    extensions_map = {".html": "text/html", ".vtt": "text/vtt", ".mp4": "video/mp4", "": "image/png"}  # noqa: RUF012

    def __init__(self, *arguments: Any, site: Site) -> None:
        self.site = site
        super().__init__(*arguments, directory=str(site.folder))

    def do_GET(self) -> None:
        if self.path == "/hold.png":
            self.site.reported.wait(PATIENCE_S)
        super().do_GET()

    def do_POST(self) -> None:
        self.site.report.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()
        self.site.reported.set()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, site=site)) as server:
        server.daemon_threads = True
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.reported.set()
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Sight:
    """What a page showed: the active cues at each time, and the picture at the last one."""

    cues: list[list[dict[str, Any]]]
    picture: np.ndarray  # float32 [height, width, 3], 0 to 1


Look = Callable[[str | None, Sequence[float]], Sight]


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{NO_BROWSER}: install one of {', '.join(NAMES)}, as with `apt-get install chromium`")
    return found


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of one dark colour."""
    path = tmp_path_factory.mktemp("video") / "talk.mp4"
    source = f"color=c=0x203040:s={WIDTH}x{HEIGHT}:r=10:d=4"
    command = [
        ffmpeg_executable(),
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        source,
        "-pix_fmt",
        "yuv420p",
        str(path),
    ]
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    return path


@pytest.fixture
def look(browser: str, video: Path, tmp_path: Path) -> Look:
    """Opens a page with the video and a WebVTT text, or none, and tells what is to be seen at some times."""

    def look(vtt: str | None, seconds: Sequence[float]) -> Sight:
        folder = tmp_path / "site"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(video, folder)
        shutil.copy(_picture(folder), folder / "hold.png")
        track = '<track default kind="captions" srclang="en" src="talk.vtt">' if vtt is not None else ""
        (folder / "talk.vtt").write_text(vtt or "", encoding="utf-8")
        page = PAGE.format(width=WIDTH, height=HEIGHT, track=track, seconds=json.dumps(list(seconds)))
        (folder / "index.html").write_text(page, encoding="utf-8")
        screenshot = tmp_path / "screenshot.png"
        with served(folder) as site:
            _browse(browser, f"http://127.0.0.1:{site.port}/index.html", screenshot, tmp_path / "profile")
            assert site.reported.is_set(), "the page has not reported"
            assert "error" not in site.report, site.report
            return Sight(site.report["seen"], matplotlib.image.imread(screenshot)[..., :3])

    return look


def _picture(folder: Path) -> Path:
    path = folder / "dot.png"
    matplotlib.image.imsave(path, np.zeros((1, 1, 3), np.uint8))
    return path


def _browse(browser: str, address: str, screenshot: Path, profile: Path) -> None:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    # It asks nobody for anything but our page.
    options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    options += ["--disable-extensions", "--no-first-run", "--autoplay-policy=no-user-gesture-required"]
    command = [browser, *options, f"--user-data-dir={profile}", "--window-size=800,600"]
    done = subprocess.run(
        [*command, f"--screenshot={screenshot}", address], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr


def texts(sight: Sight) -> list[list[str]]:
    return [[cue["text"] for cue in cues] for cues in sight.cues]


def test_a_browser_shows_each_cue_during_its_time_and_as_it_was_said(look: Look) -> None:
    sight = look(write_vtt(CUES), [0.2, 0.6, 1.4, 1.6, 2.4, 2.7, 3.1, 3.9])
    first, second, third = ([cue.text] for cue in CUES)
    assert texts(sight) == [[], first, first, second, second, [], third, []]
    for cue, at in zip(CUES, (1, 3, 6), strict=True):
        [seen] = sight.cues[at]
        assert (seen["start"], seen["end"]) == (cue.start_ms / 1000, cue.end_ms / 1000)
        assert seen["elements"] == []


def test_a_browser_underlines_the_word_that_is_spoken(look: Look) -> None:
    words = ((CueWord("R&D", 500, 1000), CueWord(" <b>", 1000, 1500)), (CueWord("ends.", 2000, 2500),))
    cue = Cue(500, 3000, ("R&D <b>", "ends."), words)
    sight = look(write_vtt([cue], FormatOptions(highlight_words=True)), [0.7, 1.2, 1.7, 2.2, 2.7])
    assert texts(sight) == [[cue.text]] * 5
    assert [cues[0]["elements"] for cues in sight.cues] == [
        ["<u>R&amp;D</u>"],
        ["<u>&lt;b&gt;</u>"],
        [],
        ["<u>ends.</u>"],
        [],
    ]


def rows_that_differ(a: Sight, b: Sight) -> np.ndarray:
    """Rows of the video in which two pictures differ, counted from the top, as parts of its height."""
    different = np.abs(a.picture - b.picture).max(axis=2)[:HEIGHT, :WIDTH] > 0.2
    return np.flatnonzero(different.any(axis=1)) / HEIGHT


def test_a_cue_is_drawn_in_the_lower_third_of_the_video(look: Look) -> None:
    without = look(None, [1.0])
    # The video is there, in its colour.
    np.testing.assert_allclose(without.picture[HEIGHT // 2, WIDTH // 2], (0.125, 0.19, 0.25), atol=0.04)
    rows = rows_that_differ(without, look(write_vtt(CUES), [1.0]))
    assert rows.size >= 20
    assert rows.min() > 2 / 3
    assert rows_that_differ(without, look(write_vtt(CUES), [2.7])).size == 0


def test_cue_settings_move_the_cue(look: Look) -> None:
    sight = look(write_vtt(CUES, FormatOptions(vtt_settings="line:10%  align:start")), [1.0])
    assert [(cue["line"], cue["align"], cue["snapToLines"]) for cue in sight.cues[0]] == [
        (10, "start", False)
    ]
    rows = rows_that_differ(look(None, [1.0]), sight)
    assert rows.size >= 20
    assert rows.max() < 1 / 3
