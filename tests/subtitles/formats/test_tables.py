import csv
import io
import json

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.errors import InvalidOption
from ovsubs.subtitles.formats.tables import write_csv, write_tsv, write_txt
from ovsubs.transcript import Segment, Transcript


def transcript_of(*rows: tuple[float, float, str]) -> Transcript:
    segments = tuple(Segment(i, a, b, text, (), -0.25, 1.25, 0.5) for i, (a, b, text) in enumerate(rows))
    return Transcript(segments, "en", 0.75, 10.0, 4.0)


TALK = transcript_of((0.0, 2.0004, " Ever\ttried, R&D."), (2.0, 360_000.5, ' Ever "failed".\nNo\r\n matter.'))


def test_txt_has_a_line_for_each_segment() -> None:
    assert write_txt(TALK) == 'Ever\ttried, R&D.\nEver "failed". No matter.\n'


def test_tsv_is_written_as_expected() -> None:
    assert write_tsv(TALK) == (
        'start\tend\ttext\n0\t2000\tEver tried, R&D.\n2000\t360000500\tEver "failed". No matter.\n'
    )


def test_csv_is_written_as_expected() -> None:
    assert write_csv(TALK) == (
        'start,end,text\n0,2000,"Ever\ttried, R&D."\n2000,360000500,"Ever ""failed"". No matter."\n'
    )


def test_no_segments_are_an_empty_table() -> None:
    empty = transcript_of()
    assert [write(empty) for write in (write_txt, write_tsv, write_csv)] == [
        "",
        "start\tend\ttext\n",
        "start,end,text\n",
    ]


@pytest.mark.parametrize("write", [write_tsv, write_csv])
def test_a_time_that_is_none_is_refused(write: object) -> None:
    assert callable(write)
    with pytest.raises(InvalidOption, match="finite number of seconds"):
        write(transcript_of((0.0, float("nan"), "a")))


texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
times = st.floats(0, 1e6)


@given(st.lists(st.tuples(times, times, texts), max_size=5))
def test_the_csv_module_reads_back_the_csv_that_was_written(rows: list[tuple[float, float, str]]) -> None:
    text = write_csv(transcript_of(*rows))
    head, *read = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert head == ["start", "end", "text"]
    assert [(int(start), int(end)) for start, end, _ in read] == [
        (round(a * 1000), round(b * 1000)) for a, b, _ in rows
    ]
    assert ["".join(said.split()) for _, _, said in read] == ["".join(said.split()) for _, _, said in rows]


@given(st.lists(st.tuples(times, times, texts), max_size=5))
def test_the_csv_module_reads_back_the_tsv_that_was_written(rows: list[tuple[float, float, str]]) -> None:
    text = write_tsv(transcript_of(*rows))
    table = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    assert next(table) == ["start", "end", "text"]
    assert [(int(start), int(end), "".join(said.split())) for start, end, said in table] == [
        (round(a * 1000), round(b * 1000), "".join(said.split())) for a, b, said in rows
    ]


def test_pysubs2_takes_the_json_for_that_of_openai_whisper() -> None:
    events = pysubs2.load_from_whisper(json.loads(TALK.to_json()))
    assert [(event.start, event.end) for event in events] == [(0, 2000), (2000, 360_000_500)]
    assert events[0].text == "Ever\ttried, R&D."
