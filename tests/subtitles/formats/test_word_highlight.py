from cue_examples import EVER_TRIED, cue_lists, tiles
from hypothesis import given

from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.formats.word_highlight import FLICKER_MS, WordInterval, underlined_lines, word_intervals


def test_a_cue_is_cut_at_its_words_and_at_pauses_that_are_seen() -> None:
    assert list(word_intervals(EVER_TRIED)) == [
        WordInterval(1000, 1200),
        WordInterval(1200, 1560, (0, 0)),  # 60 ms behind the word are too short to be seen
        WordInterval(1560, 2000, (0, 1)),
        WordInterval(2000, 2500),
        WordInterval(2500, 4000, (1, 1)),  # "Ever" takes no time; 50 ms at the end are too short
    ]


def test_a_word_begins_with_its_cue_where_the_pause_before_it_is_too_short_to_be_seen() -> None:
    def cue(start_ms: int) -> Cue:
        return Cue(0, 1000, ("a",), ((CueWord("a", start_ms, 1000),),))

    assert list(word_intervals(cue(FLICKER_MS - 1))) == [WordInterval(0, 1000, (0, 0))]
    assert list(word_intervals(cue(FLICKER_MS))) == [
        WordInterval(0, FLICKER_MS),
        WordInterval(FLICKER_MS, 1000, (0, 0)),
    ]


def test_words_said_at_once_take_no_moment_but_the_last() -> None:
    words = tuple(CueWord(text, 0, 1000) for text in "abc")
    assert list(word_intervals(Cue(0, 1000, ("abc",), (words,)))) == [WordInterval(0, 1000, (0, 2))]


def test_a_word_lasts_until_the_next_where_the_pause_between_is_too_short_to_be_seen() -> None:
    def cue(pause_ms: int) -> Cue:
        words = (CueWord("a", 0, 500), CueWord(" b", 500 + pause_ms, 1000))
        return Cue(0, 1000, ("a b",), (words,))

    between = 500 + FLICKER_MS - 1
    assert list(word_intervals(cue(FLICKER_MS - 1))) == [
        WordInterval(0, between, (0, 0)),
        WordInterval(between, 1000, (0, 1)),
    ]
    assert list(word_intervals(cue(FLICKER_MS))) == [
        WordInterval(0, 500, (0, 0)),
        WordInterval(500, 500 + FLICKER_MS),
        WordInterval(500 + FLICKER_MS, 1000, (0, 1)),
    ]


def test_a_cue_without_words_or_with_words_that_take_no_time_is_one_moment() -> None:
    assert list(word_intervals(Cue(5, 900, ("a",)))) == [WordInterval(5, 900)]
    assert list(word_intervals(Cue(5, 900, ("a",), ((CueWord("a", 7, 7),),)))) == [WordInterval(5, 900)]


@given(cue_lists())
def test_the_moments_of_a_cue_cover_it_and_name_each_word_that_takes_time_once_in_order(
    cues: list[Cue],
) -> None:
    for cue in cues:
        found = list(word_intervals(cue))
        assert tiles(cue, [(moment.start_ms, moment.end_ms) for moment in found])
        assert [moment.word for moment in found if moment.word] == [
            (n, place)
            for n, line in enumerate(cue.words)
            for place, word in enumerate(line)
            if word.end_ms > word.start_ms
        ]


@given(cue_lists())
def test_a_word_is_marked_from_its_start_on_and_not_long_after_its_end(cues: list[Cue]) -> None:
    for cue in cues:
        for moment in word_intervals(cue):
            if moment.word:
                word = cue.words[moment.word[0]][moment.word[1]]
                assert word.start_ms - FLICKER_MS < moment.start_ms <= word.start_ms
                assert word.end_ms <= moment.end_ms < word.end_ms + FLICKER_MS


def test_a_word_is_underlined_without_the_space_before_it() -> None:
    lines = [list("Ever tried."), list("Ever failed.")]
    assert underlined_lines(EVER_TRIED, lines, None) == ["Ever tried.", "Ever failed."]
    assert underlined_lines(EVER_TRIED, lines, (1, 1)) == ["Ever tried.", "Ever <u>failed.</u>"]
    assert underlined_lines(EVER_TRIED, lines, (0, 0)) == ["<u>Ever</u> tried.", "Ever failed."]
