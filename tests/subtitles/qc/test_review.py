from dataclasses import replace

import pytest

from ovsubs.errors import InvalidOption
from ovsubs.spans import Span
from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.qc.check import Finding, Kind
from ovsubs.subtitles.qc.review import ReviewItem, review_items
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Segment, Transcript, Word


def segment(start: float, end: float, text: str, *probabilities: float) -> Segment:
    """A sure one; its words share its time."""
    words = text.split()
    step = (end - start) / len(words)
    timed = tuple(
        Word(f" {word}", start + n * step, start + (n + 1) * step, probability)
        for n, (word, probability) in enumerate(zip(words, probabilities, strict=False))
    )
    return Segment(0, start, end, f" {text}", (), -0.2, 1.2, 0.01, words=timed)


def transcript(*segments: Segment, uncovered: tuple[Span, ...] = ()) -> Transcript:
    return Transcript(segments, "en", 1.0, 100.0, 50.0, uncovered=uncovered)


def cues_of(told: Transcript) -> list[Cue]:
    """A cue for each segment."""
    return [Cue(round(one.start * 1000), round(one.end * 1000), (one.text.strip(),)) for one in told.segments]


def items_of(told: Transcript, n: int = 9) -> list[ReviewItem]:
    return review_items(told, cues_of(told), n)


SURE = segment(0.0, 2.0, "Ever tried.")


def test_sure_text_raises_no_doubts() -> None:
    assert items_of(transcript()) == []
    assert items_of(transcript(SURE, segment(2.0, 4.0, "Ever failed.", 0.9, 0.51))) == []
    assert items_of(transcript(segment(2.0, 4.0, "one two three four", 0.9, 0.9, 0.5, 0.49))) == []


def test_unsure_words_raise_a_doubt() -> None:
    told = transcript(SURE, segment(2.0, 4.0, "Ever failed no matter.", 0.9, 0.49, 0.2, 0.8))
    assert items_of(told) == [
        ReviewItem(2000, 4000, "Ever failed no matter.", ("sure of 50 % of the words",), 0.5)
    ]


def test_without_words_the_probability_of_tokens_counts() -> None:
    told = transcript(replace(SURE, avg_logprob=-0.69), replace(SURE, start=2.0, end=4.0, avg_logprob=-0.9))
    (item,) = items_of(told)
    assert (item.start_ms, item.reasons) == (
        2000,
        ("sure of the text by 41 % only", "the same text as before it"),
    )
    assert item.weight == pytest.approx(0.593 + 0.5, abs=0.001)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"temperature": 0.4}, "drawn by chance, at temperature 0.4"),
        ({"compression_ratio": 2.41}, "the text repeats itself"),
        ({"text": " no no no no no no"}, "the text repeats itself"),
        ({"no_speech_prob": 0.72}, "perhaps nobody speaks (72 %)"),
        ({"end": 2.3, "text": " Ever tried it."}, "too fast to be said: 47 characters a second"),
    ],
)
def test_each_sign_of_doubt_is_told_in_plain_words(changes: dict[str, object], reason: str) -> None:
    doubtful = replace(segment(2.0, 4.0, "Ever failed."), **changes)
    assert [(item.start_ms, item.reasons) for item in items_of(transcript(SURE, doubtful))] == [
        (2000, (reason,))
    ]


@pytest.mark.parametrize("changes", [{"compression_ratio": 2.4}, {"no_speech_prob": 0.6}])
def test_a_figure_that_is_just_the_limit_raises_no_doubt(changes: dict[str, float]) -> None:
    assert items_of(transcript(replace(SURE, **changes))) == []


def test_short_words_may_be_fast() -> None:
    assert items_of(transcript(segment(0.0, 0.1, "Oh yes!"))) == []


def test_how_fast_text_is_said_is_told_by_its_words_where_they_are_known() -> None:
    words = (CueWord("Ever", 0, 100), CueWord(" tried it.", 100, 280))
    slow = Cue(0, 5000, ("Ever tried it.",), (words,))
    told = transcript(segment(0.0, 5.0, "Ever tried it."))
    assert [item.reasons for item in review_items(told, [slow], 1)] == [
        ("too fast to be said: 50 characters a second",)
    ]


def test_speech_without_text_is_a_place_of_its_own() -> None:
    told = transcript(SURE, uncovered=(Span(192.0, 195.0), Span(50.0, 59.0)))
    assert items_of(told) == [
        ReviewItem(50_000, 59_000, "", ("speech at 0:50 to 0:59 has no text",), 1.0),
        ReviewItem(192_000, 195_000, "", ("speech at 3:12 to 3:15 has no text",), 0.6),
    ]


def test_text_where_nobody_is_heard_is_doubtful() -> None:
    told = transcript(SURE, segment(2.0, 4.0, "Thanks for watching."))
    finding = Finding(Kind.OUTSIDE_SPEECH, 2, 2000, 0, 100, "")
    (item,) = review_items(told, cues_of(told), 5, [finding, replace(finding, kind=Kind.TOO_FAST, cue=1)])
    assert (item.text, item.reasons) == ("Thanks for watching.", ("nobody is heard there",))


def test_neighbours_with_the_same_reasons_are_one_place() -> None:
    hot = replace(segment(2.0, 4.0, "Ever failed."), temperature=0.2)
    told = transcript(
        replace(SURE, temperature=0.2), hot, segment(4.0, 6.0, "No matter."), hot.moved(4.0), uncovered=()
    )
    assert [(item.start_ms, item.end_ms, item.text) for item in items_of(told)] == [
        (0, 4000, "Ever tried. Ever failed."),
        (6000, 8000, "Ever failed."),
    ]


def test_the_worst_come_first_and_no_more_than_asked_for() -> None:
    rows = [segment(4.0 * n, 4.0 * n + 2, f"a{n} b{n} c{n} d{n}", *[0.1] * n, *[0.9] * 4) for n in range(5)]
    told = transcript(*rows)
    assert [item.start_ms for item in items_of(told)] == [16_000, 12_000, 8000]
    assert [item.start_ms for item in items_of(told, 1)] == [16_000]
    assert items_of(told, 0) == []
    with pytest.raises(InvalidOption, match="n = -1"):
        items_of(told, -1)


def test_a_cue_is_judged_by_its_own_words_and_the_segments_that_it_holds() -> None:
    """A long segment gives several cues, of which only one has the unsure words."""
    sure, unsure = [0.9] * 12, [0.1] * 12
    text = " ".join(f"word{n:02d}" for n in range(36))
    told = transcript(segment(0.0, 18.0, text, *sure, *unsure, *sure))
    cues = lay_out(told, LayoutOptions())
    assert len(cues) > 2

    to_review = review_items(told, cues, 9)

    assert to_review
    for item in to_review:
        assert item.end_ms > 4000
        assert item.start_ms < 12_000
    assert "word18" in " ".join(item.text for item in to_review)


def test_a_doubtful_segment_says_nothing_of_a_cue_that_it_only_touches() -> None:
    hot = replace(segment(1.8, 2.2, "Hm."), temperature=0.8)
    told = transcript(SURE, hot)
    cues = [Cue(0, 2000, ("Ever tried.",)), Cue(2000, 8000, ("And so on.",))]
    assert [item.start_ms for item in review_items(told, cues, 9)] == [0]
    assert [item.start_ms for item in review_items(transcript(SURE, replace(hot, start=1.9)), cues, 9)] == [
        2000
    ]
