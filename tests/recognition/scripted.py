"""Chunks without sound, and what a decoder could have said about their windows."""

from dataclasses import dataclass

import numpy as np
from scripted_model import HELLO, WORLD

from ovsubs.audio.chunks import Chunk
from ovsubs.audio.regions import SpeechRegion
from ovsubs.recognition import Components, TranscribeOptions
from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.recognition.fallback import Attempt, Verdict
from ovsubs.spans import Span
from ovsubs.whisper.decoding import DecodedWindow

RATE = 16_000
PAD_S = 0.2
GOOD, UNLIKELY, LOOP, SILENT = Verdict.GOOD, Verdict.UNLIKELY, Verdict.LOOP, Verdict.SILENT


def chunk(start: float, end: float, *speech: tuple[float, float], after_sound: bool = False) -> Chunk:
    """A chunk of silence that is said to hold speech; by default all but 0.2 s at its ends."""
    samples = np.zeros(round((end - start) * RATE), np.float32)
    regions = speech or ((start + PAD_S, end - PAD_S),)
    return Chunk(Span(start, end), samples, tuple(SpeechRegion(*region, after_sound) for region in regions))


@dataclass(frozen=True)
class Script:
    """Writes decoded windows in the tokens of the engine's checkpoint."""

    components: Components

    def time(self, seconds: float) -> int:
        return self.components.tokenizer.special.timestamp_begin + round(seconds / 0.02)

    def decoded(self, *tokens: int, avg_logprob: float = -0.3, finished: bool = True) -> DecodedWindow:
        return DecodedWindow(tokens, avg_logprob, 0.1, finished)

    def said(self, *pieces: tuple[int, float, float], avg_logprob: float = -0.3) -> DecodedWindow:
        """Words with their start and end in the window, in seconds."""
        tokens = [token for word, start, end in pieces for token in (self.time(start), word, self.time(end))]
        return self.decoded(*tokens, avg_logprob=avg_logprob)

    def loop(self, *, finished: bool = False) -> DecodedWindow:
        return self.decoded(self.time(0.0), *[HELLO, WORLD] * 100, finished=finished)


class ScriptedChunk:
    """One chunk being read by a script."""

    def __init__(self, script: Script, of: Chunk, options: TranscribeOptions | None = None) -> None:
        self.script = script
        self.options = options or TranscribeOptions()
        self.decoder = ChunkDecoder(of, of.span.start, self.options)

    @property
    def place(self) -> tuple[float, float]:
        window = self.decoder.window.window
        return round(window.start, 3), round(window.end, 3)

    @property
    def attempt(self) -> Attempt:
        return self.decoder.attempt

    def accept(self, decoded: DecodedWindow, verdict: Verdict = GOOD) -> None:
        self.decoder.accept(decoded, verdict, "en", self.script.components)

    def say(self, *pieces: tuple[int, float, float]) -> None:
        self.accept(self.script.said(*pieces))
