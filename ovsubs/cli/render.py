"""`ovsubs render`: lay transcripts out anew, and what is shown of it."""

from collections.abc import Sequence
from pathlib import Path

from ovsubs.cli.printing import print_text, say, say_traceback, show
from ovsubs.cli.wording import is_crash, why_it_ended
from ovsubs.errors import InvalidOption
from ovsubs.library.file_result import Status
from ovsubs.library.render import RenderOptions, read_timed, render_transcripts
from ovsubs.subtitles.formats import render


def run_render(
    transcripts: Sequence[Path], options: RenderOptions, *, to_stdout: bool, quiet: bool, debug: bool = False
) -> int:
    """Write or print the subtitles of transcripts, a line for each file; returns the exit code.

    Raises:
        OvsubsError: the call is wrong, or the one transcript that is to be printed cannot be read.
    """
    if to_stdout:
        print_text(_only_text(transcripts, options))
        return 0

    has_failed = False
    for result in render_transcripts(transcripts, options):
        if result.status is Status.DONE:
            for output in result.outputs:
                show(str(output))
            continue
        has_failed = has_failed or result.status is Status.FAILED
        if debug and is_crash(result.error):
            say_traceback(result.error)
        if result.status is Status.FAILED or not quiet:
            say(f"ovsubs: {why_it_ended(result.why, result.error)}")
    return int(has_failed)


def _only_text(transcripts: Sequence[Path], options: RenderOptions) -> str:
    if len(transcripts) != 1:
        raise InvalidOption("output_dir", "-", "it prints the subtitles of one transcript")
    if len(options.formats) != 1:
        raise InvalidOption("formats", ",".join(options.formats), "with --output-dir - it is one")
    if options.overwrite:
        raise InvalidOption("overwrite", True, "not with --output-dir -, which makes no file")
    transcript = read_timed(transcripts[0], options)
    return render(transcript, options.formats[0], options.layout, options.format)
