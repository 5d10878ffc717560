"""The notebooks run as a person runs them, and are committed as they are before a run."""

import base64
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ovsubs import LayoutOptions, Transcript
from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.subtitles.formats import render

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SUBTITLE_A_VIDEO = ROOT / "notebooks" / "subtitle_a_video.ipynb"
LAYOUT_AND_REVIEW = ROOT / "notebooks" / "layout_and_review.ipynb"
QUANTIZE_AND_COMPARE = ROOT / "notebooks" / "quantize_and_compare.ipynb"
MOST_LINES = 15  # a cell that needs more holds logic, which belongs in the package
CELL_TIMEOUT_S = 900
# `/folder/...` or `C:\\...`; a closing tag, a relative path or an address is none.
MACHINE_PATH = re.compile(r"(?<![\w./:<])/\w+/|\b[A-Za-z]:\\\\")


@dataclass(frozen=True, slots=True)
class Executed:
    """A notebook that has run: its outputs in order, and the folder that the subtitles are in."""

    outputs: list[Any]
    subtitles: Path

    def data(self, kind: str) -> list[str]:
        """What the outputs show, of one MIME type."""
        return [output.data[kind] for output in self.outputs if kind in output.get("data", {})]

    @property
    def printed(self) -> list[str]:
        """What cells have printed, a text for each."""
        return [output.text for output in self.outputs if output.get("name") == "stdout"]


@pytest.fixture(scope="module")
def video(speech_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The speech sample with a picture."""
    path = tmp_path_factory.mktemp("video") / "talk.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=s=320x180:r=25"]
    sound = ["-i", str(speech_sample)]
    command = [ffmpeg_executable(), "-nostdin", "-v", "error", "-y", *picture, *sound]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-shortest", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """This interpreter as the kernel `python3`, with the package under test and no one's own settings."""
    jupyter = tmp_path_factory.mktemp("jupyter")
    kernel = jupyter / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(jupyter))
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(jupyter / name.lower()))
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.delenv("MPLBACKEND", raising=False)
        yield


@pytest.fixture(scope="module")
def executed(
    settings: None, video: Path, base_model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Executed:
    """`subtitle_a_video.ipynb` after a run in the folder `notebooks` beside `models`."""
    return execute(
        SUBTITLE_A_VIDEO,
        tmp_path_factory.mktemp("repository"),
        {"base": base_model_dir},
        OVSUBS_NOTEBOOK_VIDEO=str(video),
    )


@pytest.fixture(scope="module")
def reviewed(
    settings: None, video: Path, base_model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Executed:
    """`layout_and_review.ipynb` after a run."""
    return execute(
        LAYOUT_AND_REVIEW,
        tmp_path_factory.mktemp("repository"),
        {"base": base_model_dir},
        OVSUBS_NOTEBOOK_VIDEO=str(video),
    )


@pytest.fixture(scope="module")
def quantized(
    settings: None,
    video: Path,
    tiny_en_model_dir: Path,
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Executed:
    """`quantize_and_compare.ipynb` after a run with tiny.en on a few recordings."""
    speech = shared_data / "librispeech"
    return execute(
        QUANTIZE_AND_COMPARE,
        tmp_path_factory.mktemp("repository"),
        {"tiny.en": tiny_en_model_dir},
        OVSUBS_NOTEBOOK_VIDEO=str(video),
        OVSUBS_NOTEBOOK_MODEL="tiny.en",
        OVSUBS_NOTEBOOK_CALIBRATION=str(speech / "train-clean-100"),
        OVSUBS_NOTEBOOK_EVALUATION=str(speech / "test-clean"),
        OVSUBS_NOTEBOOK_SAMPLES="4",
        OVSUBS_NOTEBOOK_MAX_WER_DROP="20",
    )


def execute(path: Path, root: Path, models: dict[str, Path], **variables: str) -> Executed:
    """Run a notebook in the folder `notebooks` beside `models`."""
    import nbformat
    from nbclient import NotebookClient

    (root / "notebooks").mkdir()
    (root / "models").mkdir()
    (root / "demo").mkdir()
    for name, directory in models.items():
        (root / "models" / name).symlink_to(directory.resolve(), target_is_directory=True)
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(root / "notebooks")}}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        NotebookClient(notebook, timeout=CELL_TIMEOUT_S, kernel_name="python3", resources=place).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return Executed(outputs, root / "demo")


@pytest.mark.model
class TestSubtitleAVideo:
    def test_nothing_goes_wrong(self, executed: Executed) -> None:
        wrong = [
            output
            for output in executed.outputs
            if output.output_type == "error" or output.get("name") == "stderr"
        ]
        assert wrong == []

    def test_the_subtitles_are_saved(self, executed: Executed) -> None:
        assert "fail better" in (executed.subtitles / "talk.srt").read_text(encoding="utf-8").lower()
        assert (executed.subtitles / "talk.vtt").read_text(encoding="utf-8").startswith("WEBVTT\n")

    def test_the_segments_stand_in_a_table(self, executed: Executed) -> None:
        assert any("fail better" in " ".join(shown.lower().split()) for shown in executed.data("text/plain"))

    def test_the_video_is_shown_with_its_captions(self, executed: Executed) -> None:
        page = next(shown for shown in executed.data("text/html") if "<video" in shown)
        assert 'kind="captions"' in page
        clip = re.search(r'src="data:video/mp4;base64,([^"]+)"', page)
        captions = re.search(r'src="data:text/vtt;base64,([^"]+)"', page)
        assert clip
        assert captions
        assert base64.b64decode(clip[1])[4:8] == b"ftyp"  # how an mp4 begins
        written = (executed.subtitles / "talk.vtt").read_bytes()
        assert base64.b64decode(captions[1]) == written

    def test_one_picture_is_drawn(self, executed: Executed) -> None:
        pictures = [base64.b64decode(picture) for picture in executed.data("image/png")]
        assert [picture[:8] for picture in pictures] == [b"\x89PNG\r\n\x1a\n"]


@pytest.mark.model
class TestLayoutAndReview:
    def test_nothing_goes_wrong(self, reviewed: Executed) -> None:
        wrong = [
            output
            for output in reviewed.outputs
            if output.output_type == "error" or output.get("name") == "stderr"
        ]
        assert wrong == []

    def test_the_transcript_shows_itself(self, reviewed: Executed) -> None:
        page = next(shown for shown in reviewed.data("text/html") if "<video" in shown)
        clip = re.search(r'src="data:video/mp4;base64,([^"]+)"', page)
        assert clip
        assert base64.b64decode(clip[1])[4:8] == b"ftyp"
        table = page[page.index("<tbody") :]
        numbers = re.findall(r"<tr [^>]*><td>(\d+)", table)
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
        assert len(numbers) > 1
        assert "fail better" in table.lower()

    def test_each_style_has_its_column(self, reviewed: Executed) -> None:
        page = next(shown for shown in reviewed.data("text/html") if "<pre>" in shown)
        texts = dict(re.findall(r"<b>(\w+)</b><pre>(.*?)</pre>", page, re.DOTALL))
        assert list(texts) == ["netflix", "bbc", "youtube", "tiktok", "plain"]
        transcript = Transcript.from_json((reviewed.subtitles / "talk.json").read_text(encoding="utf-8"))
        for style, text in texts.items():
            assert "fail better" in " ".join(text.lower().split())
            assert html.unescape(text) == render(transcript, "srt", LayoutOptions(style=style))

    def test_single_values_are_obeyed(self, reviewed: Executed) -> None:
        [printed] = [text for text in reviewed.printed if text.startswith("LayoutRules(max_line_width=16,")]
        lines = [line for line in printed.splitlines()[1:] if line and "-->" not in line]
        assert 8 < max(map(len, lines)) <= 16

    def test_one_picture_is_drawn(self, reviewed: Executed) -> None:
        pictures = [base64.b64decode(picture) for picture in reviewed.data("image/png")]
        assert [picture[:8] for picture in pictures] == [b"\x89PNG\r\n\x1a\n"]

    def test_what_is_against_the_rules_is_told(self, reviewed: Executed) -> None:
        [printed] = [text for text in reviewed.printed if text.startswith("netflix: ")]
        by_default, by_others = printed.split("\nbbc: ")
        assert re.fullmatch(r"netflix: \d cues, .* a second \(median\), 0 too fast, 0 others", by_default)
        assert re.match(r"\d cues, ", by_others)
        assert re.search(r"\n  cue \d: line too wide, \d+ columns, limit 16\n", by_others)

    def test_the_transcript_is_kept_and_laid_out_again(self, reviewed: Executed) -> None:
        kept = json.loads((reviewed.subtitles / "talk.json").read_text(encoding="utf-8"))
        assert kept["segments"][0]["words"][0]["word"].strip().lower() == "ever"
        written = (reviewed.subtitles / "talk.ass").read_text(encoding="utf-8")
        assert written.count("\nDialogue: ") > 2
        assert any(text.strip() == written.strip() for text in reviewed.printed)


@pytest.mark.model
class TestQuantizeAndCompare:
    def test_nothing_goes_wrong(self, quantized: Executed) -> None:
        wrong = [
            output
            for output in quantized.outputs
            if output.output_type == "error" or output.get("name") == "stderr"
        ]
        assert wrong == []

    def test_both_models_subtitle_the_video(self, quantized: Executed) -> None:
        for name in ("tiny.en", "tiny.en-int8"):
            written = (quantized.subtitles / f"talk.{name}.srt").read_text(encoding="utf-8")
            assert "fail better" in written.casefold()

    def test_what_int8_did_is_shown(self, quantized: Executed) -> None:
        assert any("QuantizationReport(components=" in shown for shown in quantized.data("text/plain"))
        assert any("| INT8 (int8) |" in shown for shown in quantized.data("text/markdown"))
        assert len(quantized.data("image/png")) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
class TestCommitted:
    def test_a_notebook_has_not_run(self, path: Path) -> None:
        for cell in code_cells(path):
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert cell["metadata"] == {}

    def test_a_notebook_names_no_machine(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert MACHINE_PATH.search(text) is None
        assert json.loads(text)["metadata"]["kernelspec"]["name"] == "python3"

    def test_a_notebook_holds_no_logic(self, path: Path) -> None:
        for cell in code_cells(path):
            source = "".join(cell["source"])
            assert len(source.splitlines()) <= MOST_LINES, source


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_are_notebooks() -> None:
    assert SUBTITLE_A_VIDEO in NOTEBOOKS
