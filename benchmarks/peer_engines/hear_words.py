"""Recordings -> words with their times, by a tool of the peers' environment.

    python -P hear_words.py job.json

"pocketsphinx" is told the words and finds when they are spoken (forced alignment with a hidden Markov model
of phones, in steps of 10 ms): the reference. "faster-whisper" hears for itself.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAMPLE_RATE_HZ = 16000
FRAMES_PER_S = 100  # of pocketsphinx
WIDE_BEAM = 1e-100  # of pocketsphinx; with its own an alignment may fail

# A word, and from when to when it is spoken, in seconds of the file; NaN where that is not known.
TimedWord = tuple[str, float, float]


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: `tool` is a name in `TOOLS`. Each file is a path with its utterances: start, end, text."""

    tool: str
    model: str
    threads: int
    files: list[tuple[str, list[tuple[float, float, str]]]]
    output: str
    languages: list[str] = field(default_factory=list)  # of the files; English without
    vad_filter: bool = False  # of faster-whisper


def pocketsphinx(job: Job) -> Iterator[list[TimedWord]]:
    """The words of the transcript; without times in utterances with a word that is not in the dictionary."""
    import numpy as np
    import soundfile
    from pocketsphinx import Config, Decoder

    decoder = Decoder(
        Config(lm=None, samprate=SAMPLE_RATE_HZ, beam=WIDE_BEAM, pbeam=WIDE_BEAM, logfn="/dev/null")
    )
    for path, utterances in job.files:
        samples, _ = soundfile.read(path, dtype="int16")
        found = list[TimedWord]()
        for start, end, text in utterances:
            words = text.lower().split()
            if any(decoder.lookup_word(word) is None for word in words):
                found += [(word, math.nan, math.nan) for word in words]
                continue
            piece = np.ascontiguousarray(samples[round(start * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)])
            found += _align(decoder, piece.tobytes(), words, start)
        yield found


def _align(decoder: Any, sound: bytes, words: list[str], start: float) -> list[TimedWord]:
    unknown = [(word, math.nan, math.nan) for word in words]
    try:
        decoder.set_align_text(" ".join(words))
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        pieces = list(decoder.seg())
    except RuntimeError:  # it found no way through
        return unknown
    spoken = [one for one in pieces if not one.word.startswith(("<", "["))]  # silence and noise
    if [one.word.split("(")[0] for one in spoken] != words:
        return unknown
    return [
        (word, start + one.start_frame / FRAMES_PER_S, start + (one.end_frame + 1) / FRAMES_PER_S)
        for word, one in zip(words, spoken, strict=True)
    ]


def faster_whisper(job: Job) -> Iterator[list[TimedWord]]:
    """As its documentation shows it, with `word_timestamps`."""
    from faster_whisper import WhisperModel

    model = WhisperModel(job.model, device="cpu", compute_type="float32", cpu_threads=job.threads)
    languages = job.languages or ["en"] * len(job.files)
    for (path, _), language in zip(job.files, languages, strict=True):
        segments, _ = model.transcribe(
            path, language=language, beam_size=5, word_timestamps=True, vad_filter=job.vad_filter
        )
        yield [(word.word, word.start, word.end) for segment in segments for word in segment.words or ()]


TOOLS: dict[str, Callable[[Job], Iterator[list[TimedWord]]]] = {
    "pocketsphinx": pocketsphinx,
    "faster-whisper": faster_whisper,
}


if __name__ == "__main__":
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(job.output).write_text(json.dumps(list(TOOLS[job.tool](job))), encoding="utf-8")
