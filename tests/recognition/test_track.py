"""One track, read by a script: order, numbers, language, position. Its chunks are stretches of 30 s."""

import numpy as np
import pytest
from scripted import GOOD, HELLO, UNLIKELY, WORLD, Script

from ovsubs.audio.source import AudioSource
from ovsubs.recognition import Scheduler, TrackRequest, TranscribeOptions
from ovsubs.recognition.batches import MAX_BATCHES_WAITED
from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.recognition.open_tracks import chunks_now
from ovsubs.recognition.track import TrackState
from ovsubs.timing import Stopwatch
from ovsubs.transcript import Segment
from ovsubs.whisper.language_vote import LanguageVote

RATE = 16_000
ENGLISH = LanguageVote("en", 1.0)


class ScriptedTrack:
    """A track of sound, and what a decoder could have said about its windows; nobody knows the pauses."""

    def __init__(self, script: Script, seconds: float, options: TranscribeOptions | None = None) -> None:
        self.script = script
        samples = np.full(round(seconds * RATE), 0.1, np.float32)
        source = AudioSource("", seconds, 0.0, (block for block in [samples]))
        chosen = options or TranscribeOptions(vad=None)
        self._chunks = chunks_now(TrackRequest(lambda: source, chosen), script.components, Stopwatch())
        self.track = TrackState(0, chosen, ENGLISH)

    def waiting(self, n: int) -> list[ChunkDecoder]:
        """Chunks with a window to read: that many, if the track has as many."""
        while len(self.track.waiting(n)) < n and not self.track.has_ended:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.track.has_ended = True
            else:
                self.track.feed(chunk)
        return self.track.waiting(n)

    def starts(self, n: int) -> list[float]:
        return [decoder.window.window.start for decoder in self.waiting(n)]

    def say(self, place: int, *pieces: tuple[int, float, float]) -> None:
        """To the window of the waiting chunk at that place."""
        decoder = self.waiting(place + 1)[place]
        decoder.accept(self.script.said(*pieces), GOOD, "en", self.script.components)

    def given_out(self) -> list[float]:
        return [segment.start for segment in self.track.report().segments]


@pytest.mark.usefixtures("chunks_of_30_s")
def test_segments_come_in_file_order_though_later_chunks_finish_first(script: Script) -> None:
    scripted = ScriptedTrack(script, 90.0)
    assert scripted.starts(3) == [0.0, 30.0, 60.0]
    scripted.say(2, (WORLD, 0.2, 29.8))
    assert scripted.given_out() == []
    scripted.say(0, (HELLO, 0.2, 10.0))  # the rest is read again
    assert scripted.given_out() == [0.2]
    scripted.say(1, (HELLO, 0.2, 29.8))
    assert scripted.given_out() == []
    assert scripted.starts(3) == [10.0]
    scripted.say(0, (WORLD, 0.0, 19.8))
    assert scripted.given_out() == pytest.approx([10.0, 30.2, 60.2])
    assert scripted.starts(3) == []
    assert scripted.track.is_done


@pytest.mark.usefixtures("chunks_of_30_s")
def test_segments_are_numbered_as_they_are_given_out(script: Script) -> None:
    scripted = ScriptedTrack(script, 60.0)
    scripted.say(1, (HELLO, 0.2, 29.8))
    scripted.say(0, (HELLO, 0.2, 10.0), (WORLD, 10.0, 20.0))
    first = scripted.track.report().segments
    scripted.say(0, (WORLD, 0.0, 9.8))
    assert [segment.id for segment in (*first, *scripted.track.report().segments)] == [0, 1, 2, 3]


@pytest.mark.usefixtures("chunks_of_30_s")
def test_chunks_come_in_as_places_become_free(script: Script) -> None:
    scripted = ScriptedTrack(script, 150.0)
    assert scripted.starts(2) == [0, 30]
    assert scripted.starts(4) == [0, 30, 60, 90]
    scripted.say(1, (HELLO, 0.2, 29.8))
    assert scripted.starts(2) == [0, 60, 90]
    assert scripted.track.report().position == 30.0


def test_where_nobody_knows_the_pauses_chunks_are_long(script: Script) -> None:
    assert ScriptedTrack(script, 250.0).starts(8) == [0, 120, 240]


@pytest.mark.usefixtures("chunks_of_30_s")
def test_a_window_that_needs_another_attempt_waits_for_company_but_not_for_long(script: Script) -> None:
    """Sixteen windows, two in a batch; the first is sampled, and nobody else wants that."""
    options = TranscribeOptions(language="en", vad=None, batch_size=2)
    samples = np.full(16 * 30 * RATE, 0.1, np.float32)
    source = AudioSource("", 480.0, 0.0, (block for block in [samples]))
    scheduler = Scheduler(script.components)
    number = scheduler.add(options)
    for chunk in chunks_now(TrackRequest(lambda: source, options), script.components, Stopwatch()):
        scheduler.feed(number, chunk)
    scheduler.end(number)
    batches = list[list[float]]()
    while batch := scheduler._next_batch():
        batches.append([window.decoder.window.window.start for window in batch])
        for window in batch:
            is_first = window.decoder.window.window.start == 0.0 and len(batches) == 1
            said = script.said((HELLO, 0.2, 29.8))
            window.decoder.accept(said, UNLIKELY if is_first else GOOD, "en", script.components)
    assert batches[0] == [0.0, 30.0]
    assert batches.index([0.0]) == 1 + MAX_BATCHES_WAITED
    read = sorted(start for batch in batches for start in batch)
    assert read == [0.0, *(30.0 * n for n in range(16))]


def test_position_and_speech_add_up_to_the_whole_track(script: Script) -> None:
    scripted = ScriptedTrack(script, 100.0)
    speech, position = 0.0, 0.0
    while scripted.starts(2):
        scripted.say(0, (HELLO, 0.2, 7.0))
        news = scripted.track.report()
        assert news.position >= position
        position, speech = news.position, speech + news.speech_duration
    assert position == pytest.approx(100.0)
    assert speech == pytest.approx(100.0)


def test_a_track_without_samples_has_nothing_to_read(script: Script) -> None:
    scripted = ScriptedTrack(script, 0.0)
    assert scripted.starts(4) == []
    news = scripted.track.report()
    assert (news.segments, news.uncovered, news.position) == ((), (), 0.0)
    assert scripted.track.is_done


def test_the_language_of_a_track_is_the_one_most_spoken(script: Script) -> None:
    track = ScriptedTrack(script, 30.0).track
    track.add_vote(LanguageVote("de", 0.9), 0.0, 4.0)
    track.add_vote(LanguageVote("en", 0.9), 5.0, 7.0)
    assert track.language_vote is not None
    assert track.language_vote.language == "en"
    track.add_vote(LanguageVote("de", 0.6), 12.0, 9.0)
    assert track.language_vote.language == "de"
    assert track.language_vote.probability == pytest.approx(13 / 20, abs=1e-3)


def test_a_window_that_is_read_again_counts_once_for_its_language(script: Script) -> None:
    track = ScriptedTrack(script, 30.0).track
    track.add_vote(LanguageVote("de", 0.9), 0.0, 5.0)
    for _ in range(3):
        track.add_vote(LanguageVote("en", 0.9), 5.0, 4.0)
    assert track.language_vote is not None
    assert track.language_vote.language == "de"
    track.add_vote(LanguageVote("de", 0.9), 5.0, 4.0)  # another attempt may hear another language
    assert track.language_vote.probability == 1.0


def test_what_a_window_is_told_beforehand_is_the_text_so_far_with_its_times(script: Script) -> None:
    def segment(*tokens: int, temperature: float = 0.0) -> Segment:
        return Segment(0, 0.0, 1.0, "", tokens, -0.1, 1.0, 0.0, temperature)

    track = ScriptedTrack(script, 30.0).track
    track._remember([segment(50364, HELLO, 50414), segment(50414, WORLD, 50464)])
    assert track.previous_tokens == (50364, HELLO, 50414, 50414, WORLD, 50464)
    track._remember([segment(*[HELLO] * 300)])
    assert track.previous_tokens == (HELLO,) * 223
    track._remember([segment(WORLD, temperature=0.6)])
    assert track.previous_tokens == ()
