"""How much of one text is in another."""

import pytest

from ovsubs.recognition.text_overlap import agreement, letters_of


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        (" It's a stray letter.", " its a stray LETTER", 1.0),
        (" He hoped there would be stew.", " He hoped there would be glue.", 0.8),
        (" up to go up to the U.S. and J.F.", " up to Garrywood and checking the back of the road", 0.2),
        ("", " He hoped", 0.0),
        (" He hoped", "", 0.0),
        (" No.", " No, no.", 1.0),
        ("我們明天去學校", "我們今天去學校", 0.85),
        ("我們明天去學校", "我们明天去学校", 1.0),
    ],
)
def test_what_two_texts_share_counts_in_runs(text: str, other: str, expected: float) -> None:
    assert agreement(text, other) == pytest.approx(expected, abs=0.1)


def test_letters_keep_their_signs() -> None:
    assert letters_of("Noël, «किताब» №7!") == "noëlकिताब7"
