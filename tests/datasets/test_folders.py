"""Folders of recordings with transcripts, and what is wrong with some."""

import json
from pathlib import Path

import pytest

from ovsubs.datasets.folders import read_folder
from ovsubs.errors import MissingFile, MissingTranscript, UnreadableDataset


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")


def test_librispeechs_layout_is_read_at_any_depth(tmp_path: Path) -> None:
    for chapter in ("61/70968", "121/127105"):
        name = chapter.replace("/", "-")
        touch(tmp_path / chapter / f"{name}-0000.flac", tmp_path / chapter / f"{name}-0001.flac")
        lines = f"{name}-0000 HE BEGAN\n{name}-0001 A  COMPLAINT \n\n"
        (tmp_path / chapter / f"{name}.trans.txt").write_text(lines)

    files = read_folder(tmp_path)

    assert [(file.name, file.text) for file in files] == [
        ("121-127105-0000", "HE BEGAN"),
        ("121-127105-0001", "A  COMPLAINT"),
        ("61-70968-0000", "HE BEGAN"),
        ("61-70968-0001", "A  COMPLAINT"),
    ]
    assert all(file.path.is_file() for file in files)


def test_a_recording_that_its_chapter_does_not_name_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path / "1-2-0000.flac", tmp_path / "1-2-0001.flac")
    (tmp_path / "1-2.trans.txt").write_text("1-2-0000 HE BEGAN\n")
    with pytest.raises(MissingTranscript, match=r"1-2-0001\.flac: no transcript; .*trans\.txt"):
        read_folder(tmp_path)


def test_a_chapter_without_transcript_is_an_error_where_others_have_one(tmp_path: Path) -> None:
    touch(tmp_path / "1/2/1-2-0000.flac", tmp_path / "1/3/1-3-0000.flac")
    (tmp_path / "1/2/1-2.trans.txt").write_text("1-2-0000 HE BEGAN\n")
    with pytest.raises(MissingTranscript, match=r"1-3-0000\.flac"):
        read_folder(tmp_path)
    assert [(file.name, file.utterances) for file in read_folder(tmp_path, with_texts=False)] == [
        ("1-2-0000", ("HE BEGAN",)),
        ("1-3-0000", ()),
    ]


def test_a_line_without_text_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path / "1-2-0000.flac")
    (tmp_path / "1-2.trans.txt").write_text("1-2-0000 \n")
    with pytest.raises(MissingTranscript, match=r"1-2-0000\.flac"):
        read_folder(tmp_path)


def test_two_chapters_may_share_a_folder(tmp_path: Path) -> None:
    touch(tmp_path / "1-2-0000.flac", tmp_path / "1-3-0000.flac")
    (tmp_path / "1-2.trans.txt").write_text("1-2-0000 HE BEGAN\n")
    (tmp_path / "1-3.trans.txt").write_text("1-3-0000 A COMPLAINT\n")
    assert [file.text for file in read_folder(tmp_path)] == ["HE BEGAN", "A COMPLAINT"]


def test_a_text_without_its_recording_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "1-2.trans.txt").write_text("1-2-0000 HE BEGAN\n")
    with pytest.raises(MissingFile, match=r"1-2-0000\.flac"):
        read_folder(tmp_path)


@pytest.mark.parametrize("column", ["text", "transcription", "transcript", "sentence"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_tables_are_read(tmp_path: Path, ending: str, column: str) -> None:
    touch(tmp_path / "a" / "one.wav", tmp_path / "two.mp3")
    rows = [("two.mp3", "Second, with a comma"), ("a/one.wav", "First")]
    if ending == "jsonl":
        table = "\n".join(json.dumps({"file_name": name, column: text}) for name, text in rows)
    else:
        sign = "," if ending == "csv" else "\t"
        table = "\n".join(f'{name}{sign}"{text}"' for name, text in [("file_name", column), *rows])
    (tmp_path / f"metadata.{ending}").write_text(table, encoding="utf-8")

    files = read_folder(tmp_path)

    assert [(file.name, file.text) for file in files] == [("a/one", "First"), ("two", "Second, with a comma")]


@pytest.mark.parametrize(
    ("table", "error", "why"),
    [
        ("file_name,text\none.wav,\n", MissingTranscript, r"one\.wav: no transcript"),
        ("file_name,words\none.wav,First\n", MissingTranscript, r"one\.wav: no transcript"),
        ("file_name,text\n", MissingTranscript, r"one\.wav: no transcript"),
        ("path,text\none.wav,First\n", UnreadableDataset, "no column 'file_name'"),
        ("file_name,text\none.wav,First\ntwo.wav,Second\n", MissingFile, r"two\.wav"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(
    tmp_path: Path, table: str, error: type[Exception], why: str
) -> None:
    touch(tmp_path / "one.wav")
    (tmp_path / "metadata.csv").write_text(table)
    with pytest.raises(error, match=why):
        read_folder(tmp_path)


@pytest.mark.parametrize("content", [b"{broken\n", b"[1]\n", b"\xff\xfe\xff"])
def test_a_table_that_is_none_is_said(tmp_path: Path, content: bytes) -> None:
    touch(tmp_path / "one.wav")
    (tmp_path / "metadata.jsonl").write_bytes(content)
    with pytest.raises(UnreadableDataset, match=r"metadata\.jsonl: not readable"):
        read_folder(tmp_path)


def test_a_text_beside_each_recording_is_read(tmp_path: Path) -> None:
    touch(tmp_path / "talk.wav", tmp_path / "more" / "Film.MP4", tmp_path / ".hidden.wav")
    (tmp_path / "talk.txt").write_text("\ufeffEver tried.\nEver failed.\n", encoding="utf-8")
    (tmp_path / "more" / "Film.txt").write_text("No matter.")
    files = read_folder(tmp_path)
    assert [(file.name, file.text) for file in files] == [
        ("more/Film", "No matter."),
        ("talk", "Ever tried. Ever failed."),
    ]


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_recording_without_its_text_is_named(tmp_path: Path, text: str | None) -> None:
    touch(tmp_path / "talk.wav")
    if text is not None:
        (tmp_path / "talk.txt").write_text(text)
    with pytest.raises(MissingTranscript, match=r"talk\.wav: no transcript; expected in .*talk\.txt"):
        read_folder(tmp_path)


def test_a_folder_without_audio_is_empty(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    assert read_folder(tmp_path) == []
