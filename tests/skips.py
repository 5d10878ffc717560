"""What may be skipped, and how many tests have to pass: a run in which all are skipped would be green.

Hooks of pytest. Everything that `make test` can install, export or fetch is there when it runs, so
`OVSUBS_TESTS_LACK_NOTHING=1` leaves but a few reasons; `OVSUBS_TESTS_AT_LEAST=2000` counts what has passed.
"""

import os
from typing import Any

import pytest
from systems import OF_THE_SYSTEM

LACK_NOTHING = bool(os.environ.get("OVSUBS_TESTS_LACK_NOTHING"))
N_LEAST = int(os.environ.get("OVSUBS_TESTS_AT_LEAST") or 0)
NO_DATA = "the speech data is not there"
NO_CASES = "the cases are not there"
NO_BROWSER = "no browser"
NO_DOCKER = "no Docker that runs and can fetch the image of Python"
_MAY_BE = (OF_THE_SYSTEM, NO_DATA, NO_CASES, NO_BROWSER, NO_DOCKER)


def _complaints(reporter: Any) -> list[str]:
    """What is wrong with what was skipped, one line each."""
    n_passed = len(reporter.stats.get("passed", ()))
    said = [f"{n_passed} tests passed, {N_LEAST} have to"] if n_passed < N_LEAST else []
    if LACK_NOTHING:
        reasons = {
            report.longrepr[2].removeprefix("Skipped: ") for report in reporter.stats.get("skipped", ())
        }
        said += [
            f"may not be skipped: {reason}" for reason in sorted(reasons) if not reason.startswith(_MAY_BE)
        ]
    return said


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was skipped and may not be."""
    for complaint in _complaints(terminalreporter):
        terminalreporter.write_line(complaint, red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where a test was skipped that may not be, or too few have passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _complaints(reporter) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
