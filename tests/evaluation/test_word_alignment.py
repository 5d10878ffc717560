"""Which words of two texts are the same."""

from ovsubs.evaluation.alignment import DELETE, EQUAL, INSERT, SUBSTITUTE, AlignedWords, align_words


def test_runs_of_equal_and_wrong_words_come_in_order() -> None:
    assert align_words(["the", "cat", "sat", "on"], ["a", "cat", "sat", "down", "on", "it"]) == [
        AlignedWords(SUBSTITUTE, range(1), range(1)),
        AlignedWords(EQUAL, range(1, 3), range(1, 3)),
        AlignedWords(INSERT, range(3, 3), range(3, 4)),
        AlignedWords(EQUAL, range(3, 4), range(4, 5)),
        AlignedWords(INSERT, range(4, 4), range(5, 6)),
    ]


def test_an_empty_text_is_aligned() -> None:
    assert align_words([], []) == []
    assert align_words([], ["a", "b"]) == [AlignedWords(INSERT, range(0), range(2))]
    assert align_words(["a", "b"], []) == [AlignedWords(DELETE, range(2), range(0))]


def test_errors_are_the_words_that_are_wrong() -> None:
    pieces = align_words(
        ["the", "cat", "sat", "on", "the", "mat"], ["the", "bat", "sat", "the", "mat", "too"]
    )
    assert [(piece.kind, piece.n_errors) for piece in pieces if piece.n_errors] == [
        (SUBSTITUTE, 1),
        (DELETE, 1),
        (INSERT, 1),
    ]
