"""What is thought of a window's text, and what is tried next."""

from dataclasses import replace

import numpy as np
import pytest
from scripted import GOOD, HELLO, LOOP, SILENT, UNLIKELY, WORLD, Script

from ovsubs.recognition import TranscribeOptions
from ovsubs.recognition.fallback import (
    CLEARLY_NO_SPEECH,
    DOUBTFUL_NO_SPEECH,
    Attempt,
    Verdict,
    assess,
    doubtful_runs,
    has_no_known_language,
    is_made_up,
    is_repeated,
    is_stuttered,
    next_attempt,
)
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.search import SearchOptions
from ovsubs.whisper.segments import SilenceOptions, TimedTokens
from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S

ENGLISH, ANYTHING = LanguageVote("en", 0.9), LanguageVote("en", 0.3)
WORDS = (HELLO, WORLD)
UNASKED = SilenceOptions(no_speech_threshold=None, logprob_threshold=None)


def verdict_of(
    script: Script,
    *,
    avg_logprob: float = -0.3,
    no_speech: float = 0.1,
    times_said: int = 1,
    finished: bool = True,
    language_vote: LanguageVote = ENGLISH,
    options: TranscribeOptions | None = None,
) -> Verdict:
    decoded = script.decoded(*WORDS * times_said, avg_logprob=avg_logprob, finished=finished)
    decoded = replace(decoded, no_speech_prob=no_speech)
    return assess(decoded, script.components.tokenizer, language_vote, options or TranscribeOptions())


@pytest.mark.parametrize(
    ("avg_logprob", "no_speech", "times_said", "finished", "expected"),
    [
        (-0.3, 0.1, 1, True, GOOD),
        (-1.0, 0.1, 1, True, GOOD),  # the threshold itself is likely enough
        (-1.01, 0.1, 1, True, UNLIKELY),
        (-1.01, 0.6, 1, True, UNLIKELY),  # as is this one
        (-1.01, 0.61, 1, True, SILENT),
        (-0.3, 0.99, 1, True, GOOD),  # sure of its text: somebody speaks
        (-0.3, 0.1, 50, True, LOOP),
        (-0.3, 0.1, 1, False, LOOP),
        (-1.01, 0.1, 50, True, LOOP),
        (-1.01, 0.61, 50, False, SILENT),  # whatever is said of silence
        (-0.3, 0.1, 0, True, GOOD),
    ],
)
def test_a_text_is_judged_by_the_thresholds_of_whisper(
    script: Script, avg_logprob: float, no_speech: float, times_said: int, finished: bool, expected: Verdict
) -> None:
    given = verdict_of(
        script, avg_logprob=avg_logprob, no_speech=no_speech, times_said=times_said, finished=finished
    )
    assert given is expected


@pytest.mark.parametrize(
    ("options", "avg_logprob", "no_speech", "times_said", "expected"),
    [
        (TranscribeOptions(silence=UNASKED), -9.0, 1.0, 1, GOOD),
        (TranscribeOptions(silence=SilenceOptions(None, -1.0)), -1.01, 1.0, 1, UNLIKELY),
        (TranscribeOptions(silence=SilenceOptions(0.6, None)), -0.1, 0.61, 1, SILENT),
        (TranscribeOptions(silence=SilenceOptions(0.6, None)), -9.0, 0.6, 1, GOOD),
        (TranscribeOptions(silence=SilenceOptions(0.6, -0.2)), -0.3, 0.1, 1, UNLIKELY),
        (TranscribeOptions(silence=SilenceOptions(0.05, -0.2)), -0.3, 0.1, 1, SILENT),
        (TranscribeOptions(compression_ratio_threshold=None), -0.3, 0.1, 50, GOOD),
        (TranscribeOptions(compression_ratio_threshold=100.0), -0.3, 0.1, 50, GOOD),
        (TranscribeOptions(compression_ratio_threshold=0.1), -0.3, 0.1, 1, LOOP),
    ],
)
def test_thresholds_are_obeyed_and_none_switches_them_off(
    script: Script,
    options: TranscribeOptions,
    avg_logprob: float,
    no_speech: float,
    times_said: int,
    expected: Verdict,
) -> None:
    given = verdict_of(
        script, avg_logprob=avg_logprob, no_speech=no_speech, times_said=times_said, options=options
    )
    assert given is expected


def test_a_text_without_end_is_a_loop_whatever_its_ratio(script: Script) -> None:
    unlimited = TranscribeOptions(compression_ratio_threshold=None)
    assert verdict_of(script, finished=False, options=unlimited) is LOOP


@pytest.mark.parametrize(("probability", "expected"), [(0.49, SILENT), (0.5, UNLIKELY)])
def test_unlikely_text_in_no_known_language_is_silence(
    script: Script, probability: float, expected: Verdict
) -> None:
    spoken = LanguageVote("en", probability)
    assert verdict_of(script, avg_logprob=-1.01, language_vote=spoken) is expected
    assert verdict_of(script, avg_logprob=-1.0, language_vote=spoken) is GOOD


def test_the_threshold_of_the_language_is_obeyed(script: Script) -> None:
    options = TranscribeOptions(language_detection_threshold=0.2)
    assert verdict_of(script, avg_logprob=-1.01, language_vote=ANYTHING, options=options) is UNLIKELY


@pytest.mark.parametrize(
    ("times_said", "pad_to_30s", "no_known_language", "expected"),
    [
        (50, True, True, SILENT),
        (50, False, True, LOOP),  # with 30 s it may be no loop
        (50, True, False, LOOP),
        (1, True, True, GOOD),
    ],
)
def test_a_loop_in_a_window_that_is_in_no_language_is_silence_though_the_language_is_given(
    script: Script, times_said: int, pad_to_30s: bool, no_known_language: bool, expected: Verdict
) -> None:
    decoded = script.decoded(*WORDS * times_said, avg_logprob=-0.3)
    given, tokenizer = LanguageVote("en", 1.0), script.components.tokenizer
    verdict = assess(
        decoded,
        tokenizer,
        given,
        TranscribeOptions(),
        pad_to_30s=pad_to_30s,
        no_known_language=no_known_language,
    )
    assert verdict is expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ((0.05, 0.28, 0.26), True),
        ((0.05, 0.5, 0.26), False),  # in another language
        ((0.14, 0.28, 0.26), False),  # half as likely as the likeliest
        ((0.3, 0.2, 0.1), False),
    ],
)
def test_babble_is_in_no_language_that_is_likely_or_spoken_in_the_file(
    heard: tuple[float, ...], expected: bool
) -> None:
    assert has_no_known_language(np.array(heard, np.float32), spoken=0, least=0.5) is expected


# What is tried next


def test_the_first_attempt_is_what_was_asked_for() -> None:
    options = TranscribeOptions(beam_size=3, patience=2.0, length_penalty=0.5, temperature=0.1, best_of=7)
    assert Attempt(options.search) == Attempt(SearchOptions(3, 2.0, 0.5, 0.1, 7))


@pytest.mark.parametrize("verdict", [GOOD, SILENT])
@pytest.mark.parametrize("pad_to_30s", [True, False])
def test_what_is_good_or_silent_stands(verdict: Verdict, pad_to_30s: bool) -> None:
    options = TranscribeOptions()
    assert next_attempt(Attempt(SearchOptions(), pad_to_30s), verdict, options) is None


@pytest.mark.parametrize("step", [0.2, None])
def test_a_loop_in_a_fitted_window_is_decoded_alike_with_30_seconds(step: float | None) -> None:
    options = TranscribeOptions(temperature_increment_on_fallback=step)
    first = Attempt(options.search)
    assert next_attempt(first, LOOP, options) == replace(first, pad_to_30s=True)


def ladder(verdict: Verdict, options: TranscribeOptions) -> list[Attempt]:
    attempts = [Attempt(options.search)]
    while (following := next_attempt(attempts[-1], verdict, options)) is not None:
        attempts.append(following)
    return attempts


@pytest.mark.parametrize(
    ("options", "temperatures"),
    [
        (TranscribeOptions(), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (TranscribeOptions(temperature=0.2), [0.2, 0.4, 0.6, 0.8, 1.0]),
        (TranscribeOptions(temperature=1.0), [1.0]),
        (TranscribeOptions(temperature_increment_on_fallback=None), [0.0]),
        (TranscribeOptions(temperature_increment_on_fallback=1.0), [0.0, 1.0]),
        (TranscribeOptions(temperature_increment_on_fallback=0.4), [0.0, 0.4, 0.8]),
        (TranscribeOptions(temperature_increment_on_fallback=0.1), [n / 10 for n in range(11)]),
    ],
)
def test_unlikely_text_is_decoded_hotter_up_to_one(
    options: TranscribeOptions, temperatures: list[float]
) -> None:
    attempts = ladder(UNLIKELY, options)
    assert [attempt.search.temperature for attempt in attempts] == pytest.approx(temperatures)
    assert max(attempt.search.temperature for attempt in attempts) <= 1.0
    assert [attempt.pad_to_30s for attempt in attempts] == [False] + [True] * (len(attempts) - 1)


def test_a_loop_gets_hotter_after_it_was_given_30_seconds_and_one_beam() -> None:
    attempts = ladder(LOOP, TranscribeOptions(beam_size=3))
    assert [attempt.search.temperature for attempt in attempts] == [0.0] * 4 + [0.2, 0.4, 0.6, 0.8, 1.0]
    assert [attempt.search.beam_size for attempt in attempts[:4]] == [3, 3, 1, 1]
    assert [attempt.pad_to_30s for attempt in attempts] == [False, True, False] + [True] * 6
    greedy = ladder(LOOP, TranscribeOptions(beam_size=1))
    assert [attempt.pad_to_30s for attempt in greedy] == [False] + [True] * 6


@pytest.mark.parametrize("verdict", [UNLIKELY, LOOP])
def test_all_else_that_was_asked_for_is_kept_but_in_greedy_attempts(verdict: Verdict) -> None:
    options = TranscribeOptions(beam_size=3, patience=2.0, length_penalty=0.5, best_of=7)
    for attempt in (one for one in ladder(verdict, options) if one.search.beam_size > 1):
        assert replace(attempt.search, temperature=0.0) == Attempt(options.search).search


def test_windows_are_decoded_together_where_they_have_as_many_candidates() -> None:
    beams = Attempt(SearchOptions(beam_size=5))
    hot, hotter = (Attempt(replace(beams.search, temperature=heat), pad_to_30s=True) for heat in (0.2, 0.4))
    assert beams.batch_key == replace(beams, pad_to_30s=True).batch_key
    assert hot.batch_key == hotter.batch_key
    assert beams.batch_key != hot.batch_key
    assert Attempt(SearchOptions()).batch_key != hot.batch_key  # greedy, and drawn


def test_passages_that_the_model_hardly_believes_are_found_with_what_it_half_believes() -> None:
    pieces = [TimedTokens(float(n), n + 1.0, (n,), n) for n in range(6)]

    def runs(*logprobs: float, no_speech: float = 0.1) -> list[tuple[range, float]]:
        decoded = DecodedWindow((), -1.0, no_speech, finished=True, logprobs=logprobs)
        return list(doubtful_runs(pieces[: len(logprobs)], decoded))

    assert runs(-0.1, -0.7, -1.2, -0.7, -0.2, -0.9) == [(range(1, 4), DOUBTFUL_NO_SPEECH)]
    assert runs(*[-1.0] * 6) == []  # harder speech
    assert runs(*[-1.0] * 6, no_speech=0.3) == [(range(6), CLEARLY_NO_SPEECH)]
    assert runs(*[-1.2] * 6) == [(range(6), DOUBTFUL_NO_SPEECH)]
    assert runs() == []


# What is made up


def heard_as(script: Script, text: str, temperature: float = 0.0) -> DecodedWindow:
    return replace(script.decoded(*script.components.tokenizer.encode(text)), temperature=temperature)


def test_what_only_a_sample_has_heard_is_made_up(script: Script) -> None:
    tokenizer = script.components.tokenizer
    babble = (
        heard_as(script, " taking the back of the race"),
        heard_as(script, " Thank you for joining us.", 0.2),
    )
    speech = heard_as(script, " Robin Fitzuth."), heard_as(script, " Robin Fitz-Euth.", 0.2)

    assert is_made_up(babble[1], babble, (), tokenizer)
    assert not is_made_up(
        babble[0], babble, (), tokenizer
    )  # the likeliest text, which is judged by other means
    assert not is_made_up(speech[1], speech, (), tokenizer)
    short = heard_as(script, " Yes."), heard_as(script, " Yeah.", 0.2)
    assert not is_made_up(short[1], short, (), tokenizer)  # too short to be told apart
    assert not is_made_up(babble[1], babble[1:], (), tokenizer)  # asked for at this temperature: the only one


def test_what_a_loop_says_once_may_have_been_heard(script: Script) -> None:
    tokenizer = script.components.tokenizer
    tried = (
        heard_as(script, " from the 21st century."),
        heard_as(script, " Ask not what your country can do for you.", 0.2),
    )
    tail = heard_as(script, " a realist," * 20 + " ask not what your country can do for you.")
    over_and_over = heard_as(script, " Ask not what your country can do for you." * 20)

    assert not is_made_up(tried[1], tried, (tail,), tokenizer)
    assert is_made_up(tried[1], tried, (over_and_over,), tokenizer)


def test_the_same_sentence_faster_than_anyone_speaks_is_a_stutter() -> None:
    said = segment(" When you have seen the film of the treasure map,", 1.0, 5.0)
    again = " I will tell you, when you have seen the film of the treasure map,"

    assert is_stuttered(segment(again, 12.0, 13.0), [said])
    assert not is_stuttered(segment(again, 12.0, 17.0), [said])  # somebody says it again
    assert not is_stuttered(segment(" You will not believe what we have found in there.", 12.0, 13.0), [said])
    assert not is_stuttered(segment(again, 12.0, 12.0), [])


def test_a_word_or_two_repeat_nothing() -> None:
    assert is_repeated(" I must say that all of us", " I must say that all of us, as a young man")
    assert not is_repeated(" all of us", " I must say that all of us, as a young man")


def segment(text: str, start: float, end: float) -> Segment:
    times = (50_364 + round(time / TIMESTAMP_STEP_S) for time in (start, end))
    return Segment(0, start, end, text, tuple(times), -0.3, 1.0, 0.1)
