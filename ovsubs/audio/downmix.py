"""All channels of a track -> one in which the voice is heard, wherever among them it is.

The plain mean is taken where it does no harm: its weights are those of ffmpeg, which are ITU-R BS.775's. It
does harm where channels cancel, where one in eight speaks, and where the others drown it. What is done then
is decided on fixed places of the track, so that it does not depend on how the samples arrive.

- Channels that cancel (their sum has far less energy than they have): the loudest of them alone. It holds
  all that is said; their difference would hold only what they do not share.
- Channels without speech next to one with speech: they are turned down. Speech pauses, music and noise do so
  less: the share of frames below half the mean loudness tells them apart (E. Scheirer and M. Slaney,
  "Construction and evaluation of a robust multifeature speech/music discriminator", ICASSP 1997).
- A voice that the mean makes four times quieter (an eighth of eight channels, or what is called LFE): the
  mean of what there is, as loud as the loudest.

Energies are those of the differences between samples 0.5 ms apart, which is a band-pass: full at 1 kHz, half
at 0.5 and at 1.5 kHz, where voices are loudest, and less than a hundredth at 50 Hz, where rumble is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

STEP = 1600  # samples, 0.1 s: how fast it is noticed that channels cancel, and how long a change takes
PIECE = 80_000  # samples, 5 s: for which is decided which channels speak; heard from 5 s before to 5 s after
_LAG = 8  # samples, 0.5 ms
_FULL_SCALE = 32768.0  # s16

_ALMOST_GONE = 0.1  # of the energy of its channels is left in a sum: one of them instead ...
_WELL = (
    0.3  # ... and with this much not, and in between something in between. 1.0: they have nothing in common
)
_AROUND = 10  # steps, 1 s: for so long channels have to cancel
_ALIKE = 0.5  # correlation; two such channels are one recording
_QUIETER = 0.5  # of the mean loudness: below it a frame counts as quiet (Scheirer and Slaney)
# Share of quiet frames, 0.1 s long, in 15 s. Measured: speech in six languages 0.29 to 0.50, talk over music
# 0.18; music 0.01 to 0.23 (drums 0.33), rain, dishes and applause 0.00 to 0.17 (thunder up to 0.5).
_SPEECH, _NO_SPEECH = 0.3, 0.15
_STEADY = 4.0  # a channel whose energy never rises to so many times its lowest is a hum or a hiss
_LEAST, _LEAST_STEADY = 0.25, 1 / 16  # weight of what is no speech, and of what is steady, beside speech
_AS_LIKELY = 0.7  # as the likeliest channel: such a one is speech, too
_DROWNS = 0.1  # of the energy of the speech: what has more beside it does harm
_TOO_QUIET = 1 / 16  # of the energy that the loudest channel has: so little of it in the mean is too little
_SILENT = 1e-5  # of the energy of the loudest channel: nobody hears it

_FRONT, _CENTRE, _BACK = 0.5**0.5, 1.0, 0.5  # ITU-R BS.775-3, annex 4, as ffmpeg has them (libswresample)
_WEIGHTS = {
    **dict.fromkeys(("FL", "FR", "FLC", "FRC", "TFL", "TFR", "DL", "DR", "BIL", "BIR"), _FRONT),
    "FC": _CENTRE,
    "LFE": 0.0,
    "LFE2": 0.0,
}
# ffmpeg's names of layouts (libavutil, channel_layout.c).
_LAYOUTS = {
    "stereo": "FL FR",
    "downmix": "DL DR",
    "binaural": "BIL BIR",
    "2.1": "FL FR LFE",
    "3.0": "FL FR FC",
    "3.0(back)": "FL FR BC",
    "4.0": "FL FR FC BC",
    "quad": "FL FR BL BR",
    "quad(side)": "FL FR SL SR",
    "3.1": "FL FR FC LFE",
    "5.0": "FL FR FC BL BR",
    "5.0(side)": "FL FR FC SL SR",
    "4.1": "FL FR FC LFE BC",
    "5.1": "FL FR FC LFE BL BR",
    "5.1(side)": "FL FR FC LFE SL SR",
    "6.0": "FL FR FC BC SL SR",
    "6.0(front)": "FL FR FLC FRC SL SR",
    "3.1.2": "FL FR FC LFE TFL TFR",
    "hexagonal": "FL FR FC BL BR BC",
    "6.1": "FL FR FC LFE BC SL SR",
    "6.1(back)": "FL FR FC LFE BL BR BC",
    "6.1(front)": "FL FR LFE FLC FRC SL SR",
    "7.0": "FL FR FC BL BR SL SR",
    "7.0(front)": "FL FR FC FLC FRC SL SR",
    "7.1": "FL FR FC LFE BL BR SL SR",
    "7.1(wide)": "FL FR FC LFE BL BR FLC FRC",
    "7.1(wide-side)": "FL FR FC LFE FLC FRC SL SR",
    "5.1.2": "FL FR FC LFE SL SR TFL TFR",
    "5.1.2(back)": "FL FR FC LFE BL BR TFL TFR",
    "octagonal": "FL FR FC BL BR BC SL SR",
    "cube": "FL FR BL BR TFL TFR TBL TBR",
    "5.1.4": "FL FR FC LFE SL SR TFL TFR TBL TBR",
    "7.1.2": "FL FR FC LFE BL BR SL SR TFL TFR",
    "7.1.4": "FL FR FC LFE BL BR SL SR TFL TFR TBL TBR",
    "7.2.3": "FL FR FC LFE BL BR SL SR TFL TFR TBC LFE2",
    "9.1.4": "FL FR FC LFE BL BR FLC FRC SL SR TFL TFR TBL TBR",
    "9.1.6": "FL FR FC LFE BL BR FLC FRC SL SR TFL TFR TBL TBR TSL TSR",
    "hexadecagonal": "FL FR FC BL BR BC SL SR TFL TFC TFR TBL TBC TBR WL WR",
    "22.2": "FL FR FC LFE BL BR FLC FRC BC SL SR TC TFL TFC TFR TBL TBC TBR LFE2 TSL TSR BFC BFL BFR",
}


def plain_weights(layout: str) -> NDArray[np.float32] | None:
    """What each channel has in the plain mean; together 1. None: one channel, or nobody knows how many.

    Args:
        layout: as ffmpeg calls it: "5.1(side)", or "10 channels" where they have no places.
    """
    if layout in _LAYOUTS:
        weights = np.array([_WEIGHTS.get(name, _BACK) for name in _LAYOUTS[layout].split()])
    elif layout.endswith(" channels") and layout.split()[0].isdecimal():
        weights = np.ones(int(layout.split()[0]))
    else:
        return None
    return (weights / weights.sum()).astype(np.float32) if len(weights) > 1 else None


def mix_down(parts: Iterable[NDArray[np.int16]], plain: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Mix the channels of a track, 16 kHz, down to one; three pieces of 5 s are in memory.

    Args:
        parts: consecutive samples of all channels, in parts of any length.  # int16 [n_samples, n_channels]
        plain: weights of the plain mean; see `plain_weights`.  # float32 [n_channels]

    Yields:
        As many samples, in pieces of 5 s, in [-1, 1].  # float32 [n_samples]
    """
    before: _Piece | None = None
    here: _Piece | None = None
    mixer = _Mixer(plain)
    for samples in _pieces(parts, len(plain)):
        after = _Piece.of(samples)
        if here is not None:
            yield mixer.mix(before, here, after)
        before, here = here, after
    if here is not None:
        yield mixer.mix(before, here, None)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Five seconds, or what is left: its samples and what its channels have in common in each step.

    `covariance` is that of the differences between samples `_LAG` apart.
    # float32 [n_steps, n_channels, n_channels]
    """

    samples: NDArray[np.float32]  # [n_samples, n_channels]
    covariance: NDArray[np.float32]

    @classmethod
    def of(cls, raw: NDArray[np.int16]) -> "_Piece":
        samples = raw.astype(np.float32) / _FULL_SCALE
        n_steps, n_channels = -(-len(samples) // STEP), samples.shape[1]
        changes = np.zeros((n_steps * STEP, n_channels), np.float32)
        np.subtract(samples[_LAG:], samples[:-_LAG], out=changes[_LAG : max(_LAG, len(samples))])
        steps = changes.reshape(n_steps, STEP, n_channels)
        covariance: NDArray[np.float32] = steps.transpose(0, 2, 1) @ steps
        return cls(samples, covariance / np.float32(STEP))


class _Mixer:
    """Mixes one piece after the other. What it remembers is how the last one ended."""

    def __init__(self, plain: NDArray[np.float32]) -> None:
        self._plain = plain
        self._weights: NDArray[np.float32] | None = None  # at the end of the piece before
        self._alone = -1  # the channel that was taken last where others cancelled it

    def mix(self, before: _Piece | None, here: _Piece, after: _Piece | None) -> NDArray[np.float32]:
        near = np.concatenate([piece.covariance for piece in (before, here, after) if piece is not None])
        base = self._plain if _is_one_recording(here) else speech_weights(near, self._plain)
        weights = self._without_cancelling(base, _lost(base, before, here, after), here)
        first = weights[0] if self._weights is None else self._weights
        ramps = np.concatenate([first[None], weights])  # [n_steps + 1, n_channels]
        self._weights = weights[-1]
        if (ramps == ramps[0]).all():
            mixed: NDArray[np.float32] = here.samples @ ramps[0]
        else:
            mixed = _mix_changing(here.samples, ramps)
        return np.clip(mixed, -1.0, 1.0, out=mixed)

    def _without_cancelling(
        self, base: NDArray[np.float32], lost: NDArray[np.float32], here: _Piece
    ) -> NDArray[np.float32]:
        """Weights at the end of each step: of one channel where the base is lost.  # [n_steps, n_channels]"""
        energies = np.diagonal(here.covariance, axis1=1, axis2=2) * base**2  # [n_steps, n_channels]
        weights = np.repeat(base[None], len(lost), axis=0)
        for step in np.flatnonzero(lost):
            # The same channel as long as it holds its own: between two that cancel there is nothing.
            loudest = int(energies[step].argmax())
            if self._alone < 0 or energies[step, self._alone] < 0.5 * energies[step, loudest]:
                self._alone = loudest
            weights[step] *= 1.0 - lost[step]
            weights[step, self._alone] += lost[step]
        return weights


def _lost(
    base: NDArray[np.float32], before: _Piece | None, here: _Piece, after: _Piece | None
) -> NDArray[np.float32]:
    """How much of the sound is lost in each step, 0 to 1, since channels cancel.  # float32 [n_steps]

    A second before the step is looked at, and one from it on. In both something may be left for moments,
    where a voice pauses before music whose channels cancel: that voice is heard best without the music.
    """
    held = [before.covariance[-_AROUND:]] if before is not None else []
    coming = [after.covariance[:_AROUND]] if after is not None else []
    covariance = np.concatenate([*held, here.covariance, *coming])
    together = np.einsum("c,scd,d->s", base, covariance, base)
    apart = np.diagonal(covariance, axis1=1, axis2=2) @ base**2
    left = np.minimum(_left(together, apart), _left(together[::-1], apart[::-1])[::-1])
    lost = np.clip((_WELL - left) / (_WELL - _ALMOST_GONE), 0.0, 1.0)
    # Begun early and ended late: a change takes a step, and one may lie in the middle of a step.
    padded = np.concatenate([[0.0], lost, [0.0, 0.0]])
    widened = np.max([padded[first : first + len(lost)] for first in range(4)], axis=0)
    n_held = len(held[0]) if held else 0
    in_piece: NDArray[np.float64] = widened[n_held : n_held + len(here.covariance)]
    return in_piece.astype(np.float32)


def _left(together: NDArray[np.float32], apart: NDArray[np.float32]) -> NDArray[np.float64]:
    """Energy of the mix over that of its channels, in the second from each step on; 1 in silence."""
    over_a_second = [
        np.convolve(energies.astype(np.float64), np.ones(_AROUND))[_AROUND - 1 :]
        for energies in (together, apart)
    ]
    mixed, alone = over_a_second
    return np.divide(mixed, alone, out=np.ones_like(alone), where=alone > 0.0)


def speech_weights(covariance: NDArray[np.float32], plain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights of the channels for a stretch: the plain ones, unless they lose a voice.

    Args:
        covariance: of the channels in each step of 0.1 s.  # float32 [n_steps, n_channels, n_channels]
        plain: weights of the plain mean.  # float32 [n_channels]
    """
    energies, whole = np.diagonal(covariance, axis1=1, axis2=2), covariance.mean(0)
    mean = whole.diagonal()
    heard = mean > _SILENT * mean.max()
    if not heard.any():
        return plain
    likely = np.where(heard, _likelihoods(energies), 0.0)  # [n_channels]
    likely /= likely.max()
    speech = likely > _AS_LIKELY
    contributed, loudest = plain**2 * mean, mean[speech].max()
    is_drowned = contributed[~speech].sum() > _DROWNS * contributed[speech].sum()
    is_too_quiet = _energy(plain * speech, whole) < _TOO_QUIET * loudest
    if not is_drowned and not is_too_quiet:
        return plain
    weights = np.where(plain > 0.0, plain, plain[plain > 0.0].min()) * likely
    weights /= weights.sum()
    if is_too_quiet:
        loudness = np.sqrt(_energy(weights * speech, whole) / loudest)
        weights *= min(1.0 / max(loudness, 1e-3), 1.0 / weights.max())
    return weights.astype(np.float32)


def _energy(weights: NDArray[np.float32], covariance: NDArray[np.float32]) -> float:
    """Of a mix. Channels that cancel count as if they had nothing in common: one of them will be taken."""
    return float(max(weights @ covariance @ weights, (weights**2 * covariance.diagonal()).sum()))


def _likelihoods(energies: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much each channel behaves like speech, from `_LEAST_STEADY` to 1.  # float64 [n_channels]"""
    loudness = np.sqrt(energies)
    quiet = (loudness < _QUIETER * loudness.mean(0)).mean(0)
    speechlike = np.clip((quiet - _NO_SPEECH) / (_SPEECH - _NO_SPEECH), 0.0, 1.0)
    in_order = np.sort(energies, axis=0)
    lowest, highest = in_order[len(in_order) // 10], in_order[max(0, len(in_order) - 3)]
    return np.where(highest < _STEADY * lowest, _LEAST_STEADY, _LEAST ** (1.0 - speechlike))


def _is_one_recording(piece: _Piece) -> bool:
    """Whether it is ordinary stereo: two channels that have most of their sound in common."""
    both = piece.covariance.sum(0)
    return len(both) == 2 and bool(both[0, 1] > _ALIKE * np.sqrt(both[0, 0] * both[1, 1]))


def _mix_changing(samples: NDArray[np.float32], ramps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mix with weights that go from one to the next in a straight line within each step: nothing clicks."""
    mixed = np.empty(len(samples), np.float32)
    rising = (np.arange(STEP, dtype=np.float32) + 1.0) / STEP
    for step, (old, new) in enumerate(pairwise(ramps)):
        part = samples[step * STEP : (step + 1) * STEP]
        share = rising[: len(part)]
        mixed[step * STEP : step * STEP + len(part)] = (part @ old) * (1.0 - share) + (part @ new) * share
    return mixed


def _pieces(parts: Iterable[NDArray[np.int16]], n_channels: int) -> Iterator[NDArray[np.int16]]:
    held = np.zeros((0, n_channels), np.int16)
    for part in parts:
        held = np.concatenate([held, part])
        n_whole = len(held) // PIECE * PIECE
        yield from (held[begin : begin + PIECE] for begin in range(0, n_whole, PIECE))
        held = held[n_whole:]
    if len(held):
        yield held
