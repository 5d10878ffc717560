"""stdin, stdout and stderr as they are found -> such as no work is lost by.

A shell may have closed them (`>&-`), and a disk that they go to may be full: the files that are asked for are
written all the same.
"""

from __future__ import annotations

import io
import os
import sys
from typing import BinaryIO


class SurvivingOutput(io.TextIOWrapper):
    """A text stream that goes on where it cannot be written any more; `lost` says why it could not.

    A reader that has enough (`| head`) is not survived: a broken pipe ends the run. `is_closed_outside`:
    there never was anybody to read it.
    """

    def __init__(
        self, buffer: BinaryIO, *, encoding: str, line_buffering: bool, is_closed_outside: bool = False
    ) -> None:
        super().__init__(buffer, encoding=encoding, errors="backslashreplace", line_buffering=line_buffering)
        self.lost: OSError | None = None
        self.is_closed_outside = is_closed_outside

    def write(self, text: str, /) -> int:
        """Write, unless something has been lost already; returns how many characters there were."""
        if self.lost is None:
            try:
                return super().write(text)
            except BrokenPipeError:
                raise
            except OSError as error:
                self.lost = error
        return len(text)

    def flush(self) -> None:
        """Flush, unless something has been lost already."""
        if self.lost is None:
            try:
                super().flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                self.lost = error


def survive_streams() -> None:
    """Put streams that survive in the place of stdout and stderr, unless somebody else has done so.

    stdout is UTF-8, whatever the console says: no name may stop a run.
    """
    _fill_closed_places()
    if sys.stdout is sys.__stdout__:
        sys.stdout = _surviving(sys.stdout, "utf-8", 1)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _surviving(sys.stderr, getattr(sys.stderr, "encoding", "utf-8"), 2)


def drop_unprintable(place: int) -> None:
    """Let what cannot be written go, or Python would say so once more at its end, with a code of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), place)


def _fill_closed_places() -> None:
    """Or the next file that is opened would be stdout, and get what is printed."""
    for place in range(3):
        try:
            os.fstat(place)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest place that is free


def _surviving(stream: object, encoding: str, place: int) -> SurvivingOutput:
    if stream is None:  # what Python makes of a place that is closed
        nowhere = os.fdopen(place, "wb", closefd=False)
        return SurvivingOutput(nowhere, encoding=encoding, line_buffering=True, is_closed_outside=True)
    assert isinstance(stream, io.TextIOWrapper)
    stream.flush()
    # Told to buffer nothing (PYTHONUNBUFFERED, as in containers), Python writes each text at once.
    in_lines = stream.line_buffering or stream.write_through
    return SurvivingOutput(stream.buffer, encoding=encoding, line_buffering=in_lines)
