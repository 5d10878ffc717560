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
from dataclasses import asdict
from pathlib import Path

from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, make_parser, run_program, say, write_results

from ovsubs.datasets.joining import joined_chapters, write_wav
from ovsubs.evaluation.layout_figures import measure_layout
from ovsubs.export.resolve import resolve_ir
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats import render
from ovsubs.subtitles.formats.read import read_subtitles
from ovsubs.subtitles.styles import DEFAULT_STYLE, STYLES, LayoutOptions
from ovsubs.transcript import Transcript
from ovsubs.whisper.model import CompileOptions

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


def main() -> int:
    """Hear, write, check, keep the JSON, print a table."""
    given = read_arguments()
    with tempfile.TemporaryDirectory() as name:
        transcripts = hear(given, Path(name))
        ours = read_cues(write_ours(transcripts, given.style))
        results = [measure_layout("ovsubs", transcripts, ours, given.style)]
        rules = STYLES[given.style].rules
        lines = {"max_line_width": rules.max_line_width, "max_line_count": rules.max_line_count}
        for writer, options in (("openai/whisper", {}), ("openai/whisper with line options", lines)):
            files = write_theirs(transcripts, options, given.peers_python, Path(name))
            results.append(measure_layout(writer, transcripts, read_cues(files), given.style))
    content = {
        **describe_run(PROJECT_PACKAGES),
        "style": given.style,
        "audio_s": round(sum(one.duration for one in transcripts), 1),
        "results": [asdict(one) for one in results],
    }
    write_results(given.json, content)
    for one in results:
        print(", ".join(f"{name} {value}" for name, value in asdict(one).items()))
    return 0


def read_arguments() -> argparse.Namespace:
    """The call."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    parser.add_argument("--peers-python", required=True, help="of an environment with openai-whisper")
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--style", choices=sorted(STYLES), default=DEFAULT_STYLE)
    parser.add_argument("--json", type=Path, default=RESULTS / "layout.json")
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


def read_cues(files: Sequence[str]) -> list[tuple[Cue, ...]]:
    """The cues of each file, as `ovsubs qc` reads them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.srt" for number in range(len(files))]
        for path, text in zip(paths, files, strict=True):
            path.write_text(text, encoding="utf-8")
        return [read_subtitles(path).cues for path in paths]


if __name__ == "__main__":
    run_program(main)
