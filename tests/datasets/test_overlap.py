"""What is in two datasets is found, by its sound or by its words."""

from pathlib import Path

import pytest

from ovsubs.datasets import Dataset, SpokenFile, shared_recordings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {"a": b"one", "b": b"two", "c": b"six", "a again": b"one"}.items():
        (tmp_path / f"{name}.wav").write_bytes(content)
    return tmp_path


def dataset(folder: Path, **said: tuple[str, ...]) -> Dataset:
    files = (
        SpokenFile(name, folder / f"{name.replace('_', ' ')}.wav", texts) for name, texts in said.items()
    )
    return Dataset("spoken", tuple(files))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        pytest.param({"a": ()}, {"b": (), "c": ()}, [], id="other sounds, no words"),
        pytest.param({"a": (), "b": ()}, {"a_again": ()}, ["a"], id="the same sound in another file"),
        pytest.param(
            {"a": ("EVER TRIED EVER FAILED",)},
            {"b": ("NO MATTER", "ever tried, ever failed.")},
            ["a"],
            id="an utterance within a chapter",
        ),
        pytest.param({"a": ("YES SIR",)}, {"b": ("YES SIR",)}, [], id="too few words to tell"),
        pytest.param({"a": ("ONE TWO THREE FOUR",)}, {"b": ("ONE TWO THREE FIVE",)}, [], id="other words"),
    ],
)
def test_recordings_that_are_in_both_are_found(
    folder: Path, one: dict[str, tuple[str, ...]], other: dict[str, tuple[str, ...]], shared: list[str]
) -> None:
    found = shared_recordings(dataset(folder, **one), dataset(folder, **other))
    assert [file.name for file in found] == shared
