"""As many recordings as asked for, the same for the same seed, or one clear line."""

from pathlib import Path

import pytest

from ovsubs.datasets import Dataset, DatasetOptions, SpokenFile, find_dataset
from ovsubs.errors import DatasetNotFound, EmptyDataset, InvalidOption, TooFewSamples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "spoken"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.wav").write_bytes(b"sound")
        (folder / f"{number:02}.txt").write_text(f"sentence {number}")
    return folder


def test_all_recordings_are_taken_unless_a_number_is_given(folder: Path, tmp_path: Path) -> None:
    dataset = find_dataset(str(folder), DatasetOptions(), tmp_path)
    assert [file.name for file in dataset.files] == [f"{number:02}" for number in range(12)]
    assert dataset.name == str(folder)


def test_a_draw_is_the_same_for_the_same_seed_and_in_order(folder: Path, tmp_path: Path) -> None:
    def draw(n_samples: int, seed: int) -> list[str]:
        found = find_dataset(str(folder), DatasetOptions(n_samples, seed), tmp_path)
        return [file.name for file in found.files]

    assert draw(5, 0) == draw(5, 0) == sorted(draw(5, 0))
    assert len(set(draw(5, 0))) == 5
    assert draw(5, 0) != draw(5, 1)
    assert draw(12, 3) == [f"{number:02}" for number in range(12)]


def test_fewer_recordings_than_asked_for_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TooFewSamples, match="it has 12 recordings, fewer than the 13 asked for"):
        find_dataset(str(folder), DatasetOptions(13), tmp_path)


def test_recordings_count_and_not_what_lies_around_them(folder: Path, tmp_path: Path) -> None:
    (folder / ".venv").mkdir()
    (folder / ".venv/noise.wav").touch()
    (folder / "table.parquet").touch()
    assert len(find_dataset(str(folder), DatasetOptions(), tmp_path).files) == 12


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataset):
        find_dataset(str(tmp_path), DatasetOptions(), tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "a/b/c", "./nowhere/at/all"])
def test_what_is_neither_a_folder_nor_an_id_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFound, match="no such folder"):
        find_dataset(name, DatasetOptions(), tmp_path)


def test_the_hub_is_not_asked_offline(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFound, match="`offline` is set"):
        find_dataset("openslr/librispeech_asr", DatasetOptions(offline=True), tmp_path)


@pytest.mark.parametrize("n_samples", [0, -1])
def test_at_least_one_recording_is_asked_for(n_samples: int) -> None:
    with pytest.raises(InvalidOption, match="at least 1"):
        DatasetOptions(n_samples)


def test_a_folder_has_no_parts(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="has no parts"):
        find_dataset(str(folder), DatasetOptions(part="test"), tmp_path)


def test_the_digest_changes_with_the_texts_alone() -> None:
    one = Dataset("here", (SpokenFile("a", Path("a.wav"), ("hello",)),))
    elsewhere = Dataset("there", (SpokenFile("a", Path("b.wav"), ("hello",)),))
    other = Dataset("here", (SpokenFile("a", Path("a.wav"), ("hallo",)),))
    assert one.digest == elsewhere.digest != other.digest
