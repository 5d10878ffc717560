"""What a job is to do, and what it may use; for every kind of cluster alike."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from ovsubs.bounds import check_count
from ovsubs.errors import InvalidOption

KINDS = ("bacalhau", "kubernetes", "slurm")
FILMS, RESULTS, MODELS, STATE = "/films", "/results", "/models", "/state"  # in a container
GRACE_S = 120  # from SIGTERM to SIGKILL: windows at work are finished, and written down
TRIES_AGAIN = 10  # of a shard whose disk is full, or share gone; Kubernetes waits half an hour over them

_MAX_SHARDS = 100_000  # of an Indexed Job of Kubernetes; more need `maxFailedIndexes` as well (batch/v1)
_LEAST_TIME_S = 600  # a model is loaded, and a film is begun
_SET_BY_JOB = frozenset({"-o", "--output-dir", "--model-dir", "--ledger", "--report", "--shard"})
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?")  # a host's name, with room for the number of the shard
_IMAGE = re.compile(r"[A-Za-z0-9][\w./:@-]*", re.ASCII)
_CLAIM = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")  # a subdomain (RFC 1123)
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # line breaks; what is not UTF-8


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job is to do, and what it may use.

    `library`, `output`, `model_dir`, `state_dir` are folders of the nodes, the same on all of them; for
    Kubernetes each is the name of a volume claim, with a folder in it after a slash if need be (media/films).
    `output`: where subtitles and reports go; None, for Bacalhau, publishes them, so that `bacalhau job get`
    fetches them. `model_dir`: None if the image holds the models, for Slurm if `OVSUBS_MODELS` tells.
    `state_dir`: where ledgers stay, on no network disk; None, in a temporary folder of the node. `image`: of
    a container; Slurm has none. `shards`: tasks; `at_once`: how many of them at a time; None, as many as
    there is room for. `cpus`, `memory_gib`, `time_limit_s`: of each task. `arguments`: more options of
    `ovsubs batch`.

    Raises:
        InvalidOption: a value cannot be, or this kind of job cannot obey it.
    """

    kind: str
    library: str
    output: str | None = None
    image: str | None = None
    shards: int = 1
    at_once: int | None = None
    cpus: int = 4
    memory_gib: int = 8
    time_limit_s: int = 24 * 3600
    model_dir: str | None = None
    state_dir: str | None = None
    name: str = "ovsubs"
    arguments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidOption("kind", self.kind, f"choose from {', '.join(KINDS)}")
        if not _NAME.fullmatch(self.name):
            raise InvalidOption("name", self.name, "use small letters, digits and hyphens, 50 at most")
        check_count("shards", self.shards, f"give 1 to {_MAX_SHARDS}", least=1, most=_MAX_SHARDS)
        check_count("cpus", self.cpus, "give at least 1", least=1)
        check_count("memory_gib", self.memory_gib, "give at least 1", least=1)
        check_count("time_limit_s", self.time_limit_s, "give ten minutes at least", least=_LEAST_TIME_S)
        if self.at_once is not None:
            check_count("at_once", self.at_once, "give 1 to `shards`", least=1, most=self.shards)
        self._check_kind()
        self._check_places()
        self._check_arguments()

    def _check_kind(self) -> None:
        if self.kind == "slurm" and self.image is not None:
            raise InvalidOption("image", self.image, "Slurm runs the ovsubs of the node, without a container")
        if self.kind != "slurm" and (self.image is None or not _IMAGE.fullmatch(self.image)):
            raise InvalidOption("image", self.image, "name one that the nodes can pull")
        if self.kind == "bacalhau" and self.at_once is not None:
            raise InvalidOption("at_once", self.at_once, "Bacalhau runs as many as there is room for")
        if self.kind != "bacalhau" and self.output is None:
            raise InvalidOption("output", None, "say where subtitles and reports go")

    def _check_places(self) -> None:
        check = _check_claim if self.kind == "kubernetes" else _check_folder
        for option in ("library", "output", "model_dir", "state_dir"):
            place = getattr(self, option)
            if place is not None:
                _check_text(option, place)
                check(option, place)

    def _check_arguments(self) -> None:
        for argument in self.arguments:
            _check_text("arguments", argument)
            option = argument.partition("=")[0].replace("_", "-")
            if option in _SET_BY_JOB or re.match(r"-o[^-]", argument):
                raise InvalidOption("arguments", argument, "the job file sets this option itself")


def batch_call(options: JobOptions, library: str, output: str, model_dir: str | None) -> list[str]:
    """What does not differ from shard to shard, behind `ovsubs batch` and the options that do."""
    models = [] if model_dir is None else ["--model-dir", model_dir]
    # A container sees all cores of its node. And forty tasks are not to fetch the same model forty times.
    machine = ["--threads", str(options.cpus), "--offline"]
    # What the caller gives comes last, and so counts.
    return [library, "--output-dir", output, *models, *machine, *options.arguments]


def shard_name(options: JobOptions, index: str) -> str:
    """How the ledger and the report of a shard are called, without the ending."""
    return f"{options.name}-shard-{index}"


def ledger_folder(options: JobOptions) -> str:
    """In the container."""
    return "/tmp" if options.state_dir is None else STATE


def _check_text(option: str, text: str) -> None:
    if _UNWRITABLE.search(text):
        raise InvalidOption(option, text, "a job file cannot hold line breaks, nor what is not UTF-8")


def _check_folder(option: str, place: str) -> None:
    if not posixpath.isabs(place):
        raise InvalidOption(option, place, "give the whole path that it has on the nodes, from / on")


def _check_claim(option: str, place: str) -> None:
    claim, _, folder = place.partition("/")
    if not _CLAIM.fullmatch(claim) or ".." in folder.split("/") or folder.startswith("/"):
        why = "give the name of a volume claim, with a folder in it after a slash if need be: media/films"
        raise InvalidOption(option, place, why)
