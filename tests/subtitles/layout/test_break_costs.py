import pytest
from spoken import spoken

from ovsubs.subtitles.layout import break_costs as costs
from ovsubs.subtitles.layout.break_costs import break_costs, ends_sentence
from ovsubs.subtitles.layout.function_words import function_words
from ovsubs.subtitles.layout.pieces import pieces_of


def cost_after(word: str, text: str, language: str = "en") -> float:
    """What a break after the first such word costs, if words follow each other without a pause."""
    pieces = pieces_of([spoken(text, pace=0.0)], 80, 60_000)
    return break_costs(pieces, language)[[piece.text for piece in pieces].index(word)]


@pytest.mark.parametrize(
    ("word", "text", "cost"),
    [
        ("home.", "He went home. Nobody knew.", costs.SENTENCE_COST),
        ('home."', '"Go home." Nobody knew.', costs.SENTENCE_COST),
        ("home,", "He went home, nobody knew.", costs.CLAUSE_COST),
        ("went", "He went and nobody knew.", costs.BEFORE_CONJUNCTION_COST),
        ("slept", "He slept under a tree.", costs.BEFORE_PREPOSITION_COST),
        ("slept", "He slept soundly again.", costs.WORD_COST),
        ("the", "He saw the tree.", costs.BOUND_COST),
        ("of", "A sort of tree.", costs.BOUND_COST),
        ("20", "It took 20 horses.", costs.BOUND_COST),
        ("$20", "It cost $20 yesterday.", costs.BOUND_COST),
        ("Mr.", "This is Mr. Smith here.", costs.BOUND_COST),
        ("J.", "This is J. Smith here.", costs.BOUND_COST),
        ("John", "This was John Smith here.", costs.NAME_COST),
        ("and", "Him and nobody else.", costs.BOUND_COST),
        ("they", "Then they went home.", costs.AFTER_VERBAL_COST),
        ("will", "Then all will know.", costs.AFTER_VERBAL_COST),
        ("-", "- Who? - Me.", costs.BOUND_COST),
        ("me", "Not me - Who else?", costs.SENTENCE_COST),
        ("end.", "The end.", 0.0),
    ],
)
def test_a_break_costs_what_it_does_to_a_reader(word: str, text: str, cost: float) -> None:
    assert cost_after(word, text) == cost


def test_the_first_word_of_a_sentence_is_no_name() -> None:
    assert cost_after("Yesterday", "Home. Yesterday John went.") == costs.WORD_COST


@pytest.mark.parametrize(
    ("word", "text", "language"),
    [
        ("der", "Das ist der Baum.", "de"),
        ("la", "Voilà la maison.", "fr"),
        ("el", "Mira el árbol.", "es"),
        ("della", "Guarda della gente.", "it"),
        ("uma", "Vejo uma casa.", "pt"),
        ("het", "Zie het huis.", "nl"),
    ],
)
def test_articles_stay_with_their_nouns_in_other_languages(word: str, text: str, language: str) -> None:
    assert cost_after(word, text, language) == costs.BOUND_COST
    assert cost_after(word, text, "fi") == costs.WORD_COST


def test_a_pause_makes_up_for_a_break() -> None:
    segment = spoken("He saw the tree.", pace=0.0)
    before, after = segment.words[2], segment.words[3]
    for pause_s, cost in ((0.0, 2.5), (0.3, 2.5), (0.65, 1.25), (1.0, 0.0), (3.0, 0.0)):
        moved = type(after)(after.word, before.end + pause_s, before.end + pause_s, 0.9)
        words = (*segment.words[:3], moved)
        paused = type(segment)(0, 0.0, 30.0, segment.text, (), 0, 0, 0, words=words)
        assert break_costs(pieces_of([paused], 80, 60_000), "en")[2] == pytest.approx(cost)


def test_japanese_breaks_before_a_phrase_and_not_within() -> None:
    text = "私は学校に行きました。"
    assert cost_after("は", text, "ja") == costs.BEFORE_CONJUNCTION_COST
    assert cost_after("学", text, "ja") > costs.WORD_COST
    assert cost_after("行", text, "ja") > costs.WORD_COST


@pytest.mark.parametrize(
    ("text", "is_end"),
    [
        ("home.", True),
        ("home?”", True),
        ("home.)", True),
        ("Mr.", False),
        ("(Mr.", False),
        ("U.", False),
        ("3.5", False),
        ("home", False),
        ("終わり。", True),
        ("…", True),
    ],
)
def test_a_sentence_ends_by_its_marks(text: str, is_end: bool) -> None:
    assert ends_sentence(text) is is_end


@pytest.mark.parametrize(
    "language", ["en", "de", "fr", "es", "it", "pt", "nl", "ca", "sv", "da", "no", "pl", "ru"]
)
def test_lists_of_small_words_are_there_and_in_lower_case(language: str) -> None:
    known = function_words(language)
    kinds = (known.determiners, known.prepositions, known.conjunctions, known.verbal)
    assert all(len(kind) >= 10 for kind in kinds)
    assert all(word == word.lower() for kind in kinds for word in kind)


def test_an_unknown_language_has_none() -> None:
    assert function_words("fi").determiners == frozenset()
