"""Arguments -> the command that they name, and an error of the library -> one line and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click
import typer

from ovsubs.cli.app import app
from ovsubs.cli.help_lists import asks_for_help, fill_help_lists
from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.printing import printable, say, say_lines
from ovsubs.cli.spelling import as_written_here
from ovsubs.cli.streams import SurvivingOutput, drop_unprintable, survive_streams
from ovsubs.cli.values import check_values
from ovsubs.cli.wording import as_commanded, exit_code
from ovsubs.errors import OvsubsError
from ovsubs.heap import share_one_heap

INTERRUPTED = 130  # 128 + SIGINT, as shells count it
IS_WINDOWS = os.name == "nt"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Errors of the library become one line on stderr and an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    survive_streams()
    share_one_heap()
    stdout = sys.stdout
    commands = typer.main.get_command(app)
    check_values(commands)
    command = _named(given, commands)
    if command and asks_for_help(given):
        fill_help_lists(commands)
    with noted_interrupts() as stopped:
        try:
            code = commands(args=as_written_here(given, commands), prog_name="ovsubs", standalone_mode=False)
            sys.stdout.flush()  # here, where a full disk can be told
            if code == INTERRUPTED:  # what typer makes of Ctrl-C, without a word
                raise KeyboardInterrupt
        except OvsubsError as error:
            code = _stop(given) if stopped else _fail(as_commanded(error, command), exit_code(error), given)
        except KeyboardInterrupt:
            code = _stop(given)
        except (click.exceptions.Abort, BrokenPipeError):
            code = INTERRUPTED
        except SystemExit as ended:  # what typer and rich make of a broken pipe
            if not isinstance(ended.__context__, BrokenPipeError):
                raise
            sys.stdout = stdout
            code = INTERRUPTED
        except OSError as error:
            code = _stop(given) if stopped else _end_by(error, given)
        except click.ClickException as error:
            _show_misunderstanding(error)
            code = error.exit_code
        except Exception as error:
            what = f"{type(error).__name__}: {error}; run with --debug to see where"
            code = _stop(given) if stopped else _fail(what, 1, given)
    sys.exit(_end(code if isinstance(code, int) else 0, given))


def _named(arguments: Sequence[str], commands: Any) -> click.Command | None:
    """The command that the arguments name, if they do."""
    word = next((argument for argument in arguments if not argument.startswith("-")), "")
    found: click.Command | None = commands.commands.get(word)
    return found


def _show_misunderstanding(error: click.ClickException) -> None:
    """Print what click says of a call that it does not understand, and which may quote the call."""
    if message := error.format_message():
        click.UsageError(printable(message), getattr(error, "ctx", None)).show()
    else:  # a call without arguments: the help is shown already
        error.show()


def _stop(arguments: list[str]) -> int:
    return _fail("stopped", INTERRUPTED, arguments)


def _end_by(error: OSError, arguments: list[str]) -> int:
    # Windows calls it an invalid argument that a reader of stdout has gone (bugs.python.org/issue30418).
    if IS_WINDOWS and error.errno == errno.EINVAL and not error.filename:
        return INTERRUPTED
    where = f"{error.filename}: " if error.filename else ""
    return _fail(f"{where}{error.strerror or error}", 1, arguments)


def _end(code: int, arguments: list[str]) -> int:
    """The exit code after all has been printed that can be: 1 where results are lost on a full disk."""
    try:
        sys.stdout.flush()
    except OSError:
        if isinstance(sys.stdout, SurvivingOutput):  # and nobody else's
            drop_unprintable(1)
    lost = sys.stdout.lost if isinstance(sys.stdout, SurvivingOutput) else None
    if lost is not None:
        drop_unprintable(1)
        code = _fail(f"stdout: {lost.strerror or lost}", code or 1, arguments)
    if isinstance(sys.stderr, SurvivingOutput) and sys.stderr.lost is not None:
        drop_unprintable(2)
    return code


def _fail(error: object, code: int, arguments: list[str]) -> int:
    if "--debug" in arguments and sys.exc_info()[0] is not None:
        say_lines(traceback.format_exc())
    say(f"ovsubs: {' '.join(str(error).split())}")
    return code
