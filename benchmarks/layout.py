"""How subtitles keep to the rules of a style: ours, and those that openai/whisper writes of the same words.

    python benchmarks/layout.py --data LibriSpeech/test-clean --peers-python .venv-peers/bin/python

The chapters of a split are joined and heard once by ovsubs, with the times of words. Then the same
transcripts are written by ovsubs and by openai/whisper's own writer (which whisper-ctranslate2 has, too, for
faster-whisper): as it is, which is a cue for each segment, and with lines of the style. All files are read
back and checked by the rules of `ovsubs qc`.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import run_program, say

from ovsubs.datasets.joining import joined_chapters, write_wav
from ovsubs.export.resolve import resolve_ir
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.cue import Cue, CueWord, to_ms
from ovsubs.subtitles.formats import render
from ovsubs.subtitles.parsing.files import read_subtitles
from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.qc.findings import Kind, QcReport
from ovsubs.subtitles.styles import DEFAULT_STYLE, STYLES, LayoutOptions
from ovsubs.transcript import Transcript
from ovsubs.whisper.model import CompileOptions

ROOT = Path(__file__).parents[1]
# Of openai/whisper: reads transcripts, writes subtitles beside them.
WRITE = """
import json, sys
from pathlib import Path
from whisper.utils import get_writer
options = json.loads(sys.argv[1])
for path in sys.argv[2:]:
    result = json.loads(Path(path).read_text(encoding="utf-8"))
    get_writer("srt", str(Path(path).parent))(result, str(Path(path).with_suffix(".wav")), **options)
"""


@dataclass(frozen=True, slots=True)
class LayoutFigures:
    """Of all files of one writer. Shares are of cues, 0 to 1; `late_starts` begin over two frames off."""

    writer: str
    n_cues: int
    overlaps: int
    wide_lines: int
    more_lines: int
    too_short: int
    too_long: int
    small_gaps: int
    too_fast: float
    too_fast_as_spoken: float
    late_starts: int
    words_whole_and_in_order: bool


def main() -> int:
    """Hear, write, check, keep the JSON, print a table."""
    given = read_arguments()
    with tempfile.TemporaryDirectory() as name:
        transcripts = hear(given, Path(name))
        results = [check("ovsubs", transcripts, write_ours(transcripts, given.style), given.style)]
        rules = STYLES[given.style]
        lines = {"max_line_width": rules.max_line_width, "max_line_count": rules.max_line_count}
        for writer, options in (("openai/whisper", {}), ("openai/whisper with line options", lines)):
            files = write_theirs(transcripts, options, given.peers_python, Path(name))
            results.append(check(writer, transcripts, files, given.style))
    content = {
        **describe_run(ROOT, PROJECT_PACKAGES),
        "style": given.style,
        "audio_s": round(sum(one.duration for one in transcripts), 1),
        "results": [asdict(one) for one in results],
    }
    given.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for one in results:
        print(", ".join(f"{name} {value}" for name, value in asdict(one).items()))
    return 0


def read_arguments() -> argparse.Namespace:
    """The call."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    parser.add_argument("--peers-python", required=True, help="of an environment with openai-whisper")
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--style", choices=sorted(STYLES), default=DEFAULT_STYLE)
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results" / "layout.json")
    return parser.parse_args()


def hear(given: argparse.Namespace, folder: Path) -> list[Transcript]:
    """The transcript of each chapter, with words."""
    found = list[Transcript]()
    options = TranscribeOptions(language="en", word_timestamps=True)
    with Model(
        resolve_ir(given.model, offline=True, report=say), CompileOptions(threads=given.threads)
    ) as model:
        for number, chapter in enumerate(joined_chapters(given.data)):
            path = folder / f"{number}.wav"
            write_wav(path, chapter)
            say(f"chapter {number + 1}")
            found.append(model.transcribe(path, options=options))
    return found


def write_ours(transcripts: Sequence[Transcript], style: str) -> list[str]:
    """The SRT of each."""
    return [render(transcript, "srt", LayoutOptions(style=style)) for transcript in transcripts]


def write_theirs(
    transcripts: Sequence[Transcript], options: dict[str, int], python: str, folder: Path
) -> list[str]:
    """The SRT that openai/whisper makes of each."""
    paths = [folder / f"theirs-{number}.json" for number in range(len(transcripts))]
    for path, transcript in zip(paths, transcripts, strict=True):
        path.write_text(transcript.to_json(), encoding="utf-8")
    subprocess.run([python, "-P", "-c", WRITE, json.dumps(options), *map(str, paths)], check=True)
    return [path.with_suffix(".srt").read_text(encoding="utf-8") for path in paths]


def check(writer: str, transcripts: Sequence[Transcript], files: Sequence[str], style: str) -> LayoutFigures:
    """Read files back and count what is against the rules."""
    reports, late, gaps, whole = list[QcReport](), 0, 0, True
    for transcript, text in zip(transcripts, files, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "read.srt"
            path.write_text(text, encoding="utf-8")
            cues = with_words(read_subtitles(path).cues)
        rules = LayoutOptions(style=style).rules(transcript.text_language)
        reports.append(check_cues(cues, rules, duration_ms=to_ms(transcript.duration)))
        spoken = [word for segment in transcript.segments for word in segment.text.split()]
        whole = whole and [word for cue in cues for word in cue.text.split()] == spoken
        gaps += sum(0 <= after.start_ms - cue.end_ms < rules.min_gap_ms for cue, after in pairwise(cues))
        late += sum(is_late(cue, transcript, 2 * rules.frame_ms) for cue in cues)
    n_cues = sum(report.figures.n_cues for report in reports)

    def count(*kinds: Kind) -> int:
        return sum(len(report.of(*kinds)) for report in reports)

    return LayoutFigures(
        writer=writer,
        n_cues=n_cues,
        overlaps=count(Kind.OVERLAP, Kind.OUT_OF_ORDER),
        wide_lines=count(Kind.LINE_TOO_WIDE),
        more_lines=count(Kind.TOO_MANY_LINES),
        too_short=count(Kind.TOO_SHORT, Kind.NO_TIME),
        too_long=count(Kind.TOO_LONG),
        small_gaps=gaps,
        too_fast=round(count(Kind.TOO_FAST) / n_cues, 4),
        too_fast_as_spoken=round(count(Kind.SPEECH_TOO_FAST) / n_cues, 4),
        late_starts=late,
        words_whole_and_in_order=whole,
    )


def with_words(cues: Sequence[Cue]) -> list[Cue]:
    """Cues of a file as if their words were known: each begins with one, so that none can wait."""
    return [
        replace(cue, words=tuple((CueWord(line, cue.start_ms, cue.end_ms),) for line in cue.lines))
        for cue in cues
    ]


def is_late(cue: Cue, transcript: Transcript, most_ms: float) -> bool:
    """Whether no word begins within two frames of the cue's start."""
    starts = (to_ms(word.start) for segment in transcript.segments for word in segment.words)
    return all(abs(start_ms - cue.start_ms) > most_ms for start_ms in starts)


if __name__ == "__main__":
    run_program(main)
