"""The closing report: all that happened, whatever files are called, in a page that needs nothing else."""

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENCE_S
from skips import NO_BROWSER

from ovsubs.batch.record import BatchReport, DoubtfulCue, ErrorKind, FileRecord, FileState
from ovsubs.batch.report.html import to_html
from ovsubs.batch.report.json import from_json, merge_reports, to_json

ROOT = Path("/library")
NAMES = (
    "<script>alert(1)</script>.mp4",
    "a\nb.mp4",
    "\U0001f3ac \u202eabc.mp4",
    "q'\"&.mp4",
    "ä" * 120 + ".mp4",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def done(path: Path, **values: object) -> FileRecord:
    record = FileRecord(
        path,
        FileState.DONE,
        duration=3600.0,
        work_s=90.0,
        language="en",
        language_probability=0.98,
        n_cues=700,
        outputs=(path.with_suffix(".srt"),),
        finished=1_700_000_100.0,
    )
    return replace(record, **values)  # type: ignore[arg-type]


def failed(path: Path, why: str) -> FileRecord:
    return FileRecord(path, FileState.FAILED, f"{path}: {why}", "unreadable_media", ErrorKind.LASTING, 1)


def report_of(*records: FileRecord) -> BatchReport:
    return BatchReport((ROOT,), 1_700_000_000.0, 1_700_003_600.0, "base", "a CPU", records)


class Links(HTMLParser):
    """The links of a page, and whether it runs or loads anything that is not its own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets = list[str]()
        self.n_scripts = 0
        self.loaded = list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.n_scripts += tag == "script"
        for name, value in attrs:
            if tag == "a" and name == "href":
                self.targets.append(value or "")
            elif name in ("src", "href"):
                self.loaded.append(value or "")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_shown_and_linked_and_does_nothing(name: str) -> None:
    cue = DoubtfulCue(12_340, 15_000, "</td><script>x</script>", ("why & how",), 2.0)
    page = to_html(report_of(done(ROOT / name, doubtful=(cue,)), failed(ROOT / f"b{name}", "it is <broken>")))
    links = Links(page)
    assert links.n_scripts == 1
    assert links.loaded == []
    assert not re.search(r"https?://", page)
    paths = {unquote_to_bytes(target.removeprefix("file://").partition("#")[0]) for target in links.targets}
    assert os.fsencode(ROOT / name) in paths
    assert os.fsencode((ROOT / name).with_suffix(".srt")) in paths
    assert any(target.endswith("#t=12.3") for target in links.targets)
    assert "it is <broken>" in unescape(page)


@pytest.mark.skipif(os.name == "nt", reason="names there are Unicode")
def test_a_name_that_is_no_utf8_is_shown_and_survives() -> None:
    path = Path(os.fsdecode(b"/library/caf\xe9.mp4"))
    report = report_of(done(path))
    page = to_html(report)
    page.encode()
    assert any(target.endswith("caf%E9.mp4") for target in Links(page).targets)
    assert from_json(to_json(report)) == report


def test_what_failed_comes_first_and_reasons_are_told_once() -> None:
    broken = [failed(ROOT / f"{n}.mp4", "it breaks off") for n in range(9)]
    page = to_html(report_of(*broken, failed(ROOT / "x.mp4", "it is empty"), done(ROOT / "y.mp4")))
    head = page[: page.index("All files")]
    assert "<h1>1 done, 10 failed</h1>" in page
    assert head.count("it breaks off") == 1
    assert "4 more" in head
    assert head.index("it breaks off") < head.index("it is empty")


def test_the_most_doubtful_cues_of_all_files_are_shown() -> None:
    cues = [DoubtfulCue(1000 * n, 1000 * n + 500, f"cue {n}", ("why",), float(n)) for n in range(30)]
    page = to_html(
        report_of(
            done(ROOT / "a.mp4", doubtful=tuple(cues[::2])), done(ROOT / "b.mp4", doubtful=tuple(cues[1::2]))
        )
    )
    assert re.findall(r"<td>cue (\d+)", page) == [str(n) for n in range(29, 9, -1)]


def test_a_run_without_files_has_a_report() -> None:
    assert "<h1>No files</h1>" in to_html(report_of())


def test_ten_thousand_files_are_no_trouble() -> None:
    records = [
        done(ROOT / f"week {n % 50}" / f"film {n}.mp4", finished=1_700_000_000.0 + n / 4)
        for n in range(10_000)
    ]
    began = time.process_time()
    page = to_html(report_of(*records))
    assert time.process_time() - began < 20.0  # a tenth of it is usual
    assert len(page) < 10_000_000


records = st.builds(
    FileRecord,
    path=st.text("ab/ \n'\udcff", min_size=1).map(lambda name: ROOT / f"x{name}".replace("//", "/")),
    state=st.sampled_from(FileState),
    why=st.text(),
    error_kind=st.sampled_from([None, *ErrorKind]),
    attempt=st.integers(0, 9),
    duration=st.floats(0, 1e6),
    language_probability=st.floats(0, 1),
    n_cues=st.integers(0, 9999),
    outputs=st.just((ROOT / "a.srt",)),
    doubtful=st.tuples(
        st.builds(
            DoubtfulCue, st.integers(0, 9), st.integers(0, 9), st.text(), st.just(("a", "b")), st.floats(0, 9)
        )
    ),
    finished=st.floats(0, 2e9),
)


@given(st.lists(records, max_size=3))
def test_json_comes_back_as_it_was(of: list[FileRecord]) -> None:
    report = report_of(*of)
    assert from_json(to_json(report)) == report


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"records": [{"path": 1, "state": "done"}]}, "path is 1"),
        ({"records": [{"path": "a", "state": "lost"}]}, r"records\[0\].*lost"),
        ({"records": 3}, "records is 3"),
        ({"began": "now"}, "began is 'now'"),
    ],
)
def test_what_is_no_report_is_told_by_the_place(change: dict[str, object], place: str) -> None:
    content = json.loads(to_json(report_of())) | change
    with pytest.raises(ValueError, match=place):
        from_json(json.dumps(content))


def test_of_several_machines_the_newest_record_counts() -> None:
    first = report_of(failed(ROOT / "a.mp4", "gone"), done(ROOT / "b.mp4"))
    second = replace(report_of(done(ROOT / "a.mp4")), began=1_600_000_000.0, machine="another")
    merged = merge_reports([first, second])
    assert [(record.path.name, record.state) for record in merged.records] == [
        ("a.mp4", FileState.DONE),
        ("b.mp4", FileState.DONE),
    ]
    assert (merged.began, merged.machine) == (1_600_000_000.0, "a CPU, another")


# What a person does with the page, and what comes of it, as the page's title.
_USE = """
<script>
const seen = () => [...document.querySelectorAll("#files tbody tr")].filter((row) => !row.hidden)
  .map((row) => row.cells[0].textContent);
const report = [seen()];
const buttons = [...document.querySelectorAll("#files th button")];
const press = (name) => buttons.find((button) => button.textContent === name).click();
press("duration"); report.push(seen()); press("duration"); report.push(seen());
const state = document.getElementById("state");
state.value = "failed"; state.dispatchEvent(new Event("change")); report.push(seen());
state.value = ""; state.dispatchEvent(new Event("change"));
const words = document.getElementById("words");
words.value = "TEN"; words.dispatchEvent(new Event("input")); report.push(seen());
document.title = JSON.stringify(report);
</script>
"""


def test_a_browser_sorts_and_filters_the_files(tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(NO_BROWSER)
    lengths = {"nine.mp4": 9.0, "ten.mp4": 10.0, "hundred.mp4": 100.0}
    report = report_of(
        *(done(ROOT / name, duration=s) for name, s in lengths.items()), failed(ROOT / "x.mp4", "bad")
    )
    page = tmp_path / "report.html"
    page.write_text(to_html(report) + _USE, encoding="utf-8")
    quiet = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    )
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    shown = subprocess.run(
        [browser, *quiet, profile, "--virtual-time-budget=5000", "--dump-dom", page.as_uri()],
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    ).stdout.decode()
    title = re.search(r"<title>(.*?)</title>", shown, re.DOTALL)
    assert title
    first, up, down, only_failed, with_ten = json.loads(unescape(title[1]))
    assert first == ["nine.mp4", "ten.mp4", "hundred.mp4", "x.mp4"]
    assert up == ["x.mp4", "nine.mp4", "ten.mp4", "hundred.mp4"]
    assert down == up[::-1]
    assert only_failed == ["x.mp4"]
    assert with_ten == ["ten.mp4"]
