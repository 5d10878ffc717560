"""Tracks whose audio comes when it comes: fed, ended, cancelled and late, on a model without weights."""

import random
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scripted_model import chunk_of, texts, whisper_of

from ovsubs.audio.chunks import Chunk
from ovsubs.errors import UnknownLanguage, UnreadableMedia
from ovsubs.recognition import (
    Components,
    Scheduler,
    TrackUpdate,
    TranscribeOptions,
)
from ovsubs.recognition.scheduler import TrackGroup
from ovsubs.spans import Span

GERMAN = TranscribeOptions(language="de", beam_size=1)

Samples = NDArray[np.float32]


def finish(scheduler: Scheduler) -> list[TrackUpdate]:
    """All updates until nothing is left to do."""
    updates = list[TrackUpdate]()
    while scheduler.has_work:
        updates += scheduler.step()
    return updates


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
    assert scheduler.hungry(except_for=[number]) is None
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
