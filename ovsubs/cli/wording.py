"""A message of the library -> the same for a person who types commands: `overwrite` becomes --overwrite."""

from __future__ import annotations

import re
from typing import TypeGuard

import click

from ovsubs.errors import (
    AlreadyQuantized,
    BrokenModel,
    DatasetNotFound,
    DeviceNotFound,
    InvalidOption,
    ModelNotFound,
    NoLedger,
    NotComparable,
    OutputIsInput,
    OverlappingDatasets,
    OvsubsError,
    TooFewEvaluationSamples,
    TooFewSamples,
    UnreadableTranscript,
    UsageError,
)

FAILED, MISUSED = 1, 2  # exit codes
# Errors that another call mends, whatever the files are.
_MISUSE = (
    *(UsageError, ModelNotFound, DeviceNotFound, AlreadyQuantized, OutputIsInput, NotComparable),
    *(DatasetNotFound, TooFewSamples, OverlappingDatasets, TooFewEvaluationSamples),
)
# Hints that name a command.
_HINTS: dict[type[OvsubsError], str] = {
    BrokenModel: "export it again with `ovsubs export`",
    NoLedger: "begin with `ovsubs batch`",
    UnreadableTranscript: "make one with `ovsubs subtitle -f json`",
}
# Fields of options that a command calls otherwise.
_OTHERWISE = {
    "formats": "output_format",
    "n_review": "review",
    "languages": "language",
    "titles": "title",
    "components": "int8_components",
    "max_speech_duration_s": "vad_max_speech_duration_s",
    "min_speech_duration_ms": "vad_min_speech_duration_ms",
    "min_silence_duration_ms": "vad_min_silence_duration_ms",
    "speech_pad_ms": "vad_speech_pad_ms",
    "threshold": "vad_threshold",
    "neg_threshold": "vad_neg_threshold",
    "part": "dataset_part",
    "n_samples": "samples",
    "n_runs": "runs",
    "calibration.n_samples": "calibration_samples",
    "evaluation.n_samples": "evaluation_samples",
    "calibration.part": "calibration_part",
    "evaluation.part": "evaluation_part",
    "encoder.smooth_quant_alpha": "smooth_quant_encoder",
    "decoder.smooth_quant_alpha": "smooth_quant_decoder",
    "encoder.ignored": "ignored_encoder_layers",
    "decoder.ignored": "ignored_decoder_layers",
}
_NAME = re.compile(r"`([a-z][a-z0-9_]*)`")


def exit_code(error: OvsubsError) -> int:
    """What the command line ends with: 2 where another call is needed, else 1."""
    return MISUSED if isinstance(error, _MISUSE) else FAILED


def as_commanded(error: OvsubsError, command: click.Command | None) -> str:
    """What an error says, and what to do about it with this command.

    Flags take the place of what the library has written, not of what stands in the name of a file.
    """
    if isinstance(error, InvalidOption):
        option, why = _flag(error.option, _flags(command)), with_flags(str(error.why), command)
        return InvalidOption(option, error.value, why).message
    if isinstance(error, ModelNotFound):
        error = ModelNotFound(error.name, with_flags(str(error.where), command))
    elif isinstance(error, DatasetNotFound):
        error = DatasetNotFound(error.name, with_flags(str(error.why), command))
    hint = _HINTS.get(type(error)) or with_flags(error.hint_template, command)
    return "; ".join(filter(None, map(error.filled, (with_flags(error.template, command), hint))))


def with_flags(text: str, command: click.Command | None) -> str:
    """A text whose options, which stand in backquotes, are flags of a command, as far as it has them."""
    flags = _flags(command)
    return _NAME.sub(lambda found: _flag(found[1], flags, found[0]), text)


def _flags(command: click.Command | None) -> dict[str, str]:
    """The flags of a command by the names of its parameters, and by their own."""
    flags = dict[str, str]()
    for parameter in command.params if command else ():
        if isinstance(parameter, click.Option):
            long = [flag for flag in (*parameter.opts, *parameter.secondary_opts) if flag.startswith("--")]
            flags[str(parameter.name)] = max(parameter.opts, key=len)
            flags |= {flag.removeprefix("--").replace("-", "_"): flag for flag in long}
    return flags


def _flag(name: str, flags: dict[str, str], otherwise: str | None = None) -> str:
    """The flag of an option of the library, or else the name, as it was written."""
    written = name if otherwise is None else otherwise
    return flags.get(name) or flags.get(_OTHERWISE.get(name, ""), written)


def is_crash(error: Exception | None) -> TypeGuard[Exception]:
    """Whether it is an error that nobody has foreseen."""
    return error is not None and not isinstance(error, OvsubsError | OSError)


def why_it_ended(why: str, error: Exception | None) -> str:
    """Why a file ended as it did, for the person who runs the current command.

    Args:
        why: the line that the library has for it.
        error: what ended it, if an error did.
    """
    context = click.get_current_context(silent=True)
    if isinstance(error, OvsubsError):
        return as_commanded(error, context.command if context else None)
    return f"{why}; run with --debug to see where" if is_crash(error) else why
