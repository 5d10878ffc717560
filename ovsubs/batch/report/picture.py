"""What was done when -> a picture of the run: hours of media over the time of day, and the speed below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ovsubs.batch.record import BatchReport, FileRecord, FileState

_LEFT, _RIGHT = 64.0, 704.0  # pixels, as are all that follow: of both panels
_DONE_TOP, _DONE_BASE = 30.0, 150.0
_SPEED_TOP, _SPEED_BASE = 196.0, 266.0
_WIDTH, _HEIGHT = 720, 292
_N_SLICES = 96  # of the run: five minutes of an eight-hour night
_N_TICKS = 8  # at most
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
_DAY_MIN = 1440
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Run:
    """What was worked on between `began` and `ended`, in seconds since 1970.

    `sliced_s` are the seconds of media that were done in each slice of it, which are equally long.
    """

    began: float
    ended: float
    sliced_s: tuple[float, ...]
    failed: tuple[float, ...]

    @property
    def slice_s(self) -> float:
        return (self.ended - self.began) / len(self.sliced_s)

    def x(self, at: float) -> float:
        return _LEFT + (at - self.began) / (self.ended - self.began) * (_RIGHT - _LEFT)


def draw_run(report: BatchReport) -> Iterator[str]:
    """SVG with its caption; nothing where fewer than two files were done, which have no course."""
    of_run = [record for record in report.records if report.began <= record.finished <= report.ended]
    done = [record for record in of_run if record.state is FileState.DONE and record.work_s > 0.0]
    if len(done) < 2 or not report.began or report.ended - report.began < 1.0:
        return
    failed = tuple(record.finished for record in of_run if record.state is FileState.FAILED)
    run = _Run(report.began, report.ended, _slices(report, done), failed)
    told = "Hours of media that were done, and the speed, over the time of day"
    yield f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{told}">'
    yield from _times(run)
    yield from _done(run)
    yield from _speed(run)
    yield "</svg>"
    marks = " Red marks are files that failed." if failed else ""
    yield f"<figcaption>A gap in the speed is a time in which nothing was done.{marks}</figcaption></figure>"


def _slices(report: BatchReport, done: Sequence[FileRecord]) -> tuple[float, ...]:
    """Seconds of media in each slice: a file is done evenly from its beginning to its end."""
    slice_s = (report.ended - report.began) / _N_SLICES
    sliced_s = [0.0] * _N_SLICES
    for record in done:
        end = (record.finished - report.began) / slice_s
        begin = min(max(0.0, end - record.work_s / slice_s), end - 1e-6)  # in slices
        share = record.duration / (end - begin)
        for place in range(max(0, int(begin)), min(_N_SLICES - 1, int(end)) + 1):
            sliced_s[place] += share * max(0.0, min(end, place + 1) - max(begin, place))
    return tuple(sliced_s)


def _done(run: _Run) -> Iterator[str]:
    whole_s, so_far_s = sum(run.sliced_s), 0.0
    unit_s, unit = (_HOUR_S, "hours") if whole_s >= 2 * _HOUR_S else (60.0, "minutes")
    points = [f"{_LEFT:.1f},{_DONE_BASE}"]
    for place, media_s in enumerate(run.sliced_s, start=1):
        so_far_s += media_s
        y = _DONE_BASE - so_far_s / max(whole_s, 1e-9) * (_DONE_BASE - _DONE_TOP)
        points.append(f"{run.x(run.began + place * run.slice_s):.1f},{y:.1f}")
    line = " ".join(points)
    yield f'<polygon class="area" points="{line} {_RIGHT},{_DONE_BASE}"/>'
    yield f'<polyline class="line" points="{line}"/>'
    for at in run.failed[:: max(1, len(run.failed) // 500)]:
        yield f'<path class="failure" d="M{run.x(at):.1f} {_DONE_BASE - 4}v8"/>'
    yield from _scale(f"{unit} of media done", whole_s / unit_s, _DONE_TOP, _DONE_BASE)


def _speed(run: _Run) -> Iterator[str]:
    speeds = [media_s / run.slice_s for media_s in run.sliced_s]
    fastest = max(speeds)
    for place, speed in enumerate(speeds):
        if not speed:
            continue
        left, right = (run.x(run.began + (place + more) * run.slice_s) for more in (0, 1))
        height = speed / fastest * (_SPEED_BASE - _SPEED_TOP)
        yield (
            f'<rect class="bar" x="{left:.1f}" y="{_SPEED_BASE - height:.1f}" width="{right - left - 1:.1f}" '
            f'height="{height:.1f}"/>'
        )
    yield from _scale("times as fast as it plays", fastest, _SPEED_TOP, _SPEED_BASE)


def _scale(title: str, most: float, top: float, base: float) -> Iterator[str]:
    """Title, axis, and the numbers at its ends."""
    number = f"{most:,.0f}" if most >= 10 else f"{most:.1f}"
    yield f'<path class="axis" d="M{_LEFT} {base}H{_RIGHT}"/><text x="{_LEFT}" y="{top - 10}">{title}</text>'
    yield f'<path class="grid" d="M{_LEFT} {top}H{_RIGHT}"/>'
    yield f'<text class="end" x="{_LEFT - 8}" y="{top + 4}">{number}</text>'
    yield f'<text class="end" x="{_LEFT - 8}" y="{base + 4}">0</text>'


def _times(run: _Run) -> Iterator[str]:
    """A line and a label at each full hour, or what fits; midnight has its day."""
    minutes = (run.ended - run.began) / 60
    days = max(1, round(minutes / _DAY_MIN / _N_TICKS + 0.5))
    step = next((step for step in _STEPS_MIN if minutes / step <= _N_TICKS), days * _DAY_MIN)
    first = datetime.fromtimestamp(run.began)
    tick = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while (at := tick.timestamp()) <= run.ended:
        if at >= run.began:
            x = f"{run.x(at):.1f}"
            label = f"{tick:%H:%M}" if tick.hour or tick.minute else f"{tick:%m-%d}"
            for top, base in ((_DONE_TOP, _DONE_BASE), (_SPEED_TOP, _SPEED_BASE)):
                yield f'<path class="grid" d="M{x} {top}V{base}"/>'
            yield f'<text class="middle" x="{x}" y="{_SPEED_BASE + 18}">{label}</text>'
        tick += timedelta(minutes=step)
