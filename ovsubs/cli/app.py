"""All commands of `ovsubs`, in the order of its help."""

import typer

from ovsubs import __version__
from ovsubs.cli.batch_commands import batch, jobspec, pause, report, resume, status, stop
from ovsubs.cli.model_commands import benchmark, devices, export, models, quantize
from ovsubs.cli.printing import show
from ovsubs.cli.subtitle_commands import qc, render, subtitle
from ovsubs.cli.video_commands import burn, embed

app = typer.Typer(
    help="Subtitles for your videos with Whisper on OpenVINO, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # "rich" would take `[default: …]` in a help for markup
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        show(__version__)
        raise typer.Exit


for command in (
    *(subtitle, batch, status, pause, resume, stop, report, jobspec, render),
    *(export, quantize, benchmark, qc, models, devices, embed, burn),
):
    app.command()(command)
