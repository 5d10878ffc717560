"""Reading one chunk by a script: which window comes next, how it is decoded, and what is given out."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scripted import GOOD, HELLO, LOOP, SILENT, UNLIKELY, WORLD, Script, ScriptedChunk, chunk

from ovsubs.audio.chunks import Chunk
from ovsubs.audio.regions import SpeechRegion, VadOptions
from ovsubs.recognition import TranscribeOptions
from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.recognition.coverage import MIN_UNCOVERED_S
from ovsubs.recognition.fallback import Attempt, Verdict
from ovsubs.spans import Span
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.search import SearchOptions

TEMPERATURES = [0.2, 0.4, 0.6, 0.8, 1.0]


def texts(segments: tuple[Segment, ...]) -> list[tuple[str, float, float]]:
    return [(segment.text.strip(), round(segment.start, 3), round(segment.end, 3)) for segment in segments]


def spans(found: tuple[Span, ...]) -> list[tuple[float, float]]:
    return [(round(span.start, 3), round(span.end, 3)) for span in found]


def test_a_window_whose_text_reaches_its_end_ends_the_chunk(script: Script) -> None:
    player = ScriptedChunk(script, chunk(10.0, 20.0))
    assert player.place == (10.0, 20.0)
    player.say((HELLO, 0.2, 4.0), (WORLD, 4.0, 9.8))
    assert player.decoder.is_done
    found = player.decoder.drain()
    assert texts(found.segments) == [("Hello", 10.2, 14.0), ("world", 14.0, 19.8)]
    assert (found.uncovered, found.n_left_out) == ((), 0)
    assert player.decoder.seconds_done == 10.0


def test_the_next_window_begins_where_the_text_ended(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 50.0))
    player.say((HELLO, 0.2, 21.0))
    assert player.place == (21.0, 50.0)
    assert player.decoder.seconds_done == 21.0
    assert player.decoder.speech_left == pytest.approx(28.8)


def test_what_has_been_given_out_is_not_given_out_again(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 50.0))
    player.say((HELLO, 0.2, 21.0))
    assert len(player.decoder.drain().segments) == 1
    assert player.decoder.drain().segments == ()
    player.say((HELLO, 0.0, 28.8))
    assert [segment.start for segment in player.decoder.drain().segments] == [21.0]


def test_a_silent_window_is_passed_and_its_speech_reported(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 50.0))
    player.accept(script.said((HELLO, 0.2, 5.0)), SILENT)
    assert player.place == (30.0, 50.0)
    assert player.decoder.drain() == player.decoder.drain()
    player.say((HELLO, 0.0, 19.8))
    found = player.decoder.drain()
    assert len(found.segments) == 1
    assert spans(found.uncovered) == [(0.2, 30.0)]
    assert found.n_left_out == 0


def test_a_window_without_text_is_read_and_its_speech_reported(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 10.0, (0.2, 3.0), (4.0, 9.0)))
    player.accept(script.decoded(script.time(0.0)))
    assert player.decoder.is_done
    assert spans(player.decoder.drain().uncovered) == [(0.2, 3.0), (4.0, 9.0)]


# What the encoder sees


@pytest.mark.parametrize(
    ("window_s", "seen_s"), [(0.5, 10), (8.0, 10), (8.5, 11), (20.0, 22), (28.5, 30), (30.0, 30)]
)
def test_the_encoder_sees_the_window_and_two_seconds_ten_at_least(
    script: Script, window_s: float, seen_s: int
) -> None:
    reading = ScriptedChunk(script, chunk(0.0, window_s, (0.1, window_s - 0.1))).decoder
    assert reading.n_frames(script.components) == 100 * seen_s
    assert reading.mel(script.components).shape == (80, 100 * seen_s)


def test_the_encoder_sees_30_seconds_in_a_second_attempt(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 10.0))
    player.accept(script.loop(), LOOP)
    assert player.decoder.n_frames(script.components) == 3000


# Where a text may end


def test_a_text_may_end_within_the_last_of_the_speech(script: Script) -> None:
    assert ends_from(chunk(10.0, 20.0, (10.2, 14.0), (15.0, 19.0))) == pytest.approx(8.6)
    assert ends_from(chunk(10.0, 20.0, (10.2, 14.0), (15.0, 15.3))) == pytest.approx(3.9)
    assert ends_from(chunk(10.0, 20.0, (10.2, 10.5))) == 0.0


def test_a_window_that_breaks_off_may_end_anywhere(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 40.0))
    assert (player.place, player.decoder.min_end_s) == ((0.0, 30.0), 0.0)
    player.say((HELLO, 0.2, 21.0))
    assert (player.place, player.decoder.min_end_s) == ((21.0, 40.0), pytest.approx(18.4))


def test_where_nobody_knows_what_is_speech_a_text_may_end_anywhere(script: Script) -> None:
    assert ends_from(chunk(10.0, 20.0), TranscribeOptions(vad=None)) == 0.0


def test_a_second_attempt_may_end_anywhere(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 10.0))
    assert player.decoder.min_end_s > 0.0
    player.accept(script.loop(), LOOP)
    assert player.decoder.min_end_s == 0.0


def test_a_short_window_may_end_anywhere(script: Script) -> None:
    """Its one sentence may end at a rough time, "2.00" for 2.44, and would be said twice otherwise."""
    assert ends_from(chunk(10.0, 19.9)) == 0.0
    assert ends_from(chunk(10.0, 20.0)) == pytest.approx(9.4)


def test_passed_over_speech_is_read_to_its_own_end(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 30.0, (0.2, 5.0), (8.0, 19.0), (24.0, 29.8)))
    player.say((HELLO, 0.2, 5.0), (WORLD, 24.0, 29.8))
    assert player.place == (7.8, 19.2)
    assert player.decoder.min_end_s == pytest.approx(10.8)


def ends_from(whole: Chunk, options: TranscribeOptions | None = None) -> float:
    return ChunkDecoder(whole, 0.0, options or TranscribeOptions()).min_end_s


# Loops


def test_a_loop_is_read_with_30_seconds_then_in_halves_and_given_up_at_last(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 60.0))
    seen = list[tuple[tuple[float, float], bool, float]]()
    while player.place[0] < 1.0:
        seen.append((player.place, player.attempt.pad_to_30s, player.attempt.search.temperature))
        player.accept(script.loop(), LOOP)
    whole = [((0.0, 30.0), False, 0.0), ((0.0, 30.0), True, 0.0)]
    halves = [((0.0, 15.0), False, 0.0), ((0.0, 15.0), True, 0.0)]
    greedy = [((0.0, 7.5), False, 0.0), ((0.0, 7.5), True, 0.0)]
    shortest = [*greedy, *greedy, *(((0.0, 7.5), True, heat) for heat in TEMPERATURES)]
    assert seen == [*whole, *halves, *shortest]
    assert player.place == (7.5, 37.5)
    found = player.decoder.drain()
    assert (found.segments, found.n_left_out) == ((), 1)
    assert player.decoder.drain().n_left_out == 0


def test_without_a_temperature_step_the_shortest_loop_is_given_up_at_once(script: Script) -> None:
    options = TranscribeOptions(temperature_increment_on_fallback=None)
    player = ScriptedChunk(script, chunk(0.0, 7.5), options)
    for _ in range(4):  # with 30 s, and greedily
        assert not player.decoder.is_done
        player.accept(script.loop(), LOOP)
    assert player.decoder.is_done
    assert player.decoder.drain().n_left_out == 1


def test_a_half_that_makes_sense_is_kept_and_the_next_window_is_whole_again(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 60.0))
    player.accept(script.loop(), LOOP)
    player.accept(script.loop(), LOOP)
    player.say((HELLO, 0.2, 14.9))
    assert player.place == (15.0, 45.0)
    assert texts(player.decoder.drain().segments) == [("Hello", 0.2, 14.9)]


def test_a_short_text_that_repeats_itself_but_ends_is_kept(script: Script) -> None:
    """Somebody may say the same thing again and again."""
    options = TranscribeOptions(temperature_increment_on_fallback=None)
    player = ScriptedChunk(script, chunk(0.0, 7.0), options)
    again = script.decoded(script.time(0.0), *[HELLO] * 30, script.time(6.8))
    for _ in range(4):
        player.accept(again, LOOP)
    found = player.decoder.drain()
    assert found.segments[0].text == " Hello" * 30
    assert found.n_left_out == 0


# Unlikely texts


def test_an_unlikely_text_is_decoded_hotter_and_the_likeliest_is_kept(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 10.0))
    heard = list[Attempt]()
    for avg_logprob in (-1.5, -1.4, -1.2, -1.3, -1.6, -1.7):
        heard.append(player.attempt)
        word = WORLD if avg_logprob == -1.2 else HELLO
        player.accept(script.said((word, 0.2, 9.8), avg_logprob=avg_logprob), UNLIKELY)
    assert [attempt.search.temperature for attempt in heard] == [0.0, *TEMPERATURES]
    assert player.decoder.is_done
    (segment,) = player.decoder.drain().segments
    assert (segment.tokens[1], segment.avg_logprob) == (WORLD, -1.2)


def test_a_good_text_is_kept_though_an_earlier_one_was_likelier(script: Script) -> None:
    """What is good is decided by the thresholds, which may look at more than likelihood."""
    player = ScriptedChunk(script, chunk(0.0, 10.0))
    player.accept(script.said((HELLO, 0.2, 9.8), avg_logprob=-1.1), UNLIKELY)
    player.accept(script.said((WORLD, 0.2, 9.8), avg_logprob=-1.2), GOOD)
    (segment,) = player.decoder.drain().segments
    assert segment.tokens[1] == WORLD


def test_a_text_with_an_end_is_kept_rather_than_a_likelier_one_without(script: Script) -> None:
    options = TranscribeOptions(temperature_increment_on_fallback=1.0)
    player = ScriptedChunk(script, chunk(0.0, 7.0), options)
    player.accept(script.said((WORLD, 0.2, 6.8), avg_logprob=-1.5), UNLIKELY)
    player.accept(script.loop(), LOOP)
    (segment,) = player.decoder.drain().segments
    assert segment.tokens[1] == WORLD


def test_each_window_begins_with_the_first_attempt(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 50.0), TranscribeOptions(beam_size=3))
    player.accept(script.said((HELLO, 0.2, 29.0)), UNLIKELY)
    assert player.attempt.search.temperature == 0.2
    player.say((HELLO, 0.2, 29.0))
    assert player.place[0] > 0.0
    assert player.attempt == Attempt(SearchOptions(beam_size=3))


# Speech that was passed over


def test_speech_between_two_segments_is_read_again_before_going_on(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 50.0))
    player.say((HELLO, 0.2, 8.0), (WORLD, 12.0, 21.0))
    assert player.place == (7.8, 12.2)
    assert player.decoder.drain().segments == ()  # what comes next may precede the second
    player.say((WORLD, 0.4, 4.0))
    assert player.place == (21.0, 50.0)
    assert [segment.start for segment in player.decoder.drain().segments] == pytest.approx([0.2, 8.2, 12.0])


def test_several_gaps_are_read_one_after_the_other(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 29.0))
    player.say((HELLO, 3.0, 8.0), (WORLD, 12.0, 14.0), (HELLO, 16.0, 28.8))
    places = []
    while not player.decoder.is_done:
        places.append(player.place)
        player.say((WORLD, 0.2, 1.8))
    assert places == [(0.0, 3.2), (7.8, 12.2), (13.8, 16.2)]
    found = player.decoder.drain()
    assert [segment.start for segment in found.segments] == sorted(
        segment.start for segment in found.segments
    )
    assert len(found.segments) == 6


@pytest.mark.parametrize(
    ("first_end", "second_start", "n_gaps"), [(8.0, 9.0, 1), (8.0, 8.98, 0), (8.0, 7.0, 0)]
)
def test_a_gap_of_a_second_is_read_again(
    script: Script, first_end: float, second_start: float, n_gaps: int
) -> None:
    player = ScriptedChunk(script, chunk(0.0, 20.0))
    player.say((HELLO, 0.2, first_end), (WORLD, second_start, 19.8))
    assert player.decoder.is_done == (n_gaps == 0)


def test_silence_between_two_segments_is_not_read_again(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 20.0, (0.2, 8.0), (14.0, 19.8)))
    player.say((HELLO, 0.2, 8.0), (WORLD, 14.0, 19.8))
    assert player.decoder.is_done


def test_where_everything_counts_as_speech_nothing_is_read_again(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 20.0, (0.0, 20.0)), TranscribeOptions(vad=None))
    player.say((HELLO, 0.2, 8.0), (WORLD, 14.0, 19.8))
    assert player.decoder.is_done


@pytest.mark.parametrize("verdict", [UNLIKELY, LOOP, SILENT])
def test_doubtful_text_in_a_gap_is_dropped_and_the_gap_reported(script: Script, verdict: Verdict) -> None:
    player = ScriptedChunk(script, chunk(0.0, 20.0))
    player.say((HELLO, 0.2, 8.0), (WORLD, 14.0, 19.8))
    while player.place == (7.8, 14.2):
        player.accept(script.said((HELLO, 0.2, 6.0), avg_logprob=-1.5), verdict)
    assert player.place == (
        13.8,
        20.0,
    )  # what follows six seconds that may be no speech is heard without them
    player.accept(script.said((WORLD, 0.2, 6.0), avg_logprob=-1.5))
    assert player.decoder.is_done
    found = player.decoder.drain()
    assert [segment.start for segment in found.segments] == [0.2, 14.0]
    assert spans(found.uncovered) == [(8.0, 14.0)]


def test_a_gap_is_decoded_as_every_window_is(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 20.0))
    player.accept(script.said((HELLO, 0.2, 8.0), (WORLD, 14.0, 19.8)), UNLIKELY)
    player.say((HELLO, 0.2, 8.0), (WORLD, 14.0, 19.8))
    assert player.attempt == Attempt(player.options.search)


def test_a_gap_is_not_decoded_with_what_the_window_before_has_said(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 45.0))
    player.say((HELLO, 0.2, 21.0))
    assert texts(player.decoder.drain().segments) == [("Hello", 0.2, 21.0)]
    player.say((HELLO, 10.0, 23.8))
    assert player.place == (21.0, 31.2)  # a gap elsewhere is heard from 0.2 s before it
    player.say((WORLD, 0.0, 10.0))
    assert texts(player.decoder.drain().segments) == [("world", 21.0, 31.0), ("Hello", 31.0, 44.8)]


# Passages that are hardly believed, heard alone


def doubtful(script: Script) -> tuple[ScriptedChunk, list[tuple[str, float, float]]]:
    """A window of three sentences; the second is hardly believed, the third says the same."""
    player = ScriptedChunk(script, chunk(0.0, 20.0))
    encode, begin = script.components.tokenizer.encode, script.time
    sentences = [
        " He hoped there would be stew.",
        " They are very important men.",
        " They are very important women.",
    ]
    tokens, logprobs, said = list[int](), list[float](), list[tuple[str, float, float]]()
    for place, (sentence, sure) in enumerate(zip(sentences, (-0.1, -1.5, -0.2), strict=True)):
        start, end = 6.0 * place + 0.2, 6.0 * place + 6.0
        tokens += [begin(start), *encode(sentence), begin(end)]
        logprobs += [sure] * (len(encode(sentence)) + 2)
        said.append((sentence.strip(), start, end))
    player.accept(replace(script.decoded(*tokens), logprobs=tuple(logprobs)))
    assert player.place == (6.0, 12.2)
    return player, said


@pytest.mark.parametrize(
    ("alone", "no_speech", "n_kept"),
    [
        (" They are very important men.", 0.1, 3),
        (" They were all important, men.", 0.1, 3),
        (" They are very important men.", 0.3, 1),
        (" Thank you for your time.", 0.1, 1),
    ],
    ids=["heard again", "much of it is heard again", "no speech", "something else is heard"],
)
def test_a_doubtful_passage_is_kept_if_it_is_heard_alone(
    script: Script, alone: str, no_speech: float, n_kept: int
) -> None:
    """Else it goes, and what repeats it with it: over babble Whisper says the same thing, ever surer."""
    player, said = doubtful(script)
    heard = script.decoded(script.time(0.2), *script.components.tokenizer.encode(alone), script.time(5.8))
    player.accept(replace(heard, no_speech_prob=no_speech))
    while not player.decoder.is_done:  # what has no text now is heard once more
        player.accept(script.loop(), SILENT)
    assert texts(player.decoder.drain().segments) == said[:n_kept]


def test_a_refrain_that_is_heard_alone_stays_though_it_was_doubtful_the_first_time(script: Script) -> None:
    player, said = doubtful(script)
    encode, begin = script.components.tokenizer.encode, script.time
    player.accept(script.decoded(begin(0.2), *encode(" Thank you for your time."), begin(5.8)))
    assert player.place == (12.0, 18.2)
    player.accept(script.decoded(begin(0.2), *encode(said[2][0]), begin(5.8)))
    while not player.decoder.is_done:
        player.accept(script.loop(), SILENT)
    assert texts(player.decoder.drain().segments) == [said[0], said[2]]


def test_a_part_of_a_loop_is_kept_if_it_is_likely(script: Script) -> None:
    for verdict, n_kept in ((GOOD, 1), (UNLIKELY, 0)):
        player = ScriptedChunk(script, chunk(0.0, 20.0))
        player.accept(script.loop(), LOOP)
        player.accept(script.loop(), LOOP)
        assert player.place == (0.0, 10.0)
        while player.place == (0.0, 10.0):
            player.accept(script.said((HELLO, 0.2, 9.8)), verdict)
        assert player.place == (10.0, 20.0)
        assert len(player.decoder.drain().segments) == n_kept


@pytest.mark.parametrize("alone", [" Yes.", " Yeah."])
def test_a_short_answer_stays_however_it_is_spelled_alone(script: Script, alone: str) -> None:
    player, encode, begin = (
        ScriptedChunk(script, chunk(0.0, 20.0)),
        script.components.tokenizer.encode,
        script.time,
    )
    tokens = (begin(0.2), *encode(" Yes."), begin(9.8), begin(9.8), *encode(" Yes."), begin(19.8))
    n = len(encode(" Yes."))
    player.accept(replace(script.decoded(*tokens), logprobs=(-0.1,) * (n + 2) + (-1.5,) * (n + 2)))
    assert player.place == (9.6, 20.0)
    player.accept(script.decoded(begin(0.2), *encode(alone), begin(9.8)))
    assert texts(player.decoder.drain().segments) == [("Yes.", 0.2, 9.8), ("Yes.", 9.8, 19.8)]


def test_what_is_sampled_after_loops_is_compared_with_none_of_them(script: Script) -> None:
    player, encode, begin = (
        ScriptedChunk(script, chunk(0.0, 6.5)),
        script.components.tokenizer.encode,
        script.time,
    )
    for _ in range(4):
        player.accept(script.loop(), LOOP)
    sampled = script.decoded(begin(0.2), *encode(" Are you ready? Come on, then."), begin(6.0))
    player.accept(replace(sampled, temperature=0.2))
    assert texts(player.decoder.drain().segments) == [("Are you ready? Come on, then.", 0.2, 6.0)]


def test_texts_in_two_languages_or_translations_are_not_compared(script: Script) -> None:
    encode, begin = script.components.tokenizer.encode, script.time
    first = script.decoded(begin(0.2), *encode(" He hoped there would be stew."), begin(6.0))
    sampled = script.decoded(begin(0.2), *encode(" Il esperait un bon repas."), begin(6.0))
    for language, task, n_kept in (("en", "transcribe", 0), ("fr", "transcribe", 1), ("en", "translate", 1)):
        player = ScriptedChunk(script, chunk(0.0, 6.5), TranscribeOptions(task=task))
        player.accept(replace(first, avg_logprob=-1.4), UNLIKELY)
        player.decoder.accept(replace(sampled, temperature=0.2), GOOD, language, script.components)
        assert len(player.decoder.drain().segments) == n_kept


def test_the_kept_text_has_the_language_in_which_it_was_decoded(script: Script) -> None:
    options = TranscribeOptions(multilingual=True, temperature_increment_on_fallback=1.0)
    player = ScriptedChunk(script, chunk(0.0, 6.5), options)
    for language, avg_logprob in (("fr", -1.1), ("en", -1.5)):
        player.decoder.language_vote = LanguageVote(language, 0.6)
        heard = script.said((HELLO, 0.2, 6.0), avg_logprob=avg_logprob)
        player.decoder.accept(heard, UNLIKELY, language, script.components)
    assert [segment.language for segment in player.decoder.drain().segments] == ["fr"]


def test_a_loop_over_a_doubtful_passage_tells_nothing(script: Script) -> None:
    """A shout over music may be read over and over alone; it was said all the same."""
    player, said = doubtful(script)
    heard = list[Attempt]()
    while player.place == (6.0, 12.2) and not player.decoder.is_done:
        heard.append(player.attempt)
        player.accept(script.loop(), LOOP)
    assert texts(player.decoder.drain().segments) == said
    assert [(one.pad_to_30s, one.search.beam_size) for one in heard] == [
        (False, 3),
        (True, 3),
        (False, 1),
        (True, 1),
    ]


def test_a_doubtful_passage_that_loops_alone_is_judged_by_the_first_attempt_that_does_not(
    script: Script,
) -> None:
    for alone, n_kept in ((" They are very important men.", 3), (" Thank you for your time.", 1)):
        player, said = doubtful(script)
        player.accept(script.loop(), LOOP)
        player.accept(
            script.decoded(script.time(0.2), *script.components.tokenizer.encode(alone), script.time(5.8))
        )
        while not player.decoder.is_done:
            player.accept(script.loop(), SILENT)
        assert texts(player.decoder.drain().segments) == said[:n_kept]


def test_what_is_half_believed_after_a_loop_is_no_text(script: Script) -> None:
    for no_speech, n_kept in ((0.1, 1), (0.4, 0)):
        player = ScriptedChunk(script, chunk(0.0, 6.5))
        player.accept(script.loop(), LOOP)
        said = script.said((HELLO, 0.2, 6.0), avg_logprob=-0.9)
        player.accept(replace(said, no_speech_prob=no_speech))
        assert len(player.decoder.drain().segments) == n_kept


@pytest.mark.parametrize(
    ("sure", "alone", "n_kept"),
    [
        (-0.5, (" He hoped there would be stew.", " He hoped there would be stew."), 2),
        (-0.5, (" He hoped there would be stew.", " Thank you for your time."), 1),
        (-0.5, (" Thank you for your time.", " He hoped there would be stew."), 1),
        (-0.3, (), 2),  # a window that is believed is heard once
    ],
)
def test_a_sentence_that_is_there_twice_in_an_unsure_window_is_heard_alone(
    script: Script, sure: float, alone: tuple[str, ...], n_kept: int
) -> None:
    player, encode, begin = (
        ScriptedChunk(script, chunk(0.0, 10.0)),
        script.components.tokenizer.encode,
        script.time,
    )
    sentence = encode(" He hoped there would be stew.")
    tokens = (begin(0.2), *sentence, begin(5.0), begin(5.0), *sentence, begin(9.8))
    logprobs = (-0.3,) * len(tokens)
    player.accept(replace(script.decoded(*tokens, avg_logprob=sure), logprobs=logprobs))
    for place, heard in zip(((0.0, 5.2), (4.8, 10.0)), alone, strict=False):
        assert player.place == place
        player.accept(script.decoded(begin(0.2), *encode(heard), begin(4.8)))
    if not player.decoder.is_done:  # the second sentence is heard once more, without what was before it
        player.accept(script.loop(), SILENT)
    assert len(player.decoder.drain().segments) == n_kept


@pytest.mark.parametrize(("alone", "n_kept"), [(" I'm sorry, I'm sorry.", 5), (" We will bless you.", 2)])
def test_what_is_said_over_and_over_in_a_believed_window_is_heard_alone(
    script: Script, alone: str, n_kept: int
) -> None:
    player, encode, begin = (
        ScriptedChunk(script, chunk(0.0, 10.2)),
        script.components.tokenizer.encode,
        script.time,
    )
    said = [" He hoped there would be stew.", *[" I'm sorry,"] * 3, " Poor Douglas."]
    tokens = list[int]()
    for place, sentence in enumerate(said):
        tokens += [begin(2.0 * place + 0.2), *encode(sentence), begin(2.0 * place + 2.0)]
    player.accept(replace(script.decoded(*tokens), logprobs=(-0.2,) * len(tokens)))
    assert player.place == (2.0, 8.2)
    player.accept(script.decoded(begin(0.2), *encode(alone), begin(5.8)))
    while not player.decoder.is_done:
        player.accept(script.loop(), SILENT)
    assert len(player.decoder.drain().segments) == n_kept


@pytest.mark.parametrize(
    ("no_speech", "kept"), [(0.1, ["They are very important men."]), (0.3, [])], ids=["said", "not said"]
)
def test_what_stands_between_text_that_is_none_is_heard_alone(
    script: Script, no_speech: float, kept: list[str]
) -> None:
    """However much it is believed: over babble Whisper believes a sentence or two of many."""
    player, encode, begin = (
        ScriptedChunk(script, chunk(0.0, 18.2)),
        script.components.tokenizer.encode,
        script.time,
    )
    said = (
        (" He hoped there would be stew.", -1.5),
        (" They are very important men.", -0.2),
        (" We are not amused.", -1.5),
    )
    tokens, logprobs = list[int](), list[float]()
    for place, (sentence, sure) in enumerate(said):
        tokens += [begin(6.0 * place + 0.2), *encode(sentence), begin(6.0 * place + 6.0)]
        logprobs += [sure] * (len(encode(sentence)) + 2)
    player.accept(replace(script.decoded(*tokens), logprobs=tuple(logprobs)))
    other = script.decoded(begin(0.2), *encode(" Thank you for your time."), begin(5.8))
    assert player.place == (0.0, 6.2)
    player.accept(other)
    assert player.place == (12.0, 18.2)
    player.accept(other)
    assert player.place == (6.0, 12.2)
    again = script.decoded(begin(0.2), *encode(" They are very important men."), begin(5.8))
    player.accept(replace(again, no_speech_prob=no_speech))
    while not player.decoder.is_done:
        player.accept(script.loop(), SILENT)
    assert [text for text, _, _ in texts(player.decoder.drain().segments)] == kept


def test_a_doubtful_passage_is_kept_if_another_attempt_has_it(script: Script) -> None:
    whole = chunk(0.0, 6.5)
    player, encode, begin = ScriptedChunk(script, whole), script.components.tokenizer.encode, script.time
    first = script.decoded(begin(0.2), *encode(" Tell me, is the lord of the world in?"), begin(6.0))
    player.accept(replace(first, avg_logprob=-1.4), UNLIKELY)
    tokens = (begin(0.2), *encode(" Tell me he is the lord of the world."), begin(6.0))
    player.accept(replace(script.decoded(*tokens), logprobs=(-1.5,) * len(tokens), temperature=0.2))
    player.accept(script.decoded(begin(0.2), *encode(" Thank you."), begin(2.0)))
    assert texts(player.decoder.drain().segments) == [("Tell me he is the lord of the world.", 0.2, 6.0)]


# Speech after another sound, decoded again without it


AFTER_A_SOUND = chunk(0.0, 21.5, (10.0, 20.0), after_sound=True)


@pytest.mark.parametrize("sure", [-0.55, -0.45])
def test_words_that_only_the_second_pass_has_before_the_others_are_kept(script: Script, sure: float) -> None:
    """Twelve letters tell that the others are the same; what is there besides needs no more belief."""
    player = ScriptedChunk(script, AFTER_A_SOUND)
    assert player.place == (8.5, 21.5)
    player.accept(said_of(script, [WORLD] * 3, 5.0, 11.5, -0.5))
    assert player.place == (9.8, 21.5)
    player.accept(said_of(script, [HELLO, *[WORLD] * 3], 0.2, 10.2, sure))
    assert texts(player.decoder.drain().segments) == [("Hello world world world", 10.0, 20.0)]


@pytest.mark.parametrize(
    ("words", "verdict", "sure", "kept"),
    [
        ([WORLD] * 3, GOOD, -0.45, "world world world"),
        ([WORLD] * 3, GOOD, -0.55, "Hello Hello Hello"),
        ([WORLD] * 3, UNLIKELY, -0.45, "Hello Hello Hello"),
        ([WORLD] * 3, LOOP, -0.45, "Hello Hello Hello"),
        ([WORLD], GOOD, -0.45, "Hello Hello Hello"),  # much shorter
        ([], GOOD, -0.45, "Hello Hello Hello"),
        ([HELLO, HELLO], GOOD, -0.45, "Hello Hello Hello"),  # it lacks a word before those
    ],
)
def test_another_text_is_kept_if_it_is_believed_more(
    script: Script, words: list[int], verdict: Verdict, sure: float, kept: str
) -> None:
    player = ScriptedChunk(script, AFTER_A_SOUND)
    player.accept(said_of(script, [HELLO] * 3, 1.5, 11.5, -0.5))
    player.accept(said_of(script, words, 0.2, 10.2, sure), verdict)
    assert texts(player.decoder.drain().segments) == [(kept, 10.0, 20.0)]
    assert player.decoder.is_done


def test_a_short_text_within_a_longer_one_is_no_sign_of_words_before_it(script: Script) -> None:
    player = ScriptedChunk(script, AFTER_A_SOUND)
    player.accept(said_of(script, [HELLO], 1.5, 11.5, -0.5))
    player.accept(said_of(script, [HELLO, WORLD], 0.2, 10.2, -0.55))
    assert texts(player.decoder.drain().segments) == [("Hello", 10.0, 20.0)]


def test_the_second_pass_ends_where_the_first_one_did(script: Script) -> None:
    """To the last bit: else a window that has all speech to its chunk's end would seem to break off."""
    player = ScriptedChunk(script, chunk(30.0, 43.475, (34.252, 43.475), after_sound=True))
    first = player.decoder.window
    player.accept(said_of(script, [HELLO] * 3, 2.0, 11.0, -0.5))
    assert player.decoder.window.window.end == first.window.end
    assert player.decoder.window.speech == first.speech
    assert len(player.decoder.window.samples) == round((43.475 - 34.052) * 16_000)


def test_a_window_of_silence_is_heard_once(script: Script) -> None:
    options = TranscribeOptions(vad=VadOptions(speech_pad_ms=5000))
    player = ScriptedChunk(script, chunk(35.0, 44.0, (40.0, 42.0)), options)
    while player.decoder.window.speech:
        player.accept(script.loop(), LOOP)
    player.accept(said_of(script, [HELLO], 0.2, 2.0, -0.5))


@pytest.mark.parametrize(
    ("word", "found"),
    [
        (HELLO, [("Hello world world", 0.5, 6.0)]),
        (WORLD, [("world", 0.5, 1.7), ("Hello world world", 2.3, 6.0)]),
    ],
    ids=["it was said there", "something else was said there"],
)
def test_a_first_word_that_was_moved_goes_back_if_it_is_heard_there(
    script: Script, word: int, found: list[tuple[str, float, float]]
) -> None:
    options = TranscribeOptions(word_timestamps=True)
    player = ScriptedChunk(script, chunk(0.0, 6.5, (0.5, 1.8), (2.7, 6.0), after_sound=True), options)
    tokens = (script.time(0.5), HELLO, WORLD, WORLD, script.time(6.0))
    times = {"logprobs": (-0.3,) * 5, "starts": (0.4, 0.5, 2.7, 4.0, 6.0, 6.0)}
    player.accept(replace(script.decoded(*tokens), **times))
    assert player.place == (0.3, 2.0)
    again = (script.time(0.2), word, script.time(1.4))
    player.accept(replace(script.decoded(*again), logprobs=(-0.3,) * 3, starts=(0.2, 0.2, 1.4, 1.4)))
    segments = player.decoder.drain().segments
    assert texts(segments) == found


@pytest.mark.parametrize(
    ("sound_start", "third", "first_start"),
    [(0.5, 10.0, 9.2), (0.5, 8.6, 6.6), (4.0, 10.0, 6.6)],
    ids=["far from the next one", "near it", "a short sound"],
)
def test_first_words_at_the_end_of_what_is_no_speech_go_to_those_that_follow(
    script: Script, sound_start: float, third: float, first_start: float
) -> None:
    whole = chunk(0.0, 12.2, (sound_start, 8.0), (third - 0.6, 12.0), after_sound=True)
    player = ScriptedChunk(script, whole, TranscribeOptions(word_timestamps=True))
    begins = player.place[0]
    tokens = (script.time(6.6 - begins), HELLO, WORLD, WORLD, script.time(12.0 - begins))
    starts = tuple(start - begins for start in (6.5, 6.6, 6.9, third, 12.0, 12.0))
    player.accept(replace(script.decoded(*tokens), logprobs=(-0.3,) * 5, starts=starts))
    assert player.place[1] == 6.8  # what has no text is read again
    while not player.decoder.is_done:
        player.accept(script.loop(), SILENT)
    (segment,) = player.decoder.drain().segments
    assert (segment.start, segment.words[0].start) == pytest.approx((first_start, first_start), abs=0.05)


@pytest.mark.parametrize(
    ("again", "verdict", "found"),
    [
        (" So my fellow Americans, ask not.", GOOD, [("So my fellow Americans, ask not.", 9.8, 17.8)]),
        (" My fellow Americans.", GOOD, [("My fellow Americans, ask not.", 10.4, 18.0)]),
        (" So my fellow Americans, ask not.", LOOP, [("My fellow Americans, ask not.", 10.4, 18.0)]),
    ],
    ids=["it has more", "it has less", "it loops"],
)
def test_speech_behind_what_the_detector_took_for_speech_is_heard_without_it(
    script: Script, again: str, verdict: Verdict, found: list[tuple[str, float, float]]
) -> None:
    player, encode, begin = (
        ScriptedChunk(script, chunk(0.0, 18.2, (0.2, 9.0), (10.0, 18.0))),
        script.components.tokenizer.encode,
        script.time,
    )
    said = encode(" My fellow Americans, ask not.")
    player.accept(script.decoded(begin(10.4), *said, begin(18.0)))
    assert player.place == (0.0, 9.2)
    player.accept(script.loop(), SILENT)  # nobody is understood there
    assert player.place == (9.8, 18.2)
    player.accept(script.decoded(begin(0.0), *encode(again), begin(8.0)), verdict)
    assert player.decoder.is_done
    assert texts(player.decoder.drain().segments) == found


@pytest.mark.parametrize(("alone", "n_kept"), [(" Thank you for your time.", 1), (" A real world.", 2)])
def test_the_first_sentence_behind_a_loop_that_was_given_up_is_heard_alone(
    script: Script, alone: str, n_kept: int
) -> None:
    player, encode, begin = (
        ScriptedChunk(script, chunk(0.0, 30.0), TranscribeOptions(temperature_increment_on_fallback=None)),
        script.components.tokenizer.encode,
        script.time,
    )
    while player.decoder.window.window.start == 0.0:
        player.accept(script.loop(), LOOP)
    start = player.place[0]
    first, second = encode(" It is a real world."), encode(" And so, my fellow Americans.")
    player.accept(script.decoded(begin(0.0), *first, begin(4.0), begin(4.0), *second, begin(29.8 - start)))
    assert player.place == (pytest.approx(start, abs=0.3), pytest.approx(start + 4.2))
    player.accept(script.decoded(begin(0.0), *encode(alone), begin(4.0)))
    while not player.decoder.is_done:
        player.accept(script.loop(), SILENT)
    assert len(player.decoder.drain().segments) == n_kept


def test_what_is_half_believed_in_missed_speech_that_looped_is_no_text(script: Script) -> None:
    for sure, n_kept in ((-0.5, 3), (-0.7, 2)):
        player = ScriptedChunk(script, chunk(0.0, 20.0))
        player.say((HELLO, 0.2, 8.0), (WORLD, 14.0, 19.8))
        player.accept(script.loop(), LOOP)
        player.accept(script.said((HELLO, 0.2, 6.0), avg_logprob=sure))
        while not player.decoder.is_done:
            player.accept(script.loop(), SILENT)
        assert len(player.decoder.drain().segments) == n_kept


@pytest.mark.parametrize(
    ("whole", "sure"),
    [(AFTER_A_SOUND, -0.3), (chunk(0.0, 21.5, (0.9, 20.0)), -0.5), (chunk(0.0, 30.0), -0.5)],
    ids=["believed", "from its beginning", "without a pause"],
)
def test_most_windows_are_heard_once(script: Script, whole: Chunk, sure: float) -> None:
    player = ScriptedChunk(script, whole)
    window = player.decoder.window
    player.accept(said_of(script, [HELLO], 0.2, window.window.duration, sure))
    assert player.decoder.is_done


def said_of(script: Script, words: list[int], start: float, end: float, sure: float) -> DecodedWindow:
    return script.decoded(script.time(start), *words, script.time(end), avg_logprob=sure)


def test_the_language_of_a_window_is_that_of_its_segments(script: Script) -> None:
    player = ScriptedChunk(script, chunk(0.0, 50.0))
    player.decoder.language_vote = LanguageVote("de", 1.0)
    player.say((HELLO, 0.2, 21.0))
    player.decoder.language_vote = LanguageVote("en", 1.0)
    player.say((HELLO, 0.0, 28.8))
    assert [segment.language for segment in player.decoder.drain().segments] == ["de", "en"]


# Whatever the decoder says

TICK_S = 0.02
ARBITRARY = settings(max_examples=300, deadline=None)


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    start = draw(st.integers(0, 100)) / 2
    lengths = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 200)), min_size=1, max_size=12))
    regions, position = list[tuple[float, float]](), start
    for silence, speech in lengths:  # in tenths of a second
        regions.append((position + silence / 10, position + (silence + speech) / 10))
        position = regions[-1][1]
    pad_s = draw(st.sampled_from([0.0, 0.2]))
    return chunk(max(0.0, regions[0][0] - pad_s), position + pad_s, *regions)


@st.composite
def timed_words(draw: st.DrawFn) -> list[int]:
    """Timestamps (from 0, in ticks) as negative numbers below words; never falling, as the rules demand."""
    times = sorted(draw(st.lists(st.integers(0, 1500), max_size=8)))
    words = draw(st.lists(st.lists(st.sampled_from([HELLO, WORLD]), max_size=3), min_size=9, max_size=9))
    tokens = list[int]()
    for time, said in zip(times, words, strict=False):
        tokens += [-1 - time, *said]
    return tokens


answers = st.tuples(
    timed_words(),
    st.sampled_from([GOOD, GOOD, GOOD, UNLIKELY, LOOP, SILENT]),
    st.floats(-3.0, -0.01),
)
plays = st.lists(answers, min_size=1, max_size=12)


def perform(player: ScriptedChunk, play: list[tuple[list[int], Verdict, float]]) -> Iterator[int]:
    """Let the play be said again and again until the chunk is read; yields before each answer."""
    begin = player.script.components.tokenizer.special.timestamp_begin
    number = 0
    while not player.decoder.is_done:
        yield number
        said, verdict, avg_logprob = play[number % len(play)]
        tokens = [begin - 1 - token if token < 0 else token for token in said]
        finished = not (verdict is LOOP and number % 2)
        player.accept(player.script.decoded(*tokens, avg_logprob=avg_logprob, finished=finished), verdict)
        number += 1


@pytest.mark.parametrize("vad", [VadOptions(), VadOptions(speech_pad_ms=0), None])
@ARBITRARY
@given(of=chunks(), play=plays)
@example(of=chunk(0.0, 60.0), play=[([], GOOD, -0.3)])
@example(of=chunk(0.0, 60.0), play=[([-1, HELLO], GOOD, -0.3)])
@example(of=chunk(0.0, 60.0), play=[([-1, HELLO, -1], GOOD, -0.3)])
def test_a_chunk_is_read_to_its_end_whatever_is_said(
    script: Script, vad: VadOptions | None, of: Chunk, play: list[tuple[list[int], Verdict, float]]
) -> None:
    player = ScriptedChunk(script, of, TranscribeOptions(vad=vad))
    done, left_before = 0.0, player.decoder.speech_left
    for number in perform(player, play):
        # A second is gained at least by each window, and a window is decoded 2 + 2 + 7 times at most;
        # between the seconds lie gaps of a second, decoded 7 times at most.
        assert number < 30 * (of.span.end - of.span.start + 1)
        assert player.decoder.seconds_done >= done
        assert player.decoder.speech_left <= left_before
        done, left_before = player.decoder.seconds_done, player.decoder.speech_left
    assert player.decoder.seconds_done == pytest.approx(of.span.end - of.span.start)
    assert player.decoder.speech_left == 0.0


@ARBITRARY
@given(of=chunks(), play=plays)
def test_segments_come_in_order_and_inside_the_chunk(
    script: Script, of: Chunk, play: list[tuple[list[int], Verdict, float]]
) -> None:
    player, given_out = ScriptedChunk(script, of), list[Segment]()
    for _ in perform(player, play):
        given_out += player.decoder.drain().segments
    given_out += player.decoder.drain().segments
    assert all(of.span.start <= segment.start <= segment.end <= of.span.end for segment in given_out)
    assert all(before.start <= after.start for before, after in pairwise(given_out))


@ARBITRARY
@given(of=chunks(), play=plays)
def test_all_speech_has_text_or_is_reported(
    script: Script, of: Chunk, play: list[tuple[list[int], Verdict, float]]
) -> None:
    player, segments, reported = ScriptedChunk(script, of), list[Segment](), list[Span]()
    for _ in perform(player, play):
        found = player.decoder.drain()
        segments += found.segments
        reported += found.uncovered
    found = player.decoder.drain()
    segments += found.segments
    reported += found.uncovered
    assert all(before.end <= after.start for before, after in pairwise(reported))
    for region in of.speech:
        touched = any(_overlap(segment, region) for segment in segments)
        if not touched:
            assert Span(region.start, region.end) in reported
        for start, end in _bare(region, [*segments, *reported]):
            assert end - start < MIN_UNCOVERED_S
    for span in reported:
        assert not any(_overlap(segment, span) for segment in segments if segment.start < segment.end)
        assert any(region.start <= span.start < span.end <= region.end for region in of.speech)


def _overlap(one: Segment | Span, other: SpeechRegion | Span) -> bool:
    return one.start < other.end and one.end > other.start


def _bare(region: SpeechRegion, covers: list[Segment | Span]) -> Iterator[tuple[float, float]]:
    """Stretches of a region that none of the segments and spans covers."""
    position = region.start
    for cover in sorted(covers, key=lambda cover: cover.start):
        if cover.start > position:
            yield position, min(cover.start, region.end)
        position = max(position, cover.end)
        if position >= region.end:
            return
    yield position, region.end
