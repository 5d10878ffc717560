"""What a ledger keeps: windows and results of the run that has a file, and of no other."""

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems import needs_posix

from ovsubs.audio.streams import FileStamp
from ovsubs.batch.ledger import place as ledger_place
from ovsubs.batch.ledger.identity import Identity, identify
from ovsubs.batch.ledger.ledger import Claim, Ledger, OutputStamp
from ovsubs.batch.ledger.packing import pack_chunk, unpack_chunk
from ovsubs.batch.ledger.place import is_on_network, ledger_path
from ovsubs.batch.ledger.runs import Wanted
from ovsubs.batch.record import ErrorKind, FileRecord, FileState
from ovsubs.errors import UnusableLedger
from ovsubs.file_events import NewlyDecoded
from ovsubs.recognition.decoded import DecodedChunk, WindowLanguage
from ovsubs.spans import Span
from ovsubs.subtitles.qc.review import ReviewItem
from ovsubs.transcript import Segment, Transcript, Word
from ovsubs.whisper.language_vote import LanguageVote

ENGLISH = LanguageVote("en", 0.9)
MADE_WITH = ("recognition", "output", 60.0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.mp4").write_bytes(b"a" * 100)
    return tmp_path / "root"


@pytest.fixture
def open_ledger(tmp_path: Path, root: Path) -> Iterator[Callable[[], Ledger]]:
    """Opens it, as another process would."""
    opened = list[Ledger]()

    def again() -> Ledger:
        ledger = Ledger(tmp_path / "ledger.sqlite", root)
        ledger.runs.begin("base")
        opened.append(ledger)
        return ledger

    yield again
    for ledger in opened:
        ledger.close()


def chunk(start: float, text: str = " Hello.") -> DecodedChunk:
    word = Word(text, start, start + 0.1 + 0.2, 0.7)
    segment = Segment(0, start, start + 0.3, text, (1, 2, 3), -0.2, 1.1, 0.01, words=(word,))
    languages = (WindowLanguage(start, "de", 3.25),)
    return DecodedChunk(Span(start, start + 30.0), (segment,), 1, languages)


def decoded(*chunks: DecodedChunk, track: int = 0) -> NewlyDecoded:
    return NewlyDecoded(track, ENGLISH, chunks)


def claimed(ledger: Ledger, path: Path) -> Claim:
    claim = ledger.claim(path, identify(path), *MADE_WITH)
    assert claim is not None
    return claim


def done(path: Path, **values: Any) -> FileRecord:
    return replace(FileRecord(path, FileState.DONE, duration=60.0, finished=5.0), **values)


def test_windows_are_there_in_the_next_run(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    first = open_ledger()
    claim = claimed(first, root / "a.mp4")
    assert first.known(claim, 0) is None
    assert first.add_decoded(claim, decoded(chunk(0.0), chunk(30.0)), 60.0)
    assert first.add_decoded(claim, decoded(chunk(0.0, " Other track."), track=1), 30.0)
    first.runs.end("stopped")
    second = open_ledger()
    known = second.known(claimed(second, root / "a.mp4"), 0)
    assert known is not None
    assert known.language_vote == ENGLISH
    assert list(known.chunks.values()) == [chunk(0.0), chunk(30.0)]
    assert known.chunks[Span(30.0, 60.0)] == chunk(30.0)


@pytest.mark.parametrize("made_with", [("other", "output", 60.0), ("recognition", "output", 60.0)])
def test_windows_of_other_options_or_of_another_content_are_forgotten(
    root: Path, open_ledger: Callable[[], Ledger], made_with: tuple[str, str, float]
) -> None:
    first = open_ledger()
    claim = claimed(first, root / "a.mp4")
    first.add_decoded(claim, decoded(chunk(0.0)), 30.0)
    first.let_go(claim)
    if made_with == MADE_WITH:
        (root / "a.mp4").write_bytes(b"b" * 100)
    again = first.claim(root / "a.mp4", identify(root / "a.mp4"), *made_with)
    assert again is not None
    assert first.known(again, 0) is None


def test_a_change_of_layout_keeps_windows(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    ledger = open_ledger()
    claim = claimed(ledger, root / "a.mp4")
    ledger.add_decoded(claim, decoded(chunk(0.0)), 30.0)
    ledger.let_go(claim)
    again = ledger.claim(root / "a.mp4", identify(root / "a.mp4"), "recognition", "other output", 60.0)
    assert again is not None
    assert ledger.known(again, 0) is not None


def test_a_file_has_one_owner(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    first, second = open_ledger(), open_ledger()
    claim = claimed(first, root / "a.mp4")
    assert second.claim(root / "a.mp4", identify(root / "a.mp4"), *MADE_WITH) is None
    first.let_go(claim)
    assert claimed(second, root / "a.mp4").attempt == 2
    assert first.claim(root / "a.mp4", identify(root / "a.mp4"), *MADE_WITH) is None


def test_a_late_answer_of_an_old_attempt_is_dropped(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    first, second = open_ledger(), open_ledger()
    late = claimed(first, root / "a.mp4")
    first.runs.end("stopped")
    claim = claimed(second, root / "a.mp4")
    assert not first.add_decoded(late, decoded(chunk(0.0, " Late.")), 30.0)
    first.finish(late, done(root / "a.mp4", why="late"), [], None)
    assert second.known(claim, 0) is None
    second.finish(claim, done(root / "a.mp4", why="in time"), [], None)
    assert [record.why for record in second.records()] == ["in time"]


def test_a_dead_run_has_nothing(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    """One that was killed, on this machine: nobody waits until its heartbeat is old."""
    ledger = open_ledger()
    claimed(ledger, root / "a.mp4")
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    with sqlite3.connect(ledger.path) as database:
        database.execute("update run set pid = ?", (int(ended.stdout),))
    database.close()
    assert claimed(open_ledger(), root / "a.mp4").attempt == 2


@pytest.mark.parametrize(("age_s", "is_taken"), [(5.0, False), (1000.0, True)])
def test_of_another_machine_the_heartbeat_tells(
    root: Path, open_ledger: Callable[[], Ledger], age_s: float, is_taken: bool
) -> None:
    ledger = open_ledger()
    claimed(ledger, root / "a.mp4")
    with sqlite3.connect(ledger.path) as database:
        database.execute("update run set host = 'elsewhere', beat = beat - ?", (age_s,))
    database.close()
    assert platform.node() != "elsewhere"
    again = open_ledger().claim(root / "a.mp4", identify(root / "a.mp4"), *MADE_WITH)
    assert (again is not None) == is_taken


def test_what_ended_is_kept_and_its_windows_are_not(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    ledger = open_ledger()
    claim = claimed(ledger, root / "a.mp4")
    ledger.add_decoded(claim, decoded(chunk(0.0)), 30.0)
    transcript = Transcript((replace(chunk(0.0).segments[0]),), "en", 0.9, 60.0, 30.0, notes=("a note",))
    cue = ReviewItem(1, 2, "Hello.", ("why",), 0.5)
    record = done(root / "a.mp4", language="en", n_cues=3, outputs=(root / "a.srt",), doubtful=(cue,))
    ledger.finish(claim, record, [OutputStamp(root / "a.srt", FileStamp(7, 8))], transcript)
    assert ledger.records() == [replace(record, attempt=1)]
    assert ledger.transcript(root / "a.mp4") == transcript
    row = ledger.row(root / "a.mp4")
    assert row is not None
    assert row.outputs == (OutputStamp(root / "a.srt", FileStamp(7, 8)),)
    assert (row.state, row.has_transcript) == (FileState.DONE, True)
    with sqlite3.connect(ledger.path) as database:
        assert database.execute("select count(*) from chunk").fetchone() == (0,)
    database.close()


def test_a_file_that_was_renamed_keeps_its_transcript(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    ledger = open_ledger()
    claim, transcript = claimed(ledger, root / "a.mp4"), Transcript((), "en", 0.9, 60.0, 0.0)
    ledger.finish(claim, done(root / "a.mp4"), [], transcript)
    (root / "a.mp4").rename(root / "b.mp4")
    identity = identify(root / "b.mp4")
    assert ledger.same_content(identity.digest) == [root / "a.mp4"]
    ledger.adopt(root / "b.mp4", root / "a.mp4", identity)
    assert ledger.transcript(root / "b.mp4") == transcript
    assert [record.path for record in ledger.records()] == [root / "b.mp4"]


def test_what_failed_before_is_told_unless_it_is_done(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    ledger = open_ledger()
    failed = FileRecord(root / "a.mp4", FileState.FAILED, why="broken", error_kind=ErrorKind.LASTING)
    ledger.note([failed], "recognition")
    assert [record.why for record in ledger.records()] == ["broken"]
    ledger.finish(claimed(ledger, root / "a.mp4"), done(root / "a.mp4"), [], None)
    ledger.note([failed], "recognition")
    assert [record.state for record in ledger.records()] == [FileState.DONE]


def test_what_failed_in_planning_has_no_windows_of_other_options(
    root: Path, open_ledger: Callable[[], Ledger]
) -> None:
    ledger = open_ledger()
    claim = claimed(ledger, root / "a.mp4")
    ledger.add_decoded(claim, decoded(chunk(0.0)), 30.0)
    ledger.let_go(claim)
    ledger.note([FileRecord(root / "a.mp4", FileState.FAILED, error_kind=ErrorKind.LASTING)], "other")
    again = ledger.claim(root / "a.mp4", identify(root / "a.mp4"), "other", "output", 60.0)
    assert again is not None
    assert ledger.known(again, 0) is None


def test_a_run_hears_what_is_asked_of_it(open_ledger: Callable[[], Ledger]) -> None:
    run, other = open_ledger(), open_ledger()
    other.runs.end("done")
    assert run.runs.beat() is Wanted.GO
    assert other.runs.ask(Wanted.PAUSE) == 1  # of those that go on
    assert run.runs.beat() is Wanted.PAUSE
    assert other.runs.ask(Wanted.STOP) == 1
    assert run.runs.beat() is Wanted.STOP
    run.runs.end("stopped")
    assert other.runs.ask(Wanted.PAUSE) == 0
    assert [run.state for run in run.runs.all()] == ["stopped", "done"]


@needs_posix
@pytest.mark.parametrize("name", [b"caf\xe9.mp4", "\U0001f600 \n.mp4".encode(), b"a" * 251 + b".mp4"])
def test_any_name_is_kept(root: Path, open_ledger: Callable[[], Ledger], name: bytes) -> None:
    path = root / os.fsdecode(name)
    path.write_bytes(b"x")
    ledger = open_ledger()
    record = done(path, why=f"{path}: a note", outputs=(path.with_suffix(".srt"),))
    ledger.finish(claimed(ledger, path), record, [OutputStamp(path, FileStamp(1, 2))], None)
    assert ledger.records() == [replace(record, attempt=1)]
    assert set(ledger.rows()) == {path}


def test_a_ledger_of_another_root_is_refused(tmp_path: Path, open_ledger: Callable[[], Ledger]) -> None:
    ledger = open_ledger()
    (tmp_path / "other").mkdir()
    with pytest.raises(UnusableLedger, match="belongs to"):
        Ledger(ledger.path, tmp_path / "other")


@pytest.mark.parametrize("content", [b"no database at all, and longer than the head of one " * 20, b""])
def test_what_is_no_ledger_is_refused_and_left_alone(tmp_path: Path, root: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    if content:
        with pytest.raises(UnusableLedger):
            Ledger(path, root)
        assert path.read_bytes() == content
    else:
        Ledger(path, root).close()  # as SQLite makes one of an empty file


def test_a_ledger_that_is_damaged_is_told(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    ledger = open_ledger()
    for number in range(200):
        (root / f"{number}.mp4").write_bytes(bytes(number))
        claimed(ledger, root / f"{number}.mp4")
    ledger.close()
    content = bytearray(ledger.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    ledger.path.write_bytes(content)
    with pytest.raises(UnusableLedger, match=r"damaged|malformed"), Ledger(ledger.path, root) as broken:
        broken.rows()


def test_a_copy_to_look_at_changes_nothing(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    ledger = open_ledger()
    ledger.runs.end("done")
    ledger.close()
    before = ledger.path.read_bytes()
    with Ledger.copy_of(ledger.path, root) as copy:
        copy.runs.begin("base")
        claimed(copy, root / "a.mp4")
        assert len(copy.records()) == 1
    assert ledger.path.read_bytes() == before
    nowhere = ledger.path.with_name("nowhere.sqlite")
    Ledger.copy_of(nowhere, root).close()
    assert not nowhere.exists()


def test_a_ledger_of_a_later_version_is_refused(root: Path, open_ledger: Callable[[], Ledger]) -> None:
    path = open_ledger().path
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version=99")
    database.close()
    with pytest.raises(UnusableLedger, match="later version"):
        Ledger(path, root)


def test_each_root_has_a_ledger_whatever_leads_to_it(tmp_path: Path, root: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert ledger_path(root) == ledger_path(tmp_path / "link")
    assert ledger_path(root) != ledger_path(tmp_path)
    Ledger(tmp_path / "one.sqlite", root).close()
    Ledger(tmp_path / "one.sqlite", tmp_path / "link").close()
    assert ledger_path(root).name.startswith("root-")


def test_a_network_disk_is_told_by_its_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_on_network(tmp_path / "not there yet" / "ledger.sqlite")
    monkeypatch.setattr(ledger_place, "_NETWORK", frozenset({ledger_place._file_system(tmp_path)}))
    assert is_on_network(tmp_path / "ledger.sqlite")
    with pytest.raises(UnusableLedger, match="network"):
        ledger_place.check_place(tmp_path / "ledger.sqlite")


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(start=finite, end=finite, text=st.text(), tokens=st.lists(st.integers(0, 60_000)))
def test_a_chunk_comes_back_as_it_was(start: float, end: float, text: str, tokens: list[int]) -> None:
    numbers = (np.float64(start), np.float32(0.25))
    segment = Segment(0, start, end, text, tuple(tokens), float(numbers[0]), 1.0, float(numbers[1]))
    given = DecodedChunk(Span(start, end), (segment,), 0, ())
    assert unpack_chunk(pack_chunk(given)) == given
    of_numpy = replace(segment, avg_logprob=numbers[1], tokens=tuple(map(np.int64, tokens)))
    assert unpack_chunk(pack_chunk(replace(given, segments=(of_numpy,)))).segments[0].tokens == tuple(tokens)


@given(content=st.binary(max_size=100), n_repeated=st.integers(0, 60_000))
def test_a_file_is_told_by_its_size_and_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, n_repeated: int
) -> None:
    folder = tmp_path_factory.mktemp("identity")
    (folder / "a").write_bytes(content * n_repeated)
    (folder / "b").write_bytes(content * n_repeated)
    (folder / "c").write_bytes(content * n_repeated + b"!")
    one, same, other = (identify(folder / name) for name in "abc")
    assert one.digest == same.digest != other.digest
    assert isinstance(one, Identity)
    assert one.stamp.size == len(content) * n_repeated
