"""The command line: parse, call one function of the library, print. Results on stdout, progress on stderr."""

from ovsubs.cli.app import app, main

__all__ = ["app", "main"]
