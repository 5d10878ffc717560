"""The closing report: all that happened, whatever files are called, in a page that needs nothing else."""

import json
import os
import re
import time
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems import needs_posix

from ovsubs.batch.record import BatchReport, ErrorKind, FileRecord, FileState
from ovsubs.batch.report.html import to_html
from ovsubs.batch.report.json import from_json, merge_reports, to_json
from ovsubs.subtitles.qc.review import ReviewItem

ROOT = Path("/library")
NAMES = (
    "<script>alert(1)</script>.mp4",
    "a\nb.mp4",
    "\U0001f3ac \u202eabc.mp4",
    "q'\"&.mp4",
    "ä" * 125 + "a.mp4",  # 255 bytes
    "שלום עולם.mp4",
    "50%#t=9?.mp4",
)


def done(path: Path, **values: Any) -> FileRecord:
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
    return replace(record, **values)


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
    cue = ReviewItem(12_340, 15_000, "</td><script>x</script>", ("why & how",), 2.0)
    page = to_html(report_of(done(ROOT / name, doubtful=(cue,)), failed(ROOT / f"b{name}", "it is <broken>")))
    links = Links(page)
    assert links.n_scripts == 1
    assert links.loaded == []
    assert not re.search(r"https?://", page)
    assert re.search(r"default-src 'none'.*script-src 'sha256-", page)
    paths = {unquote_to_bytes(target.removeprefix("file://").partition("#")[0]) for target in links.targets}
    assert os.fsencode(ROOT / name) in paths
    assert os.fsencode((ROOT / name).with_suffix(".srt")) in paths
    assert any(target.endswith("#t=12.3") for target in links.targets)
    assert "it is <broken>" in unescape(page)


@needs_posix
def test_a_name_that_is_no_utf8_is_shown_and_survives() -> None:
    path = Path(os.fsdecode(b"/library/caf\xe9.mp4"))
    report = report_of(done(path))
    page = to_html(report)
    page.encode()
    assert any(target.endswith("caf%E9.mp4") for target in Links(page).targets)
    assert from_json(to_json(report)) == report
    assert r"caf\udce9.mp4" in page


def test_a_name_cannot_pass_for_another() -> None:
    page = to_html(report_of(done(ROOT / "a\u202e4pm.exe"), done(ROOT / "b\n.mp4"), done(ROOT / "c\x00.mp4")))
    assert r"<bdi>a\u202e4pm.exe</bdi>" in page
    assert r"<bdi>b\n.mp4</bdi>" in page
    assert r"<bdi>c\x00.mp4</bdi>" in page


@needs_posix
def test_a_path_of_windows_is_linked_as_windows_has_it() -> None:
    page = to_html(report_of(done(Path("C:\\Films\\a b.mp4"), outputs=())))
    assert Links(page).targets == ["file:///C:/Films/a%20b.mp4"]


def test_a_time_opens_the_recording_there_and_not_after_it() -> None:
    cue = ReviewItem(3_599_990, 3_600_500, "no", ("why",), 1.0)
    page = to_html(report_of(done(ROOT / "a.mp4", doubtful=(cue,))))
    assert "file:///library/a.mp4#t=3599.9" in Links(page).targets


def test_what_failed_comes_first_and_reasons_are_told_once() -> None:
    broken = [failed(ROOT / f"{n}.mp4", "it breaks off") for n in range(9)]
    page = to_html(report_of(*broken, failed(ROOT / "x.mp4", "it is empty"), done(ROOT / "y.mp4")))
    head = page[: page.index("All files")]
    assert "<h1>1 done, 10 failed</h1>" in page
    assert head.count("it breaks off") == 1
    assert "4 more" in head
    assert head.index("it breaks off") < head.index("it is empty")


def test_the_most_doubtful_cues_of_all_files_are_shown() -> None:
    cues = [ReviewItem(1000 * n, 1000 * n + 500, f"cue {n}", ("why",), float(n)) for n in range(30)]
    page = to_html(
        report_of(
            done(ROOT / "a.mp4", doubtful=tuple(cues[::2])), done(ROOT / "b.mp4", doubtful=tuple(cues[1::2]))
        )
    )
    assert re.findall(r">cue (\d+)", page) == [str(n) for n in range(29, 9, -1)]


def test_a_reason_that_names_its_file_is_told_once_and_what_comes_of_it() -> None:
    broken = [
        FileRecord(path, FileState.FAILED, f"{path}: look at {path}", "x", kind)
        for path, kind in ((ROOT / "a", ErrorKind.PASSING), (ROOT / "b", ErrorKind.PASSING))
    ]
    page = to_html(report_of(*broken))
    assert page.count("<h3") == 1
    assert ">look at the file<" in page
    assert "2 files, tried again in the next run" in page


def test_a_run_without_files_has_a_report() -> None:
    page = to_html(report_of())
    assert "<h1>No files</h1>" in page
    assert "<table" not in page
    assert "<svg" not in page


def test_a_run_in_which_all_failed_has_a_report() -> None:
    page = to_html(report_of(*(failed(ROOT / f"{n}.mp4", "it is empty") for n in range(10_000))))
    assert "<h1>10000 failed</h1>" in page
    assert page.count("<h3") == 1
    assert "times as fast" not in page
    assert "<svg" not in page


def test_a_report_without_times_does_not_tell_of_1970() -> None:
    page = to_html(replace(report_of(done(ROOT / "a.mp4")), began=0.0, ended=0.0))
    assert "1970" not in page
    assert "times as fast" not in page


def test_what_happened_is_told_in_one_sentence() -> None:
    records = [done(ROOT / f"{n}.mp4", finished=1_700_000_000.0 + 90 * n) for n in range(1, 41)]
    before = done(ROOT / "before.mp4", finished=1_600_000_000.0)
    page = to_html(report_of(*records, before))
    assert "<h1>41 done</h1>" in page
    assert "40 hours of media in 1:00:00: 40 times as fast as it plays." in page


def test_rules_are_fine_or_broken_so_often() -> None:
    records = [done(ROOT / f"{n}.mp4", n_errors=n) for n in range(3)]
    verdicts = re.findall(
        r"data-n=-?\d+>(fine|\d+ errors?|)<", to_html(report_of(*records, failed(ROOT / "x", "no")))
    )
    assert [verdict for verdict in verdicts if verdict] == ["fine", "1 error", "2 errors"]


def bars(page: str) -> list[tuple[float, float]]:
    """The left and the height of each bar of speed, in pixels."""
    found = re.findall(r'<rect class="bar" x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', page)
    return [(float(left), float(height)) for left, height in found]


def test_the_picture_shows_when_nothing_was_done() -> None:
    early = done(ROOT / "a.mp4", work_s=900.0, finished=1_700_000_900.0)
    late = done(ROOT / "b.mp4", work_s=900.0, duration=1800.0, finished=1_700_003_600.0)
    drawn = bars(to_html(report_of(early, late)))
    assert len(drawn) == 48  # half of the 96: a quarter of an hour at either end
    assert [round(height) for _, height in drawn] == [70] * 24 + [35] * 24
    assert drawn[24][0] - drawn[23][0] > 300  # of 640 pixels


@pytest.mark.parametrize("seconds", [1.0, 59.0, 3600.0, 86_400.0, 400 * 86_400.0])
def test_runs_of_any_length_have_a_few_labelled_times(seconds: float) -> None:
    records = [done(ROOT / f"{n}.mp4", finished=1_700_000_000.0 + seconds * n / 2) for n in (1, 2)]
    page = to_html(replace(report_of(*records), ended=1_700_000_000.0 + seconds))
    assert len(bars(page)) > 0
    assert (seconds >= 120.0) <= page.count('class="middle"') <= 9


def test_ten_thousand_files_are_no_trouble() -> None:
    records = [
        done(ROOT / f"week {n % 50}" / f"film {n}.mp4", finished=1_700_000_000.0 + n / 4)
        for n in range(10_000)
    ]
    began = time.process_time()
    page = to_html(report_of(*records))
    assert time.process_time() - began < 3.0  # a tenth of it is usual
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
            ReviewItem, st.integers(0, 9), st.integers(0, 9), st.text(), st.just(("a", "b")), st.floats(0, 9)
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
        ({"began": 1e300}, r"began is 1e\+300"),
        ({"ended": float("nan")}, "ended is nan"),
        ({"records": [{"state": "done"}]}, r"records\[0\] has no 'path'"),
        ({"records": [{"path": "a", "state": "done", "duration": -1}]}, r"records\[0\].duration is -1"),
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
