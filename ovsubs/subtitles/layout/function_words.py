"""Small words that tell where a reader does not want a line to break, for the main European languages.

Netflix (Timed Text Style Guide, line treatment): break before conjunctions and prepositions; never between
article and noun, auxiliary and verb, subject pronoun and verb. The lists are our own.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """Of one language, in lower case.

    `determiners` (articles, possessives) and `prepositions` belong to what follows them; `verbal` are subject
    pronouns and auxiliaries, which belong to the verb after them. A clause begins at `conjunctions`.
    """

    determiners: frozenset[str] = frozenset()
    prepositions: frozenset[str] = frozenset()
    conjunctions: frozenset[str] = frozenset()
    verbal: frozenset[str] = frozenset()


@cache
def function_words(language: str) -> FunctionWords:
    """The words of a language, by Whisper's code; none where there is no list."""
    text = files("ovsubs.subtitles.layout").joinpath("assets/function_words.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text).get(language, {})
    return FunctionWords(**{kind: frozenset(words.split()) for kind, words in found.items()})
