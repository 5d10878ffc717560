"""A style's name, a language and what the caller wants otherwise -> the rules of the layout.

Sources: Netflix, Timed Text Style Guide (general requirements, and those of each language); BBC, Subtitle
Guidelines; SubtitleEdit's profiles for what has no guide of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from ovsubs.bounds import MAX_NUMBER, check_above_zero, check_count
from ovsubs.errors import InvalidOption

USUAL_FRAME_RATE = 24.0  # frames a second, of films; gaps are counted in frames
GAP_FRAMES = 2  # Netflix: the shortest gap; nothing shorter is seen
CHAIN_FRAMES = 12  # Netflix: gaps of 3 to 11 frames are closed to 2; half a second


@dataclass(frozen=True, slots=True)
class LayoutRules:
    """What cues are held to. Widths are in columns, of which an East Asian character takes two.

    `max_cps` are characters a second (infinite: no limit). A gap is at least `min_gap_ms`, and one below
    `chain_gap_ms` is closed to that. With `frame_rate`, cues begin and end on its frames. `keep_segments`
    gives each segment cues of its own.
    """

    max_line_width: int = 42
    max_line_count: int = 2
    max_words_per_line: int | None = None
    max_cps: float = 20.0
    min_duration_ms: int = 833  # 5/6 s: 20 frames of a film
    max_duration_ms: int = 7000
    min_gap_ms: int = math.floor(GAP_FRAMES * 1000 / USUAL_FRAME_RATE)
    chain_gap_ms: int = round(CHAIN_FRAMES * 1000 / USUAL_FRAME_RATE)
    frame_rate: float | None = None
    keep_segments: bool = False

    @property
    def frame_ms(self) -> float:
        """One frame, of a film where no frame rate is given."""
        return 1000.0 / (self.frame_rate or USUAL_FRAME_RATE)


_NETFLIX = LayoutRules(max_cps=17.0)
# BBC: 160 to 180 words a minute, which are some 15 characters a second; no gap below a second ("leave a gap
# of at least 1 second, otherwise none": one frame of 25 is as good as none, and lets the text blink).
_BBC = LayoutRules(
    max_line_width=37,
    max_cps=15.0,
    min_duration_ms=1000,
    max_duration_ms=7000,
    min_gap_ms=40,
    chain_gap_ms=1000,
)
# SubtitleEdit's default profile.
_YOUTUBE = LayoutRules(
    max_line_width=43,
    max_cps=25.0,
    min_duration_ms=1000,
    max_duration_ms=8000,
    min_gap_ms=24,
    chain_gap_ms=300,
)
# SubtitleEdit's profile for upright video.
_TIKTOK = LayoutRules(
    max_line_width=24, max_cps=25.0, min_duration_ms=700, max_duration_ms=5000, min_gap_ms=0, chain_gap_ms=300
)
# A segment a cue, in one line, as openai/whisper writes it.
_PLAIN = LayoutRules(
    max_line_width=1_000_000,
    max_line_count=1,
    max_cps=math.inf,
    min_duration_ms=0,
    max_duration_ms=3_600_000,
    min_gap_ms=0,
    chain_gap_ms=0,
    keep_segments=True,
)
# Netflix's guides of single languages: characters in a line (in columns here), and characters a second. Other
# guides take the widths over where they are stricter, since they follow from the script.
_WIDTHS = MappingProxyType({"zh": 32, "yue": 32, "ko": 32, "ja": 26, "th": 35})
_CPS = MappingProxyType({"en": 20.0, "ar": 20.0, "hi": 22.0, "ja": 4.0, "ko": 12.0, "zh": 9.0, "yue": 9.0})


@dataclass(frozen=True, slots=True)
class Style:
    """The rules of one guide, and what in them depends on the language or the frame rate.

    `max_widths` and `max_cps` are those of single languages; a width counts where it is narrower than that of
    the rules. `counts_frames`: gaps are a number of frames, not of milliseconds.
    """

    name: str
    rules: LayoutRules
    max_widths: Mapping[str, int] = field(default_factory=lambda: _WIDTHS)
    max_cps: Mapping[str, float] = field(default_factory=dict)
    counts_frames: bool = False

    def rules_for(self, language: str, frame_rate: float | None) -> LayoutRules:
        """The rules for a language (Whisper's code, such as "en") and, where it is known, a frame rate."""
        widest = self.rules.max_line_width
        rules = replace(
            self.rules,
            max_line_width=min(widest, self.max_widths.get(language, widest)),
            max_cps=self.max_cps.get(language, self.rules.max_cps),
        )
        if frame_rate is None or not self.counts_frames:
            return rules
        frame_ms = 1000.0 / frame_rate
        return replace(
            rules,
            min_gap_ms=math.floor(GAP_FRAMES * frame_ms),
            chain_gap_ms=round(CHAIN_FRAMES * frame_ms),
        )


_ALL = (
    Style("netflix", _NETFLIX, max_cps=_CPS, counts_frames=True),
    Style("bbc", _BBC),
    Style("youtube", _YOUTUBE),
    Style("tiktok", _TIKTOK),
    Style("plain", _PLAIN, max_widths={}),
)
STYLES = MappingProxyType({style.name: style for style in _ALL})
DEFAULT_STYLE = "netflix"


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """How subtitles are laid out: a style, and values that differ from it. None leaves them to the style.

    With `frame_rate`, `min_gap_ms` and `chain_gap_ms` are 2 and 12 of its frames unless they are given.
    `strip_sdh` leaves out what is not spoken: `[sounds]`, `(sounds)`, music notes and who speaks.

    Raises:
        InvalidOption: a value that cannot be obeyed.
    """

    style: str = DEFAULT_STYLE
    max_line_width: int | None = None
    max_line_count: int | None = None
    max_words_per_line: int | None = None
    max_cps: float | None = None
    min_duration_ms: int | None = None
    max_duration_ms: int | None = None
    min_gap_ms: int | None = None
    chain_gap_ms: int | None = None
    frame_rate: float | None = None
    strip_sdh: bool = False

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise InvalidOption("style", self.style, f"choose from {', '.join(STYLES)}")
        least = {"max_line_width": 2, "max_line_count": 1, "max_words_per_line": 1, "max_duration_ms": 1}
        for option in fields(self):
            value = getattr(self, option.name)
            if value is None or option.name in ("style", "strip_sdh"):
                continue
            if option.name in ("max_cps", "frame_rate"):
                check_above_zero(option.name, value, f"give a number above 0, at most {MAX_NUMBER}")
                continue
            check_count(option.name, value, "give a whole number", least=-MAX_NUMBER)
            if value < least.get(option.name, 0):
                raise InvalidOption(option.name, value, f"give at least {least.get(option.name, 0)}")
        if self.frame_rate is not None and not 1.0 <= self.frame_rate <= 1000.0:
            raise InvalidOption("frame_rate", self.frame_rate, "give 1 to 1000 frames a second")
        rules = self.rules("en")
        if rules.min_duration_ms > rules.max_duration_ms:
            name = "min_duration_ms" if self.min_duration_ms is not None else "max_duration_ms"
            why = f"cues would last at least {rules.min_duration_ms} and at most {rules.max_duration_ms} ms"
            raise InvalidOption(name, getattr(self, name), why)

    def rules(self, language: str) -> LayoutRules:
        """The rules for a language.

        Args:
            language: Whisper's code, such as "en".
        """
        given = {
            option.name: value
            for option in fields(LayoutRules)
            if option.name != "keep_segments" and (value := getattr(self, option.name)) is not None
        }
        return replace(STYLES[self.style].rules_for(language, self.frame_rate), **given)
