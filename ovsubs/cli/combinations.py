"""Options that were given together -> a refusal of those that would have no effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ovsubs.errors import InvalidOption

VAD = (
    *("vad_threshold", "vad_neg_threshold", "vad_min_speech_duration_ms", "vad_max_speech_duration_s"),
    *("vad_min_silence_duration_ms", "vad_speech_pad_ms"),
)
DETECTION = ("language_detection_segments", "language_detection_threshold")


@dataclass(frozen=True, slots=True)
class Idle:
    """Parameters of a command that have no effect if `holds`, and `why`."""

    holds: bool
    names: Sequence[str]
    why: str


def refuse_idle(*rules: Idle) -> None:
    """Refuse what was given on the command line and would have no effect; a default may well have none.

    Raises:
        InvalidOption: there is something; the first of it.
    """
    context = click.get_current_context()
    for rule in rules:
        for name in rule.names if rule.holds else ():
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise InvalidOption(name, context.params[name], rule.why)


def given(**options: Any) -> dict[str, Any]:
    """Options that were given on the command line; one that was not is None, and the library's default."""
    return {name: value for name, value in options.items() if value is not None}


def refuse_given(why: str, **options: object) -> None:
    """Refuse options that were given, and that go with another one that was not.

    Raises:
        InvalidOption: the first that is not None.
    """
    for name, value in given(**options).items():
        raise InvalidOption(name, value, why)


def refuse_idle_recognition() -> None:
    """Refuse what has no effect beside the other options of `ovsubs subtitle`.

    Raises:
        InvalidOption: there is something.
    """
    given = click.get_current_context().params
    beams, temperature = given["beam_size"], given["temperature"]
    step = given["temperature_increment_on_fallback"]
    is_drawn = temperature > 0.0
    one_beam = "with --beam-size 1 there is one hypothesis, and nothing to choose from"
    refuse_idle(
        Idle(not given["vad_filter"], VAD, "with --no-vad nothing looks for speech"),
        Idle(is_drawn, ("beam_size", "patience"), "above --temperature 0 texts are drawn, without beams"),
        Idle(beams == 1, ("patience",), one_beam),
        Idle(beams == 1 and not is_drawn, ("length_penalty",), one_beam),
        Idle(is_drawn and given["best_of"] == 1, ("length_penalty",), "with --best-of 1 one text is drawn"),
        Idle(not is_drawn and not step, ("best_of",), "at --temperature 0 without fallback nothing is drawn"),
        Idle(
            bool(step) and temperature + step > 1.0,
            ("temperature_increment_on_fallback",),
            "it leads beyond temperature 1, so that there would be no fallback",
        ),
        Idle(given["language"] is not None, DETECTION, "with --language none is detected"),
        Idle(given["multilingual"], DETECTION[:1], "with --multilingual each window has its own language"),
        Idle(not (given["languages"] or "").strip(" ,"), ("languages",), "name at least one, such as en,de"),
    )


def refuse_idle_settings(components: str) -> None:
    """Refuse settings of a component that `ovsubs quantize` leaves as it is.

    Raises:
        InvalidOption: there are some.
    """
    for which in ("encoder", "decoder"):
        names = (f"smooth_quant_{which}", f"ignored_{which}_layers")
        why = f"with --int8-components {components} the {which} is not quantized"
        refuse_idle(Idle(components not in (which, "all", "auto"), names, why))


def refuse_missing_folder(model_dir: Path | None) -> None:
    """Refuse a place of models that is not there: no model would ever be found in it.

    Raises:
        InvalidOption: that is so.
    """
    if model_dir is not None and not model_dir.is_dir():
        raise InvalidOption("model_dir", str(model_dir), "there is no such folder")
