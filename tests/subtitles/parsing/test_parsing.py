import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ovsubs.errors import MissingFile, UnreadableSubtitles
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.ass import write_ass
from ovsubs.subtitles.formats.read import SubtitleFile, read_subtitles
from ovsubs.subtitles.formats.srt import write_srt
from ovsubs.subtitles.formats.ttml import write_ttml
from ovsubs.subtitles.formats.vtt import write_vtt
from ovsubs.subtitles.parsing.text_files import MAX_BYTES

Read = Callable[..., SubtitleFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a text, or bytes, as a file of that name."""

    def run(content: str | bytes, name: str = "talk.srt") -> SubtitleFile:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_subtitles(path)

    return run


SRT = "1\n00:00:01,000 --> 00:00:02,500\nEver tried.\nEver failed.\n\n2\n00:00:03,000 --> 00:00:04,000\nNo.\n"
CUES = (Cue(1000, 2500, ("Ever tried.", "Ever failed.")), Cue(3000, 4000, ("No.",)))
VTT_TIMES = "00:01.000 --> 00:02.000"


def lines(file: SubtitleFile) -> list[tuple[str, ...]]:
    return [cue.lines for cue in file.cues]


def test_srt_is_read_with_its_line_breaks(read: Read) -> None:
    assert read(SRT) == SubtitleFile(CUES, "srt")


def test_an_empty_file_has_no_cues(read: Read) -> None:
    assert read("").cues == ()
    assert read(b"\xef\xbb\xbf\r\n").cues == ()


@pytest.mark.parametrize(
    "content",
    [
        SRT.encode("utf-8-sig"),
        SRT.replace("\n", "\r\n").encode(),
        SRT.replace("\n", "\r").encode(),
        SRT.encode("utf-16"),
        SRT.encode("utf-16-le"),
        SRT.encode("utf-16-be"),
        SRT.replace("\n2\n", "\n").replace("1\n00:", "00:", 1).encode(),  # without numbers
        SRT.replace("\n\n2", "\n2").encode(),  # without an empty line between
        SRT.replace("00:00:0", "0:0:").encode(),
        SRT.replace(",", ".").encode(),
        SRT.replace("00:00:", "00:").encode(),
        SRT.replace("2,500\n", "2,500  X1:100 X2:600 Y1:0 Y2:50\n").encode(),
        SRT.replace(" --> ", "-->").encode(),
        b"\n\n \n" + SRT.encode(),
    ],
)
def test_srt_is_read_however_it_is_written(read: Read, content: bytes) -> None:
    assert read(content) == SubtitleFile(CUES, "srt")


def test_letters_of_windows_1252_are_read_and_told(read: Read) -> None:
    file = read("1\n00:00:01,000 --> 00:00:02,000\nÇa déjà – “oui”\n".encode("cp1252"))

    assert lines(file) == [("Ça déjà – “oui”",)]
    assert file.notes == (
        "read as Windows-1252, since it is not UTF-8; if letters look wrong, save it as UTF-8",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<i>Ever</i> <b>tried</b>.", ("Ever tried.",)),
        ('<font color="#ff0000" size=3>Ever</font> <FONT>tried</FONT>', ("Ever tried",)),
        ("{\\an8}Ever {\\i1}tried{\\i0}", ("Ever tried",)),
        ("{y:i}Ever tried", ("Ever tried",)),
        ("a < b > c, 3 <5>, {sighs}", ("a < b > c, 3 <5>, {sighs}",)),
        ("<I am here>", ("<I am here>",)),
        ("Ever\\Ntried\\hit", ("Ever", "tried\u00a0it")),
        ("Ever<br/>tried", ("Ever", "tried")),
        ("Ever\n\ntried\n \nagain", ("Ever", "tried", "again")),
        ("  Ever  \n", ("Ever",)),
        ("<i></i>", ()),
        ("&amp; so on", ("&amp; so on",)),  # SRT knows no entities
        ("<\u2060no> --\u2060> \\\u2060N {\u2060\\an8} 5\u2060", ("<no> --> \\N {\\an8} 5\u2060",)),
        ("and --> there", ("and --> there",)),
        ("Answer:\n42", ("Answer:", "42")),
        ("42", ("42",)),
    ],
)
def test_markup_of_srt_is_no_text(read: Read, text: str, expected: tuple[str, ...]) -> None:
    block = f"00:00:01,000 --> 00:00:02,000\n{text}\n"
    assert lines(read(f"1\n{block}")) == [expected]
    assert lines(read(f"1\n{block}\n2\n{block}")) == [expected, expected]


def test_a_number_on_a_line_is_text_where_cues_have_no_numbers(read: Read) -> None:
    times = "00:00:01,000 --> 00:00:02,000"
    assert lines(read(f"{times}\nAnswer:\n42\n{times}\nYes.\n")) == [("Answer:", "42"), ("Yes.",)]


def test_a_cue_without_text_is_a_cue(read: Read) -> None:
    times = "00:00:01,000 --> 00:00:02,000"
    assert lines(read(f"1\n{times}\n\n2\n{times}\nYes.\n\n3\n{times}\n")) == [(), ("Yes.",), ()]


def test_cues_stay_in_the_order_of_the_file(read: Read) -> None:
    file = read("2\n00:00:09,000 --> 00:00:08,000\nB\n\n1\n00:00:01,000 --> 00:00:02,000\nA\n")
    assert file.cues == (Cue(9000, 8000, ("B",)), Cue(1000, 2000, ("A",)))


def test_times_beyond_a_hundred_hours_are_read(read: Read) -> None:
    assert read("1\n100:00:01,000 --> 100:00:02,5\nA\n").cues == (Cue(360_001_000, 360_002_500, ("A",)),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ben &amp; Jerry &lt;3 &nbsp;&eacute;", "Ben & Jerry <3 \u00a0é"),
        ("<v Roger Bingham>Ever <i.loud>tried</i>.</v>", "Ever tried."),
        ("say <00:00:01.100><c> this</c><00:00:01.500><c> now</c>", "say  this now"),
        ("&lt;i&gt; is a tag", "<i> is a tag"),
        ("{sighs} \\N", "{sighs} \\N"),
    ],
)
def test_markup_of_webvtt_is_no_text_and_entities_are(read: Read, text: str, expected: str) -> None:
    assert read(f"WEBVTT\n\n{VTT_TIMES}\n{text}\n").cues == (Cue(1000, 2000, (expected,)),)


def test_webvtt_has_more_than_cues(read: Read) -> None:
    file = read(
        "WEBVTT - A talk\nKind: captions\n\nSTYLE\n::cue { color: red }\n\n"
        f"intro\n{VTT_TIMES} line:80%\nHi\nyou\n\n"
        "NOTE a comment\nof two lines\n\n2\n00:00:03.000 --> 00:00:04.000\n\nnobody says this\n",
        "talk.vtt",
    )
    assert file == SubtitleFile((Cue(1000, 2000, ("Hi", "you")), Cue(3000, 4000, ())), "vtt")


def test_webvtt_is_known_by_what_it_holds(read: Read) -> None:
    assert read(f"\ufeffWEBVTT\n\n{VTT_TIMES}\nHi\n", "talk.srt").format == "vtt"


ASS_HEAD = "[Script Info]\nTitle: x\n\n[V4+ Styles]\nFormat: Name\nStyle: Default\n\n[Events]\n"


def test_ass_is_read_by_time_without_comments_and_drawings(read: Read) -> None:
    events = (
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\an8}Later, {a comment}on\\Nand \\{on\n"
        "Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Not seen\n"
        "Dialogue: 0,0:00:01.50,0:00:02.05,Default,,0,0,0,,{\\k20}Ev{\\k30}er\\htried\n"
        "Dialogue: 0,0:00:01.50,0:00:02.05,Default,,0,0,0,,{\\an7\\p1}m 0 0 l 100 0{\\p0}\n"
    )
    assert read(ASS_HEAD + events, "talk.ass") == SubtitleFile(
        (Cue(1500, 2050, ("Ever\u00a0tried",)), Cue(3000, 4000, ("Later, on", "and {on"))), "ass", step_ms=10
    )


def test_columns_of_ass_may_stand_in_another_order(read: Read) -> None:
    events = "Format: Start, End, Text\nDialogue: 100:00:01.00,100:00:02.00,Ever, tried\n"
    assert read(ASS_HEAD + events).cues == (Cue(360_001_000, 360_002_000, ("Ever, tried",)),)


def test_ssa_is_read_as_ass(read: Read) -> None:
    events = "Dialogue: Marked=0,0:00:01.00,0:00:02.00,*Default,,0,0,0,,Ever tried\n"
    head = ASS_HEAD.replace("V4+", "V4")
    assert read(head + events, "talk.ssa").cues == (Cue(1000, 2000, ("Ever tried",)),)


def ttml(body: str, root: str = "") -> str:
    namespaces = 'xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<tt {namespaces} {root}><head/>{body}</tt>'


@pytest.mark.parametrize(
    ("times", "start_ms", "end_ms"),
    [
        ('begin="00:00:01.5" end="00:00:02"', 1500, 2000),
        ('begin="1.5s" dur="250ms"', 1500, 1750),
        ('begin="0.5m" end="1h"', 30_000, 3_600_000),
        ('begin="25f" end="00:00:02:05"', 1000, 2200),
        ('begin="10000000t" dur="5000000t"', 1000, 1500),
        ('end="2s"', 0, 2000),
    ],
)
def test_all_times_of_ttml_are_read(read: Read, times: str, start_ms: int, end_ms: int) -> None:
    body = f"<body><div><p {times}>Hi</p></div></body>"
    file = read(ttml(body, 'ttp:frameRate="25" ttp:tickRate="10000000"'), "talk.ttml")
    assert file == SubtitleFile((Cue(start_ms, end_ms, ("Hi",)),), "ttml")


def test_a_line_like_a_section_of_ass_does_not_make_it_ass(read: Read) -> None:
    file = read(ttml('<body><div><p begin="1s" end="2s">Hi</p>\n[Events]\n</div></body>'), "talk.ttml")
    assert (file.format, file.cues) == ("ttml", (Cue(1000, 2000, ("Hi",)),))
    assert read(f"WEBVTT\n\n[Script Info]\n\n{VTT_TIMES}\nHi\n").format == "vtt"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf\xef\xbb\xbf" + SRT.encode(),
        SRT.replace("\n", "\r\r\n").encode(),
        SRT.encode("utf-32"),
        b"\0\0\xfe\xff" + SRT.encode("utf-32-be"),
    ],
    ids=["two marks", "three characters at an end of line", "UTF-32", "UTF-32 from the other end"],
)
def test_what_other_programs_have_made_of_a_file_is_seen_through(read: Read, content: bytes) -> None:
    assert read(content) == SubtitleFile(CUES, "srt")


def test_a_frame_rate_may_be_a_fraction(read: Read) -> None:
    body = '<body><div><p begin="24f" end="48f">Hi</p></div></body>'
    root = 'ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"'
    assert read(ttml(body, root)).cues == (Cue(1001, 2002, ("Hi",)),)


def test_times_of_ttml_count_from_what_they_lie_in(read: Read) -> None:
    body = (
        '<body begin="1h"><div begin="10s">'
        '<p begin="1s" end="3s">  A\n  <span>line</span><br/>and another  </p>'
        '<p begin="5s" end="9s"><span begin="0s" end="1s">One</span> <span begin="1s" dur="2s">two</span></p>'
        '</div><p begin="20s" end="21s"/></body>'
    )
    assert read(ttml(body)).cues == (
        Cue(3_611_000, 3_613_000, ("A line", "and another")),
        Cue(3_615_000, 3_616_000, ("One",)),
        Cue(3_616_000, 3_618_000, ("two",)),
        Cue(3_620_000, 3_621_000, ()),
    )


def test_namespaces_of_ttml_may_have_names_and_be_of_other_years(read: Read) -> None:
    text = (
        '<!-- made by hand --><tt:tt xmlns:tt="http://www.w3.org/2006/10/ttaf1"><tt:body><tt:div>'
        '<tt:p begin="00:00:01.000" end="00:00:02.000">Ben &amp; Jerry</tt:p></tt:div></tt:body></tt:tt>'
    )
    assert read(text, "talk.dfxp").cues == (Cue(1000, 2000, ("Ben & Jerry",)),)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Ever tried. Ever failed.\n", "there is no cue in it"),
        (SRT.replace("00:00:03,000", "3 seconds"), "line 7 has no times: '3 seconds --> 00:00:04,000'"),
        ("1\n --> \nHi\n", "line 2 has no times: '-->'"),
        ("WEBVTT\n\n1.0 --> 2.0\nHi\n", "line 3 has no times: '1.0 --> 2.0'"),
        ("<tt><body></tt>", "it is not well-formed XML: mismatched tag: line 1, column 12"),
        (ttml('<body><p begin="1s">Hi</p></body>'), "a cue has no end: 'Hi'"),
        (ttml('<body><p begin="soon" end="2s">Hi</p></body>'), "'soon' is no time of TTML"),
        (ttml("<body/>", 'ttp:frameRateMultiplier="1 0"'), "its frame rate is none"),
        (ttml('<body timeContainer="seq"/>'), "its timeContainer is 'seq', which is not read here"),
        (ASS_HEAD + "Dialogue: 0,0:00:01.00,soon,,,0,0,0,,Hi\n", "line 9: 'soon' is no time"),
        (ASS_HEAD + "Dialogue: 0,0:00:01.00\n", "line 9 has 2 columns of 10"),
        (ASS_HEAD + "Format: Start, Text\n", "line 9: its events have no start, end and text"),
        (b"\x1aE\xdf\xa3" + bytes(range(256)), "it is not text"),
        (b"\xff\xfe1\x00\n", "it is not text"),
    ],
)
def test_a_broken_file_says_why_in_one_line(
    read: Read, tmp_path: Path, content: str | bytes, why: str
) -> None:
    with pytest.raises(UnreadableSubtitles) as raised:
        read(content)
    assert str(raised.value) == (
        f"{tmp_path / 'talk.srt'}: not readable as subtitles ({why}); check that a player shows them"
    )


def test_what_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_subtitles(tmp_path / "absent.srt")
    with pytest.raises(UnreadableSubtitles, match="directory"):
        read_subtitles(tmp_path)


def test_a_film_is_not_read_into_memory(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.touch()
    os.truncate(film, MAX_BYTES + 1)
    with pytest.raises(UnreadableSubtitles, match="larger than 64 MB"):
        read_subtitles(film)


# Letters, marks and what could be taken for markup. Lines are not empty and have single spaces within, since
# XML does not tell one space from two.
CHARACTERS = st.sampled_from("aÄ字あ 1&<>/{}\\:;-NhiA\u0301\u200f،")
LINES = st.text(CHARACTERS, min_size=1).map(lambda text: " ".join(text.split())).filter(bool)


@st.composite
def cue_lists(draw: st.DrawFn) -> list[Cue]:
    cues, start_ms = list[Cue](), 0
    for text in draw(st.lists(st.lists(LINES, min_size=1, max_size=3), max_size=5)):
        start_ms += 10 * draw(st.integers(0, 40_000_000))
        end_ms = start_ms + 10 * draw(st.integers(1, 1000))
        cues.append(Cue(start_ms, end_ms, tuple(text)))
    return cues


@given(cue_lists())
@example([Cue(0, 10, ("1",)), Cue(10, 20, ("2", "3"))])
def test_what_we_write_is_read_back(tmp_path_factory: pytest.TempPathFactory, cues: list[Cue]) -> None:
    folder = tmp_path_factory.getbasetemp()
    written = {
        "srt": write_srt(cues),
        "vtt": write_vtt(cues),
        "ass": write_ass(cues),
        "ttml": write_ttml(cues),
    }
    for name, text in written.items():
        path = folder / f"talk.{name}"
        path.write_text(text, encoding="utf-8")
        assert (name, list(read_subtitles(path).cues)) == (name, cues)


WRITTEN = """
WEBVTT NOTE [Events] Dialogue: Format: Start , 0:00:01.00 <tt> </tt> <body> <p/> --> 00:00:01,000 1:2 1
{\\an8} &#10; <c é
"""
PIECES = st.sampled_from([*WRITTEN.split(), " ", "\n", "\n\n", "\r", "\0"])


@given(
    st.lists(PIECES, max_size=30).map("".join), st.sampled_from(["utf-8", "cp1252", "utf-16", "utf-16-be"])
)
@example("1\n00:00:01,000 --> 00:00:02,000\n&#10;", "utf-8")
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.srt"
    path.write_bytes(text.encode(encoding))
    with contextlib.suppress(UnreadableSubtitles):
        cues = read_subtitles(path).cues
        assert all(line.strip() and "\n" not in line for cue in cues for line in cue.lines)


def test_subtitles_made_by_others_are_read(recordings: Callable[[str], Path]) -> None:
    film = read_subtitles(recordings("video/friday.vtt"))
    talk = read_subtitles(recordings("video/ai_explained_16s.srt"))

    assert film.format == "vtt"
    assert film.cues[0] == Cue(0, 999, ("Hildy!",))
    assert film.cues[-1] == Cue(4300, 6000, ("Somebody must've stolen the crown jewels",))
    assert [cue.start_ms for cue in film.cues] == [0, 1000, 1500, 3000, 4300]
    assert [cue.end_ms for cue in talk.cues] == [3160, 9680, 15_680]
    assert talk.cues[0].text == "The is Artificial Intelligence."
