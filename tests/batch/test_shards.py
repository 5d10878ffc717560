"""Each file belongs to one shard, on every machine to the same one."""

import unicodedata
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.batch.jobs.shards import Shard, parse_shard, shard_from_environment
from ovsubs.errors import InvalidOption

NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in (".", "..")
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: PurePosixPath(*names))


def slurm(task: int, count: int, first: int, last: int, step: int | None = None) -> dict[str, str]:
    numbers = {"ID": task, "COUNT": count, "MIN": first, "MAX": last} | ({"STEP": step} if step else {})
    return {f"SLURM_ARRAY_TASK_{name}": str(number) for name, number in numbers.items()}


@given(PATHS, st.integers(1, 9))
def test_shards_cover_each_file_once(path: PurePath, count: int) -> None:
    assert sum(Shard(index, count).takes(path) for index in range(count)) == 1


@given(PATHS, st.integers(1, 9))
def test_a_name_in_other_code_points_is_the_same_file(path: PurePath, count: int) -> None:
    forms = [PurePosixPath(unicodedata.normalize(form, str(path))) for form in ("NFC", "NFD")]
    for index in range(count):
        assert len({Shard(index, count).takes(form) for form in forms}) == 1


@pytest.mark.parametrize("count", [2, 7, 64])
def test_shards_are_of_one_size(count: int) -> None:
    """The number of files has a standard deviation of its root; six of them happen by chance to nobody."""
    files = [PurePosixPath(f"Series {n % 40}/S{n % 9:02}E{n:04}.mkv") for n in range(12_800)]
    mean = len(files) / count
    for index in range(count):
        shard = Shard(index, count)
        assert abs(sum(map(shard.takes, files)) - mean) < 6 * mean**0.5


@pytest.mark.parametrize(
    ("path", "index"),
    [("a.mkv", 1), ("Série/é.mkv", 3), ("b/c d.mkv", 1), ("\udcff.mkv", 2), ("\ud800.mkv", 3)],
)
def test_a_file_stays_in_its_shard_from_version_to_version(path: str, index: int) -> None:
    """As the sixteenth digit of `printf %s PATH | sha256sum` tells."""
    assert [Shard(n, 4).takes(PurePosixPath(path)) for n in range(4)].index(True) == index


def test_a_path_of_windows_is_the_same_file() -> None:
    for index in range(5):
        shard = Shard(index, 5)
        assert shard.takes(PureWindowsPath(r"b\c d.mkv")) == shard.takes(PurePosixPath("b/c d.mkv"))


def test_a_path_that_begins_at_the_root_of_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="below a root"):
        Shard(0, 1).takes(tmp_path)


@pytest.mark.parametrize(
    ("text", "shard"), [("0/1", Shard(0, 1)), ("3/4", Shard(3, 4)), ("00/04", Shard(0, 4))]
)
def test_a_shard_is_read(text: str, shard: Shard) -> None:
    assert parse_shard(text) == shard


def test_a_shard_is_read_as_it_is_written() -> None:
    assert parse_shard(str(Shard(3, 7))) == Shard(3, 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "1",
        "1/",
        "/4",
        "4/4",
        "5/4",
        "0/0",
        "-1/4",
        "1/-4",
        "1/4/4",
        " 0/4",
        "1 of 4",
        "٣/٤",
        "0/9999999999",
    ],
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match=r"counted from 0, such as 0/4") as refused:
        parse_shard(text)
    assert refused.value.option == "shard"


@pytest.mark.parametrize(("index", "count"), [(-1, 4), (4, 4), (0, 0), (0, -1)])
def test_a_shard_that_cannot_be_is_refused(index: int, count: int) -> None:
    with pytest.raises(InvalidOption):
        Shard(index, count)


@pytest.mark.parametrize(
    ("environ", "shard"),
    [
        ({}, None),
        ({"HOME": "/", "SLURM_JOB_ID": "7", "BACALHAU_JOB_ID": "j-1"}, None),
        ({"BACALHAU_PARTITION_INDEX": "2", "BACALHAU_PARTITION_COUNT": "3"}, Shard(2, 3)),
        ({"JOB_COMPLETION_INDEX": "0", "OVSUBS_SHARDS": "8"}, Shard(0, 8)),
        ({"JOB_COMPLETION_INDEX": "", "OVSUBS_SHARDS": ""}, None),
        (slurm(0, 4, 0, 3), Shard(0, 4)),
        (slurm(3, 4, 0, 3, step=1), Shard(3, 4)),
        (slurm(4, 4, 1, 4), Shard(3, 4)),
        (slurm(30, 4, 10, 40, step=10), Shard(2, 4)),
        (slurm(30, 4, 10, 40), Shard(2, 4)),
        (slurm(5, 1, 5, 5), Shard(0, 1)),
        (slurm(5, 1, 5, 5, step=3), Shard(0, 1)),
    ],
)
def test_the_environment_tells_the_shard(environ: dict[str, str], shard: Shard | None) -> None:
    assert shard_from_environment(environ) == shard


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"BACALHAU_PARTITION_INDEX": "2"}, "BACALHAU_PARTITION_COUNT is not set"),
        ({"BACALHAU_PARTITION_COUNT": "2"}, "BACALHAU_PARTITION_INDEX is not set"),
        ({"JOB_COMPLETION_INDEX": "2"}, "OVSUBS_SHARDS is not set"),
        (
            {"JOB_COMPLETION_INDEX": "x", "OVSUBS_SHARDS": "8"},
            "JOB_COMPLETION_INDEX=x' is not valid: that is no whole",
        ),
        ({"JOB_COMPLETION_INDEX": "8", "OVSUBS_SHARDS": "8"}, "has to be less than OVSUBS_SHARDS"),
        ({"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_COUNT is not set"),
        (slurm(2, 3, 1, 4), "number its tasks as in --array=0-2"),  # --array=1,2,4
        (slurm(2, 4, 1, 10), "number its tasks as in --array=0-3"),  # --array=1,2,5,10
        (slurm(9, 4, 0, 3), "not even"),
        (slurm(25, 4, 10, 40, step=10), "not even"),
        (slurm(0, 0, 0, 0), "not even"),
        (slurm(0, 4, 0, 3) | {"SLURM_ARRAY_TASK_STEP": "0"}, "not even"),
        (
            slurm(0, 4, 0, 3) | {"JOB_COMPLETION_INDEX": "1", "OVSUBS_SHARDS": "8"},
            "'1/8 of Kubernetes, 0/4 of Slurm' is not valid: the environment tells more than one",
        ),
    ],
)
def test_an_environment_that_makes_no_sense_is_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidOption, match=said.replace("(", r"\(")) as refused:
        shard_from_environment(environ)
    assert refused.value.option == "shard"
