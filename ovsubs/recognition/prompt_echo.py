"""Text that only repeats the prompt: Whisper writes it over noise, with the probabilities of real speech.

Neither the log-probability nor the no-speech probability distinguishes an echo from spoken words (-0.34 and
0.44 over a crowd's babble). Words that were spoken are recognized without the prompt, too, so the window is
decoded again without it. The echo is kept if its words are there, in whatever spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.text_overlap import share_in_runs
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_RUN_WORDS = 3  # in the prompt's order: fewer words of a sentence are in any text
LONG_RUN_WORDS = 4  # in the prompt's order, within another text
MIN_ECHO = 0.8  # of a text's words; the rest are misspelled ("Howdy" for "Hildy")
MIN_CONFIRMED = 0.6  # of the letters of an echo, in runs of three: names are spelled in another way
_WORD = re.compile(r"\w+")


def echoes_prompt(decoded: DecodedWindow, tokenizer: WhisperTokenizer, options: TranscribeOptions) -> bool:
    """Whether the text of a window, or a part of it, consists of words of the prompt or of hotwords."""
    return bool(_echoes(decoded, tokenizer, options))


def is_confirmed(
    echo: DecodedWindow, unprompted: DecodedWindow, tokenizer: WhisperTokenizer, options: TranscribeOptions
) -> bool:
    """Whether a text that was decoded without the prompt has all the words that `echo` repeats of it."""
    letters = "".join(_words(tokenizer.decode(unprompted.tokens)))
    return echo.finished and all(
        share_in_runs("".join(words), letters, min_run=3) >= MIN_CONFIRMED
        for words in _echoes(echo, tokenizer, options)
    )


def _echoes(
    decoded: DecodedWindow, tokenizer: WhisperTokenizer, options: TranscribeOptions
) -> list[list[str]]:
    """The words of the whole text if it is an echo, else of each part of it that is a long one."""
    hotwords, prompt = (_words(text or "") for text in (options.hotwords, options.initial_prompt))
    prompted = [*hotwords, *prompt]  # in the order of the decoder's prompt
    text = _words(tokenizer.decode(decoded.tokens))
    if not prompted or not text:
        return []
    n_in_runs = sum(len(run) for run in _runs(text, prompted, MIN_RUN_WORDS))
    if max(n_in_runs, sum(word in hotwords for word in text)) >= MIN_ECHO * len(text):
        return [text]
    return list(_runs(text, prompted, LONG_RUN_WORDS)) if len(prompted) >= MIN_RUN_WORDS else []


def _runs(text: Sequence[str], prompted: Sequence[str], min_words: int) -> Iterator[list[str]]:
    """Runs of at least `min_words` words of the text that the prompt has, too; from each word the longest."""
    least = min(min_words, len(text), len(prompted))
    first = 0
    while first < len(text):
        longest = max(_n_common(text, first, prompted, place) for place in range(len(prompted)))
        if longest >= least:
            yield list(text[first : first + longest])
        first += longest if longest >= least else 1


def _n_common(text: Sequence[str], first: int, prompted: Sequence[str], place: int) -> int:
    """The number of words that are the same in both from the given places on."""
    n = 0
    while first + n < len(text) and place + n < len(prompted) and text[first + n] == prompted[place + n]:
        n += 1
    return n


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
