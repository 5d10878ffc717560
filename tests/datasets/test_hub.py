"""Datasets as `datasets` streams them: parquet files of the Hub's kind, read from a folder."""

from pathlib import Path

import pytest

from ovsubs.audio.media import probe
from ovsubs.datasets import DatasetOptions, find_dataset
from ovsubs.errors import DatasetNotFound, MissingTranscript, UnreadableDataset

datasets = pytest.importorskip("datasets")
TEXTS = ("EVER TRIED", "EVER FAILED", "NO MATTER", "TRY AGAIN", "FAIL AGAIN", "FAIL BETTER")


def make_parquet(folder: Path, sound: Path, texts: tuple[str | None, ...], column: str = "text") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    content = sound.read_bytes()
    rows = {
        "audio": [{"bytes": content, "path": f"1-2-{n:04}{sound.suffix}"} for n in range(len(texts))],
        "id": [f"1-2-{n:04}" for n in range(len(texts))],
        column: list(texts),
    }
    datasets.Dataset.from_dict(rows).cast_column("audio", datasets.Audio(decode=False)).to_parquet(
        str(folder / "test-00000-of-00001.parquet")
    )
    return folder


def test_a_stream_becomes_recordings_on_disk(tmp_path: Path, speech_sample: Path) -> None:
    source = make_parquet(tmp_path / "data", speech_sample, TEXTS)
    (tmp_path / "here").mkdir()

    dataset = find_dataset(str(source), DatasetOptions(offline=True), tmp_path / "here")

    assert [(file.name, file.text) for file in dataset.files] == [
        (f"1-2-{number:04}", text) for number, text in enumerate(TEXTS)
    ]
    assert all(file.path.parent == tmp_path / "here" for file in dataset.files)
    assert probe(dataset.files[0].path).duration == pytest.approx(probe(speech_sample).duration)


def test_a_draw_from_a_stream_is_the_same_for_the_same_seed(tmp_path: Path, speech_sample: Path) -> None:
    source = make_parquet(tmp_path / "data", speech_sample, TEXTS)

    def draw(seed: int) -> list[str]:
        options = DatasetOptions(3, seed, offline=True)
        return [file.name for file in find_dataset(str(source), options, tmp_path).files]

    assert len(set(draw(1))) == 3
    assert draw(1) == draw(1)
    assert any(draw(1) != draw(seed) for seed in (2, 3, 4))


def test_a_part_that_is_not_there_is_said(tmp_path: Path, speech_sample: Path) -> None:
    source = make_parquet(tmp_path / "data", speech_sample, TEXTS)
    with pytest.raises(DatasetNotFound, match="validation"):
        find_dataset(str(source), DatasetOptions(part="validation", offline=True), tmp_path)


def test_a_row_without_text_is_named(tmp_path: Path, speech_sample: Path) -> None:
    source = make_parquet(tmp_path / "data", speech_sample, ("EVER TRIED", None))
    with pytest.raises(MissingTranscript, match="1-2-0001"):
        find_dataset(str(source), DatasetOptions(offline=True), tmp_path)


def test_a_dataset_without_texts_is_said(tmp_path: Path, speech_sample: Path) -> None:
    source = make_parquet(tmp_path / "data", speech_sample, TEXTS, column="speaker")
    with pytest.raises(UnreadableDataset, match="none of the columns text"):
        find_dataset(str(source), DatasetOptions(offline=True), tmp_path)


def test_a_dataset_without_audio_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    datasets.Dataset.from_dict({"text": ["hello"]}).to_parquet(str(tmp_path / "data/test-0.parquet"))
    with pytest.raises(UnreadableDataset, match="no column 'audio'"):
        find_dataset(str(tmp_path / "data"), DatasetOptions(offline=True), tmp_path)
