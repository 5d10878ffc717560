"""What was measured of candidates -> a table to read, the verdict in words, and what stands in the JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ovsubs.evaluation import report as benchmark_report
from ovsubs.evaluation.figures import figures_of
from ovsubs.evaluation.figures import to_json as figures_to_json
from ovsubs.quantization.divergence import Divergence
from ovsubs.quantization.gate import allowed_nats
from ovsubs.quantization.measurement import Measurement, label
from ovsubs.quantization.options import QuantizeOptions
from ovsubs.quantization.quantize import Quantized

_HEAD = "nats a token away (95 %)"


def make_table(measurement: Measurement) -> benchmark_report.Table:
    """The benchmark's table, and how far each candidate's probabilities are from those before."""
    table = benchmark_report.make_table(figures_of(measurement.comparison))
    cells = (in_words(one) if one else "" for one in _in_order(measurement))
    rows = (*((*row, cell) for row, cell in zip(table.rows, cells, strict=True)),)
    return benchmark_report.Table((*table.head, _HEAD), rows)


def to_json(measurement: Measurement) -> list[dict[str, Any]]:
    """The benchmark's figures, each with "divergence": None before, and for a candidate its own."""
    figures = figures_to_json(figures_of(measurement.comparison))
    found = _in_order(measurement)
    return [
        {**row, "divergence": asdict(one) if one else None} for row, one in zip(figures, found, strict=True)
    ]


def in_words(divergence: Divergence) -> str:
    """The mean and its bounds."""
    interval = divergence.interval
    return f"{divergence.nats:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def verdict(made: Quantized, options: QuantizeOptions) -> list[str]:
    """Lines that say what is kept in INT8, what that costs and gains, and why other candidates are not kept.

    Args:
        made: what came of the quantization.
        options: by which it was made.
    """
    refused = [f"{label(kept)} is not kept: {why}" for kept, why in made.refused.items()]
    if not made.components:
        return ["nothing is kept in INT8: encoder and decoder stay in FP16", *refused]
    judged = made.judgement
    allowed = f" (at most {options.allowed_drop:g} points more allowed)"
    away = f"probabilities {in_words(made.measurement.divergences[made.components])} nats a token away"
    if options.components == "auto":
        allowed = ""
        away += f" (less than {allowed_nats(options.allowed_drop):.4f} allowed)"
    gains = (
        f"{' and '.join(made.components)} in INT8: {judged.size:.0%} of the size, "
        f"{judged.speed_up:.2f} times as fast (encoder {judged.encoder_speed_up:.2f}, "
        f"decoder {judged.decoder_speed_up:.2f}), WER {judged.wer_before:.2%} before, "
        f"{judged.wer_after:.2%} now{allowed}, {away}"
    )
    return [gains, *refused]


def _in_order(measurement: Measurement) -> list[Divergence | None]:
    """Of each model as it was measured; None of what was there before."""
    by_label = {label(kept): one for kept, one in measurement.divergences.items()}
    return [by_label.get(model.label) for model in measurement.comparison.models]
