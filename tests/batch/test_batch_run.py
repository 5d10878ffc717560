"""Unattended runs, one after the other: what is done is not done again, what changed is, and only that."""

import errno
import os
import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batch.conftest import Library
from leaving import wait_until

from ovsubs.audio.ffmpeg import ask_ffmpeg
from ovsubs.batch import run as batch_run
from ovsubs.batch.control import Control, Heartbeat
from ovsubs.batch.events import FilePutOff, RunPaused, RunResumed, RunStopping
from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.ledger.runs import Wanted
from ovsubs.batch.plan import BatchOptions
from ovsubs.batch.record import FileState
from ovsubs.batch.status import status_of
from ovsubs.datasets.joining import Recording, write_wav
from ovsubs.errors import FileTimeLimit
from ovsubs.library.events import FileFinished, FileProgress, NothingHappened
from ovsubs.library.file_result import Status
from ovsubs.library.plan import SubtitleOptions
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.styles import LayoutOptions

pytestmark = pytest.mark.model

DONE = {"a.wav": Status.DONE, "b.mp4": Status.FAILED, "c.wav": Status.DONE, "week 1/d.wav": Status.DONE}


def statuses(results: dict[str, Any]) -> dict[str, Status]:
    return {name: result.status for name, result in sorted(results.items())}


def wanted(**values: Any) -> BatchOptions:
    return BatchOptions(subtitle=SubtitleOptions(**values))


def test_a_second_run_has_nothing_to_do(library: Library) -> None:
    assert statuses(library.run()) == DONE
    written = library.contents()
    assert set(written) == {"a.srt", "c.srt", "week 1/d.srt"}
    again = library.run(hears=False)
    assert statuses(again) == {"b.mp4": Status.FAILED}
    assert "in an earlier run" in again["b.mp4"].why
    assert library.contents() == written


def test_what_changed_is_heard_again_and_nothing_else(library: Library) -> None:
    library.run()
    with (library.root / "c.wav").open("ab") as file:
        file.write(b"\1\2" * 800)
    assert statuses(library.run()) == {"b.mp4": Status.FAILED, "c.wav": Status.DONE}


def test_neither_a_touch_nor_another_name_costs_a_transcription(library: Library) -> None:
    library.run()
    written = library.contents()
    os.utime(library.root / "a.wav", (1, 1))
    (library.root / "c.wav").rename(library.root / "e.wav")
    assert statuses(library.run(hears=False)) == {"b.mp4": Status.FAILED, "e.wav": Status.DONE}
    assert library.contents() == {**written, "e.srt": written["c.srt"]}


def test_a_folder_that_moved_is_written_again_without_being_heard(library: Library) -> None:
    library.run()
    (library.root / "week 1").rename(library.root / "week 2")
    (library.root / "week 2" / "d.srt").unlink()
    assert statuses(library.run(hears=False)) == {"b.mp4": Status.FAILED, "week 2/d.wav": Status.DONE}
    assert "week 2/d.srt" in library.contents()


def test_outputs_that_are_gone_are_written_again_of_what_was_heard(library: Library) -> None:
    library.run()
    written = library.contents()
    (library.root / "a.srt").unlink()
    assert statuses(library.run(hears=False)) == {"a.wav": Status.DONE, "b.mp4": Status.FAILED}
    assert library.contents() == written


def test_a_folder_in_the_place_of_an_output_is_no_output(library: Library) -> None:
    library.run()
    (library.root / "a.srt").unlink()
    (library.root / "a.srt").mkdir()
    result = library.run(hears=False)["a.wav"]
    assert result.status is Status.SKIPPED
    assert "a.srt: already there" in result.why


def test_another_layout_is_written_of_what_was_heard(library: Library) -> None:
    library.run()
    before = library.contents()
    options = wanted(layout=LayoutOptions(max_line_width=20), formats=("srt", "vtt"))
    assert statuses(library.run(options, hears=False)) == DONE
    after = library.contents()
    assert set(after) == {*before, "a.vtt", "c.vtt", "week 1/d.vtt"}
    assert all(after[name] != before[name] for name in before)
    assert statuses(library.run(replace(options), hears=False)) == {"b.mp4": Status.FAILED}


def test_what_cannot_be_written_again_is_not_heard_again_either(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full while another layout is written."""
    library.run()

    def full(target: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    options = wanted(layout=LayoutOptions(max_line_width=20))
    with monkeypatch.context() as patched:
        patched.setattr("ovsubs.atomic.replace_file", full)
        assert set(statuses(library.run(options, hears=False)).values()) == {Status.FAILED}
    assert statuses(library.run(options, hears=False)) == DONE


def test_what_is_to_be_replaced_is_heard_again(library: Library) -> None:
    library.run()
    before = library.contents()
    (library.root / "a.srt").write_text("edited")
    assert statuses(library.run(wanted(overwrite=True))) == DONE
    assert library.contents() == before


def test_what_a_person_has_edited_stays(library: Library) -> None:
    library.run()
    edited = "1\n00:00:00,000 --> 00:00:01,000\nMine.\n"
    (library.root / "a.srt").write_text(edited)
    results = library.run(wanted(layout=LayoutOptions(max_line_width=20)), hears=False)
    assert (library.root / "a.srt").read_text() == edited
    assert results["a.wav"].status is Status.SKIPPED
    assert results["c.wav"].status is Status.DONE


def test_other_options_of_recognition_hear_everything_again(library: Library) -> None:
    library.run()
    options = wanted(transcribe=TranscribeOptions(beam_size=1))
    assert statuses(library.run(options)) == DONE


def test_subtitles_that_others_made_count(library: Library) -> None:
    (library.root / "a.en.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nTheirs.\n")
    results = library.run(wanted(transcribe=TranscribeOptions(language="en")))
    assert results["a.wav"].status is Status.SKIPPED
    assert set(library.contents()) == {"a.en.srt", "c.srt", "week 1/d.srt"}


def test_a_failed_file_is_tried_again_where_that_is_asked_for_or_it_has_changed(library: Library) -> None:
    library.run()
    again = library.run(BatchOptions(retry_failed=True))
    assert "in an earlier run" not in again["b.mp4"].why
    shutil.copy(library.root / "a.wav", library.root / "b.mp4")
    os.truncate(library.root / "b.mp4", (library.root / "a.wav").stat().st_size - 800)
    assert statuses(library.run()) == {"b.mp4": Status.DONE}


def test_short_files_and_such_without_sound_are_no_failures(library: Library) -> None:
    ask_ffmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=2", str(library.root / "silent.mp4")])
    results = library.run(BatchOptions(min_duration_s=60.0))
    assert results["silent.mp4"].status is Status.SKIPPED
    assert results["a.wav"].status is Status.SKIPPED
    assert "it lasts 10.0 s" in results["a.wav"].why


@pytest.mark.parametrize(("disposition", "is_made"), [("default", False), ("forced", True)])
def test_a_subtitle_track_in_a_video_counts_but_not_a_forced_one(
    library: Library, disposition: str, is_made: bool
) -> None:
    subtitles = library.root.parent / "given.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nTheirs.\n")
    tags = ("-metadata:s:s:0", "language=eng", "-disposition:s:0", disposition)
    inputs = ("-i", str(library.root / "a.wav"), "-i", str(subtitles))
    ask_ffmpeg([*inputs, "-c:a", "flac", "-c:s", "srt", *tags, str(library.root / "film.mkv")])
    (library.root / "a.wav").unlink()
    options = wanted(transcribe=TranscribeOptions(language="en"))
    assert (library.run(options)["film.mkv"].status is Status.DONE) == is_made
    assert library.run(replace(options, ignore_embedded=True)).get("film.mkv") is None or not is_made


def test_windows_of_a_run_that_was_cut_off_are_not_decoded_again(
    library: Library, joined_speech: Any
) -> None:
    for path in library.root.rglob("*.*"):
        path.unlink()
    write_wav(library.root / "long.wav", Recording("long", joined_speech, ""))
    options, n_first = wanted(transcribe=TranscribeOptions(batch_size=2)), 0
    with library.running(options) as events:
        told = list(events)
    n_chunks = sum(len(event.decoded.chunks) for event in told if isinstance(event, FileProgress))
    (whole,) = (event.result.transcript for event in told if isinstance(event, FileFinished))
    (library.root / "long.srt").rename(library.root.parent / "whole.srt")
    library.ledger.unlink()
    with library.running(options) as events:
        for event in events:
            if isinstance(event, FileProgress) and event.decoded.chunks:
                n_first = len(event.decoded.chunks)
                break  # as a kill would: the iterator is closed
    assert library.contents() == {}
    with library.running(options) as events:
        seen = [event for event in events if isinstance(event, FileProgress)]
    assert whole is not None
    segments = [segment for event in seen for segment in event.segments]
    assert segments == list(whole.segments)
    assert n_first > 0
    assert sum(len(event.decoded.chunks) for event in seen) == n_chunks - n_first
    assert (library.root / "long.srt").read_bytes() == (library.root.parent / "whole.srt").read_bytes()


def test_a_run_stands_still_while_somebody_wants_it_and_goes_on(library: Library) -> None:
    control, told = Control(), list[Any]()
    control.ask(Wanted.PAUSE)
    with library.running(control=control) as events:
        for event in events:
            told.append(event)
            if isinstance(event, NothingHappened) and len(told) > 3:
                control.ask(Wanted.GO)
    assert [type(event) for event in told if isinstance(event, RunPaused | RunResumed)] == [
        RunPaused,
        RunResumed,
    ]
    paused = next(n for n, event in enumerate(told) if isinstance(event, RunPaused))
    resumed = next(n for n, event in enumerate(told) if isinstance(event, RunResumed))
    assert not any(isinstance(event, FileProgress) for event in told[paused:resumed])
    assert set(library.contents()) == {"a.srt", "c.srt", "week 1/d.srt"}


def test_one_of_several_roots_can_ask_for_a_pause(tmp_path: Path) -> None:
    control = Control()
    with ExitStack() as stack:
        ledgers = list[Ledger]()
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            ledgers.append(stack.enter_context(Ledger(tmp_path / f"{name}.sqlite", tmp_path / name)))
            ledgers[-1].runs.begin("base")
        ledgers[0].runs.ask(Wanted.PAUSE)
        with Heartbeat(ledgers, control):
            wait_until(lambda: control.is_paused, "the wish of the first root was not heard")
            time.sleep(2.5)
            assert control.is_paused


def test_a_stopped_run_finishes_what_is_in_work(library: Library) -> None:
    control, told = Control(), list[Any]()
    with library.running(control=control) as events:
        for event in events:
            told.append(event)
            if isinstance(event, FileProgress):
                control.ask(Wanted.STOP)
    (stopping,) = (event for event in told if isinstance(event, RunStopping))
    finished = {event.result.path for event in told if isinstance(event, FileFinished)}
    assert set(stopping.files) <= finished
    with ExitStack() as stack:
        status = status_of(library.open(stack))
    assert status.state == "stopped"
    assert status.in_work == ()
    assert statuses(library.run())["b.mp4"] is Status.FAILED
    assert set(library.contents()) == {"a.srt", "c.srt", "week 1/d.srt"}


def test_two_runs_at_once_do_nothing_twice(library: Library) -> None:
    with library.running() as first:
        event = next(event for event in first if isinstance(event, FileProgress))
        others = library.run()
        assert others[event.file.path.relative_to(library.root).as_posix()].status is Status.SKIPPED
        done = [event.result for event in first if isinstance(event, FileFinished)]
    by_first = {result.path for result in done if result.status is Status.DONE}
    by_second = {result.path for result in others.values() if result.status is Status.DONE}
    assert not by_first & by_second
    assert len(by_first | by_second) == 3


def test_what_another_run_has_done_meanwhile_is_not_done_again(library: Library) -> None:
    """Both were planned before either began."""
    with library.running() as first:
        assert next(first)  # it has been planned, and has done nothing
        others = library.run()
        assert statuses(others) == DONE
        done = [event.result for event in first if isinstance(event, FileFinished)]
    assert not [result for result in done if result.status is Status.DONE]


def test_a_full_disk_stops_the_run_until_there_is_room(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every output fails as on a full disk; then there is room again."""
    from ovsubs import atomic
    from ovsubs.batch import disks

    is_full = True
    real = atomic.replace_file

    def replace_file(target: Path, content: bytes) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        real(target, content)

    monkeypatch.setattr(atomic, "replace_file", replace_file)
    monkeypatch.setattr(batch_run, "_TRY_AGAIN_S", 0.3)
    monkeypatch.setattr("ovsubs.batch.work_queue._BACK_OFF_S", (0.2,))
    monkeypatch.setattr(disks.Disks, "are_there", lambda self, path: not is_full)
    told = list[Any]()
    with library.running() as events:
        for event in events:
            told.append(event)
            if isinstance(event, RunPaused):
                assert "No space left" in event.why
                is_full = False
    assert [type(event) for event in told if isinstance(event, RunPaused | RunResumed)] == [
        RunPaused,
        RunResumed,
    ]
    assert sum(isinstance(event, FilePutOff) for event in told) == 2
    assert set(library.contents()) == {"a.srt", "c.srt", "week 1/d.srt"}


def test_a_file_that_goes_away_before_its_turn_is_no_failure(library: Library) -> None:
    with library.running() as events:
        (library.root / "c.wav").unlink()
        results = [event.result for event in events if isinstance(event, FileFinished)]
    gone = next(result for result in results if result.path.name == "c.wav")
    assert (gone.status, gone.why) == (Status.SKIPPED, f"{gone.path}: it is gone")


def test_a_file_that_takes_too_long_is_given_up_and_the_others_are_not(
    library: Library, joined_speech: Any
) -> None:
    write_wav(library.root / "long.wav", Recording("long", joined_speech, ""))
    results = library.run(BatchOptions(time_limit_s=0.001))
    assert isinstance(results["long.wav"].error, FileTimeLimit)
    assert statuses(library.run())["long.wav"] is Status.DONE  # it may pass another time


def test_the_ledger_has_all_that_a_report_tells(library: Library) -> None:
    library.run()
    with ExitStack() as stack:
        records = {record.path.name: record for record in library.open(stack).records()}
    assert {name: record.state for name, record in records.items()} == {
        "a.wav": FileState.DONE,
        "b.mp4": FileState.FAILED,
        "c.wav": FileState.DONE,
        "d.wav": FileState.DONE,
    }
    assert records["a.wav"].language == "en"
    assert records["a.wav"].n_cues >= 3
    assert records["a.wav"].rtfx > 0.0
    assert records["b.mp4"].error_code == "unreadable_media"
