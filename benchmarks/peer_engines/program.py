"""What the programs of benchmarks/ have in common: how they take a model, tell progress, and end."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from ovsubs.errors import OvsubsError


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`--model`, `--checkpoint` and `--weights`, which `peer_engines.weights` wants, and `--threads`."""
    parser.add_argument("--model", default="base", help="name or directory of the OpenVINO graphs")
    parser.add_argument(
        "--checkpoint", help="name or directory that they were exported from, if not their name"
    )
    parser.add_argument(
        "--weights", type=Path, default=user_cache_path("ovsubs") / "peers", help="kept weights"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count())


def say(line: str) -> None:
    """Progress goes to stderr."""
    print(line, file=sys.stderr, flush=True)


def run_program(main: Callable[[], int]) -> None:
    """End with what it returns, or with one line on stderr and 1 where ovsubs raises one of its errors."""
    try:
        sys.exit(main())
    except OvsubsError as error:
        sys.exit(str(error))
