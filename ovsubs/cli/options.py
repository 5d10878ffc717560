"""Options that commands of both kinds have, with their help."""

from pathlib import Path
from typing import Annotated, Any

import typer

SEARCH, MACHINE = "Search", "Machine"  # panels of the help


def option(*names: str, help: str, panel: str) -> Any:
    """An option in a panel of the help."""
    return typer.Option(*names, help=help, rich_help_panel=panel)


BeamSize = Annotated[
    int, option("--beam-size", help="Hypotheses of each window; 1 is greedy, and fastest.", panel=SEARCH)
]
DeviceName = Annotated[
    str,
    option("--device", "-d", help="CPU, GPU, GPU.1, NPU, AUTO, AUTO:GPU,CPU, HETERO:GPU,CPU.", panel=MACHINE),
]
Threads = Annotated[
    int | None, option("--threads", help="CPU threads. [default: OpenVINO's choice]", panel=MACHINE)
]
InferencePrecision = Annotated[
    str | None,
    option(
        "--inference-precision",
        help=(
            "f32, bf16, f16 or int8 (linear layers in 8 bits, CPU). "
            "[default: on the CPU as ovsubs devices shows; the device's own elsewhere]"
        ),
        panel=MACHINE,
    ),
]
BatchSize = Annotated[
    int | None,
    option(
        "--batch-size",
        help="Windows decoded together. [default: up to 10 of 30 s, or more shorter ones, as memory allows]",
        panel=MACHINE,
    ),
]
ModelDir = Annotated[
    Path | None, typer.Option("--model-dir", help="Where model directories lie. [default: models/]")
]
Offline = Annotated[bool, typer.Option("--offline", "--local-files-only", help="Never touch the network.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no table, errors only.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
