import math
from typing import Any

import pytest

from ovsubs.errors import InvalidOption
from ovsubs.subtitles.styles import STYLES, LayoutOptions, LayoutRules


def test_the_default_is_netflix() -> None:
    assert LayoutOptions().rules("en") == LayoutRules(
        max_line_width=42,
        max_line_count=2,
        max_words_per_line=None,
        max_cps=20.0,
        min_duration_ms=833,
        max_duration_ms=7000,
        min_gap_ms=83,
        chain_gap_ms=500,
        frame_rate=None,
        keep_segments=False,
    )


@pytest.mark.parametrize(
    ("language", "width", "cps"),
    [
        ("en", 42, 20.0),
        ("de", 42, 17.0),
        ("ja", 26, 4.0),
        ("zh", 32, 9.0),
        ("ko", 32, 12.0),
        ("th", 35, 17.0),
    ],
)
def test_netflix_differs_by_language(language: str, width: int, cps: float) -> None:
    rules = LayoutOptions().rules(language)
    assert (rules.max_line_width, rules.max_cps) == (width, cps)


def test_a_narrow_style_stays_narrow_in_every_language() -> None:
    assert LayoutOptions(style="tiktok").rules("th").max_line_width == 24
    assert LayoutOptions(style="bbc").rules("ja").max_line_width == 26
    assert LayoutOptions(style="plain").rules("ja").max_line_width > 1000


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_line_width", 30),
        ("max_line_count", 3),
        ("max_words_per_line", 4),
        ("max_cps", 12.5),
        ("min_duration_ms", 900),
        ("max_duration_ms", 4000),
        ("min_gap_ms", 120),
        ("chain_gap_ms", 700),
        ("frame_rate", 25.0),
    ],
)
def test_every_value_of_every_style_can_be_chosen(style: str, name: str, value: float) -> None:
    given: dict[str, Any] = {name: value}
    options = LayoutOptions(style=style, **given)
    for language in ("en", "ja"):
        assert getattr(options.rules(language), name) == value


def test_gaps_follow_the_frame_rate_unless_they_are_given() -> None:
    rules = LayoutOptions(frame_rate=25.0).rules("en")
    assert (rules.min_gap_ms, rules.chain_gap_ms) == (80, 480)
    rules = LayoutOptions(frame_rate=25.0, min_gap_ms=120).rules("en")
    assert (rules.min_gap_ms, rules.chain_gap_ms) == (120, 480)
    assert LayoutOptions("bbc", frame_rate=25.0).rules("en").chain_gap_ms == 1000  # no matter how many frames


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("style", "hbo"),
        ("max_line_width", 1),
        ("max_line_width", 42.0),
        ("max_line_count", 0),
        ("max_line_count", True),
        ("max_words_per_line", 0),
        ("max_cps", 0.0),
        ("max_cps", math.nan),
        ("min_duration_ms", -1),
        ("min_duration_ms", 7001),
        ("max_duration_ms", 0),
        ("max_duration_ms", 500),
        ("min_gap_ms", -1),
        ("min_gap_ms", "83"),
        ("chain_gap_ms", -1),
        ("frame_rate", 0.0),
        ("frame_rate", 0.5),
        ("frame_rate", math.inf),
    ],
)
def test_an_option_that_cannot_be_obeyed_is_refused_by_name(name: str, value: object) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(InvalidOption, match=name):
        LayoutOptions(**given)
