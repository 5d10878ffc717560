"""Pieces -> what it costs a reader if a line or a cue ends after each of them.

0 is a sentence's end, 1 the middle of a clause. The order is that of the guides (Netflix and BBC: sentence,
clause, before a conjunction, before a preposition; never between article and noun, first and last name,
number and unit); they give no numbers, so these are our own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ovsubs.subtitles.layout.function_words import FunctionWords, function_words
from ovsubs.subtitles.layout.pieces import EAST_ASIAN, Piece
from ovsubs.subtitles.layout.unspaced import HAS_UNSPACED

SENTENCE_COST = 0.0
CLAUSE_COST = 0.35
BEFORE_CONJUNCTION_COST = 0.6
BEFORE_PREPOSITION_COST = 0.8
WORD_COST = 1.0
AFTER_VERBAL_COST = 1.4  # "they | went", "is | going"
BOUND_COST = 2.5  # "the | house", "of | it", "and | then", "20 | percent", "Mr. | Smith"
NAME_COST = 1.6  # "Barack | Obama", as far as capitals tell
INSIDE_WORD_COST = 3.0
BREATH_MS = 300  # a pause as short as that parts nothing that belongs together
PAUSE_COUNTS_MS = 1000  # a pause this long makes up for any break: the reader waits with the speaker

_QUOTES = "\"'”’»)]」』）】"
_OPENING_MARKS = "\"'“‘«([¿¡-–—♪"
_SENTENCE_END = tuple(".!?…。！？؟।۔։።។៕။")
_CLAUSE_END = tuple(",;:—–、，；：،؛၊៖")
_ABBREVIATION = re.compile(
    r"(?:mr|mrs|ms|dr|prof|st|vs|no|hr|fr|nr|bzw|z\.b|d\.h|m|mme|mlle|sr|sra|dott|sig|\w)\.", re.IGNORECASE
)
_NUMBER = re.compile(r"[$€£¥]?\d[\d.,:/]*")
_DASH = re.compile(r"[-–—]")
_KANA = re.compile("[\u3040-\u309f]")  # hiragana: endings and particles
_CONTENT = re.compile("[\u30a0-\u30ff\u3400-\u9fff]")  # katakana and Han: what a phrase begins with
_EAST_ASIAN_END = re.compile(f"[{EAST_ASIAN}]$")


def ends_sentence(text: str) -> bool:
    """Whether a piece is the last of a sentence, by its marks."""
    bare = text.rstrip(_QUOTES)
    return bare.endswith(_SENTENCE_END) and not _ABBREVIATION.fullmatch(bare.lstrip(_OPENING_MARKS))


def break_costs(pieces: Sequence[Piece], language: str) -> list[float]:
    """What a break after each piece costs; after the last one nothing.

    Args:
        pieces: of a whole transcript, in order.
        language: Whisper's code; without a list of its small words, marks and capitals alone are looked at.
    """
    known = function_words(language)
    costs = list[float]()
    begins_sentence = True
    for piece, following in pairwise(pieces):
        costs.append(_cost(piece, following, known, begins_sentence))
        begins_sentence = ends_sentence(piece.text)
    return [*costs, 0.0] if pieces else []


def _cost(piece: Piece, following: Piece, known: FunctionWords, begins_sentence: bool) -> float:
    cost = _cost_of_words(piece, following, known, begins_sentence)
    if not following.glue:
        return cost
    pause_ms = following.start_ms - piece.end_ms
    unnoticed_ms = BREATH_MS if cost > WORD_COST else 0
    counts = (pause_ms - unnoticed_ms) / (PAUSE_COUNTS_MS - unnoticed_ms)
    return cost * (1.0 - min(max(counts, 0.0), 1.0))


def _cost_of_words(piece: Piece, following: Piece, known: FunctionWords, begins_sentence: bool) -> float:
    word, after = _bare(piece.text), _bare(following.text)
    if not following.glue:
        return _cost_within(piece.text, following, known)
    if HAS_UNSPACED.match(piece.text[-1]) and HAS_UNSPACED.match(following.text):
        return CLAUSE_COST
    if ends_sentence(piece.text) or (_DASH.fullmatch(following.text) and not word.isdigit()):
        return SENTENCE_COST
    if _DASH.fullmatch(piece.text) or piece.text.endswith(".") or word in known.determiners:
        return BOUND_COST  # a dash says who speaks now; what ends with "." and no sentence is abbreviated
    if piece.text.rstrip(_QUOTES).endswith(_CLAUSE_END):
        return CLAUSE_COST
    if _NUMBER.fullmatch(piece.text) or word in known.prepositions or word in known.conjunctions:
        return BOUND_COST
    if after in known.conjunctions:
        return BEFORE_CONJUNCTION_COST
    if word in known.verbal:
        return AFTER_VERBAL_COST
    if not begins_sentence and piece.text[0].isupper() and following.text[0].isupper():
        return NAME_COST
    return BEFORE_PREPOSITION_COST if after in known.prepositions else WORD_COST


def _cost_within(text: str, piece: Piece, known: FunctionWords) -> float:
    """Where no space is written: inside a word, or between words or characters of scripts without spaces."""
    following = piece.text
    if piece.break_cost is not None:
        if ends_sentence(text):
            return SENTENCE_COST
        return piece.break_cost + _cost_beside_small_words(text, following, known)
    if not _EAST_ASIAN_END.search(text):
        return SENTENCE_COST if ends_sentence(text) else INSIDE_WORD_COST
    if ends_sentence(text):
        return SENTENCE_COST
    if text.endswith(_CLAUSE_END):
        return CLAUSE_COST
    # Japanese phrases begin with Han or katakana and end in hiragana.
    if _KANA.match(text[-1]) and _CONTENT.match(following[0]):
        return BEFORE_CONJUNCTION_COST
    return AFTER_VERBAL_COST if _KANA.match(following[0]) or _CONTENT.match(text[-1]) else WORD_COST


def _cost_beside_small_words(word: str, after: str, known: FunctionWords) -> float:
    if word in known.prepositions or word in known.determiners or word in known.conjunctions:
        return BOUND_COST
    if word in known.verbal:
        return AFTER_VERBAL_COST
    if after in known.conjunctions:
        return BEFORE_CONJUNCTION_COST
    return BEFORE_PREPOSITION_COST if after in known.prepositions else WORD_COST


def _bare(text: str) -> str:
    return text.strip(_QUOTES + _OPENING_MARKS + ".,;:!?…").lower()
