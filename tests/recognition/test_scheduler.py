"""From samples to numbered segments: order, batches, language, silence, failures, nothing left running."""

import difflib
import gc
import re
import subprocess
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from heard import words_of
from numpy.typing import NDArray

from ovsubs.audio.chunks import ChunkBuilder
from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.audio.silero import LIVE_BATCH
from ovsubs.audio.source import AudioSource, open_source
from ovsubs.audio.vad import VadOptions, open_detector
from ovsubs.errors import ClosedModel, InvalidOption, UnreadableMedia, UnsupportedTask
from ovsubs.file_events import Progress
from ovsubs.pipeline import Model
from ovsubs.recognition import (
    RecognitionService,
    Scheduler,
    TrackRequest,
    TrackUpdate,
    TranscribeOptions,
)
from ovsubs.recognition.batch_session import ScheduledWindow
from ovsubs.recognition.batches import MAX_BATCHES_WAITED, BatchLimits
from ovsubs.transcript import Segment
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.model import CompileOptions

RATE = 16_000
ENGLISH = LanguageVote("en", 1.0)
Samples = NDArray[np.float32]
Read = Callable[[Path], Samples]
Find = Callable[[str], Path]

pytestmark = pytest.mark.model


def updates_of(model: Model, tracks: Iterable[Samples], options: TranscribeOptions) -> list[TrackUpdate]:
    def opener(samples: Samples) -> Callable[[], AudioSource]:
        return lambda: open_source(samples, None, lambda damage: None)

    requests = [TrackRequest(opener(samples), options) for samples in tracks]
    return updates_by(model, requests)


def updates_by(model: Model, requests: Sequence[TrackRequest]) -> list[TrackUpdate]:
    return list(RecognitionService(model._components).submit(requests).updates())


def segments_of(found: Iterable[TrackUpdate], track: int = 0) -> list[Segment]:
    return [segment for done in found if done.track == track for segment in done.segments]


def timed_texts(found: Iterable[TrackUpdate], track: int = 0) -> list[tuple[float, float, str]]:
    return [(segment.start, segment.end, segment.text) for segment in segments_of(found, track)]


# Real speech


@pytest.fixture(scope="module")
def heard(base_model: Model, joined_speech: Samples) -> list[TrackUpdate]:
    return updates_of(base_model, [joined_speech], TranscribeOptions(language="en"))


def test_segments_are_numbered_in_file_order_and_cover_the_speech(
    heard: list[TrackUpdate], joined_speech: Samples
) -> None:
    segments = segments_of(heard)
    assert [segment.id for segment in segments] == list(range(len(segments)))
    assert all(segment.start < segment.end for segment in segments)
    assert all(before.start <= after.start for before, after in pairwise(segments))
    assert all(before.end <= after.start + 0.5 for before, after in pairwise(segments))
    duration = len(joined_speech) / RATE
    assert segments[-1].end <= duration
    positions = [done.position for done in heard]
    assert positions == sorted(positions)
    assert positions[-1] == pytest.approx(duration, abs=1.0)
    covered = sum(segment.end - segment.start for segment in segments)
    assert 0.95 * sum(done.speech_duration for done in heard) < covered < duration
    assert [done.is_last for done in heard] == [False] * (len(heard) - 1) + [True]
    assert {done.error for done in heard} == {None}


def test_the_batch_size_does_not_change_the_text(tiny_model: Model, joined_speech: Samples) -> None:
    def texts(batch_size: int) -> list[tuple[float, float, str]]:
        options = TranscribeOptions(beam_size=1, batch_size=batch_size)
        return timed_texts(updates_of(tiny_model, [joined_speech], options))

    one_by_one = texts(1)
    assert len(one_by_one) > 10
    assert texts(3) == one_by_one
    assert texts(8) == one_by_one


def test_tracks_side_by_side_have_the_texts_that_they_have_alone(
    tiny_model: Model, joined_speech: Samples
) -> None:
    tracks = [joined_speech[round(first * RATE) :][: 20 * RATE] for first in (0.0, 21.3, 50.0, 77.7, 90.0)]
    options = TranscribeOptions(beam_size=1)
    together = updates_of(tiny_model, tracks, options)
    assert sum(done.is_last for done in together) == len(tracks)
    for number, samples in enumerate(tracks):
        alone = timed_texts(updates_of(tiny_model, [samples], options))
        assert alone
        assert timed_texts(together, number) == alone


def test_the_batch_size_does_not_change_the_language(
    base_model: Model, recordings: Find, read_samples: Read
) -> None:
    """An English clip first: one window must not decide. A vote of three in batches of 1 and 8."""
    names = ("en/fleurs-en-000", "fr/fleurs-fr-000", "fr/fleurs-fr-001")
    samples = np.concatenate([_filled_up(read_samples(recordings(f"fleurs/{name}.ogg"))) for name in names])
    votes = []
    for batch_size in (1, 8):
        options = TranscribeOptions(batch_size=batch_size, beam_size=1, language_detection_segments=3)
        opener = lambda: open_source(samples, None, lambda damage: None)  # noqa: E731
        service = RecognitionService(base_model._components)
        stream = service.submit([TrackRequest(opener, options)]).updates()
        votes.append(next(stream).language_vote)
        stream.close()
    assert {decision and decision.language for decision in votes} == {"fr"}
    assert np.ptp([decision.probability for decision in votes if decision]) < 1e-3
    assert votes[0] is not None
    assert 0.4 < votes[0].probability < 0.9


def _filled_up(samples: Samples) -> Samples:
    """With silence to 29 s, so that each clip is a chunk of its own."""
    return np.concatenate([samples, np.zeros(29 * RATE - len(samples), np.float32)])


# Several languages in one file


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_each_window_has_the_language_that_is_spoken_in_it(
    base_model: Model, recordings: Find, read_samples: Read, number: int
) -> None:
    jiwer = pytest.importorskip("jiwer", reason="needs the benchmark extra")
    names = [f"de/fleurs-de-00{number}", f"en/fleurs-en-00{number}", f"de/fleurs-de-00{(number + 1) % 5}"]
    paths = [recordings(f"fleurs/{name}.ogg") for name in names]
    references = _references(recordings("MANIFEST.tsv"))
    parts = [_as_loud_as_others(read_samples(path)) for path in paths]
    pause = np.zeros(round(1.5 * RATE), np.float32)
    joined = np.concatenate([sample for part in parts for sample in (part, pause)])
    options = TranscribeOptions(multilingual=True, languages=("de", "en"))

    transcript = base_model.transcribe(joined, options=options)

    begin = 0.0
    for part, path, language in zip(parts, paths, ("de", "en", "de"), strict=True):
        end = begin + (len(part) + len(pause)) / RATE
        inside = [each for each in transcript.segments if begin <= (each.start + each.end) / 2 < end]
        begin = end
        assert {segment.language for segment in inside} == {language}
        text = " ".join(segment.text for segment in inside)
        reference = references[f"fleurs/{path.parent.name}/{path.name}"]
        assert jiwer.wer(_words(reference), _words(text)) < 0.4
    assert transcript.language == "de"
    assert transcript.uncovered == ()


def _as_loud_as_others(samples: Samples) -> Samples:
    """The recordings differ by 45 dB, and the detector does not hear a whisper after a shout."""
    level = np.sqrt(np.mean(np.square(samples)))
    return (samples * (0.05 / level)).astype(np.float32)


def _references(manifest: Path) -> dict[str, str]:
    rows = [line.split("\t") for line in manifest.read_text(encoding="utf-8").splitlines()]
    return {row[0]: row[4] for row in rows}


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())


def test_only_windows_of_a_multilingual_run_have_a_language(heard: list[TrackUpdate]) -> None:
    assert {segment.language for segment in segments_of(heard)} == {None}


# What a window is told beforehand


@pytest.mark.parametrize(
    ("name", "recording"),
    [
        ("Montfichet", "61/70968/61-70968-0036"),
        ("Conseil", "8463/294828/8463-294828-0015"),
        ("Farragut", "8463/294828/8463-294828-0030"),
    ],
)
def test_a_name_that_is_told_beforehand_is_spelled_so(
    base_model: Model, recordings: Find, name: str, recording: str
) -> None:
    path = recordings(f"librispeech/test-clean/{recording}.flac")
    prompted = TranscribeOptions(language="en", initial_prompt=f"A story about {name}.")
    expecting = TranscribeOptions(language="en", hotwords=name)
    assert name not in base_model.transcribe(path, language="en").text
    assert name in base_model.transcribe(path, options=prompted).text
    assert name in base_model.transcribe(path, options=expecting).text


def test_every_window_of_every_track_is_told_the_prompt(
    base_model: Model, recordings: Find, read_samples: Read
) -> None:
    chapter = "librispeech/test-clean/61/70968/61-70968-00"
    tracks = [read_samples(recordings(f"{chapter}{number}.flac")) for number in (31, 36, 42, 43)]
    options = TranscribeOptions(language="en", initial_prompt="A story about Montfichet.")
    together = updates_of(base_model, tracks, options)
    for number in range(len(tracks)):
        assert "Montfichet" in "".join(segment.text for segment in segments_of(together, number))
    pause = np.zeros(30 * RATE, np.float32)  # each in a chunk of its own
    joined = updates_of(
        base_model, [np.concatenate([each for one in tracks for each in (one, pause)])], options
    )
    assert "".join(segment.text for segment in segments_of(joined)).count("Montfichet") == len(tracks)


def test_windows_that_are_told_the_text_before_them_are_read_one_by_one(
    base_model: Model, joined_speech: Samples, heard: list[TrackUpdate]
) -> None:
    options = TranscribeOptions(language="en", condition_on_previous_text=True)
    assert base_model._components.batch_limits(options) == BatchLimits(1, 1)
    told = updates_of(base_model, [joined_speech], options)
    untold = "".join(segment.text for segment in segments_of(heard))
    text = "".join(segment.text for segment in segments_of(told))
    assert text != untold
    assert difflib.SequenceMatcher(None, _words(untold).split(), _words(text).split()).ratio() > 0.9


@pytest.mark.usefixtures("chunks_of_30_s")
def test_windows_that_are_told_the_text_before_them_are_read_in_order(
    base_model: Model, joined_speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though five chunks wait for the language, and others wait longer while one is read again."""
    places = list[float]()
    next_batch = Scheduler._next_batch

    def noting(scheduler: Scheduler) -> list[ScheduledWindow]:
        chosen = next_batch(scheduler)
        places.extend(window.decoder.window.window.start for window in chosen)
        assert len(chosen) <= 1
        return chosen

    monkeypatch.setattr(Scheduler, "_next_batch", noting)
    options = TranscribeOptions(condition_on_previous_text=True, vad=None, beam_size=1)
    speech = np.tile(joined_speech, 1 + 150 * RATE // len(joined_speech))[: 150 * RATE]
    updates_of(base_model, [speech], options)
    assert len(places) > MAX_BATCHES_WAITED + 2
    assert places == sorted(places)


# Options of one track and of another


def test_tracks_with_options_of_their_own_give_what_each_gives_alone(
    base_model: Model, recordings: Find, shared_data: Path
) -> None:
    """Language, task, prompt, beams, word times and sampling; what cannot share a batch waits its turn."""
    french = recordings("fleurs/fr/fleurs-fr-001.ogg")
    english = sorted((shared_data / "librispeech/test-clean").rglob("*.flac"))[0]
    asked = [
        (english, TranscribeOptions(language="en")),
        (french, TranscribeOptions(language="fr", task="translate")),
        (english, TranscribeOptions(language="en", initial_prompt="IN CAPITALS, PLEASE.")),
        (french, TranscribeOptions(word_timestamps=True)),
        (english, TranscribeOptions(language="en", beam_size=1)),
        (english, TranscribeOptions(language="en", temperature=0.4, best_of=2)),
        (french, TranscribeOptions(condition_on_previous_text=True)),
        (english, TranscribeOptions(multilingual=True, languages=("en", "fr"))),
    ]
    files, options = zip(*asked, strict=True)
    found = {one.number: one.transcript for one in base_model.transcribe_files(files, options=options)}
    for number, (file, chosen) in enumerate(asked):
        together, alone = found[number], base_model.transcribe(file, options=chosen)
        assert together is not None
        assert (together.language, together.task) == (alone.language, alone.task)
        assert [bool(one.words) for one in together.segments] == [bool(one.words) for one in alone.segments]
        words = [_words(transcript.text).split() for transcript in (together, alone)]
        assert difflib.SequenceMatcher(None, *words, autojunk=False).ratio() >= 0.9
    texts = [transcript.text for _, transcript in sorted(found.items()) if transcript]
    assert len({texts[0], texts[1], texts[3]}) == 3  # English, French in English, French


def test_options_are_one_for_each_file(base_model: Model) -> None:
    silence = np.zeros(RATE, np.float32)
    with pytest.raises(ValueError, match="1 options for 2 files"):
        base_model.transcribe_files([silence, silence], options=[TranscribeOptions()])


def test_files_of_several_batch_sizes_give_what_each_gives_alone(
    tiny_model: Model, joined_speech: Samples
) -> None:
    tracks = [joined_speech[: 60 * RATE], joined_speech[20 * RATE : 80 * RATE], joined_speech[: 20 * RATE]]
    options = [TranscribeOptions(beam_size=1, batch_size=size) for size in (1, 3, 12)]
    for outcome in tiny_model.transcribe_files(tracks, options=options):
        alone = tiny_model.transcribe(tracks[outcome.number], options=options[outcome.number])
        assert outcome.transcript is not None
        found, expected = (
            [(segment.start, segment.end, segment.text) for segment in one.segments]
            for one in (outcome.transcript, alone)
        )
        assert found == expected


def test_one_track_that_the_model_cannot_do_stops_all_before_anything_is_read(tiny_model: Model) -> None:
    asked = [TranscribeOptions(), TranscribeOptions(language="de")]
    gone = Path("gone.wav")
    with pytest.raises(UnsupportedTask):
        list(tiny_model.transcribe_files([gone, gone], options=asked))


# Nobody speaks


@pytest.mark.parametrize(
    ("language", "found", "probability"), [(None, "und", 0.0), ("de", "de", 1.0), ("German", "de", 1.0)]
)
def test_without_speech_there_is_one_round_and_the_transcript_says_so(
    base_model: Model, language: str | None, found: str, probability: float
) -> None:
    silence = np.zeros(5 * RATE, np.float32)
    (only,) = updates_of(base_model, [silence], TranscribeOptions(language=language))
    assert (only.segments, only.uncovered, only.speech_duration, only.is_last) == ((), (), 0.0, True)
    transcript = base_model.transcribe(silence, language=language)
    assert (transcript.segments, transcript.text) == ((), "")
    assert (transcript.language, transcript.language_probability) == (found, probability)
    assert transcript.notes == ("no speech was found",)
    assert (transcript.duration, transcript.speech_duration) == (5.0, 0.0)


@pytest.mark.parametrize("n_samples", [0, 1, 160])
def test_audio_of_no_length_is_no_speech(tiny_model: Model, n_samples: int) -> None:
    transcript = tiny_model.transcribe(np.zeros(n_samples, np.float32))
    assert transcript.segments == ()
    assert transcript.notes == ("no speech was found",)


@pytest.mark.parametrize("n_samples", [0, 1, 160, 1600])
def test_audio_of_no_length_comes_to_an_end_without_a_detector(tiny_model: Model, n_samples: int) -> None:
    transcript = tiny_model.transcribe(np.zeros(n_samples, np.float32), options=TranscribeOptions(vad=None))
    assert transcript.segments == ()
    assert len(transcript.notes) == 1


def test_tracks_without_speech_end_beside_one_that_has_some(
    tiny_model: Model, joined_speech: Samples
) -> None:
    silence = np.zeros(5 * RATE, np.float32)
    found = updates_of(tiny_model, [silence, joined_speech[: 20 * RATE], silence], TranscribeOptions())
    assert sorted(done.track for done in found if done.is_last) == [0, 1, 2]
    assert segments_of(found, 1)
    assert not segments_of(found, 0)


def test_more_silent_tracks_than_may_be_open_all_end(tiny_model: Model) -> None:
    found = updates_of(tiny_model, [np.zeros(160, np.float32)] * 70, TranscribeOptions())
    assert [done.track for done in found] == list(range(70))
    assert all(done.is_last for done in found)


def test_without_tracks_there_are_no_rounds(tiny_model: Model) -> None:
    assert updates_of(tiny_model, [], TranscribeOptions()) == []


# Tracks that cannot be read


def breaking_off(samples: Samples, error: Exception) -> Callable[[], AudioSource]:
    """Opens a track whose samples come, and then the error."""

    def blocks() -> Generator[Samples, None, None]:
        if len(samples):
            yield samples
        raise error

    return lambda: AudioSource("broken", 100.0, 0.0, blocks())


def whole(samples: Samples) -> Callable[[], AudioSource]:
    return lambda: open_source(samples, None, lambda damage: None)


@pytest.mark.parametrize("seconds", [0.0, 10.0, 100.0])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_a_track_that_breaks_off_ends_with_its_error(
    tiny_model: Model, joined_speech: Samples, seconds: float, batch_size: int
) -> None:
    error = UnreadableMedia(Path("broken.mp4"), "it breaks off")
    opener = breaking_off(joined_speech[: round(seconds * RATE)], error)
    options = TranscribeOptions(beam_size=1, batch_size=batch_size)
    found = updates_by(tiny_model, [TrackRequest(opener, options)])
    assert [done.error for done in found if done.is_last] == [error]
    assert found[-1].is_last


def test_a_track_that_breaks_off_stops_no_other(tiny_model: Model, joined_speech: Samples) -> None:
    def unopened() -> AudioSource:
        raise error

    error = UnreadableMedia(Path("broken.mp4"), "it breaks off")
    speech = joined_speech[: 20 * RATE]
    openers = [
        breaking_off(joined_speech[: 50 * RATE], error),
        whole(speech),
        unopened,
        breaking_off(joined_speech[:0], error),
        whole(speech),
    ]
    options = TranscribeOptions(beam_size=1, batch_size=2)
    found = updates_by(tiny_model, [TrackRequest(one, options) for one in openers])
    ends = {done.track: done.error for done in found if done.is_last}
    assert ends == {0: error, 1: None, 2: error, 3: error, 4: None}
    assert sum(done.is_last for done in found) == 5
    alone = timed_texts(updates_of(tiny_model, [speech], options))
    assert timed_texts(found, 1) == timed_texts(found, 4) == alone


# Audio that comes as it is spoken


def test_what_is_pushed_has_its_text_soon_after_it_was_said(
    tiny_model: Model, joined_speech: Samples
) -> None:
    speech, max_wait_s = joined_speech[: 40 * RATE], 0.5
    scheduler, options = Scheduler(tiny_model._components), TranscribeOptions(beam_size=1)
    number, updates = scheduler.add(options, is_live=True), list[TrackUpdate]()
    with open_detector(LIVE_BATCH) as detector:
        builder = ChunkBuilder(detector, VadOptions(), max_wait_s=max_wait_s)
        for end in range(RATE // 10, len(speech) + 1, RATE // 10):
            for chunk in builder.push(speech[end - RATE // 10 : end]):
                scheduler.feed(number, chunk)
            while scheduler.has_work:
                for update in scheduler.step():
                    waited_s = end / RATE - chunk.speech[-1].end
                    assert waited_s <= max_wait_s + LIVE_BATCH * 0.032 + 0.1
                    updates.append(update)
        for chunk in builder.finish():
            scheduler.feed(number, chunk)
    scheduler.end(number)
    while scheduler.has_work:
        updates += scheduler.step()
    assert sum(bool(update.segments) for update in updates) > 3
    assert updates[-1].is_last
    text = _words("".join(segment.text for segment in segments_of(updates, number))).split()
    whole = _words(tiny_model.transcribe(speech, options=options).text).split()
    assert difflib.SequenceMatcher(None, text, whole, autojunk=False).ratio() > 0.8


# Threads


def test_two_threads_on_one_model_get_what_each_gets_alone(tiny_model: Model, joined_speech: Samples) -> None:
    parts = [joined_speech[: 60 * RATE], joined_speech[40 * RATE : 100 * RATE]]
    options = TranscribeOptions(beam_size=1)

    def read(part: Samples) -> list[tuple[float, float, str]]:
        segments = tiny_model.transcribe(part, options=options).segments
        return [(segment.start, segment.end, segment.text) for segment in segments]

    alone = [read(part) for part in parts]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(read, parts)) == alone


def test_a_model_that_is_closed_tells_the_threads_that_use_it(
    tiny_en_model_dir: Path, joined_speech: Samples
) -> None:
    model = Model(tiny_en_model_dir, CompileOptions(threads=2))
    stream = model.stream(joined_speech, options=TranscribeOptions(batch_size=1))
    next(stream)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(model.close).result()
    with pytest.raises(ClosedModel):
        list(stream)


# Files


@pytest.fixture(scope="module")
def long_file(speech_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample over and over for eleven and a half minutes: more than one block of samples."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    looped = ["-stream_loop", "68", "-i", str(speech_sample), "-ac", "1", "-ar", "16000", str(path)]
    subprocess.run([ffmpeg_executable(), "-nostdin", "-v", "error", *looped], check=True)
    return path


def test_closing_the_stream_of_segments_ends_ffmpeg(
    tiny_model: Model, long_file: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    stream = tiny_model.stream(long_file, options=TranscribeOptions(batch_size=1))
    first = next(stream)
    assert "ever" in words_of(first.text)
    assert children[-1].poll() is None  # ffmpeg waits with the next block
    stream.close()
    assert children[-1].returncode is not None


def test_an_interrupt_while_progress_is_shown_ends_ffmpeg(
    tiny_model: Model, long_file: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    def interrupt(progress: Progress) -> None:
        assert children[-1].poll() is None
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiny_model.transcribe(long_file, options=TranscribeOptions(batch_size=1), on_progress=interrupt)
    gc.collect()
    assert children[-1].returncode is not None


def test_the_start_of_the_track_moves_every_segment(
    tiny_model: Model, speech_sample: Path, tmp_path: Path
) -> None:
    late = tmp_path / "late.mkv"
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=5:d=15"]
    muxed = ["-itsoffset", "4.5", "-i", str(speech_sample), "-map", "0", "-map", "1", str(late)]
    subprocess.run([ffmpeg_executable(), "-nostdin", "-v", "error", *picture, *muxed], check=True)
    shown = list[Progress]()
    moved = tiny_model.transcribe(late, on_progress=shown.append)
    plain = tiny_model.transcribe(speech_sample)
    assert moved.text == plain.text
    for segment, original in zip(moved.segments, plain.segments, strict=True):
        assert segment.start == pytest.approx(original.start + 4.5, abs=0.1)
        assert segment.end == pytest.approx(original.end + 4.5, abs=0.1)
    assert shown[-1].position <= shown[-1].duration


def test_words_are_the_text_and_lie_in_order_within_the_speech(
    tiny_model: Model, joined_speech: Samples
) -> None:
    plain = tiny_model.transcribe(joined_speech, language="en")
    timed = tiny_model.transcribe(
        joined_speech, options=TranscribeOptions(language="en", word_timestamps=True)
    )
    assert [replace(segment, words=()) for segment in timed.segments] == list(plain.segments)
    assert not any(segment.words for segment in plain.segments)
    for segment in timed.segments:
        assert "".join(word.word for word in segment.words) == segment.text
        assert all(0.0 <= word.probability <= 1.0 for word in segment.words)
        # The times of a segment are read off the model's own tokens, those of its words are not.
        assert abs(segment.words[0].start - segment.start) < 1.0
        assert abs(segment.words[-1].end - segment.end) < 1.5
    words = [word for segment in timed.segments for word in segment.words]
    assert all(word.start <= word.end for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)


def test_stream_and_transcribe_give_the_same_segments(tiny_model: Model, speech_sample: Path) -> None:
    assert tuple(tiny_model.stream(speech_sample)) == tiny_model.transcribe(speech_sample).segments


# What is asked


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (TranscribeOptions(task="translate"), UnsupportedTask),
        (TranscribeOptions(language="de"), UnsupportedTask),
        (TranscribeOptions(multilingual=True), UnsupportedTask),
        (TranscribeOptions(multilingual=True, languages=("en", "de")), UnsupportedTask),
        (TranscribeOptions(initial_prompt="word " * 300), InvalidOption),
        (TranscribeOptions(hotwords="word " * 300), InvalidOption),
    ],
    ids=["translate", "language", "multilingual", "languages", "initial_prompt", "hotwords"],
)
def test_what_the_model_cannot_do_is_refused_before_anything_is_read(
    tiny_model: Model, options: TranscribeOptions, error: type[Exception]
) -> None:
    def untouched() -> AudioSource:
        raise AssertionError("the track was opened")

    with pytest.raises(error):
        updates_by(tiny_model, [TrackRequest(untouched, options)])
    with pytest.raises(error):
        list(tiny_model.stream(np.zeros(RATE, np.float32), options=options))
    with pytest.raises(error):
        tiny_model.check(options)


def test_a_track_whose_thread_cannot_start_stops_nobody(
    tiny_model: Model, joined_speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, n_started = threading.Thread.start, [0]

    def refuse_the_third(thread: threading.Thread) -> None:
        n_started[0] += thread.name == "read ahead"
        if (
            thread.name == "read ahead" and n_started[0] == 3
        ):  # of the opener, of the first track, of the second
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_the_third)
    outcomes = list(tiny_model.transcribe_files([joined_speech[: 20 * RATE]] * 3))
    assert [str(one.error) for one in outcomes if one.error] == ["can't start new thread"]
    assert [one.number for one in outcomes if one.error] == [1]
    assert all(one.transcript.segments for one in outcomes if one.transcript)
