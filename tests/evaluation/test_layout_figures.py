"""How cues keep to the rules of a style."""

from dataclasses import replace

import pytest

from ovsubs.evaluation.layout_figures import measure_layout
from ovsubs.subtitles.cue import Cue
from ovsubs.transcript import Segment, Transcript, Word

TEXT = "Ever tried. Ever failed. No matter."
WORDS = tuple(Word(f" {text}", 1.0 + n, 1.8 + n) for n, text in enumerate(TEXT.split()))
SEGMENT = Segment(0, 1.0, 6.8, f" {TEXT}", (), -0.1, 1.0, 0.0, words=WORDS)
TRANSCRIPT = Transcript((SEGMENT,), "en", 1.0, duration=8.0, speech_duration=6.0)
GOOD = (
    Cue(1000, 2900, ("Ever tried.",)),
    Cue(3000, 4900, ("Ever failed.",)),
    Cue(5000, 6800, ("No matter.",)),
)


def test_cues_that_keep_to_the_rules_have_nothing_against_them() -> None:
    figures = measure_layout("ours", [TRANSCRIPT], [GOOD], "netflix")
    assert (figures.writer, figures.n_cues) == ("ours", 3)
    counts = (figures.overlaps, figures.wide_lines, figures.more_lines, figures.too_short, figures.too_long)
    assert counts == (0, 0, 0, 0, 0)
    assert (figures.small_gaps, figures.too_fast, figures.late_starts) == (0, 0.0, 0)
    assert figures.words_whole_and_in_order


def test_what_is_against_the_rules_is_counted_over_all_files() -> None:
    wide, short = Cue(1000, 2990, ("Ever tried. " * 5,)), Cue(3000, 3100, ("Ever failed.",))
    early = replace(GOOD[2], start_ms=4500)
    figures = measure_layout("theirs", [TRANSCRIPT] * 2, [(wide, short, early), GOOD], "netflix")
    assert figures.n_cues == 6
    assert (figures.wide_lines, figures.too_short, figures.small_gaps, figures.late_starts) == (1, 1, 1, 1)
    # There is time after the short one, and none after the wide one.
    assert (figures.too_fast, figures.too_fast_as_spoken) == (0.1667, 0.1667)
    assert not figures.words_whole_and_in_order


def test_words_in_another_order_are_not_whole() -> None:
    swapped = (replace(GOOD[0], lines=GOOD[1].lines), replace(GOOD[1], lines=GOOD[0].lines), GOOD[2])
    assert not measure_layout("theirs", [TRANSCRIPT], [swapped], "netflix").words_whole_and_in_order


def test_without_a_cue_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="there is no cue"):
        measure_layout("theirs", [TRANSCRIPT], [()], "netflix")
