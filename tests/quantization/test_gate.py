"""What INT8 may cost, and which components stay in it."""

from collections.abc import Sequence

import pytest
from signatures import SIGNATURE

from ovsubs.benchmark.metrics import CharacterErrors, WordErrors
from ovsubs.benchmark.results import Comparison, ModelResult, Run
from ovsubs.errors import TooManyErrors
from ovsubs.quantization.gate import BEFORE, check, choose, judge, label
from ovsubs.quantization.options import COMPONENTS

ENCODER, DECODER = ("encoder",), ("decoder",)
CANDIDATES: list[tuple[str, ...]] = [COMPONENTS, ENCODER, DECODER]


def model(name: str, n_wrong: int, encoder_s: float, decoder_s: float) -> ModelResult:
    return ModelResult(
        label=name,
        precision="int8",
        size_bytes=1,
        encoder_bytes=10,
        decoder_bytes=10 if name == BEFORE else 20,
        runs=(Run(1.0, encoder_s + decoder_s, encoder_s, decoder_s, 100.0),),
        words=(WordErrors(500, n_wrong, 0, 0), WordErrors(500, 0, 0, 0)),
        characters=CharacterErrors(10, 0),
    )


def comparison(*measured: tuple[int, float, float]) -> Comparison:
    """Before, and each candidate: wrong words of 1000, seconds of the encoder and of the decoder."""
    names = [BEFORE, *(label(components) for components in CANDIDATES)]
    return Comparison(
        SIGNATURE, "", "", tuple(model(n, *one) for n, one in zip(names, measured, strict=False))
    )


@pytest.mark.parametrize(
    ("measured", "kept"),
    [
        pytest.param([(50, 4, 4), (50, 2, 3), (50, 2, 4), (50, 4, 3)], COMPONENTS, id="both gain"),
        pytest.param([(50, 4, 4), (50, 6, 3), (50, 6, 4), (50, 4, 3)], DECODER, id="the encoder is slower"),
        pytest.param([(50, 4, 4), (50, 5, 1), (50, 5, 4), (50, 4, 2)], DECODER, id="one wins for both"),
        pytest.param([(50, 4, 4), (53, 2, 3), (52, 2, 4), (50, 4, 3)], ENCODER, id="both cost too much"),
        pytest.param([(50, 4, 4), (50, 6, 6), (50, 6, 4), (50, 4, 6)], (), id="nothing gains"),
        pytest.param([(50, 4, 4), (60, 2, 3), (60, 2, 4), (60, 4, 3)], (), id="all cost too much"),
    ],
)
def test_auto_keeps_the_fastest_that_costs_little(
    measured: Sequence[tuple[int, float, float]], kept: tuple[str, ...]
) -> None:
    assert choose(comparison(*measured), limit=0.2) == kept


def test_what_loses_is_named() -> None:
    judgement = judge(comparison((50, 4.0, 4.0), (53, 5.0, 2.0)), COMPONENTS)
    assert judgement.slower == ("encoder",)
    assert (judgement.encoder_speed_up, judgement.decoder_speed_up) == (0.8, 2.0)
    assert judgement.speed_up == pytest.approx(8 / 7)
    assert (judgement.wer_before, judgement.wer_after) == (0.05, 0.053)
    assert judgement.wer_more_low <= 0.003 <= judgement.wer_more_high
    assert judgement.size == 1.5


def test_what_loses_is_named_even_where_it_is_not_kept() -> None:
    measured = comparison((50, 4.0, 4.0), (50, 5.0, 2.0), (50, 5.0, 4.0), (50, 4.0, 2.0))
    judgement = judge(measured, DECODER)
    assert (judgement.components, judgement.slower) == (DECODER, ENCODER)
    assert judgement.encoder_speed_up == 1.0
    nothing = judge(comparison((50, 4.0, 4.0), (50, 5.0, 5.0), (50, 5.0, 4.0), (50, 4.0, 5.0)), ())
    assert (nothing.components, nothing.slower) == (COMPONENTS, COMPONENTS)


def test_too_many_errors_are_refused() -> None:
    judgement = judge(comparison((50, 4.0, 4.0), (56, 4.0, 4.0)), COMPONENTS)
    check("base", judgement, 0.61)
    with pytest.raises(
        TooManyErrors, match=r"base: INT8 raises the WER by 0\.60 points, from 5\.00 to 5\.60 %"
    ):
        check("base", judgement, 0.5)
