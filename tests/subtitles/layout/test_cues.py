import re
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from spoken import said, said_word_by_word, spoken, texts_of, transcript, words_of

from ovsubs.errors import InvalidOption
from ovsubs.subtitles.columns import columns
from ovsubs.subtitles.cue import Cue, CueWord, to_ms
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.styles import STYLES, LayoutOptions
from ovsubs.transcript import Segment, Word


@pytest.mark.parametrize(
    ("seconds", "ms"), [(0.0, 0), (1.0, 1000), (0.0004, 0), (0.0006, 1), (12.3456, 12346), (-1.5, -1500)]
)
def test_seconds_become_the_nearest_millisecond(seconds: float, ms: int) -> None:
    assert to_ms(seconds) == ms


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_a_time_that_is_not_a_number_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidOption, match="finite"):
        to_ms(seconds)
    with pytest.raises(InvalidOption, match="finite"):
        lay_out(transcript([said(0.0, seconds, "Yes.")]))


def test_no_segments_and_segments_without_text_give_no_cues() -> None:
    assert lay_out(transcript([])) == []
    assert lay_out(transcript([], duration=0.0)) == []
    assert lay_out(transcript([said(0, 1, ""), said(1, 2, " \n")])) == []


def test_a_short_segment_is_one_cue_with_its_words() -> None:
    (cue,) = lay_out(transcript([said_word_by_word(("Hello", 1.0, 1.5), ("there.", 1.75, 2.5))]))
    assert cue == Cue(
        1000, 2500, ("Hello there.",), ((CueWord("Hello", 1000, 1500), CueWord(" there.", 1750, 2500)),)
    )


def test_a_sentence_that_two_segments_share_is_laid_out_as_one() -> None:
    first = spoken("It was a long way down to the", start=1.0)
    second = spoken("sea and up.", start=first.end + 0.05)
    assert texts_of(lay_out(transcript([first, second]))) == [("It was a long way down to the sea and up.",)]


def test_sentences_have_cues_of_their_own_where_there_is_room() -> None:
    text = "It was a long way down to the sea and up. But nobody had ever told any of us of that before."
    assert texts_of(lay_out(transcript([spoken(text)]))) == [
        ("It was a long way down to the sea and up.",),
        ("But nobody had ever told", "any of us of that before."),
    ]


def test_short_sentences_share_a_cue() -> None:
    cues = lay_out(transcript([spoken("Ever tried. Ever failed. No matter.")]))
    assert texts_of(cues) == [("Ever tried. Ever failed. No matter.",)]


def test_no_cue_stands_over_a_long_pause() -> None:
    cues = lay_out(transcript([spoken("Ever tried. Ever failed. No matter.", pauses=2.5)]))
    assert texts_of(cues) == [("Ever tried.",), ("Ever failed.",), ("No matter.",)]


def test_a_cue_ends_with_its_clause_rather_than_full() -> None:
    text = (
        "The old man, who had seen them come in by the river road, said that they would be gone by morning."
    )
    assert texts_of(lay_out(transcript([spoken(text)]))) == [
        ("The old man, who had seen", "them come in by the river road,"),
        ("said that they would be gone by morning.",),
    ]


def test_names_articles_and_numbers_are_not_torn_apart() -> None:
    text = (
        "It was then that the people of the whole town began to speak about Mr. Smith and J. R. Jones, who "
        "had come from New York in the spring of 1923 with a hundred and twenty horses."
    )
    ends = [line.split()[-1] for cue in lay_out(transcript([spoken(text)])) for line in cue.lines]
    assert not {"the", "of", "about", "Mr.", "J.", "R.", "New", "a", "in"} & set(ends)


def test_cues_begin_with_their_first_word() -> None:
    first, second = spoken("It was a long way down.", start=2.0), spoken("Nobody had told us.", start=9.0)
    assert [cue.start_ms for cue in lay_out(transcript([first, second]))] == [2000, 9000]


def test_a_word_alone_joins_the_cue_before_it() -> None:
    cues = lay_out(transcript([spoken("They had been told about it by the old man from the river again")]))
    assert all(len(" ".join(cue.lines).split()) > 1 for cue in cues)


def test_the_languages_have_their_own_widths() -> None:
    text = "我们今天要讨论的问题是如何让机器自动生成字幕，这个问题看起来很简单，但是实际上有很多困难。"
    chinese = lay_out(transcript([said(0.0, 12.0, text)], language="zh"))
    assert max(columns(line) for cue in chinese for line in cue.lines) <= 32
    assert "".join(line for cue in chinese for line in cue.lines) == text


def test_a_segment_stays_whole_in_the_plain_style() -> None:
    segments = [spoken("Ever tried. Ever failed. No matter. " * 5), said(40.0, 41.0, "Again.")]
    cues = lay_out(transcript(segments), LayoutOptions(style="plain"))
    assert texts_of(cues) == [(segment.text.strip(),) for segment in segments]
    assert (cues[1].start_ms, cues[1].end_ms) == (40_000, 41_000)


def test_one_word_at_a_time() -> None:
    options = LayoutOptions(max_words_per_line=1, max_line_count=1, min_duration_ms=0, min_gap_ms=0)
    cues = lay_out(transcript([spoken("Ever tried and failed")]), options)
    assert texts_of(cues) == [("Ever",), ("tried",), ("and",), ("failed",)]


def test_sounds_are_left_out_where_they_are_not_wanted() -> None:
    segments = [spoken("[door closes] Who is there?"), said(8.0, 9.0, " (laughs)")]
    assert texts_of(lay_out(transcript(segments), LayoutOptions(strip_sdh=True))) == [("Who is there?",)]
    assert texts_of(lay_out(transcript(segments))) == [("[door closes] Who is there?",), ("(laughs)",)]


def with_words(segment: Segment, spans: list[tuple[float, float]]) -> Segment:
    """The segment with a time for each piece of its text between spaces, as long as there are any."""
    pieces = re.findall(r"\s*\S+", segment.text)
    timed = [Word(piece, min(span), max(span), 0.5) for piece, span in zip(pieces, spans, strict=False)]
    return replace(segment, words=tuple(timed))


times = st.floats(-5, 60) | st.sampled_from([0.0, 10.0, 10.0, 10.001])
sayings = (
    st.text(alphabet="ab c,.\n\t", max_size=200)
    | st.text(max_size=30)
    | st.text(alphabet="字幕。、", max_size=90)
)
segments = st.builds(
    with_words, st.builds(said, times, times, sayings), st.lists(st.tuples(times, times), max_size=30)
)
options = st.builds(
    LayoutOptions,
    style=st.sampled_from(sorted(STYLES)),
    max_line_width=st.integers(2, 50) | st.none(),
    max_line_count=st.integers(1, 3) | st.none(),
    max_words_per_line=st.integers(1, 8) | st.none(),
    max_cps=st.floats(1, 99) | st.none(),
    min_duration_ms=st.integers(0, 1500) | st.none(),
    max_duration_ms=st.integers(1500, 9000) | st.none(),
    min_gap_ms=st.integers(0, 300) | st.none(),
    chain_gap_ms=st.integers(0, 900) | st.none(),
)


@given(st.lists(segments, max_size=6), options, st.floats(0, 60), st.sampled_from(["en", "ja", "fi"]))
def test_cues_never_overlap_and_never_lose_a_character(
    spoken: list[Segment], options: LayoutOptions, duration: float, language: str
) -> None:
    cues = lay_out(transcript(spoken, duration, language), options)
    rules = options.rules(language)
    assert all(0 <= cue.start_ms < cue.end_ms for cue in cues)
    assert all(cue.end_ms <= following.start_ms for cue, following in pairwise(cues))
    assert not cues or cues[-1].end_ms <= max(to_ms(duration), len(cues))
    shown = "".join(words_of(cues))
    heard = "".join(segment.text for segment in spoken)
    assert shown == "".join(c for c in heard if not c.isspace() and not (c < " " or "\x7f" <= c <= "\x9f"))
    for cue in cues:
        assert 1 <= len(cue.lines) <= rules.max_line_count
        assert all(columns(line) <= rules.max_line_width for line in cue.lines)
        assert cue.duration_ms <= rules.max_duration_ms
        assert cue.lines == tuple("".join(word.text for word in line) for line in cue.words)
        moments = [ms for line in cue.words for word in line for ms in (word.start_ms, word.end_ms)]
        assert all(cue.start_ms <= ms <= cue.end_ms for ms in moments)


@given(st.lists(st.builds(said, times, times, st.text(alphabet="abc,. \n", max_size=150))), st.floats(0, 60))
def test_words_stay_whole_and_in_order(spoken: list[Segment], duration: float) -> None:
    heard = [word for segment in spoken for word in segment.text.split()]
    assume(all(len(word) <= 42 for word in heard))
    assert words_of(lay_out(transcript(spoken, duration))) == heard


paces = st.lists(
    st.tuples(st.text(alphabet="abcdefgh", min_size=1, max_size=12), st.floats(0.25, 0.9), st.floats(0, 1.5)),
    min_size=1,
    max_size=60,
)


@given(paces, st.sampled_from(["netflix", "bbc", "youtube", "tiktok"]))
def test_unhurried_speech_keeps_every_rule(said: list[tuple[str, float, float]], style: str) -> None:
    words, now = list[tuple[str, float, float]](), 0.0
    for word, length, pause in said:
        words.append((word, now, now + length))
        now += length + pause
    options = LayoutOptions(style=style)
    rules = options.rules("en")
    cues = lay_out(transcript([said_word_by_word(*words)], now + 2.0), options)
    starts = {to_ms(start) for _, start, _ in words}
    for cue, following in pairwise([*cues, None]):
        assert cue is not None
        assert rules.min_duration_ms <= cue.duration_ms <= rules.max_duration_ms
        assert any(abs(cue.start_ms - start) <= 2 * rules.frame_ms for start in starts)
        assert following is None or following.start_ms - cue.end_ms >= rules.min_gap_ms


def calls_of_layout(n_words: int) -> int:
    """Function calls that the layout of so many words without times takes: work, without a clock."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        lay_out(transcript([said(0.0, 5.0, " x" * n_words)]))
    finally:
        sys.setprofile(None)
    return counted


def test_twice_as_many_words_take_twice_the_work() -> None:
    short, long = calls_of_layout(1000), calls_of_layout(4000)
    assert long < 5 * short
    assert long < 2000 * 4000


words_at_any_time = st.lists(
    st.tuples(st.text(alphabet="ab.", min_size=1, max_size=9), st.floats(0.0, 20.0), st.floats(0.0, 2.0)),
    min_size=1,
    max_size=40,
)


@given(words_at_any_time, st.booleans())
def test_every_word_lasts_wherever_its_cue_has_the_time(
    words: list[tuple[str, float, float]], at_once: bool
) -> None:
    timed = [(text, start, start if at_once else start + length) for text, start, length in words]
    for cue in lay_out(transcript([said_word_by_word(*timed)], duration=30.0)):
        shown = [word for line in cue.words for word in line]
        assert all(cue.start_ms <= word.start_ms <= word.end_ms <= cue.end_ms for word in shown)
        assert all(a.start_ms <= b.start_ms for a, b in pairwise(shown))
        if cue.duration_ms >= len(shown):
            assert all(word.start_ms < word.end_ms for word in shown)


def test_words_said_at_one_time_are_set_one_after_the_other() -> None:
    segment = said_word_by_word(
        ("One", 1.0, 1.0), ("two", 1.0, 1.0), ("three.", 1.0, 1.5), ("Four.", 1.5, 1.5)
    )
    (cue,) = lay_out(transcript([segment], duration=1.9))
    assert [(word.start_ms, word.end_ms) for word in cue.words[0]] == [
        (1000, 1020),
        (1020, 1040),
        (1040, 1500),
        (1500, 1520),
    ]


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        (
            "La prensa y la escuela pública son la conciencia nacional y su voz más clara en el país.",
            "es",
            "y",
        ),
        (
            "It had been a long and hard year of terrible news and nobody knew what would come of it.",
            "en",
            "and",
        ),
        (
            "Das war eine lange und sehr schwere Zeit für alle Leute und niemand wusste, was kommt.",
            "de",
            "und",
        ),
        (
            "C'était une longue et terrible année de nouvelles et personne ne savait ce qui viendrait.",
            "fr",
            "et",
        ),
        (
            "È stato un anno lungo e terribile di notizie brutte e nessuno sapeva che cosa verrebbe.",
            "it",
            "e",
        ),
        (
            "Foi um ano longo e terrível de notícias muito ruins e ninguém sabia o que viria depois.",
            "pt",
            "e",
        ),
        (
            "Het was een lang en verschrikkelijk jaar vol slecht nieuws en niemand wist wat er kwam.",
            "nl",
            "en",
        ),
    ],
)
@pytest.mark.parametrize("breath_s", [0.0, 0.3, 0.4])
def test_no_cue_ends_in_a_small_word_while_its_sentence_goes_on(
    text: str, language: str, word: str, breath_s: float
) -> None:
    """However the speaker breathes after it; a pause of a second is another matter."""
    words = spoken(text, start=1.0).words
    last = [place for place, one in enumerate(words) if one.word.strip() == word][-1]

    def ends(pause_s: float) -> list[str]:
        moved = [(w.word.strip(), w.start, w.end) for w in words[: last + 1]]
        moved += [(w.word.strip(), w.start + pause_s, w.end + pause_s) for w in words[last + 1 :]]
        cues = lay_out(transcript([said_word_by_word(*moved)], language=language))
        return [cue.lines[-1].split()[-1] for cue in cues]

    assert word not in ends(breath_s)
    assert word in ends(1.5)
