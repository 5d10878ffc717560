"""Log-mel windows -> greedy tokens, ours and those of transformers, and where they part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.whisper.decoding import WindowRequest, decode
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.model import WhisperModel
from ovsubs.whisper.tokenizer import SpecialTokens, WhisperTokenizer

BATCH_SIZE = 8  # windows that are decoded together

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first token of a window in which two texts differ; an end is the end-of-text token.

    `margin` is how much likelier ours is than theirs to our decoder, in natural-log units: 0 is a tie, and
    negative says that it would have taken theirs.
    """

    place: int
    ours: int
    theirs: int
    margin: float


def our_tokens(
    model: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32], language: str
) -> list[Tokens]:
    """Greedy text and timestamp tokens of each window.

    Args:
        model: any.
        tokenizer: of the same checkpoint.
        mels: float32 [windows, n_mels, 3000].
        language: code or name.
    """
    filters = LogitFilters(tokenizer.special, model.n_vocab)
    cache = model.cross_kv_cache(BATCH_SIZE)
    found = list[Tokens]()
    for first in range(0, len(mels), BATCH_SIZE):
        batch = list(mels[first : first + BATCH_SIZE])
        with model.session(batch, cache) as session:
            requests = [WindowRequest(tokenizer.prompt(language, "transcribe"))] * len(batch)
            found += [window.tokens for window in decode(session, requests, filters, tokenizer.special)]
    return found


def reference_tokens(
    checkpoint: Path,
    tokenizer: WhisperTokenizer,
    mels: NDArray[np.float32],
    language: str,
    *,
    report: Callable[[int], None] = lambda n_done: None,
) -> list[Tokens]:
    """The same by transformers' `generate` on PyTorch in float32.

    Where the text ends before the window does, `generate` goes on from there; only what it heard in the whole
    window is returned.

    Args:
        checkpoint: a Hugging Face directory.
        tokenizer: of the same checkpoint.
        mels: float32 [windows, n_mels, 3000].
        language: code or name.
        report: told how many windows are done.
    """
    import torch
    import transformers

    model = transformers.WhisperForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
    asked = {"language": language, "task": "transcribe"} if tokenizer.multilingual else {}
    found = list[Tokens]()
    for first in range(0, len(mels), BATCH_SIZE):
        batch = torch.from_numpy(mels[first : first + BATCH_SIZE])
        generated = model.generate(batch, return_timestamps=True, num_beams=1, do_sample=False, **asked)
        found += [first_pass(row.tolist(), tokenizer.special) for row in generated]
        report(len(found))
    return found


def first_pass(generated: Sequence[int], special: SpecialTokens) -> Tokens:
    """Text and times until time runs backwards: there another window begins."""
    heard, newest = list[int](), 0
    for token in generated:
        if token >= special.timestamp_begin:
            if token < newest:
                break
            newest = token
        if token < special.eot or token >= special.timestamp_begin:
            heard.append(token)
    return tuple(heard)


def find_difference(
    model: WhisperModel,
    tokenizer: WhisperTokenizer,
    mel: NDArray[np.float32],
    language: str,
    ours: Tokens,
    theirs: Tokens,
) -> Difference | None:
    """Where two texts of a window part, and how near our decoder was to the other one; None if nowhere.

    Args:
        model: any.
        tokenizer: of the same checkpoint.
        mel: float32 [n_mels, 3000].
        language: code or name.
        ours: text and timestamp tokens.
        theirs: the same of another decoder.
    """
    eot = tokenizer.special.eot
    pairs = list(zip_longest(ours, theirs, fillvalue=eot))
    place = next((n for n, (mine, other) in enumerate(pairs) if mine != other), None)
    if place is None:
        return None
    before = list(ours[:place])
    prompt = np.array([[*tokenizer.prompt(language, "transcribe"), *before]])
    with model.session([mel], model.cross_kv_cache(1)) as session:
        logits = session.step(prompt)[:, -1].copy()
    allowed = LogitFilters(tokenizer.special, model.n_vocab).apply(logits, [before])[0]
    mine, other = pairs[place]
    return Difference(place, mine, other, float(allowed[mine] - allowed[other]))
