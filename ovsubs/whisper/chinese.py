"""Segments of Chinese -> the same in one script: Whisper mixes simplified and traditional within a line.

A prompt in the script that is wanted does not settle it: with one, base still mixes the two, and makes up to
three more errors in a hundred characters of FLEURS. So the text is converted afterwards, by OpenCC. Its
pronunciation and choice of words stay; "zh-HK" and "zh-TW" differ in variants of characters alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from ovsubs.transcript import Segment, Word

CHINESE = "zh"
# Where nobody says which: so is "zh" read (Unicode CLDR, likely subtags), and so are FLEURS' references.
DEFAULT_CHINESE = "zh-Hans"
# Of OpenCC. "Hant" without a region is Taiwan's (CLDR); from simplified, what is traditional already stays.
_CONFIGS = {
    "zh-Hans": "t2s",
    "zh-CN": "t2s",
    "zh-SG": "t2s",
    "zh-Hant": "s2tw",
    "zh-TW": "s2tw",
    "zh-HK": "s2hk",
}


def in_one_script(segment: Segment, tag: str) -> Segment:
    """The segment as Chinese is written there; its words still are its text, and all times stay.

    Args:
        segment: of Chinese. Its tokens stay those that Whisper said.
        tag: of `chinese_tag`, or `DEFAULT_CHINESE`.
    """
    text = _converter(_CONFIGS[tag]).convert(segment.text)
    if text == segment.text:
        return segment
    words = tuple(_words(segment.words, text, tag))
    if words and "".join(word.word for word in segment.words) == segment.text:
        text = "".join(word.word for word in words)
    return replace(segment, text=text, words=words)


def simplified(text: str) -> str:
    """A text with its Chinese in simplified characters, whatever else there is in it."""
    converted: str = _converter(_CONFIGS["zh-Hans"]).convert(text)
    return converted


def _words(words: Sequence[Word], text: str, tag: str) -> Iterator[Word]:
    """The words of a converted text: by place, as a character nearly always becomes one, else each alone."""
    reached = 0
    is_aligned = sum(len(word.word) for word in words) == len(text)
    for word in words:
        end = reached + len(word.word)
        written = text[reached:end] if is_aligned else _converter(_CONFIGS[tag]).convert(word.word)
        yield replace(word, word=written)
        reached = end


@cache
def _converter(config: str) -> Any:
    from opencc import OpenCC  # a tenth of a second that only Chinese has to wait

    return OpenCC(config)
