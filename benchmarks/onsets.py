"""Words lost, invented and misplaced where speech begins after music, applause, rain or a crowd.

    python benchmarks/onsets.py --data ../shared/data --peers-python .venv-peers/bin/python

Files are made of the recordings of a manifest (`peer_engines/spliced.py`): a sound, then speech, in five
languages. What counts is what is lost, invented or misplaced beyond what it is with silence in the place of
the sound (`ovsubs/evaluation/onset_errors.py`), so that a model's own errors do not. Recordings without
speech follow: each word there is one too many.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peer_engines.hear_words import Job
from peer_engines.hearing import hear
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, add_model_arguments, make_parser, run_program, say, write_results
from peer_engines.spliced import SplicedFile, make_spliced
from peer_engines.weights import Weights, find_weights

from ovsubs.datasets.joining import Recording, write_wav
from ovsubs.evaluation.onset_errors import OnsetErrors, bare_words, count_onset_errors
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.sources import short_name
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Transcript, Word
from ovsubs.whisper.model import CompileOptions

N_FILES = 126  # each clip, sound and way to join them more than once
PEERS = {"faster-whisper": False, "faster-whisper with its VAD": True}
SOUND_SUFFIXES = (".wav", ".ogg", ".mp3", ".flac")


@dataclass(frozen=True, slots=True)
class Result:
    """One tool: what went wrong in all files, in files with their names, and words where nobody speaks."""

    tool: str
    total: OnsetErrors
    files: dict[str, OnsetErrors]
    nonspeech: dict[str, str]


def main() -> int:
    """Make the files, have them heard, write the JSON, print a table; 1 if ovsubs loses or invents a word."""
    given = read_arguments()
    ir = resolve_ir(given.model, offline=True, report=say)
    files = list(make_spliced(given.data, given.files))
    say(f"{len(files)} files, {sum(len(file.samples) for file in files) / 16_000 / 60:.0f} min")
    with Model(ir, CompileOptions(threads=given.threads, inference_precision=given.precision)) as model:
        results = [hear_ours(model, files, given.data)]
    if given.peers_python:
        source = given.checkpoint or short_name(given.model)
        weights = find_weights(Weights(source, ir, given.weights, say), "ctranslate2")
        with tempfile.TemporaryDirectory() as name:
            written = write_files(files, Path(name))
            for tool, vad_filter in PEERS.items():
                say(tool)
                results.append(hear_theirs(tool, vad_filter, str(weights), given, written, Path(name)))
    content = {
        **describe_run(PROJECT_PACKAGES),
        "n_files": len(files),
        "results": [as_json(one) for one in results],
    }
    write_results(given.json, content)
    for one in results:
        print(describe(one))
    ours = results[0]
    return int(bool(ours.total.lost or ours.total.invented or ours.total.misplaced or ours.nonspeech))


def read_arguments() -> argparse.Namespace:
    """The call."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with MANIFEST.tsv and recordings")
    parser.add_argument("--peers-python", help="of the environment of the other tools; without, ovsubs alone")
    add_model_arguments(parser)
    parser.add_argument("--precision", help="of ovsubs; by default what the CPU is fastest in")
    parser.add_argument("--files", type=int, default=N_FILES, help="how many are made")
    parser.add_argument("--json", type=Path, default=RESULTS / "onsets.json")
    return parser.parse_args()


def hear_ours(model: Model, files: Sequence[SplicedFile], data: Path) -> Result:
    """In the default options, but for the language."""
    say("ovsubs, with silence in the place of sounds")
    control = _transcribe(model, files, silenced=True)
    say("ovsubs")
    heard = _transcribe(model, files, silenced=False)
    say("ovsubs, recordings without speech")
    nonspeech = dict[str, str]()
    for path in sorted((data / "nonspeech").rglob("*")):
        for language in (None, "en") if path.suffix in SOUND_SUFFIXES else ():
            text = model.transcribe(path, options=_options(language)).text.strip()
            if text:
                nonspeech[f"{path.name}, {language or 'any language'}"] = text
    return compare("ovsubs", files, heard, control, nonspeech)


def _options(language: str | None) -> TranscribeOptions:
    return TranscribeOptions(language=language, word_timestamps=True)


def _transcribe(model: Model, files: Sequence[SplicedFile], *, silenced: bool) -> list[list[Word]]:
    found: list[list[Word]] = [[] for _ in files]
    for language in sorted({file.language for file in files}):
        places = [place for place, file in enumerate(files) if file.language == language]
        samples = [files[place].silenced if silenced else files[place].samples for place in places]
        for outcome in model.transcribe_files(samples, options=_options(language)):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.transcript is not None
            found[places[outcome.number]] = _timed(outcome.transcript)
    return found


def _timed(transcript: Transcript) -> list[Word]:
    return [word for one in transcript.segments for word in one.words]


def write_files(files: Sequence[SplicedFile], folder: Path) -> list[tuple[SplicedFile, Path, Path]]:
    """Each file, and the same with silence, as wav."""
    written = []
    for number, file in enumerate(files):
        paths = folder / f"{number}.wav", folder / f"{number}-silenced.wav"
        for path, samples in zip(paths, (file.samples, file.silenced), strict=True):
            write_wav(path, Recording(file.name, samples, ()))
        written.append((file, *paths))
    return written


def hear_theirs(
    tool: str,
    vad_filter: bool,
    model: str,
    given: argparse.Namespace,
    written: Sequence[tuple[SplicedFile, Path, Path]],
    folder: Path,
) -> Result:
    """faster-whisper, as its documentation shows it; recordings without speech are told to be English."""
    sounds = [path for path in sorted((given.data / "nonspeech").rglob("*")) if path.suffix in SOUND_SUFFIXES]
    paths = [*(one[1] for one in written), *(one[2] for one in written), *sounds]
    languages = [*(one[0].language for one in written)] * 2 + ["en"] * len(sounds)
    job = Job(
        "faster-whisper",
        model,
        given.threads,
        [(str(path), []) for path in paths],
        str(folder / "words.json"),
        languages,
        vad_filter,
    )
    heard = hear(job, given.peers_python, folder)
    n = len(written)
    texts = {
        path.name: text
        for path, words in zip(sounds, heard[2 * n :], strict=True)
        if (text := "".join(word.word for word in words).strip())
    }
    return compare(tool, [one[0] for one in written], heard[:n], heard[n : 2 * n], texts)


def compare(
    tool: str,
    files: Sequence[SplicedFile],
    heard: Sequence[Sequence[Word]],
    control: Sequence[Sequence[Word]],
    nonspeech: dict[str, str],
) -> Result:
    """What went wrong with the sounds, beyond what did without."""
    counted = {
        file.name: count_onset_errors(file.parts, words).beyond(count_onset_errors(file.parts, of_control))
        for file, words, of_control in zip(files, heard, control, strict=True)
    }
    return Result(tool, sum(counted.values(), OnsetErrors()), counted, nonspeech)


def as_json(result: Result) -> dict[str, Any]:
    """The totals, and the files in which something is lost, invented or misplaced."""
    content = asdict(result)
    content["files"] = {
        name: asdict(errors)
        for name, errors in result.files.items()
        if errors.lost or errors.invented or errors.misplaced
    }
    return content


def describe(result: Result) -> str:
    """In one line."""
    total = result.total
    n_nonspeech = sum(len(bare_words(text)) for text in result.nonspeech.values())
    return (
        f"{result.tool}: {total.lost} words lost, {total.invented} invented, {total.misplaced} misplaced; "
        f"word errors {total.n_errors / total.n_words:.2%} of {total.n_words}; "
        f"{n_nonspeech} words where nobody speaks"
    )


if __name__ == "__main__":
    run_program(main)
