"""Names that differ by capitals alone, on a file system that takes them for one, as on Windows and macOS."""

import json
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from as_on_windows import ignore_case

from ovsubs.library.file_result import Status
from ovsubs.library.plan import SubtitleOptions, make_plan
from ovsubs.library.render import RenderOptions, render_transcripts


@pytest.fixture
def two(tmp_path: Path) -> Callable[[str], list[Path]]:
    """`Talk` and `talk` with an ending, in two folders."""

    def make(ending: str) -> list[Path]:
        paths = [tmp_path / "monday" / f"Talk.{ending}", tmp_path / "tuesday" / f"talk.{ending}"]
        for path in paths:
            path.parent.mkdir()
            if ending == "json":
                path.write_text(json.dumps({"text": "", "language": "en", "segments": []}))
                continue
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, 16_000, 0, "NONE", ""))
                file.writeframes(bytes(32_000))
        return paths

    return make


@pytest.mark.parametrize("is_one", [True, False])
def test_subtitles_of_one_never_replace_those_of_the_other(
    two: Callable[[str], list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_one: bool
) -> None:
    one, other = two("wav")
    is_one = _becomes_one(is_one, tmp_path, monkeypatch)

    plan = make_plan([one, other], SubtitleOptions(output_dir=tmp_path / "out"))

    assert [file.path for file in plan.files] == ([one] if is_one else [one, other])
    assert [result.status for result in plan.settled] == ([Status.FAILED] if is_one else [])
    assert all("are those of" in result.why for result in plan.settled)


@pytest.mark.parametrize("is_one", [True, False])
def test_transcripts_that_are_laid_out_do_not_either(
    two: Callable[[str], list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_one: bool
) -> None:
    paths = two("json")
    is_one = _becomes_one(is_one, tmp_path, monkeypatch)

    results = list(render_transcripts(paths, RenderOptions(output_dir=tmp_path / "out", overwrite=True)))

    assert [result.status for result in results] == [Status.DONE, Status.FAILED if is_one else Status.DONE]


def _becomes_one(wanted: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether case is ignored from now on; where this system does, it cannot be told not to."""
    if (folder / "MONDAY").exists():
        return True
    if wanted:
        ignore_case(monkeypatch)
    return wanted
