"""Word errors and speed of two commits, put together from what each round gave."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ovsubs.datasets import SpokenFile
from ovsubs.errors import UnreadableMedia

SAID = ("ever tried ever failed", "no matter try again")


@pytest.fixture
def two_commits(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import two_commits

    return two_commits


def files(two_commits: ModuleType) -> Any:
    from peer_engines.recordings import FileSet

    spoken = (SpokenFile(f"{n}", Path(f"{n}.flac"), (said,)) for n, said in enumerate(SAID))
    return FileSet("short", tuple(spoken), 4.0)


def heard(rtfx: float, *texts: str) -> dict[str, Any]:
    transcripts = {f"{n}.flac": {"text": text} for n, text in enumerate(texts)}
    return {"transcripts": {"short": transcripts}, "figures": {"short": {"rtfx": rtfx}}}


def test_errors_are_those_of_the_first_round_and_speed_is_compared_within_each(
    two_commits: ModuleType,
) -> None:
    rounds = [
        {"before": heard(40.0, *SAID), "after": heard(20.0, "ever tried ever sailed", SAID[1])},
        {"before": heard(60.0, *SAID), "after": heard(66.0, *SAID)},
        {"before": heard(50.0, *SAID), "after": heard(50.0, *SAID)},
    ]
    found = two_commits.compare("short", files(two_commits), rounds)
    assert (found.errors, found.n_words) == ({"before": 0, "after": 1}, 8)
    assert found.rtfx == {"before": 50.0, "after": 50.0}
    assert found.ratio == 1.0
    assert found.low <= 1 / 8 <= found.high
    assert two_commits.describe(found).startswith("short ")


def test_a_file_that_one_of_them_cannot_read_ends_it(two_commits: ModuleType) -> None:
    broken = heard(40.0, *SAID)
    broken["transcripts"]["short"]["1.flac"] = {"error": "OSError: gone"}
    with pytest.raises(UnreadableMedia, match="after: OSError: gone"):
        two_commits.compare("short", files(two_commits), [{"before": heard(40.0, *SAID), "after": broken}])
