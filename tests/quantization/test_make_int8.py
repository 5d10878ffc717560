"""INT8 in one call: where it goes, and what is refused before anything takes time."""

from pathlib import Path

import pytest

from ovsubs.errors import InvalidOption, OutputExists, OutputIsInput, TooFewSamples, UnwritableFile
from ovsubs.export.model_directory import ExportOptions
from ovsubs.quantization.make_int8 import (
    Int8Output,
    QuantizeCallbacks,
    export_int8,
    int8_directory,
    quantize_named,
)
from ovsubs.quantization.options import QuantizeOptions, Recordings


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with a single recording."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "one.wav").write_bytes(b"RIFF")
    return folder


def on_two_of(folder: Path) -> QuantizeOptions:
    return QuantizeOptions(calibration=Recordings(str(folder), None, 2), offline=True)


def test_a_directory_that_is_not_named_is_that_of_the_model_with_int8_behind_it(tmp_path: Path) -> None:
    assert int8_directory("base", tmp_path) == tmp_path / "base-int8"
    assert int8_directory("openai/whisper-base", tmp_path) == tmp_path / "base-int8"
    assert int8_directory("me/tuned", tmp_path) == tmp_path / "me--tuned-int8"
    assert int8_directory("here/base", tmp_path, "mine") == tmp_path / "mine"


def test_another_precision_is_refused(tmp_path: Path) -> None:
    export = ExportOptions(output=tmp_path / "made", precision="int8-weights")
    with pytest.raises(InvalidOption, match=r"int8-weights.*is a precision already"):
        export_int8("base", export, QuantizeOptions())


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "base-int8").mkdir()
    with pytest.raises(OutputExists, match="base-int8"):
        export_int8("base", ExportOptions(models_dir=tmp_path), QuantizeOptions())
    (tmp_path / "base-int8" / "note.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UnwritableFile, match="no exported model"):
        export_int8("base", ExportOptions(models_dir=tmp_path, overwrite=True), QuantizeOptions())


def test_what_is_wrong_with_the_recordings_is_said_before_the_export(
    recordings: Path, tmp_path: Path
) -> None:
    steps = list[str]()
    with pytest.raises(TooFewSamples, match="2"):
        export_int8(
            "no-such-model",
            ExportOptions(output=tmp_path / "models" / "made", offline=True),
            on_two_of(recordings),
            QuantizeCallbacks(on_step=steps.append),
        )
    assert steps == []
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.model
def test_results_are_not_written_over_what_is_read(
    tiny_en_model_dir: Path, recordings: Path, tmp_path: Path
) -> None:
    before = (recordings / "one.wav").read_bytes()
    for read in (recordings / "one.wav", tiny_en_model_dir / "config.json"):
        output = Int8Output(tmp_path / "made", json=read)
        with pytest.raises(OutputIsInput, match=read.name):
            quantize_named(str(tiny_en_model_dir), on_two_of(recordings), output)
    assert (recordings / "one.wav").read_bytes() == before
    assert not (tmp_path / "made").exists()
