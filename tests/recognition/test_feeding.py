"""Tracks whose audio comes when it comes: fed, ended, cancelled and late, on a model without weights."""

import random
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from patience import PATIENCE_S
from scripted_model import ScriptedWhisper, chunk_of, scripted_components, sound

from ovsubs.audio import ffmpeg
from ovsubs.audio.chunks import Chunk
from ovsubs.audio.source import AudioSource
from ovsubs.errors import ClosedModel, RecognitionInterrupted, UnknownLanguage, UnreadableMedia
from ovsubs.recognition import (
    Components,
    RecognitionService,
    Scheduler,
    TrackRequest,
    TrackUpdate,
    TranscribeOptions,
    service,
)
from ovsubs.recognition.scheduler import TrackGroup
from ovsubs.spans import Span

GERMAN = TranscribeOptions(language="de", beam_size=1)
BLOCK_S = 30.0

Samples = NDArray[np.float32]


@pytest.fixture
def components(tmp_path: Path) -> Components:
    return scripted_components(tmp_path)


def whisper_of(components: Components) -> ScriptedWhisper:
    return cast("ScriptedWhisper", components.whisper)


def finish(scheduler: Scheduler) -> list[TrackUpdate]:
    """All updates until nothing is left to do."""
    updates = list[TrackUpdate]()
    while scheduler.has_work:
        updates += scheduler.step()
    return updates


def texts(updates: Sequence[TrackUpdate], track: int) -> list[tuple[float, float, str]]:
    return [
        (segment.start, segment.end, segment.text)
        for update in updates
        if update.track == track
        for segment in update.segments
    ]


@dataclass(frozen=True)
class Track:
    """A track with options of its own; each chunk is a window."""

    options: TranscribeOptions
    chunks: tuple[Chunk, ...]

    def alone(self, components: Components) -> list[tuple[float, float, str]]:
        scheduler = Scheduler(components)
        number = scheduler.add(self.options)
        for chunk in self.chunks:
            scheduler.feed(number, chunk)
        scheduler.end(number)
        updates = finish(scheduler)
        assert not any(update.error for update in updates)
        return texts(updates, number)


def track(seed: int, *seconds: float, options: TranscribeOptions = GERMAN, is_clear: bool = True) -> Track:
    """One whose sounds are all clear, or only two in three."""
    starts = [31.0 * place for place in range(len(seconds))]
    sounds = enumerate(zip(starts, seconds, strict=True))
    chunks = [chunk_of(100 * seed + n, *one, is_clear=is_clear or n % 3 > 0) for n, one in sounds]
    return Track(options, tuple(chunks))


OPTIONS = (
    GERMAN,
    TranscribeOptions(language="fr", task="translate", beam_size=1),
    TranscribeOptions(beam_size=1),
    TranscribeOptions(beam_size=2),
    TranscribeOptions(beam_size=1, batch_size=2),
    TranscribeOptions(language="en", beam_size=1, initial_prompt="w1"),
    TranscribeOptions(language="en", beam_size=1, condition_on_previous_text=True),
    TranscribeOptions(beam_size=1, multilingual=True),
    TranscribeOptions(language="en", beam_size=1, temperature=0.4, best_of=2),
)


# Whatever comes when


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(OPTIONS), st.lists(st.sampled_from([2.0, 9.0, 29.0]), max_size=6)),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_a_track_has_the_text_that_it_has_alone_in_whatever_order_audio_comes(
    components: Components, of_tracks: list[tuple[TranscribeOptions, list[float]]], chance: random.Random
) -> None:
    tracks = [track(seed, *seconds, options=options) for seed, (options, seconds) in enumerate(of_tracks)]
    scheduler, updates = Scheduler(components), list[TrackUpdate]()
    numbers = dict[int, int]()
    left = {place: list(one.chunks) for place, one in enumerate(tracks)}
    while left:
        place = chance.choice(list(left))
        if place not in numbers:
            numbers[place] = scheduler.add(tracks[place].options, priority=chance.randint(0, 1))
        elif left[place]:
            scheduler.feed(numbers[place], left[place].pop(0))
        else:
            scheduler.end(numbers[place])
            del left[place]
        if chance.random() < 0.5:
            updates += scheduler.step()
    updates += finish(scheduler)
    assert bool(sum(map(len, (one.chunks for one in tracks)))) == any(update.segments for update in updates)
    for place, number in numbers.items():
        assert texts(updates, number) == tracks[place].alone(components)
    assert sorted(update.track for update in updates if update.is_last) == sorted(numbers.values())
    assert not scheduler.numbers


def test_what_is_there_is_decoded_though_another_track_never_comes(components: Components) -> None:
    scheduler, spoken = Scheduler(components), track(1, 29.0, 29.0)
    silent, number = scheduler.add(GERMAN), scheduler.add(GERMAN)
    for chunk in spoken.chunks:
        scheduler.feed(number, chunk)
    scheduler.end(number)
    updates = finish(scheduler)
    assert texts(updates, number) == spoken.alone(components)
    assert scheduler.numbers == [silent]
    assert scheduler.hungry() == silent


def test_a_track_is_hungry_until_it_fills_a_batch_or_has_ended(components: Components) -> None:
    scheduler = Scheduler(components)
    number = scheduler.add(replace(GERMAN, batch_size=2))
    for chunk in track(1, 29.0, 29.0, 29.0).chunks:
        if scheduler.hungry() is None:
            break
        scheduler.feed(number, chunk)
    assert scheduler.hungry() is None
    assert len(scheduler.step()) == 1
    assert whisper_of(components).batches == [2]
    assert scheduler.hungry() == number
    assert scheduler.hungry(besides=[number]) is None
    scheduler.end(number)
    assert scheduler.hungry() is None


def test_windows_wait_for_those_that_vote_on_the_language_with_them(components: Components) -> None:
    scheduler, options = Scheduler(components), TranscribeOptions(beam_size=1, language_detection_segments=3)
    number, live = scheduler.add(options), scheduler.add(options, is_live=True)
    chunks = track(1, 5.0, 5.0, 5.0).chunks
    for chunk in chunks[:2]:
        scheduler.feed(number, chunk)
    assert not scheduler.has_work
    scheduler.feed(live, chunks[0])
    (update,) = scheduler.step()  # somebody speaks, and is not made to wait
    assert (update.track, len(update.segments)) == (live, 1)
    assert not scheduler.has_work
    scheduler.feed(number, chunks[2])
    (update,) = scheduler.step()
    assert (update.track, len(update.segments)) == (number, 3)


def test_a_cancelled_track_is_told_of_no_more_and_the_others_go_on(components: Components) -> None:
    scheduler = Scheduler(components)
    options = TranscribeOptions(language="de", beam_size=1, batch_size=2)
    tracks = [track(seed, 29.0, 29.0, 29.0, options=options) for seed in (1, 2)]
    numbers = [scheduler.add(one.options) for one in tracks]
    for number, one in zip(numbers, tracks, strict=True):
        for chunk in one.chunks:
            scheduler.feed(number, chunk)
        scheduler.end(number)
    before = scheduler.step()
    scheduler.cancel(numbers[0])
    scheduler.cancel(numbers[0])
    scheduler.feed(numbers[0], tracks[0].chunks[0])
    scheduler.end(numbers[0], UnreadableMedia(Path("a.mp4"), "it breaks off"))
    after = finish(scheduler)
    assert {update.track for update in after} == {numbers[1]}
    assert texts(before + after, numbers[1]) == tracks[1].alone(components)


def test_a_track_that_breaks_off_ends_with_its_error_and_stops_no_other(components: Components) -> None:
    scheduler, whole = Scheduler(components), track(2, 29.0)
    broken, number = scheduler.add(GERMAN), scheduler.add(GERMAN)
    error = UnreadableMedia(Path("a.mp4"), "it breaks off")
    scheduler.feed(broken, track(1, 29.0).chunks[0])
    scheduler.feed(number, whole.chunks[0])
    scheduler.end(number)
    scheduler.end(broken, error)
    updates = finish(scheduler)
    assert [update.error for update in updates if update.track == broken] == [error]
    assert texts(updates, number) == whole.alone(components)


def test_chunks_come_in_order_and_none_after_the_end(components: Components) -> None:
    scheduler, chunks = Scheduler(components), track(1, 29.0, 29.0).chunks
    number = scheduler.add(GERMAN)
    scheduler.feed(number, chunks[1])
    with pytest.raises(ValueError, match=r"a chunk from 0.0 s on, after one up to 60.0 s"):
        scheduler.feed(number, chunks[0])
    scheduler.end(number)
    with pytest.raises(ValueError, match="the track has ended"):
        scheduler.feed(number, chunks[1])


def test_what_the_model_cannot_do_is_not_taken_in(components: Components) -> None:
    scheduler = Scheduler(components)
    with pytest.raises(UnknownLanguage):
        scheduler.add(TranscribeOptions(language="xx"))
    assert scheduler.numbers == []


def test_a_track_of_silence_ends(components: Components) -> None:
    scheduler = Scheduler(components)
    number = scheduler.add(GERMAN)
    scheduler.feed(number, Chunk(Span(0.0, 5.0), np.zeros(5 * 16_000, np.float32), ()))
    scheduler.end(number)
    (update,) = finish(scheduler)
    assert (update.is_last, update.segments) == (True, ())


# Whose turn it is


def order_of(components: Components, *asked: tuple[int, str, int]) -> list[int]:
    """The track of each batch, of windows of 29 s in batches of one: (priority, group, windows) each."""
    scheduler = Scheduler(components)
    options = replace(GERMAN, batch_size=1)
    groups = {name: TrackGroup() for _, name, _ in asked}
    for seed, (priority, name, n) in enumerate(asked):
        number = scheduler.add(options, priority=priority, group=groups[name])
        for chunk in track(seed, *[29.0] * n).chunks:
            scheduler.feed(number, chunk)
        scheduler.end(number)
    order = list[int]()
    for update in finish(scheduler):
        order += [update.track] * (update.position > 0.0)
    return list(dict.fromkeys(order)) if len(asked) > 2 else order


def test_tracks_of_one_group_come_in_order(components: Components) -> None:
    order = order_of(components, (0, "files", 3), (0, "files", 2))
    assert order == sorted(order)


def test_groups_take_turns_so_that_a_short_one_is_not_behind_a_long_one(components: Components) -> None:
    order = order_of(components, (0, "long", 8), (0, "short", 1))
    assert order.index(1) == 1


def test_a_higher_priority_comes_first(components: Components) -> None:
    assert order_of(components, (0, "a", 1), (1, "b", 2), (2, "c", 1)) == [2, 1, 0]


# One memory


def test_the_memory_is_there_once_and_grows_only_for_larger_batches(components: Components) -> None:
    scheduler = Scheduler(components)
    for size in (2, 1, 3):
        number = scheduler.add(TranscribeOptions(language="de", beam_size=1, batch_size=size))
        scheduler.feed(number, track(size, 29.0).chunks[0])
        scheduler.end(number)
    finish(scheduler)
    assert whisper_of(components).caches == sorted(set(whisper_of(components).caches))
    assert scheduler._cache is None  # nobody wants anything any more


# Many threads


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


@pytest.fixture(autouse=True)
def chunks_of_30_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ovsubs.recognition.open_tracks.MAX_CHUNK_WITHOUT_VAD_S", BLOCK_S)


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
    assert len(whisper.caches) == 1 + 6  # what is not needed any more is let go


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
    for module in ("service", "opening"):
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
