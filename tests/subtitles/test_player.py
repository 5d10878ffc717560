"""A transcript as a notebook shows it: the HTML by hand, and in Chromium without a window."""

import base64
import json
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import matplotlib.image
import numpy as np
import pytest
import test_browser
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENCE_S
from spoken import said, spoken, transcript
from systems import names_here

from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.spans import Span
from ovsubs.subtitles.formats import render
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.player import EMBEDDED_BYTES, MEDIA_TYPES, to_html
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Word

MARKUP = '<b>R&D</b> "x" &lt; <script>1</script>.'
# The third cue is said too fast and was hardly heard; after it, speech has no text.
TALK = replace(
    transcript(
        [
            spoken("Ever tried. Ever failed.", start=0.5),
            spoken(MARKUP, start=3.0),
            replace(said(6.0, 6.9, " As fast as nobody on this earth can say it."), avg_logprob=-2.0),
        ],
        duration=8.0,
    ),
    uncovered=(Span(7.2, 7.9),),
)


class Page(HTMLParser):
    """What stands in some HTML: elements with their attributes, and the text of each cell of the table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements = list[tuple[str, dict[str, str | None]]]()
        self.rows = list[list[str]]()
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True
        if tag == "br":
            self.rows[-1][-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def decoded(address: str | None) -> bytes:
    assert address is not None
    head, _, content = address.partition(";base64,")
    assert head.startswith("data:")
    return base64.b64decode(content, validate=True)


def test_a_transcript_shows_itself() -> None:
    assert TALK._repr_html_() == to_html(TALK)


def test_the_table_has_a_row_for_each_cue_and_one_for_speech_without_text() -> None:
    first, second, third = (cue.text for cue in lay_out(TALK))
    assert second == MARKUP
    assert Page(to_html(TALK)).rows == [
        ["", "start", "end", "text", "characters a second"],
        ["1", "0:00.500", "0:01.940", first, "16.7"],
        ["2", "0:03.000", "0:05.340", MARKUP, "16.7"],
        ["3 ⚠", "0:06.000", "0:08.000", third, "21.0"],
        ["⚠", "0:07.200", "0:07.900", "speech without text", ""],
    ]


def test_rows_that_break_a_rule_or_are_doubtful_say_why() -> None:
    marked = [row["title"] for row in Page(to_html(TALK)).all("tr") if row.get("class") == "marked"]
    assert marked == [
        "too fast, as it is spoken: 21 a second, limit 20; sure of the text by 14 % only; "
        "too fast to be said: 47 characters a second",
        "speech at 0:07 to 0:07 has no text",
    ]


def test_neighbours_with_the_same_doubt_are_all_marked() -> None:
    told = transcript(replace(said(n, n + 2.0, f" Number {n}."), avg_logprob=-1.0) for n in (0.0, 3.0, 6.0))
    rows = Page(to_html(told)).all("tr")[1:]
    assert [row.get("title") for row in rows] == ["sure of the text by 37 % only"] * 3


def test_text_that_repeats_itself_is_told_once() -> None:
    told = transcript([spoken("Thank you.", start=1.0), spoken("Thank you.", start=5.0)])
    first, second = Page(to_html(told)).all("tr")[1:]
    assert "title" not in first
    assert second["title"] == "the same text as before it"


def test_rules_are_those_of_the_layout() -> None:
    html = to_html(TALK, LayoutOptions(style="bbc", max_line_width=20))
    cues = lay_out(TALK, LayoutOptions(style="bbc", max_line_width=20))
    assert len(cues) > 3
    assert [row[3] for row in Page(html).rows[1:] if row[4]] == [cue.text for cue in cues]
    assert "limit 15" in html


@pytest.mark.parametrize(("task", "language"), [("transcribe", "he"), ("translate", "en")])
def test_the_language_is_that_of_the_text(task: str, language: str, tmp_path: Path) -> None:
    media = tmp_path / "talk.mp4"
    media.touch()
    html = to_html(replace(TALK, language="he", task=task, source=str(media)))
    page = Page(html)
    assert page.all("track")[0]["srclang"] == language
    assert {cell["lang"] for cell in page.all("td") if cell.get("class") == "text"} == {language}


def test_a_transcript_without_cues_says_so() -> None:
    html = to_html(replace(transcript([]), notes=("no speech was found",)))
    assert "<p>There are no cues, since the transcript has no text.</p>" in html
    assert "<p>no speech was found</p>" in html
    assert Page(html).rows == []


def test_without_text_speech_is_told_all_the_same() -> None:
    page = Page(to_html(replace(TALK, segments=())))
    assert [row[3] for row in page.rows[1:]] == ["speech without text"]


@given(st.text(st.characters(exclude_characters="\0\r"), max_size=60), st.sampled_from(["<", "&", '"', "'>"]))
def test_whatever_is_said_stays_text(text: str, special: str) -> None:
    strange = f"{special}{text}<img src=x onerror=end()>"
    told = transcript([replace(said(1.0, 5.0, strange), words=(Word(strange, 1.0, 5.0),))], language=strange)
    told = replace(told, source=f"/{strange}", notes=(strange,))
    html = to_html(told)
    html.encode("utf-8")
    page = Page(html)
    names = {"div", "style", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "br"}
    assert {name for name, _ in page.elements} <= names
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert [row[3] for row in page.rows[1:]] == [
        cue.text.encode("utf-8", "replace").decode() for cue in lay_out(told)
    ]


def test_a_file_in_the_working_directory_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = replace(TALK, source="talk.MP4")
    monkeypatch.chdir(tmp_path)
    assert Page(to_html(told)).all("video") == []
    (tmp_path / "talk.MP4").write_bytes(b"a video")
    [video] = Page(to_html(told)).all("video")
    assert str(video["src"]).startswith("data:video/mp4;base64,")
    assert decoded(video["src"]) == b"a video"


def test_the_captions_are_those_that_would_be_written(tmp_path: Path) -> None:
    media = tmp_path / "talk.wav"
    media.touch()
    told = replace(TALK, source=str(media))
    [track] = Page(to_html(told)).all("track")
    assert (track["kind"], "default" in track) == ("captions", True)
    assert str(track["src"]).startswith("data:text/vtt;base64,")
    assert decoded(track["src"]).decode() == render(told, "vtt")


@pytest.mark.parametrize("n_more", [0, 1])
def test_a_large_file_is_linked_from_the_working_directory(
    n_more: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    name = names_here(['a "b" #1 100%?é.mkv', "a 'b' #1 100%é.mkv"])[0]
    media = tmp_path / name
    with media.open("wb") as file:
        file.truncate(EMBEDDED_BYTES + n_more)
    monkeypatch.chdir(folder)
    [video] = Page(to_html(replace(TALK, source=str(media)))).all("video")
    if n_more:
        assert video["src"] == f"../{quote(name)}"
    else:
        assert len(decoded(video["src"])) == EMBEDDED_BYTES


@pytest.mark.parametrize(
    "source", ["", "gone.mp4", "folder.mp4", "secret", "secret.txt", "a\0b.mp4", f"{'x' * 999}.mp4"]
)
def test_without_a_media_that_a_browser_plays_the_table_stands_alone(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.mp4").mkdir()
    for name in ("secret", "secret.txt"):
        (tmp_path / name).write_text("not to be shown", encoding="utf-8")
    page = Page(to_html(replace(TALK, source=source)))
    assert page.all("video") == []
    assert [body for body in page.all("tbody") if body] == []
    assert len(page.rows) == 5


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    media = tmp_path / "talk.mp4"
    media.write_bytes(b"a video")
    html = to_html(replace(TALK, source=str(media)))
    assert not re.search(r"https?:|url\(|@import|<script|<link", html)
    addresses = [one[name] for _, one in Page(html).elements for name in ("src", "href") if name in one]
    assert [str(address).partition(":")[0] for address in addresses] == ["data", "data"]


# The HTML where a notebook would put it, as the content of an element, in which scripts do not run; or in a
# frame in which nothing may. Then the page looks at each transcript, clicks on its rows and looks again.
HARNESS = """<!DOCTYPE html>
<meta charset="utf-8">
<style>body {{ margin: 0 }} iframe {{ width: 780px; height: 580px; border: 0 }}</style>
<img src="hold.png" hidden>
<div id="output"></div>
<script>
const pause = ms => new Promise(done => setTimeout(done, ms));
async function place(html, blocked) {{
  if (!blocked) {{
    output.innerHTML = html;
    return output;
  }}
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-same-origin";
  frame.srcdoc = html;
  const loaded = new Promise(done => frame.addEventListener("load", done));
  output.append(frame);
  await loaded;
  return frame.contentDocument;
}}
async function look(shown) {{
  const video = shown.querySelector("video, audio"), track = video.textTracks[0];
  const rows = [...shown.querySelectorAll("tbody tr")], texts = [...shown.querySelectorAll("td.text")];
  const n = rows.filter(row => row.cells[4].innerText).length;
  while (!video.readyState || (n && track.cues?.length !== n)) {{
    if (video.error) throw video.error.message;
    await pause(20);
  }}
  const clicks = [];
  for (const row of rows) {{
    row.cells[3].click();
    while (video.seeking) await pause(20);
    await pause(200);
    const active = [...track.activeCues].map(cue => cue.getCueAsHTML().textContent);
    clicks.push({{second: video.currentTime, active, caption: shown.querySelector(".caption").innerText}});
  }}
  const box = video.getBoundingClientRect();
  return {{
    duration: video.duration, box: [box.top, box.width, box.height], mode: track.mode, clicks,
    cues: [...track.cues ?? []].map(cue => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent]),
    texts: texts.map(cell => cell.innerText),
    n_elements: texts.map(cell => cell.querySelectorAll("b, script").length),
    heights: rows.map(row => row.getBoundingClientRect().height),
  }};
}}
async function look_at_all() {{
  const root = await place({html}, {blocked}), seen = [];
  for (const shown of root.querySelectorAll(".ovsubs")) seen.push(await look(shown));
  return {{seen, seconds: [...root.querySelectorAll("video, audio")].map(video => video.currentTime)}};
}}
look_at_all().catch(error => ({{error: String(error)}}))
  .then(report => fetch("report", {{method: "POST", body: JSON.stringify(report)}}));
</script>
"""
CONTROLS_PX = 76  # of Chromium, at the lower edge of the video


@dataclass(frozen=True)
class Sight:
    """What the page told: of each transcript, and where each player stood at last. And how it looked then."""

    seen: list[dict[str, Any]]
    seconds: list[float]
    picture: np.ndarray  # float32 [height, width, 3], 0 to 1


Open = Callable[..., Sight]
browser = test_browser.browser


@pytest.fixture
def open_page(browser: str, tmp_path: Path) -> Open:
    """Opens a page with some HTML in a folder, clicks on each row, and tells what is to be seen."""

    def open_page(html: str, folder: Path, *, blocked: bool = False) -> Sight:
        shutil.copy(test_browser._picture(folder), folder / "hold.png")
        content = json.dumps(html).replace("<", "\\u003c")
        page = HARNESS.format(html=content, blocked=json.dumps(blocked))
        (folder / "index.html").write_text(page, encoding="utf-8")
        screenshot = tmp_path / "screenshot.png"
        with test_browser.served(folder) as site:
            address = f"http://127.0.0.1:{site.port}/index.html"
            test_browser._browse(browser, address, screenshot, tmp_path / "profile")
            assert site.reported.is_set(), "the page has not reported"
            assert "error" not in site.report, site.report
            picture = matplotlib.image.imread(screenshot)[..., :3]
            return Sight(site.report["seen"], site.report["seconds"], picture)

    return open_page


PICTURE = ("-f", "lavfi", "-i", "color=c=0x203040:s=320x180:r=10:d=8", "-pix_fmt", "yuv420p")
SOUND = ("-f", "lavfi", "-i", "sine=d=8")


def make_media(path: Path, *arguments: str) -> Path:
    """Eight seconds of one dark colour, or of one tone."""
    command = [ffmpeg_executable(), "-v", "error", "-nostdin", *arguments, str(path)]
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    return make_media(folder / "talk.mp4", *PICTURE)


def assert_shows_the_talk(seen: dict[str, Any]) -> None:
    cues = lay_out(TALK)
    assert seen["duration"] == pytest.approx(8.0, abs=0.1)
    assert seen["mode"] == "showing"
    assert seen["cues"] == [[cue.start_ms / 1000, cue.end_ms / 1000, cue.text] for cue in cues]
    assert seen["texts"] == [*(cue.text for cue in cues), "speech without text"]
    assert seen["n_elements"] == [0, 0, 0, 0]
    assert min(seen["heights"]) > 10


def test_in_a_browser_a_click_on_a_row_seeks_the_player(open_page: Open, video: Path) -> None:
    sight = open_page(to_html(replace(TALK, source=str(video))), video.parent)
    [seen] = sight.seen
    assert_shows_the_talk(seen)
    first, second, third = (cue.text for cue in lay_out(TALK))
    assert [click["second"] for click in seen["clicks"]] == [0.5, 3.0, 6.0, 7.2]
    assert [click["active"] for click in seen["clicks"]] == [[first], [second], [third], [third]]


def test_where_scripts_are_blocked_all_is_there_but_the_clicks(open_page: Open, video: Path) -> None:
    sight = open_page(to_html(replace(TALK, source=str(video))), video.parent, blocked=True)
    [seen] = sight.seen
    assert_shows_the_talk(seen)
    assert [click["second"] for click in seen["clicks"]] == [0.0] * 4


def test_a_click_seeks_its_own_player_only(open_page: Open, video: Path) -> None:
    html = to_html(replace(TALK, source=str(video)))
    untold = to_html(replace(transcript([], duration=8.0), source=str(video)))
    assert open_page(html + untold + html, video.parent).seconds == [7.2, 0.0, 7.2]


def test_captions_are_drawn_in_the_picture(open_page: Open, video: Path) -> None:
    sight = open_page(to_html(replace(TALK, source=str(video))), video.parent)
    [seen] = sight.seen
    assert {click["caption"] for click in seen["clicks"]} == {""}
    top, width, height = map(round, seen["box"])
    above_controls = sight.picture[top : top + height - CONTROLS_PX, :width]
    np.testing.assert_allclose(above_controls[20, width // 2], (0.125, 0.19, 0.25), atol=0.04)
    letters = (above_controls.min(axis=2) > 0.8).mean()
    assert 0.001 < letters < 0.1


@pytest.mark.parametrize("name", ["talk.wav", "talk.mp4"])
def test_captions_of_sound_alone_stand_below_the_player(name: str, open_page: Open, tmp_path: Path) -> None:
    sight = open_page(to_html(replace(TALK, source=str(make_media(tmp_path / name, *SOUND)))), tmp_path)
    first, second, third = (cue.text for cue in lay_out(TALK))
    assert [click["caption"] for click in sight.seen[0]["clicks"]] == [first, second, third, third]


def test_a_browser_plays_every_kind_of_media_that_is_shown(open_page: Open, tmp_path: Path) -> None:
    codecs = {".webm": ("-c:v", "libvpx", "-c:a", "libvorbis"), ".mkv": ("-c:v", "libx264", "-c:a", "aac")}
    html = ""
    for suffix, kind in MEDIA_TYPES.items():
        content = (*PICTURE[:4], *SOUND, *PICTURE[4:]) if kind.startswith("video/") else SOUND
        content += codecs.get(suffix, ("-c:v", "libx264", "-c:a", "aac") if suffix == ".m4v" else ())
        media = make_media(tmp_path / f"talk{suffix}", *content)
        html += to_html(replace(transcript([spoken("Ever tried.", start=2.0)], 8.0), source=str(media)))
    sight = open_page(html, tmp_path)
    assert [seen["duration"] for seen in sight.seen] == pytest.approx([8.0] * len(MEDIA_TYPES), abs=0.1)
    assert sight.seconds == [2.0] * len(MEDIA_TYPES)


def test_a_browser_finds_a_large_file_by_its_link(
    open_page: Open, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = make_media(video.parent / "a 100% #1.mp4", *PICTURE, "-movflags", "+faststart")
    with large.open("ab") as file:  # a box that players skip (ISO/IEC 14496-12)
        file.write(struct.pack(">I4s", 8 + EMBEDDED_BYTES, b"free") + bytes(EMBEDDED_BYTES))
    monkeypatch.chdir(video.parent)
    html = to_html(replace(transcript([], duration=8.0), source=large.name))
    assert len(html) < 5000
    [seen] = open_page(html, video.parent).seen
    assert seen["duration"] == pytest.approx(8.0, abs=0.1)
