"""Runs of the engines -> one JSON file: rewritten whole after each run, and read back to go on."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peer_engines.configurations import OURS

from ovsubs.evaluation.intervals import wer_difference_interval, wer_interval
from ovsubs.evaluation.results import as_columns, dump_json, from_columns, write_text
from ovsubs.evaluation.word_errors import WordErrors, median, total


@dataclass(frozen=True, slots=True)
class Run:
    """One engine, once over all files of a set. `seconds` are those of the files; memory in 10^6 bytes.

    `commit` is the project's, None outside of git.
    """

    date: str
    commit: str | None
    load_s: float
    seconds: float
    peak_memory_mb: float
    n_segments: int
    wer: float


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of one engine on one set; `errors` are those of the first run, for each utterance.

    `failure` is the line that it ended with, None if it ended well.
    """

    recordings: str
    engine: str
    settings: dict[str, Any]
    runs: tuple[Run, ...] = ()
    errors: tuple[WordErrors, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class SetFacts:
    """A set of recordings: "long" or "short", its files, and its length in seconds."""

    recordings: str
    n_files: int
    n_utterances: int
    audio_s: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which the engines ran; only results of equal ones stand in one file."""

    machine: dict[str, Any]
    threads: int
    language: str
    model: str
    normalizer: str
    versions: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything in the file. `command` and `date` are those of its beginning."""

    command: str
    date: str
    conditions: Conditions
    sets: tuple[SetFacts, ...]
    results: tuple[Result, ...]


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Write the file whole or not at all, with the figures that follow from the runs."""
    content = asdict(comparison)
    audio_s = {one.recordings: one.audio_s for one in comparison.sets}
    content["results"] = [
        _to_json(result, comparison.results, audio_s[result.recordings]) for result in comparison.results
    ]
    write_text(path, dump_json(content))


def read_comparison(path: Path) -> Comparison:
    """Read a file that `write_comparison` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Comparison(
        command=content["command"],
        date=content["date"],
        conditions=Conditions(**content["conditions"]),
        sets=tuple(SetFacts(**one) for one in content["sets"]),
        results=tuple(_from_json(one) for one in content["results"]),
    )


def _to_json(result: Result, others: Sequence[Result], audio_s: float) -> dict[str, Any]:
    content: dict[str, Any] = {
        "recordings": result.recordings,
        "engine": result.engine,
        "settings": result.settings,
        "failure": result.failure,
        "runs": [{**asdict(run), "rtfx": audio_s / run.seconds} for run in result.runs],
    }
    if not result.runs:
        return content
    errors, interval = total(result.errors), wer_interval(result.errors)
    return content | {
        "rtfx": median([audio_s / run.seconds for run in result.runs]),
        "load_s": median([run.load_s for run in result.runs]),
        "peak_memory_mb": max(run.peak_memory_mb for run in result.runs),
        "wer": errors.wer,
        "wer_interval": [interval.low, interval.high],
        "n_words": errors.n_words,
        "substituted": errors.substituted,
        "deleted": errors.deleted,
        "inserted": errors.inserted,
        "wer_more_than_ours": _difference(result, others),
        "of_utterances": as_columns(result.errors),
    }


def _difference(result: Result, others: Sequence[Result]) -> dict[str, Any] | None:
    """How much higher the word error rate is than ovsubs' on the same set; None where that is not known."""
    ours = [one for one in others if one.engine == OURS and one.recordings == result.recordings and one.runs]
    if not ours or result.engine == OURS:
        return None
    interval = wer_difference_interval(result.errors, ours[0].errors)
    difference = total(result.errors).wer - total(ours[0].errors).wer
    return {"difference": difference, "interval": [interval.low, interval.high]}


def _from_json(content: dict[str, Any]) -> Result:
    runs = [{key: value for key, value in run.items() if key != "rtfx"} for run in content["runs"]]
    of_utterances = content.get("of_utterances")  # not there where no run ended
    return Result(
        recordings=content["recordings"],
        engine=content["engine"],
        settings=content["settings"],
        runs=tuple(Run(**run) for run in runs),
        errors=from_columns(of_utterances) if of_utterances else (),
        failure=content["failure"],
    )
