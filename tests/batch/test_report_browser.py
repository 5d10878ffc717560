"""The closing report as a browser shows it: with a mouse, with keys, by day and by night."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from chromium import Page, browsing

from ovsubs.batch.record import BatchReport, ErrorKind, FileRecord, FileState
from ovsubs.batch.report.html import to_html
from ovsubs.subtitles.qc.review import ReviewItem

ROOT = Path("/library")
BEGAN = 1_700_000_000.0
HOSTILE = '"><img src=x onerror=alert(1)><script>document.title="taken"</script>.mp4'
LENGTHS_S = {"nine.mp4": 9.0, "ten.mp4": 10.0, "hundred.mp4": 100.0}
SHOWN = '[...document.querySelectorAll("#files tbody tr")].filter(row => row.getClientRects().length)'
NAMES_SHOWN = f"{SHOWN}.map(row => row.cells[0].textContent)"
N_MANY = 10_000


def done(name: str, **values: Any) -> FileRecord:
    record = FileRecord(
        ROOT / name, FileState.DONE, work_s=1.0, language="en", n_cues=3, finished=BEGAN + 60.0
    )
    return replace(record, **values)


def report_of(*records: FileRecord) -> BatchReport:
    return BatchReport((ROOT,), BEGAN, BEGAN + 120.0, "base", "a CPU", records)


def small_report() -> BatchReport:
    cue = ReviewItem(1500, 2500, f"text {HOSTILE}", (f"why {HOSTILE}",), 1.0)
    broken = ROOT / HOSTILE
    return report_of(
        *(done(name, duration=length, doubtful=(cue,)) for name, length in LENGTHS_S.items()),
        FileRecord(broken, FileState.FAILED, f"{broken}: bad {HOSTILE}", "x", ErrorKind.LASTING),
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser for all tests, which may do nothing but show the page: at the end that is looked at."""
    with browsing(tmp_path_factory.mktemp("browser") / "profile") as page:
        yield page


def open_report(page: Page, report: BatchReport, folder: Path) -> None:
    path = folder / "report.html"
    path.write_bytes(to_html(report).encode("utf-8"))
    page.events.clear()
    page.open(path)


def complaints(page: Page) -> list[object]:
    """Errors, what a script has said, and all that was asked for but the page itself."""
    said = page.happened("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    opened = page.happened("Page.javascriptDialogOpening")
    asked = [event["request"]["url"] for event in page.happened("Network.requestWillBeSent")]
    return [*said, *opened, *asked[1:]]


def test_the_page_does_nothing_but_show_itself_whatever_a_name_holds(page: Page, tmp_path: Path) -> None:
    open_report(page, small_report(), tmp_path)
    assert complaints(page) == []
    assert page.evaluate("document.title") == "ovsubs: 3 done, 1 failed"
    assert page.evaluate("document.images.length") == 0
    assert HOSTILE in page.evaluate("document.querySelector('#failed li').textContent")
    assert page.evaluate("document.querySelector('#doubtful a').href").endswith("/library/nine.mp4#t=1.5")


def test_what_a_name_would_run_is_refused_by_the_page_even_if_it_were_not_escaped(
    page: Page, tmp_path: Path
) -> None:
    open_report(page, small_report(), tmp_path)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
    page.evaluate("new Promise(done => setTimeout(done, 200))")
    assert page.evaluate("document.title") == "ovsubs: 3 done, 1 failed"
    assert complaints(page) != []  # it has told so; and this is what the other tests listen to


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_the_order(page: Page, tmp_path: Path) -> None:
    open_report(page, small_report(), tmp_path)
    assert page.evaluate(NAMES_SHOWN) == [*LENGTHS_S, HOSTILE]
    page.click("#files thead th:nth-child(4) button")
    assert page.evaluate(NAMES_SHOWN) == [HOSTILE, "nine.mp4", "ten.mp4", "hundred.mp4"]
    page.click("#files thead th:nth-child(4) button")
    assert page.evaluate(NAMES_SHOWN) == ["hundred.mp4", "ten.mp4", "nine.mp4", HOSTILE]
    sorts = "[...document.querySelectorAll('#files thead th')].map(head => head.ariaSort)"
    assert page.evaluate(sorts) == ["none"] * 3 + ["descending"] + ["none"] * 4
    assert complaints(page) == []


def test_keys_alone_sort_and_filter(page: Page, tmp_path: Path) -> None:
    open_report(page, small_report(), tmp_path)
    page.evaluate("document.getElementById('state').focus()")
    page.press("Tab")
    page.send("Input.insertText", text="TEN")
    assert page.evaluate(NAMES_SHOWN) == ["ten.mp4"]
    assert page.evaluate("document.getElementById('count').value") == "1 of 4 files"
    page.press("Tab")
    page.press("Enter", "\r")
    assert page.evaluate("document.activeElement.closest('th').ariaSort") == "ascending"
    assert complaints(page) == []


def test_files_are_filtered_by_how_they_ended(page: Page, tmp_path: Path) -> None:
    open_report(page, small_report(), tmp_path)
    change = "state.value = 'failed'; state.dispatchEvent(new Event('change'))"
    page.evaluate(f"(() => {{ const state = document.getElementById('state'); {change} }})()")
    assert page.evaluate(NAMES_SHOWN) == [HOSTILE]


def test_of_ten_thousand_files_so_many_are_shown_as_a_person_asks_for(page: Page, tmp_path: Path) -> None:
    open_report(page, report_of(*(done(f"{n}.mp4", duration=N_MANY - n) for n in range(N_MANY))), tmp_path)
    assert page.evaluate(f"{SHOWN}.length") == 250
    page.click("#more")
    assert page.evaluate(f"{SHOWN}.length") == 1250
    page.click("#files thead th:nth-child(4) button")
    assert page.evaluate(f"{NAMES_SHOWN}[0]") == f"{N_MANY - 1}.mp4"
    assert page.evaluate(f"{SHOWN}.length") == 250
    assert complaints(page) == []


def test_without_scripts_all_files_are_there_and_nothing_that_would_not_work(
    page: Page, tmp_path: Path
) -> None:
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        open_report(page, report_of(*(done(f"{n}.mp4") for n in range(300))), tmp_path)
        assert page.evaluate(f"{SHOWN}.length") == 300
        assert page.evaluate("document.querySelector('.filter').getClientRects().length") == 0
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)


def luminance(colour: str) -> float:
    """Relative luminance of "rgb(1, 2, 3)" (WCAG 2.2)."""
    parts = np.array([float(part) for part in colour.removeprefix("rgb(").rstrip(")").split(",")]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("dark", [False, True])
def test_all_text_stands_out_by_day_and_by_night(page: Page, tmp_path: Path, dark: bool) -> None:
    open_report(page, small_report(), tmp_path)
    picture = matplotlib.image.imread(page.picture(tmp_path / "page.png", dark=dark))
    assert (float(np.median(picture[..., :3])) < 0.5) == dark
    texts = "h1, h2, h3, p, td, th, a, caption, label, output, figcaption"
    colours = f"[...document.querySelectorAll('{texts}')].map(one => getComputedStyle(one).color)"
    behind = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    for colour in set(page.evaluate(colours)):
        low, high = sorted((behind, luminance(colour)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, colour  # WCAG 2.2, 1.4.3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_narrow_window_scrolls_its_tables_and_not_the_page(page: Page, tmp_path: Path) -> None:
    open_report(page, small_report(), tmp_path)
    page.picture(tmp_path / "page.png", dark=False, width=400, height=800)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
