"""What models are called in a table."""

from pathlib import Path

import pytest

from ovsubs.evaluation.find_models import label_models


@pytest.fixture
def directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("here/base", "there/base", "there/tiny.en"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("directories")
@pytest.mark.parametrize(
    ("models", "labels"),
    [
        (["base"], ["base"]),
        (["base", "openai/whisper-base"], ["base", "openai/whisper-base"]),
        (["here/base", "there/tiny.en/"], ["base", "tiny.en"]),
        (["here/base", "there/base", "there/tiny.en"], ["here/base", "there/base", "there/tiny.en"]),
        (["here/base", "here/../here/base"], ["base", "base"]),
        (["base", "here/base"], ["base", "here/base"]),
    ],
)
def test_directories_are_told_apart_by_the_end_of_their_path(models: list[str], labels: list[str]) -> None:
    assert label_models(models) == labels
