"""Where lines of Thai, Lao, Khmer and Burmese may be broken: with ICU's dictionaries, and without."""

import importlib.util
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken import said, spoken, transcript

from ovsubs.subtitles.layout import unspaced
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.layout.pieces import cut_text
from ovsubs.subtitles.layout.unspaced import breaks_in
from ovsubs.transcript import Transcript

# Words of sentences as a dictionary has them; compounds in one.
WORDS = {
    "th": "รัฐบาล|ประกาศ|ว่า|จะ|ลด|ภาษี|สำหรับ|ผู้|ประกอบ|การ|รายย่อย|ใน|ปีหน้า|เพราะ|ประชากร|ของ|ประเทศ|ไทย|"
    "ใน|กรุงเทพมหานคร|ไม่|พอใจ|กับ|ค่า|ครองชีพ|ที่|สูง|ขึ้น|ทุก|วัน",
    "lo": "ສະບາຍດີ|ຂ້ອຍ|ມາ|ຈາກ|ປະເທດ|ລາວ|ແລະ|ຂ້ອຍ|ມັກ|ກິນ|ເຂົ້າ|ຫຼາຍ|ທີ່ສຸດ|ໃນ|ໂລກ|ໃຫຍ່",
    "km": "សួស្តី|ខ្ញុំ|មក|ពី|ប្រទេស|កម្ពុជា|ហើយ|ខ្ញុំ|ចូលចិត្ត|បាយ|ជាមួយ|គ្រួសារ|របស់|ខ្ញុំ",
    "my": "မင်္ဂလာ|ပါ|ကျွန်တော်|နာမည်|က|အောင်|ပါ|ကျွန်တော်|မြန်မာနိုင်ငံ|က|လာ|ပါ|တယ်|ကျောင်း|သွား|ပါ|တယ်",
}


@pytest.fixture(params=["with ICU", "without ICU"])
def segmenter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which words are found; the one without ICU as if it were not installed."""
    if request.param == "without ICU":
        monkeypatch.setattr(unspaced, "_icu", lambda: None)
    elif importlib.util.find_spec("icu") is None:
        pytest.skip("the extra icu is not installed")
    return str(request.param)


def shown(text: str, language: str) -> list[str]:
    """All lines of a text that is said without a pause."""
    cues = lay_out(transcript([said(0.0, len(text) / 14, text)], language=language))
    return [line for cue in cues for line in cue.lines]


def places_between(parts: list[str]) -> set[int]:
    ends = [len("".join(parts[:n])) for n in range(1, len(parts))]
    return set(ends)


@pytest.mark.parametrize("language", ["lo", "km", "my"])
def test_with_icu_lines_break_between_words(language: str) -> None:
    pytest.importorskip("icu", reason="the extra icu is not installed")
    words = WORDS[language].split("|") * 3
    lines = shown("".join(words), language)
    assert len(lines) > 1
    assert places_between(lines) <= places_between(words)


@pytest.mark.usefixtures("segmenter")
def test_lines_of_thai_break_between_words() -> None:
    words = WORDS["th"].split("|")
    lines = shown("".join(words), "th")
    assert len(lines) > 2
    assert places_between(lines) <= places_between(words)


@pytest.mark.usefixtures("segmenter")
def test_a_real_transcript_whose_words_are_letters_breaks_between_words(cases: Path) -> None:
    found = Transcript.from_json((cases / "thai_breaks.json").read_text(encoding="utf-8"))
    text = found.text
    spelled = (
        "สวัสดี|ครับ|วัน|นี้|เรา|จะ|พูด|ถึง|เรื่อง|ที่|สำคัญ|มาก|สำหรับ|ทุก|คน|ที่|ต้องการ|เรียน|รู้|ภาษา|ไทย|อย่าง|จริงจัง|"
        "และ|ต่อเนื่อง|ทุก|วัน"
    )
    words = spelled.split("|")
    assert "".join(words) == text
    lines = [line for cue in lay_out(found) for line in cue.lines]
    assert "".join(lines) == text
    assert places_between(lines) <= places_between(words)


@pytest.mark.usefixtures("segmenter")
@pytest.mark.parametrize(
    ("language", "syllables"),
    [
        ("lo", "ສະ|ບາຍ|ດີ|ຂ້ອຍ|ມາ|ຈາກ|ປະ|ເທດ|ລາວ|ແລະ|ໃຫຍ່|ກວ້າງ|ເຂົ້າ|ໜຽວ|ຄວາມ|ສຸກ|ຫຼາຍ"),
        ("my", "မင်္ဂ|လာ|ပါ|ကျွန်|တော်|နာ|မည်|က|အောင်|မြန်|မာ|နိုင်|ငံ|ယောက်|ျား|တို့|တိုင်း"),
        ("km", "សួ|ស្តី|ខ្ញុំ|មក|ពី|ប្រ|ទេស|ក|ម្ពុ|ជា|ចូល|ចិត្ត|បាយ|គ្រួ|សារ|របស់"),
    ],
)
def test_no_break_lies_within_a_syllable(language: str, syllables: str) -> None:
    parts = syllables.split("|")
    assert set(breaks_in("".join(parts))) <= places_between(parts)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("คนต่าง ๆ มากๆ", ["คน", "ต่าง ๆ", "มากๆ"]),  # the repetition mark stays, with its space, too
        ("เขาพูด(เบา)ว่า", None),
        ("ใช้Pythonเขียน", ["ใช้", "Python", "เขียน"]),
        ("ราคา1,200บาท", ["ราคา", "1,200", "บาท"]),
        ("ไทย\u200bแลนด์", ["ไทย\u200b", "แลนด์"]),  # a space of no width says where a word ends
        ("สวัสดี\u00a0!", ["สวัสดี\u00a0!"]),
        ("แล้ว...", ["แล้ว..."]),
        ("ប្រទេស។", None),
    ],
)
@pytest.mark.usefixtures("segmenter")
def test_marks_stay_where_they_are_written(text: str, pieces: list[str] | None) -> None:
    found = [piece.text for piece in cut_text(text, 42)]
    assert pieces is None or found == pieces
    assert not any(piece[0] in ").。។" or piece[-1] == "(" for piece in found)


def test_a_space_is_a_better_break_than_a_word() -> None:
    phrases = ["รัฐบาลประกาศว่าจะลดภาษี", "สำหรับผู้ประกอบการใน", "ปีหน้า"]
    assert shown(" ".join(phrases), "th")[0] == phrases[0]


@pytest.mark.usefixtures("segmenter")
@given(st.text(alphabet="กขคงนมเแไาะำิีุูัื็่้์ๆฯab1().,", max_size=60))
def test_no_line_begins_with_what_hangs_on_the_letter_before(text: str) -> None:
    pieces = [piece.text for piece in cut_text(text, 20)]
    assert "".join(pieces) == text
    for before, after in pairwise(pieces):
        assert unicodedata.category(after[0])[0] != "M"
        assert after[0] not in "าะำๆฯ).,"
        assert before[-1] != "("
        assert not (before[-1] in "เแไ" and not after[0].isascii())


@pytest.mark.usefixtures("segmenter")
def test_words_are_lit_as_a_reader_knows_them() -> None:
    """Whisper's words of Thai are letters; what is highlighted is a word."""
    segment = spoken(" ".join("สวัสดีครับ"), start=1.0)
    joined = type(segment)(
        0, 1.0, 3.0, "สวัสดีครับ", (), 0, 0, 0, words=tuple(
            type(word)(word.word.strip(), word.start, word.end, 0.9) for word in segment.words
        )
    )  # fmt: skip
    (cue,) = lay_out(transcript([joined], language="th"))
    assert [word.text for word in cue.words[0]] == ["สวัสดี", "ครับ"]
