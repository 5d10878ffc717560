"""What the caller wants of a format beside the text, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from ovsubs.errors import InvalidOption

_PERCENTAGE = r"(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%"
# W3C, WebVTT, section 4.4 (WebVTT cue settings list).
_VTT_SETTINGS = MappingProxyType(
    {
        "vertical": re.compile(r"rl|lr"),
        "line": re.compile(rf"(?:-?[0-9]+|{_PERCENTAGE})(?:,(?:start|center|end))?"),
        "position": re.compile(rf"{_PERCENTAGE}(?:,(?:line-left|center|line-right))?"),
        "size": re.compile(_PERCENTAGE),
        "align": re.compile(r"start|center|end|left|right"),
    }
)


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """What files hold beside text and times.

    `highlight_words` shows which word is spoken (karaoke; srt, vtt, ass, lrc). Cues whose words are not
    known stay plain. `vtt_settings` are WebVTT cue settings for every cue, such as "line:85% align:center".

    Raises:
        InvalidOption: settings that WebVTT does not have.
    """

    highlight_words: bool = False
    vtt_settings: str = ""

    def __post_init__(self) -> None:
        _check_settings(self.vtt_settings)


def _check_settings(settings: str) -> None:
    names = list[str]()
    for setting in settings.split():
        name, _, value = setting.partition(":")
        if name == "region":
            raise InvalidOption("vtt_settings", settings, "a region is defined in the file, and here none is")
        if name not in _VTT_SETTINGS:
            raise InvalidOption("vtt_settings", settings, f"{name!r} is none of {', '.join(_VTT_SETTINGS)}")
        if not _VTT_SETTINGS[name].fullmatch(value):
            raise InvalidOption("vtt_settings", settings, f"{value!r} is no value for {name} in WebVTT")
        names.append(name)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InvalidOption("vtt_settings", settings, f"{twice} is there twice")
