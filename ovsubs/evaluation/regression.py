"""A run and its baseline -> what has become worse, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.bounds import check_number
from ovsubs.errors import InvalidOption, NotComparable
from ovsubs.evaluation.figures import ModelFigures, figures_of
from ovsubs.evaluation.results import Comparison


@dataclass(frozen=True, slots=True)
class Limits:
    """What may become worse. None of a limit does not look.

    `max_wer_drop` is absolute, in percentage points: 0.3 lets 4.5 % become 4.8 %. `max_slowdown` is a part of
    the speed beside the first model of the same run: 0.15 lets 2.0x become 1.7x. Seconds are never compared,
    since another machine has others.
    """

    max_wer_drop: float = 0.3
    max_slowdown: float | None = None

    def __post_init__(self) -> None:
        check_number("max_wer_drop", self.max_wer_drop, "at least 0", least=0.0)
        if self.max_slowdown is not None and not 0.0 <= self.max_slowdown < 1.0:
            raise InvalidOption("max_slowdown", self.max_slowdown, "from 0 up to 1")


@dataclass(frozen=True, slots=True)
class RegressionCheck:
    """One figure of one model beside the baseline's. `limit` is the worst that it may be."""

    label: str
    figure: str
    before: float
    now: float
    limit: float
    passed: bool


def check(comparison: Comparison, baseline: Comparison, path: Path, limits: Limits) -> list[RegressionCheck]:
    """Compare every model with the one of its name in the baseline.

    Args:
        comparison: of this run.
        baseline: of an earlier one, with the same models in the same order.
        path: of the baseline, for errors.
        limits: what may become worse.

    Raises:
        NotComparable: another dataset, language, normalizer or search, or other models.
        InvalidOption: speed is to be compared, and there is only one model.
    """
    labels = [one.label for one in comparison.models]
    check_comparable(comparison.signature.accuracy_key, labels, baseline, path)
    check_limits(limits, len(labels))
    findings = list[RegressionCheck]()
    for now_figures, before_figures in zip(figures_of(comparison), figures_of(baseline), strict=True):
        findings += _of_model(now_figures, before_figures, limits)
    return findings


def check_limits(limits: Limits, n_models: int) -> None:
    """Refuse a limit that has no meaning; can be asked before the run.

    Raises:
        InvalidOption: speed is to be compared, and there is only one model.
    """
    if limits.max_slowdown is not None and n_models < 2:
        why = "speed is compared as a ratio to the first model of a run; give at least two models"
        raise InvalidOption("max_slowdown", limits.max_slowdown, why)


def check_comparable(key: Sequence[str], labels: Sequence[str], baseline: Comparison, path: Path) -> None:
    """Refuse a baseline that a run cannot be compared with; can be asked before the run.

    Args:
        key: the run's `Signature.accuracy_key`.
        labels: of its models.
        baseline: of an earlier run.
        path: of the baseline, for errors.

    Raises:
        NotComparable: another dataset, language, normalizer or search, or other models.
    """
    for now, before in zip(key, baseline.signature.accuracy_key, strict=True):
        if now != before:
            raise NotComparable(path, f"{before!r} there, {now!r} here")
    known = [one.label for one in baseline.models]
    if list(labels) != known:
        raise NotComparable(path, f"the models are {', '.join(known)} there, {', '.join(labels)} here")


def _of_model(now: ModelFigures, before: ModelFigures, limits: Limits) -> list[RegressionCheck]:
    worst = before.wer + limits.max_wer_drop / 100.0
    found = [RegressionCheck(now.label, "WER", before.wer, now.wer, worst, now.wer <= worst)]
    if limits.max_slowdown is None or now.against_first is None or before.against_first is None:
        return found
    then, speed = before.against_first.speed_up.median, now.against_first.speed_up.median
    slowest = then * (1.0 - limits.max_slowdown)
    return [*found, RegressionCheck(now.label, "speed-up", then, speed, slowest, speed >= slowest)]
