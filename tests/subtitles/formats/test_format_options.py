import pytest

from ovsubs.errors import InvalidOption
from ovsubs.subtitles.formats import FormatOptions, check_obeyed, obeyed_by

ALL = ("srt", "vtt", "ass", "ttml", "lrc", "txt", "tsv", "csv", "json")
BOTH = FormatOptions(highlight_words=True, vtt_settings="line:0")


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "line:85% align:center",
        " vertical:rl\tline:-1,end  position:0%,line-right size:99.9% align:left ",
        "vertical:lr line:100.0%,center position:50.25%,center size:100%",
        "line:12,start position:100%,line-left align:right",
        "align:start",
        "align:end",
    ],
)
def test_settings_of_webvtt_are_taken(settings: str) -> None:
    assert FormatOptions(vtt_settings=settings).vtt_settings == settings


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("middle", "'middle' is none of vertical, line, position, size, align"),
        ("align:middle", "'middle' is no value for align"),
        ("Align:center", "'Align' is none of"),
        ("align: center", "'' is no value for align"),
        ("line", "'' is no value for line"),
        ("line:85 %", "'%' is none of"),
        ("line:101%", "'101%' is no value for line"),
        ("line:-5%", "'-5%' is no value for line"),
        ("line:1.5", "'1.5' is no value for line"),
        ("line:٣", "'٣' is no value for line"),
        ("line:5,middle", "no value for line"),
        ("position:50", "'50' is no value for position"),
        ("position:50%,start", "no value for position"),
        ("size:100.1%", "no value for size"),
        ("size:50%,center", "no value for size"),
        ("vertical:tb", "'tb' is no value for vertical"),
        ("align:left line:0 align:right", "align is there twice"),
        ("region:fred", "a region is defined in the file, and here none is"),
        ("line:0\n\n00:00.000 --> 00:01.000", "'00' is none of"),
    ],
)
def test_what_webvtt_does_not_have_is_refused(settings: str, why: str) -> None:
    with pytest.raises(InvalidOption, match="vtt_settings") as caught:
        FormatOptions(vtt_settings=settings)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ALL)
def test_nothing_that_is_not_asked_for_is_refused(name: str) -> None:
    check_obeyed(FormatOptions(), (name,))
    assert obeyed_by(name, FormatOptions()) == FormatOptions()


@pytest.mark.parametrize(
    ("options", "able"),
    [
        (FormatOptions(highlight_words=True), ("srt", "vtt", "ass", "lrc")),
        (FormatOptions(vtt_settings="line:0"), ("vtt",)),
        (BOTH, ("vtt",)),
    ],
)
def test_an_option_is_refused_by_every_format_that_cannot_obey_it(
    options: FormatOptions, able: tuple[str, ...]
) -> None:
    for name in ALL:
        if name in able:
            check_obeyed(options, (name,))
            assert obeyed_by(name, options) == options
        else:
            with pytest.raises(InvalidOption, match=f"{name} cannot show it; choose from .*{able[-1]}"):
                check_obeyed(options, (name,))


def test_of_several_formats_one_has_to_obey() -> None:
    check_obeyed(BOTH, ("txt", "vtt"))
    check_obeyed(BOTH, ALL)
    with pytest.raises(
        InvalidOption, match=r"vtt_settings = 'line:0' .* srt, txt cannot show it; choose from vtt"
    ):
        check_obeyed(BOTH, ("srt", "txt"))
    with pytest.raises(InvalidOption, match=r"highlight_words .* txt, json cannot show it"):
        check_obeyed(BOTH, ("txt", "json"))


def test_a_format_gets_only_what_it_can_obey() -> None:
    assert obeyed_by("srt", BOTH) == FormatOptions(highlight_words=True)
    assert obeyed_by("ttml", BOTH) == FormatOptions()
