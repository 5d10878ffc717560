"""What the programs of benchmarks/ have in common: arguments, progress, results, and how they end."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from ovsubs.errors import OvsubsError
from ovsubs.evaluation.results import write_text

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that shows the docstring of a program as it is."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


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


def write_results(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON for people and programs, whole or not at all; makes its folder.

    Raises:
        UnwritableFile: the place cannot be written.
    """
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def run_program(main: Callable[[], int]) -> None:
    """End with what it returns, or with one line on stderr and 1 where ovsubs raises one of its errors."""
    try:
        sys.exit(main())
    except OvsubsError as error:
        sys.exit(str(error))
