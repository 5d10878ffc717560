"""`ovsubs embed` and `ovsubs burn`: the run, and how far it is."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.printing import cell, say_above
from ovsubs.cli.progress import make_bars, make_console, run_status
from ovsubs.video.burn import BurnOptions, burn
from ovsubs.video.embed import EmbedOptions, embed
from ovsubs.video.writing import OnProgress

Say = Callable[[str], None]


def run_embed(video: Path, subtitles: Sequence[Path], options: EmbedOptions, *, quiet: bool) -> Path:
    """Add subtitle tracks with a bar on a terminal; returns the new video's path."""
    with _watched(video, quiet=quiet) as (advance, say):
        return embed(video, subtitles, options, advance, say)


def run_burn(video: Path, subtitles: Path, options: BurnOptions, *, quiet: bool) -> Path:
    """Draw subtitles into the picture with a bar on a terminal; returns the new video's path."""
    with _watched(video, quiet=quiet) as (advance, say):
        return burn(video, subtitles, options, advance, say)


@contextmanager
def _watched(video: Path, *, quiet: bool) -> Iterator[tuple[OnProgress, Say]]:
    """Where progress and notes go: a bar and lines on stderr, or nowhere if `quiet`."""
    bars = make_bars(make_console(), quiet=quiet)
    began = time.monotonic()
    with noted_interrupts() as interrupts, bars:
        task = bars.add_task(cell(video.name), total=None, status="")

        def advance(done: float, whole: float) -> None:
            if interrupts:  # Python drops an interrupt that comes inside a destructor
                raise KeyboardInterrupt
            status = run_status(done, whole, time.monotonic() - began)
            bars.update(task, completed=done, total=whole or None, status=status)

        def say(line: str) -> None:
            if not quiet:
                say_above(bars.console, f"ovsubs: {line}")

        yield advance, say
