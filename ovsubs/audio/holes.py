"""Long holes in a track's time stamps -> silence, second by second: ffmpeg would hold hours of it in memory.

ffmpeg is told to make each hole at most `LONG_HOLE_S` long, and fills that. So much silence in the samples is
the sign to look at the packets' times; where they have a hole, the rest of it is put in here.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.packets import LONG_HOLE_S, Holes
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ

_LOOK_EVERY = 1600  # samples: a run of silence is measured no finer
_NOTICED_S = LONG_HOLE_S - 1.0
_AT_ONCE = 30 * SAMPLE_RATE_HZ  # samples of silence

# A filter for each frame's time: what a gap has over `LONG_HOLE_S` is taken away, and all of a jump back,
# after which ffmpeg would drop sound until the old time is reached again. Variables: 0 where the next frame
# should begin, 1 the gap before this one, 2 what has been taken away so far.
SHORTEN_HOLES = (
    "asetpts='if(isnan(PTS),PTS,"
    "st(1,if(gt(N,0),PTS-ld(0),0));"
    f"st(2,ld(2)+if(gt(ld(1)*TB,{LONG_HOLE_S:g}),ld(1)-{LONG_HOLE_S:g}/TB,if(lt(ld(1)*TB,-1),ld(1),0)));"
    "st(0,PTS+NB_SAMPLES/SR/TB);PTS-ld(2))'"
)


class HoleFiller:
    """Puts back what `SHORTEN_HOLES` took away. `holes` are known once one has been noticed."""

    def __init__(self, find: Callable[[], Holes], end_s: float) -> None:
        """`find` reads the packets' times. A hole that ends after `end_s`, the file's end, stays short."""
        self._find = find
        self._end_s = end_s
        self.holes = Holes()

    def fill(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """The samples with all the silence.  # float32 [n_samples]"""
        missing = list[tuple[int, int]]()  # before which sample, how many
        place, silence_s, has_looked = 0, 0.0, False
        for block in blocks:
            silence_s, longest_s = _silence(block, silence_s)
            if longest_s >= _NOTICED_S and not has_looked:
                has_looked = True
                self.holes = self._find()
                missing = self._missing()
            begin = 0
            while missing and missing[0][0] < place + len(block):
                at, n_samples = missing.pop(0)
                yield block[begin : max(begin, at - place)]
                begin = max(begin, at - place)
                for done in range(0, n_samples, _AT_ONCE):
                    yield np.zeros(min(_AT_ONCE, n_samples - done), np.float32)
            yield block[begin:]
            place += len(block)

    def _missing(self) -> list[tuple[int, int]]:
        taken_s, missing = 0.0, list[tuple[int, int]]()
        for hole in self.holes.of_track:
            rest_s = hole.end - hole.start - LONG_HOLE_S
            if hole.end <= self._end_s:
                at_s = hole.start - taken_s + LONG_HOLE_S / 2
                missing.append((round(at_s * SAMPLE_RATE_HZ), round(rest_s * SAMPLE_RATE_HZ)))
            taken_s += rest_s
        return missing


def _silence(block: NDArray[np.float32], before_s: float) -> tuple[float, float]:
    """Seconds of silence that a block ends with, and the longest in it; `before_s` were there before it."""
    n_steps = len(block) // _LOOK_EVERY
    steps = block[: n_steps * _LOOK_EVERY].reshape(n_steps, _LOOK_EVERY)
    step_s, longest = _LOOK_EVERY / SAMPLE_RATE_HZ, before_s
    for step in steps:
        before_s = 0.0 if step.any() else before_s + step_s
        longest = max(longest, before_s)
    return before_s, longest
