"""What is said of INT8 when it is made."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from candidates_measured import FAR, NEAR, measured

from ovsubs.quantization.divergence import Divergence
from ovsubs.quantization.gate import decide
from ovsubs.quantization.options import QuantizeOptions
from ovsubs.quantization.quantize import Quantized
from ovsubs.quantization.report import verdict

AUTO = QuantizeOptions(components="auto")
GAINS = [(50, 4.0, 4.0), (53, 2.0, 2.0), (50, 2.0, 4.0), (50, 4.0, 2.0)]


def made(
    models: Sequence[tuple[int, float, float]], divergences: Sequence[Divergence], options: QuantizeOptions
) -> Quantized:
    measurement = measured(*models, divergences=divergences)
    decision = decide("base", measurement, options)
    return Quantized(Path("base-int8"), decision.kept, decision.judgement, measurement, decision.refused)


def test_what_was_asked_for_is_told_with_the_errors_that_are_allowed() -> None:
    options = QuantizeOptions()
    assert verdict(made(GAINS[:2], [NEAR], options), options) == [
        "encoder and decoder in INT8: 150% of the size, 2.00 times as fast (encoder 2.00, decoder 2.00), "
        "WER 5.00% before, 5.30% now (at most 0.5 points more allowed), "
        "probabilities 0.0010 (0.0008 to 0.0012) nats a token away"
    ]


def test_what_auto_keeps_is_told_with_the_divergence_that_is_allowed_and_what_it_does_not_keep() -> None:
    kept, *refused = verdict(made(GAINS, [FAR, NEAR, FAR], AUTO), AUTO)
    assert kept.startswith("encoder in INT8: ")
    assert kept.endswith("nats a token away (less than 0.0040 allowed)")
    assert "points more allowed" not in kept
    why = "is not kept: up to 0.0090 nats a token away, allowed are 0.0040"
    assert refused == [f"INT8 {why}", f"INT8 decoder {why}"]


@pytest.mark.parametrize("n_candidates", [1, 3])
def test_where_auto_keeps_nothing_every_reason_is_told(n_candidates: int) -> None:
    nothing = made(GAINS[: 1 + n_candidates], [FAR] * n_candidates, AUTO)
    first, *reasons = verdict(nothing, AUTO)
    assert first == "nothing is kept in INT8: encoder and decoder stay in FP16"
    assert len(reasons) == n_candidates


def test_who_allows_more_errors_is_told_of_more_divergence() -> None:
    options = replace(AUTO, max_wer_drop=0.5)
    (kept,) = verdict(made(GAINS[:2], [FAR], options), options)
    assert kept.endswith("(less than 0.0100 allowed)")
