"""Text that repeats itself, as Whisper's does where it is caught in a loop."""

from __future__ import annotations

import re

from ovsubs.subtitles.columns import columns

# People do say "no, no, no, no" and "come on, come on, come on"; more than that, nobody says without a song.
LOOP_REPEATS = 4  # times that a group of words follows itself
LOOP_WORDS = 6  # words in all of them
_LONGEST_GROUP = 20  # words: a sentence


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text without case and marks; a character each where scripts write no spaces."""
    words = list[str]()
    for word in re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold()):
        words.extend(word if columns(word) > len(word) else [word])
    return tuple(words)


def times_repeated(text: str) -> int:
    """How often a group of words follows itself without a break; 1 where it is less than a loop."""
    words = words_of(text)
    most = 1
    for n in range(1, min(_LONGEST_GROUP, len(words) // LOOP_REPEATS) + 1):
        run = 0
        for place in range(n, len(words)):
            run = run + 1 if words[place] == words[place - n] else 0
            times = run // n + 1
            if times >= LOOP_REPEATS and times * n >= LOOP_WORDS:
                most = max(most, times)
    return most
