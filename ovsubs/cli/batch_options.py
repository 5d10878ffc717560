"""The options of the commands that work on a library, besides those of `subtitle`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ovsubs.cli.options import option
from ovsubs.cli.wildcards import expand_wildcards

_LIBRARY, _RUN, _HOOKS = "Library", "Run", "Hooks"

Roots = Annotated[
    list[Path],
    typer.Argument(
        help="Folders of a library, or files.",
        metavar="ROOT...",
        readable=False,
        callback=expand_wildcards,
    ),
]
Root = Annotated[Path, typer.Argument(help="Folder of a library.", metavar="ROOT", readable=False)]


Reports = Annotated[
    list[Path],
    typer.Argument(
        help="Folders that runs have been over, ledgers, or reports (.json) such as of parts of a library.",
        metavar="ROOT...",
        readable=False,
        callback=expand_wildcards,
    ),
]
ReportOutput = Annotated[
    list[Path], typer.Option("--output", "-o", help="File, .html or .json; may be given twice.")
]
JobKind = Annotated[str, typer.Argument(help="bacalhau, kubernetes or slurm.", metavar="KIND")]
JobLibrary = Annotated[
    str,
    typer.Argument(
        help="Folder of the library on the nodes; for kubernetes a volume claim, and a folder behind it.",
        metavar="LIBRARY",
    ),
]
JobArguments = Annotated[
    list[str] | None,
    typer.Argument(help="More options of ovsubs batch, behind --.", metavar="BATCH_OPTION..."),
]


def _job(*names: str, help: str) -> Any:
    return option(*names, help=help, panel="Job")


JobOutput = Annotated[
    str | None,
    _job("--output-dir", "-o", help="Where subtitles and reports go. [bacalhau: published if left out]"),
]
JobImage = Annotated[str | None, _job("--image", help="Of the container; slurm has none.")]
JobShards = Annotated[int, _job("--shards", help="Tasks, each with a part of the library.")]
JobAtOnce = Annotated[int | None, _job("--at-once", help="How many of them at a time; not for bacalhau.")]
JobCpus = Annotated[int, _job("--cpus", help="Of each task.")]
JobMemory = Annotated[int, _job("--memory-gib", help="Of each task.")]
JobTime = Annotated[int, _job("--time-limit-s", help="Of each task.")]
JobModels = Annotated[
    str | None, _job("--model-dir", help="Where the models are; left out, they are in the image.")
]
JobState = Annotated[
    str | None, _job("--state-dir", help="Where ledgers stay; left out, they go with the task.")
]
JobName = Annotated[str, _job("--name", help="Of the job.")]


def _library(*names: str, help: str) -> Any:
    return option(*names, help=help, panel=_LIBRARY)


def _hooks(*names: str, help: str) -> Any:
    return option(*names, help=help, panel=_HOOKS)


def _run(*names: str, help: str) -> Any:
    return option(*names, help=help, panel=_RUN)


MinDuration = Annotated[float, _library("--min-duration-s", help="Skip files that are shorter.")]
IgnoreEmbedded = Annotated[
    bool,
    _library(
        "--ignore-embedded", help="Make subtitles even where the video has a track with them in the language."
    ),
]
RetryFailed = Annotated[
    bool,
    _library("--retry-failed", help="Try files again that failed in an earlier run, too."),
]
MaxAttempts = Annotated[
    int, _run("--max-attempts", help="How often a file is tried whose error may pass, such as a lost share.")
]
TimeLimit = Annotated[
    float | None, _run("--time-limit-s", help="How long a file may take; what it has got then is kept.")
]
LedgerFile = Annotated[
    Path | None,
    _run("--ledger", help="Where is remembered what is done. [default: in the cache, for each root]"),
]
Shard = Annotated[
    str | None,
    _library(
        "--shard",
        help="I/N: only part I of N of the files, from 0 on. [default: as an array job of Bacalhau, "
        "Kubernetes or Slurm says, else all files]",
    ),
]
Watch = Annotated[bool, _run("--watch", help="Go on, and take new files when they have stood still.")]
Between = Annotated[
    str | None,
    _run("--between", help="Work only at these hours, local time, such as 23:00-07:00 or 12-13,20-6."),
]
Nice = Annotated[int, _run("--nice", help="0 to 19: let other programs go first, the more the higher it is.")]
MaxRead = Annotated[
    float | None,
    _run("--max-read", help="Read at most so many MB a second, of all files together: for a NAS."),
]
OnDone = Annotated[
    str | None,
    _hooks("--on-done", help="A command for each file that has ended, with JSON on stdin; without a shell."),
]
WhenDone = Annotated[
    str | None, _hooks("--when-done", help="A command when all is done, such as systemctl suspend.")
]
Webhook = Annotated[str | None, _hooks("--webhook", help="A URL that gets the same JSON for each file.")]
Jellyfin = Annotated[
    str | None,
    _hooks("--jellyfin", help="Tell the server at this URL of new subtitles, with OVSUBS_JELLYFIN_TOKEN."),
]
Emby = Annotated[str | None, _hooks("--emby", help="The same for Emby, with OVSUBS_EMBY_TOKEN.")]
Plex = Annotated[str | None, _hooks("--plex", help="The same for Plex, with OVSUBS_PLEX_TOKEN.")]
Report = Annotated[
    list[Path] | None,
    _run(
        "--report",
        help="File for the closing report, .html or .json; may be given twice. [default: beside the ledger]",
    ),
]
LogJson = Annotated[bool, _run("--log-json", help="Print all that happens on stdout, a JSON object a line.")]
DryRun = Annotated[bool, _run("--dry-run", help="Only show what would be done, and how long it would take.")]
Json = Annotated[bool, _run("--json", help="Print it as JSON.")]
