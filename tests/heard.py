"""What was heard, compared as a person would: by its words, not by commas, capitals or lines.

A model gives another comma, and now and then another word, on a CPU that rounds otherwise.
"""

import re
from collections.abc import Sequence

SAMPLE_SAYS = "ever tried ever failed no matter try again fail again fail better"
_TIMES = re.compile(r"^(?:\d+|.*-->.*|WEBVTT.*)$", re.MULTILINE)  # of SRT and WebVTT
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Its words in small letters; those of subtitles without their numbers and times."""
    return _WORD.findall(_TIMES.sub(" ", text).lower())


def word_errors(said: str, heard: str) -> int:
    """How many words have to be replaced, left out or put in to make the one text the other."""
    wanted, found = words_of(said), words_of(heard)
    row = list(range(len(found) + 1))
    for n, word in enumerate(wanted, 1):
        row, before = [n], row
        for column, other in enumerate(found):
            row.append(min(before[column] + (word != other), before[column + 1] + 1, row[column] + 1))
    return row[-1]


def says(text: str, phrase: str, n_errors: int = 0) -> bool:
    """Whether a phrase is somewhere in a text, up to so many words."""
    found, wanted = words_of(text), words_of(phrase)
    sizes = range(max(1, len(wanted) - n_errors), len(wanted) + n_errors + 1)
    return any(
        word_errors(phrase, " ".join(found[start : start + size])) <= n_errors
        for size in sizes
        for start in range(len(found) - size + 1)
    )


def is_sample(text: str, n_errors: int = 1) -> bool:
    """Whether it is what is said in the sample, up to so many words."""
    return word_errors(SAMPLE_SAYS, text) <= n_errors


def spoken_words(segments: Sequence[dict[str, object]]) -> list[str]:
    """The timed words of segments as they stand in JSON, in small letters and without marks."""
    return [" ".join(words_of(str(word["word"]))) for each in segments for word in each.get("words", ())]
