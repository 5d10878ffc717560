"""Candidates as they were measured -> which components are kept in INT8, and what that costs and gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ovsubs.errors import AccuracyDropTooLarge
from ovsubs.evaluation.figures import Against, ModelFigures, Ratio
from ovsubs.models.manifest import QuantizationReport
from ovsubs.quantization.divergence import Divergence
from ovsubs.quantization.measurement import Measurement
from ovsubs.quantization.options import COMPONENTS, ComponentNames, QuantizeOptions

# How far the probabilities may be moved for each point of WER that may be lost: base in INT8 is 0.0095 nats a
# token away and costs 0.43 points on all of test-clean, tiny.en 0.0044 and none (docs/decisions/0016).
NATS_PER_POINT = 0.02
# What is faster must be so by more than the runs of one and the same model differ (docs/decisions/0016).
LEAST_SPEED_UP = 1.02  # the median of the rounds is above it
LEAST_OF_A_ROUND = 0.98  # and no round is below it


@dataclass(frozen=True, slots=True)
class Decision:
    """What is kept in INT8, what it does, and with "auto" why other candidates were not good enough."""

    kept: ComponentNames
    judgement: QuantizationReport
    refused: Mapping[ComponentNames, str]


def decide(name: str, measurement: Measurement, options: QuantizeOptions) -> Decision:
    """Keep what was asked for, or with "auto" the fastest of what keeps all rules, perhaps nothing.

    Raises:
        AccuracyDropTooLarge: what was asked for makes more errors than allowed.
    """
    if options.components == "auto":
        refused = find_refused(measurement, options.allowed_drop)
        kept = choose(measurement, refused)
        return Decision(kept, make_report(measurement, kept), refused)
    judgement = make_report(measurement, options.wanted)
    check(name, judgement, options.allowed_drop)
    return Decision(options.wanted, judgement, {})


def find_refused(measurement: Measurement, limit: float) -> dict[ComponentNames, str]:
    """Why candidates are not good enough for "auto", in a line each; those that are good are not in it.

    Args:
        measurement: of all of them.
        limit: percentage points of WER that may be lost.
    """
    faults = {
        kept: find_faults(kept, _against(one), measurement.divergences[kept], limit)
        for kept, one in measurement.candidates.items()
    }
    return {kept: "; ".join(found) for kept, found in faults.items() if found}


def find_faults(kept: ComponentNames, against: Against, divergence: Divergence, limit: float) -> list[str]:
    """Which rules of "auto" a candidate breaks.

    Its probabilities are to stay where they were, for sure; its word errors must not be sure to be more than
    allowed, which is all that they can tell; and the run as a whole and each component in INT8 are to be
    faster by more than the noise of the runs.

    Args:
        kept: the components that it has in INT8.
        against: its errors and speed beside those before.
        divergence: of its probabilities from those before.
        limit: percentage points of WER that may be lost.

    Returns:
        A few words for each rule that it breaks.
    """
    faults, nats = list[str](), allowed_nats(limit)
    if not divergence.interval.high < nats:  # nor NaN
        faults.append(f"up to {divergence.interval.high:.4f} nats a token away, allowed are {nats:.4f}")
    if not 100.0 * against.wer_more_interval.low <= limit:
        least = 100.0 * against.wer_more_interval.low
        faults.append(f"WER at least {least:.2f} points higher, allowed are {limit:g}")
    ratios = {"as a whole": against.speed_up, **{f"{one} alone": _speed_up(against, one) for one in kept}}
    for what, ratio in ratios.items():
        if not _is_faster(ratio):
            faults.append(f"not surely faster {what}: {ratio.median:.2f} times, at least {ratio.low:.2f}")
    return faults


def allowed_nats(limit: float) -> float:
    """How far probabilities may be moved, in nats a token, where `limit` percentage points may be lost."""
    return limit * NATS_PER_POINT


def choose(measurement: Measurement, refused: Mapping[ComponentNames, str]) -> ComponentNames:
    """The fastest candidate that is not refused; none where all are."""
    speeds = [
        (_against(one).speed_up.median, kept)
        for kept, one in measurement.candidates.items()
        if kept not in refused
    ]
    return max(speeds)[1] if speeds else ()


def make_report(measurement: Measurement, kept: ComponentNames) -> QuantizationReport:
    """What the kept candidate costs and gains; where nothing is kept, what the first one would have.

    A component that is not kept is slower if it is so in any candidate that has it in INT8.
    """
    candidates = measurement.candidates
    components = kept or next(iter(candidates))
    before, after = measurement.comparison.models[0], candidates[components]
    against, divergence = _against(after), measurement.divergences[components]
    slower = {
        which
        for has, one in candidates.items()
        for which in has
        if (has == kept or which not in kept) and _speed_up(_against(one), which).median < 1.0
    }
    return QuantizationReport(
        components=components,
        wer_before=before.errors.wer,
        wer_after=after.wer,
        wer_more_low=against.wer_more_interval.low,
        wer_more_high=against.wer_more_interval.high,
        speed_up=against.speed_up.median,
        encoder_speed_up=against.encoder_speed_up.median,
        decoder_speed_up=against.decoder_speed_up.median,
        size=against.size,
        slower=tuple(sorted(slower, key=COMPONENTS.index)),
        conditions=measurement.comparison.signature.line,
        divergence=divergence.nats,
        divergence_low=divergence.interval.low,
        divergence_high=divergence.interval.high,
    )


def check(name: str, judgement: QuantizationReport, limit: float) -> None:
    """Refuse a model that makes too many errors.

    Raises:
        AccuracyDropTooLarge: more than `limit` percentage points above what it made before.
    """
    before, after = 100.0 * judgement.wer_before, 100.0 * judgement.wer_after
    if after - before > limit:
        costs = f"raises the WER by {after - before:.2f} points, from {before:.2f} to {after:.2f} %"
        raise AccuracyDropTooLarge(name, costs, f"{limit:g}")


def _is_faster(ratio: Ratio) -> bool:
    return ratio.median > LEAST_SPEED_UP and ratio.low >= LEAST_OF_A_ROUND


def _speed_up(against: Against, component: str) -> Ratio:
    return {"encoder": against.encoder_speed_up, "decoder": against.decoder_speed_up}[component]


def _against(figures: ModelFigures) -> Against:
    assert figures.against_first is not None
    return figures.against_first
