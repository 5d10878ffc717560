"""What INT8 may cost, and which components stay in it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from candidates_measured import DECODER, ENCODER, FAR, NEAR, measured

from ovsubs.errors import AccuracyDropTooLarge
from ovsubs.evaluation.figures import Against, Ratio
from ovsubs.evaluation.intervals import Interval
from ovsubs.quantization.divergence import Divergence
from ovsubs.quantization.gate import (
    LEAST_OF_A_ROUND,
    LEAST_SPEED_UP,
    allowed_nats,
    check,
    decide,
    find_faults,
    make_report,
)
from ovsubs.quantization.options import COMPONENTS, ComponentNames, QuantizeOptions

AUTO = QuantizeOptions(components="auto")
FASTER, SAME, SLOWER = Ratio(1.3, 1.2, 1.4), Ratio(1.0, 0.97, 1.03), Ratio(0.8, 0.7, 0.9)
GOOD = Against(0.001, Interval(-0.002, 0.005), FASTER, FASTER, SAME, 0.5)  # the encoder in INT8


def test_what_keeps_all_rules_has_no_fault() -> None:
    assert find_faults(ENCODER, GOOD, NEAR, 0.2) == []


def upper_end(nats: float) -> Divergence:
    return replace(NEAR, interval=Interval(0.0001, nats))


def test_the_upper_end_of_the_divergence_is_below_what_is_allowed() -> None:
    nats = allowed_nats(0.2)
    assert nats == pytest.approx(0.004)
    assert find_faults(ENCODER, GOOD, upper_end(nats * 0.999), 0.2) == []
    assert find_faults(ENCODER, GOOD, upper_end(nats), 0.2) == [
        "up to 0.0040 nats a token away, allowed are 0.0040"
    ]
    assert find_faults(ENCODER, GOOD, upper_end(float("nan")), 0.2) != []


def test_a_mean_below_what_is_allowed_does_not_do() -> None:
    unsure = Divergence(0.001, Interval(0.0002, 0.005), 0.01, 4, 150)
    assert find_faults(ENCODER, GOOD, unsure, 0.2) == ["up to 0.0050 nats a token away, allowed are 0.0040"]


def test_who_allows_more_errors_allows_more_divergence() -> None:
    assert find_faults(ENCODER, GOOD, FAR, 0.2) == ["up to 0.0090 nats a token away, allowed are 0.0040"]
    assert find_faults(ENCODER, GOOD, FAR, 0.5) == []


def test_more_errors_count_only_where_they_are_sure() -> None:
    likely = replace(GOOD, wer_more=0.02, wer_more_interval=Interval(0.002, 0.04))
    assert find_faults(ENCODER, likely, NEAR, 0.2) == []
    sure = replace(likely, wer_more_interval=Interval(0.0021, 0.04))
    assert find_faults(ENCODER, sure, NEAR, 0.2) == ["WER at least 0.21 points higher, allowed are 0.2"]


@pytest.mark.parametrize(
    ("ratio", "is_faster"),
    [
        pytest.param(Ratio(LEAST_SPEED_UP + 0.001, LEAST_OF_A_ROUND, 1.1), True, id="just so"),
        pytest.param(Ratio(LEAST_SPEED_UP, 1.01, 1.1), False, id="the median is not above"),
        pytest.param(Ratio(1.3, LEAST_OF_A_ROUND - 0.001, 1.5), False, id="one round is below"),
        pytest.param(Ratio(1.3, 1.3, 1.3), True, id="a single round"),
    ],
)
def test_faster_is_what_is_so_by_more_than_the_noise_of_the_runs(ratio: Ratio, is_faster: bool) -> None:
    assert (find_faults(ENCODER, replace(GOOD, speed_up=ratio), NEAR, 0.2) == []) == is_faster
    assert (find_faults(ENCODER, replace(GOOD, encoder_speed_up=ratio), NEAR, 0.2) == []) == is_faster


def test_only_components_in_int8_have_to_be_faster() -> None:
    slow = replace(GOOD, decoder_speed_up=SLOWER)
    assert find_faults(ENCODER, slow, NEAR, 0.2) == []
    why = "not surely faster decoder alone: 0.80 times, at least 0.70"
    assert find_faults(COMPONENTS, slow, NEAR, 0.2) == [why]


def test_each_rule_that_is_broken_is_told() -> None:
    bad = Against(0.01, Interval(0.004, 0.02), SLOWER, FASTER, SLOWER, 0.5)
    assert find_faults(DECODER, bad, FAR, 0.2) == [
        "up to 0.0090 nats a token away, allowed are 0.0040",
        "WER at least 0.40 points higher, allowed are 0.2",
        "not surely faster as a whole: 0.80 times, at least 0.70",
        "not surely faster decoder alone: 0.80 times, at least 0.70",
    ]


@pytest.mark.parametrize(
    ("models", "kept"),
    [
        pytest.param([(50, 4, 4), (50, 2, 3), (50, 2, 4), (50, 4, 3)], COMPONENTS, id="both gain"),
        pytest.param([(50, 4, 4), (50, 6, 3), (50, 6, 4), (50, 4, 3)], DECODER, id="the encoder is slower"),
        pytest.param([(50, 4, 4), (50, 5, 1), (50, 5, 4), (50, 4, 2)], DECODER, id="one wins for both"),
        pytest.param([(50, 4, 4), (50, 2, 3.5), (50, 1, 4), (50, 4, 3)], ENCODER, id="one alone is fastest"),
        pytest.param([(50, 4, 4), (50, 6, 6), (50, 6, 4), (50, 4, 6)], (), id="nothing gains"),
        pytest.param([(50, 4, 4), (50, 4, 4), (50, 4, 4), (50, 4, 4)], (), id="nothing changes"),
        pytest.param(
            [(50, 4, 4), (53, 2, 3), (53, 2, 4), (53, 4, 3)], COMPONENTS, id="more errors by chance"
        ),
    ],
)
def test_auto_keeps_the_fastest_of_what_is_good(
    models: Sequence[tuple[int, float, float]], kept: ComponentNames
) -> None:
    decision = decide("base", measured(*models), AUTO)
    assert decision.kept == kept
    assert kept not in decision.refused
    assert decision.judgement.components == (kept or COMPONENTS)


def test_auto_keeps_the_fastest_whose_probabilities_stay() -> None:
    gains = [(50, 4.0, 4.0), (50, 2.0, 2.0), (50, 2.0, 4.0), (50, 4.0, 2.0)]
    decision = decide("base", measured(*gains, divergences=(FAR, NEAR, FAR)), AUTO)
    assert decision.kept == ENCODER
    far = "up to 0.0090 nats a token away, allowed are 0.0040"
    assert decision.refused == {COMPONENTS: far, DECODER: far}
    assert decide("base", measured(*gains, divergences=(FAR, FAR, FAR)), AUTO).kept == ()
    more = replace(AUTO, max_wer_drop=0.5)
    assert decide("base", measured(*gains, divergences=(FAR, NEAR, FAR)), more).kept == COMPONENTS


def test_what_was_asked_for_is_judged_by_its_errors_alone() -> None:
    slower = measured((50, 4.0, 4.0), (55, 5.0, 5.0), divergences=(FAR,))
    decision = decide("base", slower, QuantizeOptions())
    assert (decision.kept, decision.refused) == (COMPONENTS, {})
    assert decision.judgement.divergence == FAR.nats
    with pytest.raises(AccuracyDropTooLarge):
        decide("base", measured((50, 4.0, 4.0), (56, 2.0, 2.0)), QuantizeOptions())


def test_what_loses_is_named() -> None:
    judgement = make_report(measured((50, 4.0, 4.0), (53, 5.0, 2.0)), COMPONENTS)
    assert judgement.slower == ("encoder",)
    assert (judgement.encoder_speed_up, judgement.decoder_speed_up) == (0.8, 2.0)
    assert judgement.speed_up == pytest.approx(8 / 7)
    assert (judgement.wer_before, judgement.wer_after) == (0.05, 0.053)
    assert judgement.wer_more_low <= 0.003 <= judgement.wer_more_high
    assert judgement.size == 1.5
    found = (judgement.divergence, judgement.divergence_low, judgement.divergence_high)
    assert found == (0.001, 0.0008, 0.0012)


def test_what_loses_is_named_even_where_it_is_not_kept() -> None:
    models = measured((50, 4.0, 4.0), (50, 5.0, 2.0), (50, 5.0, 4.0), (50, 4.0, 2.0))
    judgement = make_report(models, DECODER)
    assert (judgement.components, judgement.slower) == (DECODER, ENCODER)
    assert judgement.encoder_speed_up == 1.0
    nothing = make_report(measured((50, 4.0, 4.0), (50, 5.0, 5.0), (50, 5.0, 4.0), (50, 4.0, 5.0)), ())
    assert (nothing.components, nothing.slower) == (COMPONENTS, COMPONENTS)


def test_what_is_kept_is_not_slower_because_it_was_so_beside_another() -> None:
    models = measured((50, 4.0, 4.0), (50, 4.1, 6.0), (50, 2.0, 4.0), (50, 4.0, 6.0))
    decision = decide("base", models, AUTO)
    assert (decision.kept, decision.judgement.slower) == (ENCODER, DECODER)


def test_too_many_errors_are_refused() -> None:
    judgement = make_report(measured((50, 4.0, 4.0), (56, 4.0, 4.0)), COMPONENTS)
    check("base", judgement, 0.61)
    with pytest.raises(
        AccuracyDropTooLarge, match=r"base: INT8 raises the WER by 0\.60 points, from 5\.00 to 5\.60 %"
    ):
        check("base", judgement, 0.5)
