"""The command line: parse, call one function of the library, print. Results on stdout, progress on stderr."""

from ovsubs.cli.app import app
from ovsubs.cli.entry import main

__all__ = ["app", "main"]
