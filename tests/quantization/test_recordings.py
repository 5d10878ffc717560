"""Recordings to calibrate on and to judge on: none in both, or one clear line."""

from pathlib import Path

import pytest

from ovsubs.errors import InvalidOption, OverlappingDatasets, TooFewEvaluationSamples, TooFewSamples
from ovsubs.quantization.options import LIBRISPEECH_TRAIN, QuantizeOptions, Recordings
from ovsubs.quantization.recordings import choose_recordings, part_of


def make(folder: Path, numbers: range, *, with_texts: bool = True) -> str:
    folder.mkdir()
    for number in numbers:
        (folder / f"{number:02}.wav").write_bytes(f"sound {number}".encode())
        if with_texts:
            (folder / f"{number:02}.txt").write_text(f"this is the sentence of number {number}")
    return str(folder)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def test_what_is_not_calibrated_on_is_judged_on(tmp_path: Path, scratch: Path) -> None:
    source = make(tmp_path / "spoken", range(20))

    chosen = choose_recordings(QuantizeOptions(calibration=Recordings(source, None, 5)), scratch)

    calibrated, judged = (
        {file.name for file in part.files} for part in (chosen.calibration, chosen.evaluation)
    )
    assert len(calibrated) == 5
    assert calibrated | judged == {f"{number:02}" for number in range(20)}
    assert not calibrated & judged


def test_a_twin_of_what_is_calibrated_on_is_not_judged_on(tmp_path: Path, scratch: Path) -> None:
    source = make(tmp_path / "spoken", range(30))
    for number in range(30):
        (tmp_path / f"spoken/twin {number}.wav").write_bytes(f"sound {number}".encode())
        (tmp_path / f"spoken/twin {number}.txt").write_text("the same sound under another text")

    chosen = choose_recordings(QuantizeOptions(calibration=Recordings(source, None, 3)), scratch)

    names = [
        {file.name.split()[-1].zfill(2) for file in part.files}
        for part in (chosen.calibration, chosen.evaluation)
    ]
    assert not names[0] & names[1]


def test_another_dataset_is_judged_on_if_named(tmp_path: Path, scratch: Path) -> None:
    heard = make(tmp_path / "heard", range(4), with_texts=False)
    spoken = make(tmp_path / "spoken", range(4, 9))

    options = QuantizeOptions(
        calibration=Recordings(heard, None, 4), evaluation=Recordings(spoken, None, None)
    )
    chosen = choose_recordings(options, scratch)

    assert [len(part.files) for part in (chosen.calibration, chosen.evaluation)] == [4, 5]
    assert all(file.utterances == () for file in chosen.calibration.files)


def test_judging_on_what_was_calibrated_on_is_refused(tmp_path: Path, scratch: Path) -> None:
    one, other = make(tmp_path / "one", range(4)), make(tmp_path / "other", range(3, 8))
    options = QuantizeOptions(calibration=Recordings(one, None, 4), evaluation=Recordings(other, None, None))
    with pytest.raises(OverlappingDatasets, match="such as 03"):
        choose_recordings(options, scratch)


@pytest.mark.parametrize("language", ["de", "german"])
def test_librispeech_is_for_english(tmp_path: Path, scratch: Path, language: str) -> None:
    with pytest.raises(InvalidOption, match="LibriSpeech is English"):
        QuantizeOptions(language=language)
    options = QuantizeOptions(
        language=language,
        calibration=Recordings(make(tmp_path / "spoken", range(4)), None, 4),
        evaluation=Recordings(make(tmp_path / "other", range(4, 8)), None, None),
    )
    assert len(choose_recordings(options, scratch).evaluation.files) == 4


@pytest.mark.parametrize(
    ("source", "part", "meant"),
    [
        ("openslr/librispeech_asr", None, "clean:train.100"),
        ("openslr/librispeech_asr", "other:train.500", "other:train.500"),
        ("me/mine", None, "train"),
    ],
)
def test_calibration_never_means_a_part_to_be_tested_on(
    source: str, part: str | None, meant: str | None
) -> None:
    assert part_of(Recordings(source, part, 5), LIBRISPEECH_TRAIN, "train") == meant


def test_a_folder_has_no_part(tmp_path: Path) -> None:
    assert part_of(Recordings(str(tmp_path), None, 5), LIBRISPEECH_TRAIN, "train") is None


def test_a_folder_that_is_used_up_leaves_nothing_to_judge_on(tmp_path: Path, scratch: Path) -> None:
    source = make(tmp_path / "spoken", range(4))
    with pytest.raises(TooFewEvaluationSamples, match="name `evaluation_data`"):
        choose_recordings(QuantizeOptions(calibration=Recordings(source, None, 4)), scratch)


def test_a_folder_without_texts_leaves_nothing_to_judge_on(tmp_path: Path, scratch: Path) -> None:
    source = make(tmp_path / "heard", range(4), with_texts=False)
    with pytest.raises(TooFewEvaluationSamples, match="no transcript"):
        choose_recordings(QuantizeOptions(calibration=Recordings(source, None, 2)), scratch)


def test_too_few_recordings_are_said(tmp_path: Path, scratch: Path) -> None:
    source = make(tmp_path / "spoken", range(4))
    with pytest.raises(TooFewSamples, match="4 recordings, fewer than the 50"):
        choose_recordings(QuantizeOptions(calibration=Recordings(source, None, 50)), scratch)
