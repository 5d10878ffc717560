"""Threads that use one model share its batches and its memory; nobody waits for the audio of another."""

import threading
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from patience import PATIENCE_S
from scripted_model import sound, texts, whisper_of

from ovsubs.audio import ffmpeg
from ovsubs.audio.source import AudioSource
from ovsubs.errors import ClosedModel, RecognitionInterrupted
from ovsubs.recognition import (
    Components,
    RecognitionService,
    TrackRequest,
    TranscribeOptions,
    service,
)

BLOCK_S = 30.0

Samples = NDArray[np.float32]

pytestmark = pytest.mark.usefixtures("chunks_of_30_s")


class Source:
    """A track in blocks of a window each, which may be held back before any of them."""

    n_open = most_open = 0  # of all, at once

    def __init__(self, seed: int, n_blocks: int, *, held_at: int | None = None) -> None:
        self.blocks = [sound(1000 * seed + n, BLOCK_S) for n in range(n_blocks)]
        self.is_held = threading.Event()
        self.is_free = threading.Event()
        self.is_closed = threading.Event()
        self._held_at = held_at

    def open(self) -> AudioSource:
        Source.n_open += 1
        Source.most_open = max(Source.most_open, Source.n_open)
        return AudioSource("", BLOCK_S * len(self.blocks), 0.0, self._each())

    def request(self) -> TrackRequest:
        return TrackRequest(self.open, WITHOUT_VAD)

    def _each(self) -> Generator[Samples, None, None]:
        try:
            for place, block in enumerate(self.blocks):
                while place == self._held_at and not self.is_free.wait(0.01):
                    self.is_held.set()
                    called_off = ffmpeg._CALLED_OFF.get()  # as ffmpeg's output looks at it
                    if self.is_closed.is_set() or (called_off and called_off.is_set()):
                        return
                yield block
        finally:
            Source.n_open -= 1
            self.is_closed.set()


WITHOUT_VAD = TranscribeOptions(language="de", beam_size=1, vad=None)


@pytest.fixture
def held() -> Generator[Callable[[Source], Source], None, None]:
    """Frees sources when the test is over: nobody else ends their threads."""
    sources = list[Source]()

    def keep(source: Source) -> Source:
        sources.append(source)
        return source

    yield keep
    for source in sources:
        source.is_closed.set()


def heard(of: RecognitionService, *sources: Source) -> list[list[tuple[float, float, str]]]:
    updates = list(of.submit([source.request() for source in sources]).updates())
    assert sorted(update.track for update in updates if update.is_last) == list(range(len(sources)))
    assert not any(update.error for update in updates)
    return [texts(updates, place) for place in range(len(sources))]


def in_threads(*tasks: Callable[[], object]) -> None:
    """Run tasks side by side; an error in one is an error here."""
    errors = list[BaseException]()

    def run(task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def test_threads_share_batches_and_memory_and_each_gets_what_it_gets_alone(components: Components) -> None:
    of = RecognitionService(components)
    alone = [heard(of, Source(seed, 3))[0] for seed in range(6)]
    whisper = whisper_of(components)
    whisper.batches.clear()
    sources = [Source(seed, 3) for seed in range(6)]
    together = [list[list[tuple[float, float, str]]]() for _ in sources]

    def wait_for_all() -> None:
        """While the first batch is decoded, the audio of all of them is read."""
        for source in sources:
            assert source.is_closed.wait(PATIENCE_S)

    def ask(place: int) -> None:
        together[place] = heard(of, sources[place])

    whisper.on_session = wait_for_all
    in_threads(*(partial(ask, place) for place in range(6)))
    assert [one[0] for one in together] == alone
    assert max(whisper.batches) > 3  # windows of more than one of them
    # What is not needed any more is let go, once for each alone; a thread that is late may come after that.
    assert 6 < len(whisper.caches) < 6 + 6


def test_a_source_that_never_delivers_stops_no_other(
    components: Components, held: Callable[[Source], Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LATE_S", 0.2)
    monkeypatch.setattr("ovsubs.recognition.open_tracks.LATE_S", 0.2)
    of = RecognitionService(components)
    late, others = held(Source(1, 4, held_at=2)), [Source(seed, 2) for seed in (2, 3)]
    requests = [source.request() for source in (others[0], late, others[1])]
    ended = list[int]()
    with closing(of.submit(requests).updates()) as updates:
        for update in updates:
            ended += [update.track] * update.is_last
            if len(ended) == 2:
                assert sorted(ended) == [0, 2]
                late.is_free.set()
    assert sorted(ended) == [0, 1, 2]


def test_a_pause_of_the_audio_changes_no_batch(
    components: Components, held: Callable[[Source], Source]
) -> None:
    """One call waits for what comes next in the order of its files, whatever is there of later ones."""
    of, batches = RecognitionService(components), list[list[int]]()
    for held_at in (None, 8):
        source = held(Source(1, 12, held_at=held_at))
        freed = threading.Timer(0.3, source.is_free.set)
        whisper_of(components).batches.clear()
        freed.start()
        heard(of, source, Source(2, 8))
        freed.join()
        batches.append(list(whisper_of(components).batches))
    assert batches[0] == batches[1]


@pytest.fixture
def nothing_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits until something is late waits longer than any test."""
    for module in ("service", "open_tracks"):
        monkeypatch.setattr(f"ovsubs.recognition.{module}.LATE_S", 100 * PATIENCE_S)


@pytest.mark.usefixtures("nothing_is_late")
def test_a_source_that_never_delivers_stops_no_other_job(
    components: Components, held: Callable[[Source], Source]
) -> None:
    """Neither while it is waited for, nor by being closed."""
    of, late = RecognitionService(components), held(Source(1, 3, held_at=1))
    job = of.submit([late.request()])
    reader = threading.Thread(target=lambda: list(job.updates()), daemon=True)
    reader.start()
    assert late.is_held.wait(PATIENCE_S)
    in_threads(lambda: heard(of, Source(2, 3)))
    assert reader.is_alive()
    in_threads(job.close)
    reader.join(PATIENCE_S)
    assert not reader.is_alive()


def test_a_language_is_found_while_another_thread_has_much_to_do(components: Components) -> None:
    of, long = RecognitionService(components), Source(1, 300)
    job = of.submit([long.request()])
    reader = threading.Thread(target=lambda: list(job.updates()), daemon=True)
    reader.start()
    found = of.detect_language(TrackRequest(Source(2, 2).open, TranscribeOptions(beam_size=1, vad=None)))
    assert found is not None
    assert job.n_left == 1
    job.close()
    reader.join(PATIENCE_S)


def test_a_job_whose_turn_it_is_not_opens_no_more_files(components: Components) -> None:
    of, (long, many) = RecognitionService(components), ([Source(1, 60)], [Source(n, 6) for n in range(2, 12)])
    Source.most_open = Source.n_open
    in_threads(partial(heard, of, *long), partial(heard, of, *many))
    assert Source.most_open - Source.n_open <= 6


def test_what_a_job_holds_is_let_go_of_when_it_is_closed(components: Components) -> None:
    of = RecognitionService(components)
    updates = of.submit([Source(1, 30).request()]).updates()
    next(updates)
    updates.close()
    assert of._scheduler.numbers == []
    assert of._scheduler._cache is None


def test_a_job_that_has_come_through_is_not_ended_by_another(components: Components) -> None:
    of, done, other = RecognitionService(components), Source(1, 2), Source(2, 80)
    job = of.submit([done.request()])

    def interrupt_once_all_is_there() -> None:
        assert done.is_closed.wait(PATIENCE_S)
        if not job.n_left:
            raise KeyboardInterrupt

    whisper_of(components).on_session = interrupt_once_all_is_there
    with pytest.raises(KeyboardInterrupt):
        heard(of, other)
    assert list(job.updates())[-1].is_last


def test_a_source_that_never_delivers_stops_no_other_thread(
    components: Components, held: Callable[[Source], Source]
) -> None:
    of, late, whole = RecognitionService(components), held(Source(1, 3, held_at=1)), Source(2, 3)
    started = threading.Event()
    whisper_of(components).on_session = started.set
    got = list[list[list[tuple[float, float, str]]]]()

    def wait_for_both() -> None:
        assert started.wait(PATIENCE_S)
        got.append(heard(of, whole))
        late.is_free.set()

    in_threads(lambda: heard(of, late), wait_for_both)
    assert got == [heard(of, Source(2, 3))]


def test_a_job_that_is_closed_leaves_nothing_behind(
    components: Components, held: Callable[[Source], Source]
) -> None:
    of, source = RecognitionService(components), held(Source(1, 30))
    updates = of.submit([source.request()]).updates()
    assert not next(updates).is_last
    updates.close()
    assert source.is_closed.wait(PATIENCE_S)
    assert heard(of, Source(2, 2)) == heard(of, Source(2, 2))
    assert of._scheduler.numbers == []


def test_a_job_may_be_closed_while_another_thread_decodes_for_it(components: Components) -> None:
    of, source, other = RecognitionService(components), Source(1, 40), Source(2, 20)
    expected, closed = heard(of, Source(2, 20)), threading.Event()
    job = of.submit([source.request()])

    def close_in_the_middle() -> None:
        if not closed.is_set() and source.blocks:
            closed.set()
            thread = threading.Thread(target=job.close)
            thread.start()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    whisper_of(components).on_session = close_in_the_middle
    assert heard(of, other) == expected
    assert closed.is_set()
    assert list(job.updates()) == []
    assert source.is_closed.wait(PATIENCE_S)


def test_whoever_is_interrupted_at_the_work_of_all_ends_them_all_aloud(components: Components) -> None:
    of = RecognitionService(components)
    job = of.submit([Source(1, 3).request()])

    def interrupt() -> None:
        raise KeyboardInterrupt

    whisper_of(components).on_session = interrupt
    with pytest.raises(KeyboardInterrupt):
        heard(of, Source(2, 3))
    whisper_of(components).on_session = lambda: None
    with pytest.raises(RecognitionInterrupted):
        list(job.updates())
    assert heard(of, Source(3, 2))


def test_closing_ends_the_jobs_of_other_threads(components: Components) -> None:
    of, source = RecognitionService(components), Source(1, 30)
    updates = of.submit([source.request()]).updates()
    assert not next(updates).is_last
    of.close()
    of.close()
    with pytest.raises(ClosedModel):
        next(updates)
    assert source.is_closed.wait(PATIENCE_S)
    whisper_of(components).close()
    with pytest.raises(ClosedModel):
        of.submit([source.request()])


def test_many_short_tracks_of_two_jobs_all_end(components: Components) -> None:
    of = RecognitionService(components)
    in_threads(
        *(lambda first=first: heard(of, *(Source(first + n, 1) for n in range(70))) for first in (0, 100))
    )
