import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.subtitles.clusters import clusters


@pytest.mark.parametrize(
    "parted",
    [
        "a|b|c",
        "e\u0301|e",
        "ส|วั|ส|ดี",
        "เรื่|อ|ง",
        "นำ|ไป",
        "ຂ້|ອ|ຍ",
        "ເຂົ້າ",
        "ខ្ញុំ|ម|ក",
        "မ|င်္ဂ|လာ",
        "क्षि|ति",
        "👩‍💻|🙂",
        "🇩🇪|🇫🇷|a",
        "👍🏽|👍",
        "字|幕",
    ],
)
def test_what_is_written_as_one_is_one(parted: str) -> None:
    assert list(clusters(parted.replace("|", ""))) == parted.split("|")


def test_no_text_has_no_clusters() -> None:
    assert list(clusters("")) == []


@given(st.text(max_size=40))
def test_no_character_is_lost(text: str) -> None:
    assert "".join(clusters(text)) == text
