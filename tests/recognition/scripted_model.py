"""A model without weights: what it says of a window follows from the window's sound alone."""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from ovsubs.audio.chunks import Chunk
from ovsubs.audio.regions import SpeechRegion
from ovsubs.audio.vad import open_detector
from ovsubs.errors import ClosedModel
from ovsubs.recognition import Components, TrackUpdate
from ovsubs.spans import Span
from ovsubs.timing import Stopwatch
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.tokenizer import WhisperTokenizer

RATE = 16_000
N_BYTES, N_WORDS = 256, 500
HELLO, WORLD = N_BYTES, N_BYTES + 1  # " Hello", " world"
FIRST_WORD = N_BYTES + 2
EOT = FIRST_WORD + N_WORDS
LANGUAGES = ("en", "de", "fr")
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{code}|>" for code in LANGUAGES),
    "<|translate|>",
    "<|transcribe|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMESTAMP_BEGIN = EOT + len(SPECIAL)
N_VOCAB = TIMESTAMP_BEGIN + 1501
CLEAR = 0.5  # of the largest value of a log-mel spectrogram
SURE, UNSURE = 30.0, 5.0  # logits of what is said, above 0 for the rest: beyond doubt, and below -1.0


def scripted_components(directory: Path) -> Components:
    """The parts of a model, all real but for the graphs."""
    # Any text is made of bytes; what the model says is made of words of a token each.
    vocabulary = {one: n for n, one in enumerate(sorted(ByteLevel.alphabet()))}
    tokenizer = Tokenizer(BPE(vocabulary, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = ByteLevel(add_prefix_space=False), ByteLevelDecoder()
    tokenizer.add_tokens([" Hello", " world", *(f" w{n}" for n in range(N_WORDS))])
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(directory / "tokenizer.json"))
    config = {"vocab_size": N_VOCAB, "decoder_layers": 2, "encoder_layers": 2}
    generation = {
        "is_multilingual": True,
        "lang_to_id": {f"<|{code}|>": EOT + SPECIAL.index(f"<|{code}|>") for code in LANGUAGES},
    }
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (directory / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")
    of_directory = WhisperTokenizer(directory)
    return Components(
        open_detector(), ScriptedWhisper(directory), of_directory, LogitFilters(of_directory.special, N_VOCAB)
    )


def sound(seed: int, seconds: float, *, is_clear: bool = True) -> NDArray[np.float32]:
    """Noise that is another one for each seed; the model is unsure of what is not clear."""
    draws = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return ((0.1 if is_clear else 0.001) * draws).clip(-1, 1).astype(np.float32)


def chunk_of(seed: int, start: float, seconds: float, *, is_clear: bool = True) -> Chunk:
    """A chunk that is speech from its beginning to its end."""
    span = Span(start, start + seconds)
    return Chunk(span, sound(seed, seconds, is_clear=is_clear), (SpeechRegion(span.start, span.end),))


class ScriptedWhisper:
    """In the place of the compiled graphs. `batches` and `caches`: the number of windows of each.

    `on_session` is called when one opens, in the thread that decodes.
    """

    n_mels, n_vocab, any_length, has_short_keys, window_bytes = 80, N_VOCAB, True, True, 1

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.batches = list[int]()
        self.caches = list[int]()
        self.on_session = lambda: None
        self._is_closed = False
        self._in_use = threading.Lock()

    def check_open(self) -> None:
        if self._is_closed:
            raise ClosedModel(self.directory)

    def close(self) -> None:
        self._is_closed = True

    def cross_kv_cache(self, n_windows: int) -> int:
        self.caches.append(n_windows)
        return n_windows

    @contextmanager
    def session(
        self, mels: Sequence[NDArray[np.float32]], cache: int, clock: Stopwatch | None = None
    ) -> Iterator["ScriptedSession"]:
        self.check_open()
        assert len(mels) * max(mel.shape[1] for mel in mels) <= cache * 3000
        assert self._in_use.acquire(blocking=False)  # one session at a time has the memory
        try:
            self.batches.append(len(mels))
            self.on_session()
            yield ScriptedSession(mels, self.directory)
        finally:
            self._in_use.release()


class ScriptedSession:
    """Says its script whatever tokens are fed."""

    def __init__(self, mels: Sequence[NDArray[np.float32]], directory: Path) -> None:
        self.directory = directory
        self._scripts = [_script(mel) for mel in mels]
        self._n_fed = 0

    @property
    def n_windows(self) -> int:
        return len(self._scripts)

    def step(
        self,
        tokens: NDArray[np.int64],
        beam_idx: Any = None,
        rows_per_window: Sequence[int] | None = None,
        logit_positions: Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        n_rows = rows_per_window or [1] * len(self._scripts)
        logits = np.zeros((len(tokens), len(logit_positions or [0]), N_VOCAB), np.float32)
        first = 0
        for script, n in zip(self._scripts, n_rows, strict=True):
            logits[first : first + n, -1, script.token(self._n_fed)] = script.sureness
            logits[first : first + n, :, script.language] += 1.0
            first += n
        self._n_fed += 1
        return logits

    @property
    def queries(self) -> NDArray[np.float32]:
        raise AssertionError("nobody asks for the times of words")

    def keys(self, window: int, length_s: float) -> NDArray[np.float32]:
        raise AssertionError("nobody asks for the times of words")

    def compact(self, wanted: Sequence[bool]) -> list[int]:
        order = [place for place, one in enumerate(wanted) if one]
        self._scripts = [self._scripts[place] for place in order]
        return order

    def reset(self) -> None:
        self._n_fed = 0


class _Script:
    """Tokens of a window, its language, and how sure the model is of them."""

    def __init__(self, digest: bytes, sureness: float) -> None:
        words = [digest[n] + 256 * (digest[n + 1] % 2) for n in range(3 + digest[0] % 8)]
        text = [FIRST_WORD + min(word, N_WORDS - 1) for word in words]
        self._tokens = [TIMESTAMP_BEGIN, *text, TIMESTAMP_BEGIN + 1500, EOT]
        self.language = EOT + 2 + digest[30] % len(LANGUAGES)
        self.sureness = sureness

    def token(self, place: int) -> int:
        return self._tokens[min(place, len(self._tokens) - 1)]


def _script(mel: NDArray[np.float32]) -> _Script:
    heard = np.round(mel[:, :50].astype(np.float64), 2)
    return _Script(hashlib.sha256(heard.tobytes()).digest(), SURE if heard.max() > CLEAR else UNSURE)


def whisper_of(components: Components) -> ScriptedWhisper:
    return cast("ScriptedWhisper", components.whisper)


def texts(updates: Sequence[TrackUpdate], track: int) -> list[tuple[float, float, str]]:
    return [
        (segment.start, segment.end, segment.text)
        for update in updates
        if update.track == track
        for segment in update.segments
    ]
