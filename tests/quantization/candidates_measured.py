"""Measurements of candidates, made by hand."""

from collections.abc import Sequence

from signatures import SIGNATURE

from ovsubs.evaluation.intervals import Interval
from ovsubs.evaluation.results import Comparison, ModelResult, Run
from ovsubs.evaluation.word_errors import CharacterErrors, WordErrors
from ovsubs.quantization.divergence import Divergence
from ovsubs.quantization.measurement import BEFORE, Measurement, label
from ovsubs.quantization.options import COMPONENTS, ComponentNames

ENCODER, DECODER = ("encoder",), ("decoder",)
CANDIDATES: list[ComponentNames] = [COMPONENTS, ENCODER, DECODER]
NEAR = Divergence(0.001, Interval(0.0008, 0.0012), 0.01, 50, 2000)
FAR = Divergence(0.008, Interval(0.007, 0.009), 0.03, 50, 2000)


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


def measured(
    *models: tuple[int, float, float], divergences: Sequence[Divergence] = (NEAR, NEAR, NEAR)
) -> Measurement:
    """Before, and each candidate: wrong words of 1000, seconds of the encoder and of the decoder."""
    names = [BEFORE, *(label(kept) for kept in CANDIDATES)][: len(models)]
    results = tuple(model(name, *one) for name, one in zip(names, models, strict=True))
    kept = CANDIDATES[: len(models) - 1]
    return Measurement(
        Comparison(SIGNATURE, "", "", results), dict(zip(kept, divergences[: len(kept)], strict=True))
    )
