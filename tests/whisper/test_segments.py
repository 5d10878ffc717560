"""What a window's tokens become: pieces, how much has been understood, segments."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.regions import SpeechRegion
from ovsubs.spans import Span
from ovsubs.whisper.decoding import DecodedWindow, compression_ratio
from ovsubs.whisper.segments import (
    MIN_ADVANCE_S,
    SilenceOptions,
    TimedTokens,
    has_words,
    repeats_itself,
    split_at_timestamps,
    split_segments,
    to_segments,
)
from ovsubs.whisper.tokenizer import WhisperTokenizer

BEGIN = 50364  # <|0.00|> of the multilingual checkpoints
HELLO, WORLD = 2425, 1002  # " Hello", " world"


@pytest.fixture(scope="module")
def tokenizer(base_model_dir: Path) -> WhisperTokenizer:
    return WhisperTokenizer(base_model_dir)


def time(seconds: float) -> int:
    return BEGIN + round(seconds / 0.02)


def decoded(
    *tokens: int, avg_logprob: float = -0.3, no_speech_prob: float = 0.1, finished: bool = True
) -> DecodedWindow:
    return DecodedWindow(tokens, avg_logprob, no_speech_prob, finished)


def speech(*pairs: tuple[float, float]) -> list[SpeechRegion]:
    return [SpeechRegion(start, end) for start, end in pairs]


def pieces(*tokens: int) -> list[TimedTokens]:
    return list(split_at_timestamps(tokens, BEGIN))


def until(
    *tokens: int, heard: list[SpeechRegion] | None = None, length: float = 30.0, is_last: bool = False
) -> float:
    return split_segments(decoded(*tokens), heard or speech((0, length)), length, is_last, BEGIN).seek


def test_no_tokens_no_pieces() -> None:
    assert pieces() == []


def test_times_alone_are_no_piece() -> None:
    assert pieces(time(0.0)) == []
    assert pieces(time(0.0), time(2.0), time(2.0)) == []


def test_text_lies_between_its_times() -> None:
    assert pieces(time(0.5), HELLO, WORLD, time(2.0)) == [TimedTokens(0.5, 2.0, (HELLO, WORLD))]


def test_text_without_any_time_begins_with_the_window_and_stays_open() -> None:
    assert pieces(HELLO, WORLD) == [TimedTokens(0.0, None, (HELLO, WORLD))]


def test_text_without_a_closing_time_stays_open() -> None:
    found = pieces(time(0.0), HELLO, time(2.0), time(2.5), WORLD)
    assert found == [TimedTokens(0.0, 2.0, (HELLO,)), TimedTokens(2.5, None, (WORLD,))]


def test_one_time_may_close_and_open() -> None:
    found = pieces(time(0.0), HELLO, time(2.0), WORLD, time(3.0))
    assert found == [TimedTokens(0.0, 2.0, (HELLO,)), TimedTokens(2.0, 3.0, (WORLD,))]


def test_a_second_closing_time_opens_nothing() -> None:
    assert pieces(time(0.0), HELLO, time(2.0), time(2.0)) == [TimedTokens(0.0, 2.0, (HELLO,))]


def test_a_window_without_text_is_read_to_its_end() -> None:
    assert until() == 30.0
    assert until(time(0.0)) == 30.0


def test_text_that_covers_the_speech_is_the_whole_window() -> None:
    assert until(time(0.0), HELLO, time(29.5)) == 30.0


def test_an_open_end_is_read_again_from_its_start() -> None:
    reading = split_segments(
        decoded(time(0.0), HELLO, time(20.0), time(21.0), WORLD), speech((0, 30)), 30.0, False, BEGIN
    )
    assert reading.seek == 21.0
    assert [piece.tokens for piece in reading.pieces] == [(HELLO,)]


def test_an_open_end_of_the_last_window_is_the_end_of_the_text() -> None:
    window = decoded(time(0.0), HELLO, time(20.0), time(21.0), WORLD)
    reading = split_segments(window, speech((0, 24)), 24.0, True, BEGIN)
    assert reading.seek == 24.0
    assert [piece.tokens for piece in reading.pieces] == [(HELLO,), (WORLD,)]


def test_an_open_end_in_the_first_second_is_taken_as_read() -> None:
    assert until(time(0.98), HELLO) == 30.0
    assert until(time(1.0), HELLO) == 1.0


def test_an_open_end_that_begins_after_the_window_reads_no_further_than_the_window() -> None:
    assert until(time(0.0), HELLO, time(7.0), time(9.0), WORLD, length=8.0) == 8.0


def test_speech_after_the_text_is_read_again() -> None:
    assert until(time(0.0), HELLO, time(12.0)) == 12.0
    assert until(time(0.0), HELLO, time(12.0), heard=speech((0, 12.4), (20, 21))) == 12.0


def test_a_last_syllable_after_the_text_is_not_read_again() -> None:
    assert until(time(0.0), HELLO, time(12.0), heard=speech((0, 12.9))) == 30.0


def test_where_the_model_announced_more_less_speech_is_enough() -> None:
    heard = speech((0, 12.5))
    assert until(time(0.0), HELLO, time(12.0), time(12.0), heard=heard) == 12.0
    assert until(time(0.0), HELLO, time(12.0), time(12.0), heard=heard, is_last=True) == 30.0


def test_text_that_ends_in_the_first_second_is_taken_as_read() -> None:
    assert until(time(0.0), HELLO, time(0.9)) == 30.0
    assert until(time(0.0), HELLO, time(1.0)) == 1.0


@st.composite
def decoded_tokens(draw: st.DrawFn) -> list[int]:
    """Token lists that the rules allow: times come in pairs and never run backwards; the end may be open."""
    steps = draw(st.lists(st.integers(0, 400), max_size=12))
    tokens, now = list[int](), 0
    for n, step in enumerate(steps):
        now = min(now + step, 1500)
        tokens.append(BEGIN + now)
        if n % 2 == 0:
            tokens += draw(st.lists(st.sampled_from([HELLO, WORLD]), min_size=1, max_size=3))
    return tokens


@st.composite
def heard_windows(draw: st.DrawFn) -> tuple[float, list[SpeechRegion]]:
    length = draw(st.floats(0.1, 30.0))
    edges = sorted(draw(st.lists(st.floats(0.0, length), max_size=8)))
    regions = [
        SpeechRegion(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False) if start < end
    ]
    return length, regions


@given(tokens=decoded_tokens(), heard=heard_windows(), is_last=st.booleans())
def test_reading_moves_on_and_loses_no_text_but_the_open_end_that_is_read_again(
    tokens: list[int], heard: tuple[float, list[SpeechRegion]], is_last: bool
) -> None:
    length, regions = heard
    reading = split_segments(decoded(*tokens), regions, length, is_last, BEGIN)
    assert min(MIN_ADVANCE_S, length) <= reading.seek <= length
    kept = [token for piece in reading.pieces for token in piece.tokens]
    spoken = [token for token in tokens if token < BEGIN]
    assert kept == spoken[: len(kept)]
    if len(kept) < len(spoken):  # the open end: it is read again, from its own start
        assert not is_last
        (open_end,) = pieces(*tokens)[len(reading.pieces) :]
        assert (open_end.start, open_end.end) == (reading.seek, None)


@given(tokens=decoded_tokens(), heard=heard_windows(), is_last=st.booleans(), start=st.floats(0.0, 36_000.0))
def test_segments_lie_in_order_within_their_window(
    tokenizer: WhisperTokenizer,
    tokens: list[int],
    heard: tuple[float, list[SpeechRegion]],
    is_last: bool,
    start: float,
) -> None:
    length, regions = heard
    window, result = Span(start, start + length), decoded(*tokens)
    reading = split_segments(result, regions, length, is_last, BEGIN)
    segments = to_segments(reading.pieces, result, window, tokenizer)
    assert [segment.id for segment in segments] == list(range(len(segments)))
    last_end = window.start
    for segment in segments:
        assert last_end <= segment.start <= segment.end <= window.end
        assert segment.start < window.end
        opening, *words, closing = segment.tokens
        assert (opening - BEGIN) * 0.02 == pytest.approx(segment.start - window.start, abs=0.011)
        assert (closing - BEGIN) * 0.02 == pytest.approx(segment.end - window.start, abs=0.011)
        assert segment.text == tokenizer.decode(words)
        last_end = segment.end
    within = [piece for piece in reading.pieces if window.start + piece.start < window.end]
    assert len(segments) == len(within)


def test_times_are_those_of_the_file_and_figures_those_of_the_window(tokenizer: WhisperTokenizer) -> None:
    result = decoded(time(0.5), HELLO, WORLD, time(2.0), avg_logprob=-0.5, no_speech_prob=0.25)
    (segment,) = to_segments(pieces(*result.tokens), result, Span(100.0, 130.0), tokenizer)
    assert (segment.start, segment.end, segment.text) == (100.5, 102.0, " Hello world")
    assert segment.tokens == (time(0.5), HELLO, WORLD, time(2.0))
    assert (segment.avg_logprob, segment.no_speech_prob, segment.temperature) == (-0.5, 0.25, 0.0)
    assert segment.compression_ratio == compression_ratio(" Hello world")


def test_an_open_end_ends_with_the_window(tokenizer: WhisperTokenizer) -> None:
    result = decoded(time(0.5), HELLO)
    (segment,) = to_segments(pieces(*result.tokens), result, Span(10.0, 14.0), tokenizer)
    assert (segment.start, segment.end) == (10.5, 14.0)
    assert segment.tokens == (time(0.5), HELLO, time(4.0))


def test_times_beyond_a_short_window_are_cut_to_it(tokenizer: WhisperTokenizer) -> None:
    result = decoded(time(0.5), HELLO, time(9.0), time(9.0), WORLD, time(12.0))
    (segment,) = to_segments(pieces(*result.tokens), result, Span(10.0, 14.0), tokenizer)
    assert (segment.start, segment.end, segment.text) == (10.5, 14.0, " Hello")


def test_blank_text_is_no_segment(tokenizer: WhisperTokenizer) -> None:
    blank = 220  # " "
    result = decoded(time(0.0), blank, time(1.0), time(1.0), HELLO, time(2.0))
    (segment,) = to_segments(pieces(*result.tokens), result, Span(0.0, 30.0), tokenizer)
    assert (segment.id, segment.text) == (0, " Hello")


@pytest.mark.parametrize("text", ["", " ", ".", " ...", "\u2014 \u2026", "\u3002", "!?"])
def test_punctuation_alone_says_nothing(text: str) -> None:
    assert not has_words(text)


@pytest.mark.parametrize("text", ["A.", "7", "\u266a", "\u662f\u3002", "\u0e01", "$"])
def test_letters_figures_and_music_notes_say_something(text: str) -> None:
    assert has_words(text)


def test_a_segment_that_says_nothing_is_left_out(tokenizer: WhisperTokenizer) -> None:
    full_stop = tokenizer.encode(" .")
    pieces = (TimedTokens(0.0, 2.0, tuple(full_stop)), TimedTokens(2.0, 4.0, (HELLO,)))
    segments = to_segments(pieces, decoded(), Span(0.0, 5.0), tokenizer)
    assert [(segment.id, segment.text) for segment in segments] == [(0, " Hello")]


def test_text_that_repeats_itself_is_found(tokenizer: WhisperTokenizer) -> None:
    loop = decoded(time(0.0), *([HELLO, WORLD] * 50), finished=False)
    assert repeats_itself(loop, tokenizer, 2.4)
    assert not repeats_itself(loop, tokenizer, None)
    assert not repeats_itself(decoded(time(0.0), HELLO, WORLD, time(2.0)), tokenizer, 2.4)
    assert not repeats_itself(decoded(), tokenizer, 2.4)


def test_both_figures_must_speak_for_silence() -> None:
    options = SilenceOptions()
    assert options.is_silent(decoded(no_speech_prob=0.7, avg_logprob=-1.1))
    assert not options.is_silent(decoded(no_speech_prob=0.7, avg_logprob=-0.9))
    assert not options.is_silent(decoded(no_speech_prob=0.5, avg_logprob=-1.1))


def test_the_thresholds_themselves_are_not_silence() -> None:
    options = SilenceOptions(no_speech_threshold=0.5, logprob_threshold=-1.0)
    assert not options.is_silent(decoded(no_speech_prob=0.5, avg_logprob=-2.0))
    assert not options.is_silent(decoded(no_speech_prob=0.9, avg_logprob=-1.0))


def test_without_a_threshold_its_check_is_off() -> None:
    sure = decoded(no_speech_prob=0.99, avg_logprob=-0.1)
    assert SilenceOptions(logprob_threshold=None).is_silent(sure)
    assert not SilenceOptions(no_speech_threshold=None).is_silent(
        decoded(no_speech_prob=0.99, avg_logprob=-9.0)
    )


@pytest.mark.model
@pytest.mark.parametrize(
    ("starts", "onset"),
    [
        ((0.0, 0.1, 0.5, 1.9, 2.8, 2.82, 3.5, 3.6), 2.5),  # hurried: when the timestamp says
        ((0.0, 0.1, 0.5, 2.6, 2.8, 2.82, 3.5, 3.6), 2.5),
        ((0.0, 0.1, 2.6, 2.7, 2.8, 2.82, 3.5, 3.6), 2.6),  # not before they looked anywhere
        ((0.0, 0.1, 0.5, 1.9, 2.8, 3.1, 3.5, 3.6), 2.8),  # it has time of its own
        ((0.0, 0.1, 0.5, 1.9, 2.2, 2.22, 3.5, 3.6), 2.2),  # never later
    ],
)
def test_a_first_word_without_time_begins_when_its_timestamp_says(
    tokenizer: WhisperTokenizer, starts: tuple[float, ...], onset: float
) -> None:
    tokens = (time(0.0), HELLO, time(2.0), time(2.5), WORLD, WORLD, time(3.5))
    timed = replace(decoded(*tokens), starts=starts, logprobs=(-0.1,) * 7)
    second = to_segments(pieces(*tokens), timed, Span(0.0, 30.0), tokenizer)[1]
    assert second.words[0].start == pytest.approx(onset)


@pytest.mark.model
def test_every_word_lasts(tokenizer: WhisperTokenizer) -> None:
    """The path of an alignment may give several tokens one time, at the end of a window above all."""
    tokens = (time(0), HELLO, WORLD, HELLO, time(1.0), time(1.0), WORLD, WORLD, time(2.0))
    starts = (0.0, 0.1, 0.1, 0.1, 0.4, 0.5, 2.0, 2.0, 2.0, 2.0)
    timed = replace(decoded(*tokens), starts=starts, logprobs=(-0.1,) * 9)
    pieces = split_at_timestamps(tokens, BEGIN)
    segments = to_segments(list(pieces), timed, Span(10.0, 12.0), tokenizer)
    words = [word for segment in segments for word in segment.words]
    assert len(words) == 5
    assert all(word.end > word.start + 0.01 for word in words)
    assert all(before.end <= after.start + 1e-9 for before, after in pairwise(words))
    assert words[-1].end <= 12.0
