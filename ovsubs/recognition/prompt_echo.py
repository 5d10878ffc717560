"""Text that only repeats the prompt: Whisper writes it over noise, as sure of it as of speech.

Neither its log probability nor that of "no speech" tells an echo from words that are spoken (-0.34 and 0.44
over a crowd's babble). What is really said is heard without the prompt, too: so the window is decoded again
without it, and the text stays if it is heard then, in whatever spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.text_overlap import share_of_runs
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_RUN = 3  # words in the prompt's order: fewer of a sentence are anybody's words
LONG_RUN = 4  # words in the prompt's order within another text
MIN_ECHO = 0.8  # of a text's words; the rest are slips ("Howdy" for "Hildy")
MIN_HEARD = 0.6  # of the letters of an echo, in runs of three: names are spelled in another way
_WORD = re.compile(r"\w+")


def echoes_prompt(decoded: DecodedWindow, tokenizer: WhisperTokenizer, options: TranscribeOptions) -> bool:
    """Whether the text of a window, or a stretch of it, is made of the prompt or of hotwords."""
    return bool(_echoes(decoded, tokenizer, options))


def is_heard_without(
    echo: DecodedWindow, decoded: DecodedWindow, tokenizer: WhisperTokenizer, options: TranscribeOptions
) -> bool:
    """Whether all that `echo` repeats of the prompt is in a text that was decoded without it."""
    heard = "".join(_words(tokenizer.decode(decoded.tokens)))
    return echo.finished and all(
        _share_heard(text, heard) >= MIN_HEARD for text in _echoes(echo, tokenizer, options)
    )


def _share_heard(text: Sequence[str], heard: str) -> float:
    return share_of_runs("".join(text), heard, min_run=3)


def _echoes(
    decoded: DecodedWindow, tokenizer: WhisperTokenizer, options: TranscribeOptions
) -> list[list[str]]:
    """The words of the whole text if it is an echo, else of each part that is a long one."""
    hotwords, prompt = (_words(text or "") for text in (options.hotwords, options.initial_prompt))
    given = [*hotwords, *prompt]  # as the decoder is given them
    text = _words(tokenizer.decode(decoded.tokens))
    if not given or not text:
        return []
    in_runs = sum(len(run) for run in _runs(text, given, MIN_RUN))
    if max(in_runs, sum(word in hotwords for word in text)) >= MIN_ECHO * len(text):
        return [text]
    return list(_runs(text, given, LONG_RUN)) if len(given) >= MIN_RUN else []


def _runs(text: Sequence[str], given: Sequence[str], least: int) -> Iterator[list[str]]:
    """Stretches of the text that stand in the prompt: `least` words or more, the longest from each place."""
    least = min(least, len(text), len(given))
    first = 0
    while first < len(text):
        longest = max(_common(text, first, given, place) for place in range(len(given)))
        if longest >= least:
            yield list(text[first : first + longest])
        first += longest if longest >= least else 1


def _common(text: Sequence[str], first: int, prompt: Sequence[str], place: int) -> int:
    """How many words are the same from two places on."""
    n = 0
    while first + n < len(text) and place + n < len(prompt) and text[first + n] == prompt[place + n]:
        n += 1
    return n


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
