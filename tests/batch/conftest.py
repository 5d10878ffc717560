"""A library of real speech, the small model that hears it, and runs over it in this process."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from ovsubs.batch.control import Control
from ovsubs.batch.events import BatchEvent
from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.plan import BatchOptions, BatchPlan, Digests, make_batch_plan
from ovsubs.batch.run import run_batch
from ovsubs.library.events import FileFinished
from ovsubs.library.file_result import FileResult
from ovsubs.pipeline import Model
from ovsubs.whisper.model import CompileOptions


@pytest.fixture(scope="session")
def tiny_model(tiny_en_model_dir: Path) -> Iterator[Model]:
    """tiny.en in f32, for all tests."""
    with Model(tiny_en_model_dir, CompileOptions(threads=2, inference_precision="f32")) as model:
        yield model


@contextmanager
def no_model() -> Iterator[Model]:
    """In the place of a model where nothing is to be heard."""
    raise AssertionError("nothing is to be heard, and a model was opened")
    yield


@dataclass
class Library:
    """A root, its ledger, and runs over it, each as one of a new process."""

    root: Path
    ledger: Path
    model: Model

    def open(self, stack: ExitStack) -> Ledger:
        return stack.enter_context(Ledger(self.ledger, self.root))

    def plan(self, ledger: Ledger, options: BatchOptions) -> BatchPlan:
        digests = Digests.of(options.subtitle, self.model.directory)
        return make_batch_plan([self.root], [ledger], options, digests)

    @contextmanager
    def running(
        self, options: BatchOptions | None = None, control: Control | None = None
    ) -> Iterator[Iterator[BatchEvent]]:
        """The events of a run, which ends with the block."""
        chosen = options or BatchOptions()
        with ExitStack() as stack:
            ledger = self.open(stack)
            plan = self.plan(ledger, chosen)
            ledger.runs.begin("tiny.en")
            events = run_batch(plan, chosen, [ledger], lambda: nullcontext(self.model), control)
            stack.callback(events.close)
            yield events

    def run(self, options: BatchOptions | None = None, *, hears: bool = True) -> dict[str, FileResult]:
        """The results of a run to its end, by names below the root."""
        chosen = options or BatchOptions()
        with ExitStack() as stack:
            ledger = self.open(stack)
            plan = self.plan(ledger, chosen)
            ledger.runs.begin("tiny.en")
            opener = partial(nullcontext[Model], self.model) if hears else no_model
            events = list(run_batch(plan, chosen, [ledger], opener))
        return {
            event.result.path.relative_to(self.root).as_posix(): event.result
            for event in events
            if isinstance(event, FileFinished)
        }

    def contents(self) -> dict[str, bytes]:
        """What is in the root besides recordings, by names."""
        files = (path for path in self.root.rglob("*") if path.is_file())
        written = (path for path in files if path.suffix not in (".wav", ".mp4", ".flac", ".mkv"))
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in written}


@pytest.fixture
def library(tiny_model: Model, speech_sample: Path, tmp_path: Path) -> Library:
    """Three recordings, one of them in a folder below, and one that is broken."""
    root = tmp_path / "library"
    (root / "week 1").mkdir(parents=True)
    for place, name in enumerate(("a.wav", "c.wav", "week 1/d.wav")):
        shutil.copy(speech_sample, root / name)
        with (root / name).open("ab") as file:
            file.write(bytes([place]) * 1600)  # else all have the same content
    (root / "b.mp4").write_bytes(b"no video" * 1000)
    return Library(root, tmp_path / "ledger.sqlite", tiny_model)
