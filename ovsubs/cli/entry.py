"""Arguments -> the command that they name, and an error of the library -> one line and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Sequence

import click
import typer

from ovsubs.cli.app import app
from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.spelling import as_written_here
from ovsubs.errors import OvsubsError

INTERRUPTED = 130  # 128 + SIGINT, as shells count it
IS_WINDOWS = os.name == "nt"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Errors of the library become one line on stderr and an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _print_utf8()
    with noted_interrupts() as stopped:
        try:
            code = app(
                args=as_written_here(given, typer.main.get_command(app)),
                prog_name="ovsubs",
                standalone_mode=False,
            )
            sys.stdout.flush()  # here, where a full disk can be told
            if code == INTERRUPTED:  # what typer makes of Ctrl-C, without a word
                raise KeyboardInterrupt
        except OvsubsError as error:
            code = _stop(given) if stopped else _fail(error, error.exit_code, given)
        except KeyboardInterrupt:
            code = _stop(given)
        except (click.exceptions.Abort, BrokenPipeError):
            code = INTERRUPTED
        except SystemExit as ended:  # what typer and rich make of a broken pipe
            if not isinstance(ended.__context__, BrokenPipeError):
                raise
            sys.stdout = sys.__stdout__
            code = INTERRUPTED
        except OSError as error:
            code = _stop(given) if stopped else _end_by(error, given)
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except Exception as error:
            what = f"{type(error).__name__}: {error}; run with --debug to see where"
            code = _stop(given) if stopped else _fail(what, 1, given)
    _drop_unprintable()
    sys.exit(code if isinstance(code, int) else 0)


def _stop(arguments: list[str]) -> int:
    return _fail("stopped", INTERRUPTED, arguments)


def _end_by(error: OSError, arguments: list[str]) -> int:
    # Windows calls it an invalid argument that a reader of stdout has gone (bugs.python.org/issue30418).
    if IS_WINDOWS and error.errno == errno.EINVAL and not error.filename:
        return INTERRUPTED
    where = f"{error.filename}: " if error.filename else ""
    return _fail(f"{where}{error.strerror or error}", 1, arguments)


def _drop_unprintable() -> None:
    """Where stdout takes nothing more, Python would say so once more at its end, with a code of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        if sys.stdout is sys.__stdout__:  # and nobody else's
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _print_utf8() -> None:
    """Subtitles and file names in UTF-8 on stdout, whatever the console says: no name may stop a run."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _fail(error: object, code: int, arguments: list[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exc()
    print(f"ovsubs: {' '.join(str(error).split())}", file=sys.stderr)
    return code
