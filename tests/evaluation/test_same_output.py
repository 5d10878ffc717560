"""What two commits gave, compared."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def same_output(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import same_output

    return same_output


def found(text: str, *tokens: int) -> dict[str, Any]:
    transcript = {"text": text, "segments": [{"tokens": list(tokens), "start": 0.0}]}
    return {"transcripts": {"greedy": {"/somewhere/talk.wav": transcript}}}


def test_the_first_thing_that_differs_is_named(same_output: ModuleType) -> None:
    before = found("Hello", 1, 2)
    assert list(same_output.differences(before, found("Hello", 1, 2))) == []
    [line] = same_output.differences(before, found("Hello", 1, 3))
    assert line == "greedy: talk.wav: segments[0].tokens[1]: '2' became '3'"
    [line] = same_output.differences(before, found("Hello", 1))
    assert line == "greedy: talk.wav: segments[0].tokens: '[1, 2]' became '[1]'"


def test_a_file_that_is_missing_differs(same_output: ModuleType) -> None:
    nothing = {"transcripts": {"greedy": dict[str, Any]()}}
    assert len(list(same_output.differences(found("Hello", 1), nothing))) == 1
