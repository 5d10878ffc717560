"""Real recordings of several languages, lengths and qualities: what is heard, and when."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import pysubs2
import pytest
from command_line import Ended
from heard import says, word_errors
from whisper_normalizer.basic import BasicTextNormalizer

from ovsubs.datasets.joining import joined_chapters
from ovsubs.evaluation.word_errors import count_word_errors, median
from ovsubs.pipeline import Model

pytestmark = pytest.mark.model

NORMALIZE = BasicTextNormalizer()  # arXiv:2212.04356, appendix C, for languages other than English
ERROR_MARGIN = 0.1  # above what base reaches, so that another rounding of a few words fails nothing
CHAPTER_WER = 0.065
CHAPTER_START_S = 0.7
FILM_ERRORS = 13  # of 26 words: base makes another greeting of "Hildy!", and more of that kind


@dataclass(frozen=True)
class Clips:
    """Clips of one language, and the share of words (ja, zh: characters) that base gets wrong in them."""

    language: str
    names: tuple[str, ...]
    error_rate: float


CLIPS = (
    Clips("de", ("fleurs-de-001.ogg", "fleurs-de-002.ogg"), 0.11),
    Clips("en", ("fleurs-en-000.ogg", "fleurs-en-001.ogg"), 0.07),
    Clips("es", ("fleurs-es-000.ogg", "fleurs-es-002.ogg"), 0.08),
    Clips("fr", ("fleurs-fr-000.ogg", "fleurs-fr-001.ogg"), 0.24),
    Clips("ja", ("fleurs_ja_1837_clip4.wav",), 0.17),
    Clips("pt", ("fleurs-pt-000.ogg", "fleurs-pt-001.ogg"), 0.14),
    Clips("zh", ("fleurs_zh_1883_clip5.wav",), 0.22),
)


@pytest.fixture(scope="module")
def references(shared_data: Path) -> dict[str, str]:
    """What was said, by the recording's path."""
    with (shared_data / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["path"]: row["reference_transcript"] for row in rows}


@pytest.mark.parametrize("clips", CLIPS, ids=lambda clips: clips.language)
def test_a_language_is_detected_and_written_down(
    base_model: Model, shared_data: Path, references: dict[str, str], clips: Clips
) -> None:
    paths = [f"fleurs/{clips.language}/{name}" for name in clips.names]
    transcripts = [base_model.transcribe(shared_data / path) for path in paths]
    said = " ".join(NORMALIZE(references[path]) for path in paths)
    heard = " ".join(NORMALIZE(transcript.text) for transcript in transcripts)
    measure = jiwer.wer
    if clips.language in ("ja", "zh"):  # written without spaces between words
        said, heard, measure = said.replace(" ", ""), heard.replace(" ", ""), jiwer.cer

    assert {transcript.language for transcript in transcripts} == {clips.language}
    assert min(transcript.language_probability for transcript in transcripts) > 0.9
    assert measure(said, heard) <= clips.error_rate + ERROR_MARGIN, heard


def test_french_speech_is_translated_into_english(
    base_model_dir: Path, shared_data: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    """ "L'accident a eu lieu en terrain montagneux …" and "Le même mois … tuant ainsi dix-sept personnes"."""
    clips = [shared_data / "fleurs/fr" / f"fleurs-fr-00{number}.ogg" for number in (0, 4)]

    ended = ovsubs(
        *("subtitle", *clips, "-m", base_model_dir, "--task", "translate"),
        *("--output-dir", tmp_path, "-f", "txt", "--language-suffix"),
    )

    accident, month = (
        (tmp_path / f"{clip.stem}.en.txt").read_text(encoding="utf-8").lower() for clip in clips
    )
    assert ended.code == 0
    assert re.search(r"\baccident (took place|happened|occurred)\b", accident)
    assert "mountain" in accident
    assert "the same month" in month
    assert re.search(r"\b(17|seventeen)\b", month)
    assert not re.search(r"\b(le|les|une|dans|même)\b", f"{accident} {month}")


def test_a_film_is_captioned_close_to_how_a_person_did_it(
    base_model_dir: Path, shared_data: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    film = shared_data / "video/friday.mp4"
    by_hand = pysubs2.load(str(film.with_suffix(".vtt")))
    said = " ".join(cue.plaintext for cue in by_hand)

    for precision in ([], ["--inference-precision", "f32"]):
        call = ("subtitle", film, "-m", base_model_dir, "-o", tmp_path, "-f", "vtt,json", "-y", *precision)
        ended = ovsubs(*call)

        cues = pysubs2.load(str(tmp_path / "friday.vtt"))
        heard = " ".join(cue.plaintext for cue in cues)
        assert ended.code == 0
        # Of "Hildy! How are you?" base makes this and that, of "Universe" a "University": a hair decides.
        assert word_errors(said, heard) <= FILM_ERRORS, heard
        assert says(heard, "stolen the crown jewels")
        assert cues[0].start <= 500
        # Where cues end is such a hair, too, but not when words are spoken.
        segments = json.loads((tmp_path / "friday.json").read_text(encoding="utf-8"))["segments"]
        assert "bad" in _words_between(segments, 3.0, 4.5)  # "Yes, he's in - in a bad humor"
        for word in ("Tell", "Somebody"):
            assert abs(_start_of(segments, word) - _start_of_cue(by_hand, word)) <= 600


def _start_of(segments: Sequence[dict[str, Any]], spoken: str) -> float:
    """When the first such word is spoken, in ms."""
    words = (word for segment in segments for word in segment["words"])
    return next(1000.0 * word["start"] for word in words if spoken.lower() in word["word"].lower())


def _words_between(segments: Sequence[dict[str, Any]], start: float, end: float) -> str:
    words = (word for segment in segments for word in segment["words"])
    return "".join(word["word"] for word in words if start <= word["start"] < end).lower()


def _start_of_cue(cues: pysubs2.SSAFile, word: str) -> int:
    return next(cue.start for cue in cues if cue.plaintext.startswith(word))


@pytest.mark.parametrize("language", [(), ("-l", "en")], ids=["detected", "given"])
def test_noise_and_music_give_empty_subtitles_and_a_note(
    base_model_dir: Path,
    shared_data: Path,
    ovsubs: Callable[..., Ended],
    tmp_path: Path,
    language: tuple[str, ...],
) -> None:
    folder = shared_data / "nonspeech"
    recordings = [path for path in folder.rglob("*") if path.suffix in (".wav", ".ogg", ".mp3")]

    ended = ovsubs("subtitle", folder, "-m", base_model_dir, "-o", tmp_path, "-f", "srt,vtt", *language)

    written = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert ended.code == 0
    assert len(written) == 2 * len(recordings) > 0
    assert {path.name: path.read_text() for path in written if path.suffix == ".srt"} == {
        f"{path.stem}.srt": "" for path in recordings
    }
    assert {path.read_text() for path in written if path.suffix == ".vtt"} == {"WEBVTT\n"}
    for recording in recordings:
        note = next(line for line in ended.complaints if line.startswith(str(recording)))
        assert "no speech was found" in note or "no words could be made out" in note


def test_a_chapter_is_read_with_few_errors_and_timed_well(base_model: Model, shared_data: Path) -> None:
    """Four and a half minutes, several chunks: its utterances joined, so their times are exact."""
    (chapter,) = joined_chapters(shared_data / "librispeech/test-clean/1089")

    transcript = base_model.transcribe(chapter.samples, language="en")

    starts = [segment.start for segment in transcript.segments]
    reference = [utterance.start for utterance in chapter.utterances]
    assert count_word_errors(chapter.text, transcript.text).wer <= CHAPTER_WER
    assert median([min(abs(start - other) for other in reference) for start in starts]) <= CHAPTER_START_S
    assert starts == sorted(starts)
    assert transcript.segments[-1].end <= chapter.duration


def test_the_batch_size_changes_nothing_that_is_written(
    base_model_dir: Path, shared_data: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    call = shared_data / "earnings22/earnings22_1_4482311_3_62.wav"
    for size in (1, 16):
        ended = ovsubs(
            *("subtitle", call, "--model", base_model_dir, "--threads", "2", "--inference-precision", "f32"),
            *("--batch-size", str(size), "-o", tmp_path / str(size), "-f", "srt,txt"),
        )
        assert ended.code == 0

    for name in (f"{call.stem}.srt", f"{call.stem}.txt"):
        alone, together = ((tmp_path / size / name).read_text(encoding="utf-8") for size in ("1", "16"))
        assert len(alone) > 300
        assert together == alone
