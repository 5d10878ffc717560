"""TTML -> cues: what subtitles use of Timed Text (W3C, TTML2; also as IMSC, EBU-TT-D and SMPTE-TT)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ovsubs.subtitles.cue import MAX_TIME_S, Cue

MAX_DEPTH = 100  # elements within each other; subtitles have ten
_ROOT = re.compile(r"<(?:\w+:)?tt[\s/>]")
_DOCTYPE = re.compile(r"<!DOCTYPE\s+(?:\w+:)?tt\b")
_SPACE = re.compile(r"\s+")
_PROLOG = (("<?", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">"))  # what may stand before the outermost element
# Digits are counted, since a number of thousands would be calculated with for as long.
_CLOCK = re.compile(r"(\d{1,20}):(\d\d):(\d\d)(?:(\.\d{1,20})\d*|:(\d{1,20})(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d{1,20})(?:(\.\d{1,20})\d*)?(h|ms|m|s|f|t)")
_COUNT = re.compile(r"\s*(\d{1,20})\s*")
_SECONDS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
_USUAL_FRAME_RATE = 30  # TTML2, 7.2.5 ttp:frameRate: where no rate is given


@dataclass(frozen=True, slots=True)
class _Clock:
    """Frames and ticks in a second."""

    frame_rate: Fraction
    tick_rate: Fraction


def is_ttml(text: str) -> bool:
    """Whether it is XML whose outermost element is `tt`."""
    place = _end_of_prolog(text)
    return bool(_ROOT.match(text, place) or _DOCTYPE.match(text, place))


def _end_of_prolog(text: str) -> int:
    """Where the outermost element begins, if it is XML; or a document type that defines something."""
    place = _after_space(text, 0)
    while opened := next((pair for pair in _PROLOG if text.startswith(pair[0], place)), None):
        end = text.find(opened[1], place + len(opened[0]))
        if end < 0 or (opened[0] == "<!DOCTYPE" and "[" in text[place:end]):
            break
        place = _after_space(text, end + len(opened[1]))
    return place


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def read_ttml(text: str) -> Iterator[Cue]:
    """Cues in the order of the file: one for each `p`, or for each `span` with times of its own.

    Raises:
        ValueError: it is not well-formed, nested too deeply or has entities of its own, a time is none, or a
            cue has no end.
    """
    if text.startswith("<!DOCTYPE", _end_of_prolog(text)):
        raise ValueError("it defines entities of its own, which are not read here")
    try:
        root = ET.fromstring(text.lstrip(), ET.XMLParser(target=_ShallowBuilder()))
    except ET.ParseError as error:
        raise ValueError(f"it is not well-formed XML: {error}") from error
    body = next((child for child in root if _name(child) == "body"), None)
    if body is not None:
        yield from _cues(body, Fraction(0), None, _clock(root))


class _ShallowBuilder(ET.TreeBuilder):
    """Builds a tree of a depth that can be walked by recursion."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} of its elements lie within each other")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def _clock(root: ET.Element) -> _Clock:
    given = {name.rpartition("}")[2]: value for name, value in root.attrib.items()}
    multiplier = list(map(_count, re.split(r"[\s:]+", given.get("frameRateMultiplier", "1 1").strip())))
    frames, ticks = _count(given.get("frameRate", str(_USUAL_FRAME_RATE))), _count(given.get("tickRate", "0"))
    if len(multiplier) != 2 or min(frames, *multiplier) <= 0:
        raise ValueError("its frame rate is none")
    frame_rate = Fraction(frames * multiplier[0], multiplier[1])
    # TTML2, 7.2.12 ttp:tickRate: the frame rate where there is one, else 1.
    tick_rate = Fraction(ticks) if ticks > 0 else frame_rate if "frameRate" in given else Fraction(1)
    return _Clock(frame_rate, tick_rate)


def _count(text: str) -> int:
    if (found := _COUNT.fullmatch(text)) is None:
        raise ValueError("its frame rate is none")
    return int(found[1])


def _cues(element: ET.Element, begin: Fraction, end: Fraction | None, clock: _Clock) -> Iterator[Cue]:
    """Cues within an element; times count from the beginning of what it lies in."""
    if element.get("timeContainer", "par") != "par":
        raise ValueError("its timeContainer is 'seq', which is not read here")
    start = begin + _seconds(element.get("begin", "0s"), clock)
    if "end" in element.attrib:
        end = begin + _seconds(element.attrib["end"], clock)
    elif "dur" in element.attrib:
        end = start + _seconds(element.attrib["dur"], clock)
    name, lines = _name(element), _lines(element)
    if name in ("p", "span") and not any(map(_is_timed_span, element.iterfind(".//*"))):
        if end is None and lines:
            raise ValueError(f"a cue has no end: {' '.join(lines)[:60]!r}")
        if end is not None and (lines or name == "p"):
            yield Cue(_ms(start), _ms(end), lines)
        return
    for child in element:
        if _name(child) in ("div", "p", "span"):
            yield from _cues(child, start, end, clock)


def _ms(seconds: Fraction) -> int:
    if abs(seconds) > MAX_TIME_S:
        raise ValueError(f"it has times beyond {MAX_TIME_S} seconds")
    return round(seconds * 1000)


def _is_timed_span(element: ET.Element) -> bool:
    return _name(element) == "span" and "begin" in element.attrib


def _seconds(time: str, clock: _Clock) -> Fraction:
    if offset := _OFFSET.fullmatch(time.strip()):
        number, metric = Fraction(offset[1] + (offset[2] or "")), offset[3]
        rates = {"f": clock.frame_rate, "t": clock.tick_rate}
        return number / rates[metric] if metric in rates else number * _SECONDS[metric]
    if at := _CLOCK.fullmatch(time.strip()):
        whole = Fraction(int(at[1]) * 3600 + int(at[2]) * 60 + int(at[3]))
        return whole + Fraction(at[4] or 0) + int(at[5] or 0) / clock.frame_rate
    raise ValueError(f"{time[:40]!r} is no time of TTML")


def _lines(element: ET.Element) -> tuple[str, ...]:
    lines = "".join(_pieces(element)).split("\n")
    return tuple(line.strip() for line in lines if line.strip())


def _pieces(element: ET.Element) -> Iterator[str]:
    """Text with its line breaks; other white space of the XML is a space."""
    yield re.sub(r"[ \t\r\n]+", " ", element.text or "")
    for child in element:
        if _name(child) == "br":
            yield "\n"
        elif _name(child) == "span":
            yield from _pieces(child)
        yield re.sub(r"[ \t\r\n]+", " ", child.tail or "")


def _name(element: ET.Element) -> str:
    """The name without its namespace, which differs between the years of the standard."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
