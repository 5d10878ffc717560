"""How the command line is called: help, names, spellings, and what is refused before any work."""

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from ovsubs.audio.regions import VadOptions
from ovsubs.cli import app
from ovsubs.cli.app import benchmark, burn, embed, export, qc, quantize, render, subtitle
from ovsubs.evaluation.compare import BenchmarkOptions
from ovsubs.library.check import CheckOptions
from ovsubs.library.plan import SubtitleOptions
from ovsubs.library.render import RenderOptions
from ovsubs.library.videos import VideoOptions
from ovsubs.quantization.options import N_EVALUATED, QuantizeOptions
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.formats import FORMATS, FormatOptions
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.video.burn import BurnOptions
from ovsubs.video.embed import EmbedOptions
from ovsubs.whisper.model import CompileOptions, settle
from ovsubs.whisper.segments import SilenceOptions

Run = Callable[..., Any]
COMMANDS = (
    *("subtitle", "render", "qc", "embed", "burn"),
    *("export", "quantize", "benchmark", "models", "devices"),
)
# Flags that people know from other Whisper tools.
_KNOWN = """
    model language task output_dir output_format device threads batch_size vad_filter vad_threshold
    vad_min_silence_duration_ms vad_speech_pad_ms max_line_width max_line_count no_speech_threshold
    logprob_threshold compression_ratio_threshold language_detection_segments local_files_only model_dir
"""
_COLUMNS = ("language", "duration", "RTFx", "cues", "reading speed", "rule errors")
KNOWN_NAMES = [f"--{name}" for name in _KNOWN.split()]


def test_without_arguments_the_help_is_shown(ovsubs: Run) -> None:
    bare, asked = ovsubs(), ovsubs("--help")

    assert (bare.code, asked.code) == (2, 0)
    assert all(command in bare.out + bare.err for command in COMMANDS)
    assert all(command in asked.out for command in COMMANDS)
    assert "Error" not in bare.out + bare.err


def test_the_version_is_printed_alone(ovsubs: Run) -> None:
    ended = ovsubs("--version")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "0.1.0\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("asked", ["--help", "-h"])
def test_every_command_has_help(ovsubs: Run, command: str, asked: str) -> None:
    ended = ovsubs(command, asked)

    assert (ended.code, ended.err) == (0, "")
    assert f"ovsubs {command}" in ended.out
    assert "--debug" in ended.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_does(command: str) -> None:
    group: Any = typer.main.get_command(app)

    for option in group.commands[command].params:
        assert option.help, option.name


@pytest.mark.parametrize("name", KNOWN_NAMES)
def test_a_name_known_from_other_tools_is_known_here(name: str) -> None:
    group: Any = typer.main.get_command(app)
    options = {spelling for option in group.commands["subtitle"].params for spelling in option.opts}

    assert name.replace("_", "-") in options


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-such-option",),
        ("subtitle", "a.mp4", "--no-such-option"),
        ("subtitle", "a.mp4", "--batch-size", "many"),
        ("subtitle", "a.mp4", "--batch-size"),
        ("subtitle",),
        ("transmogrify", "a.mp4"),
        ("export",),
    ],
)
def test_a_call_that_is_not_understood_ends_with_2(ovsubs: Run, arguments: tuple[str, ...]) -> None:
    ended = ovsubs(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--language", "Klingon"),
            "unknown language 'Klingon'; give a code such as 'de' or an English name such as 'German'",
        ),
        (("-f", "docx"), f"unknown subtitle format 'docx'; choose from {', '.join(FORMATS)}"),
        (("-f", "srt,docx"), f"unknown subtitle format 'docx'; choose from {', '.join(FORMATS)}"),
        (("-f", ","), "--output-format = ',' is not valid: name at least one, such as srt"),
        (("--task", "sing"), "--task = 'sing' is not valid: choose transcribe or translate"),
        (("--batch-size", "0"), "--batch-size = 0 is not valid: 1 to 1000 windows"),
        (("--threads", "0"), "--threads = 0 is not valid: at least 1"),
        (
            ("--inference-precision", "f8"),
            "--inference-precision = 'f8' is not valid: choose from f32, bf16, f16, int8",
        ),
        (("--vad-threshold", "7"), "--vad-threshold = 7.0 is not valid: it is a probability between 0 and 1"),
        (("--max-line-width", "0"), "--max-line-width = 0 is not valid: give at least 2"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_one_line(
    ovsubs: Run, arguments: tuple[str, ...], line: str
) -> None:
    """Even where the input is no file: the call is wrong whatever the input."""
    ended = ovsubs("subtitle", "absent.mp4", *arguments)

    assert (ended.code, ended.out, ended.err) == (2, "", f"ovsubs: {line}\n")


def test_underscores_are_taken_in_names_and_left_alone_in_values(ovsubs: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "in_the_way"
    blocked.write_text("x")
    talk = tmp_path / "a_b.wav"
    talk.write_bytes(b"x")

    for spelled in (("--output_dir", blocked), (f"--output_dir={blocked}",), ("--output-dir", blocked)):
        ended = ovsubs("subtitle", talk, *spelled, "--batch_size=4", "--quiet")
        assert ended.code == 1
        assert ended.err.startswith(f"ovsubs: {blocked / 'a_b.srt'}: cannot be written (")


@pytest.mark.parametrize(
    "spelled",
    [
        ("--vad_filter", "False"),
        ("--vad_filter=False",),
        ("--vad-filter", "true"),
        ("--no-vad",),
        ("--no_vad",),
        ("--vad",),
        ("--overwrite", "True"),
        ("--overwrite=false",),
        ("--language_suffix", "False"),
    ],
)
def test_a_flag_may_be_given_as_a_value(ovsubs: Run, spelled: tuple[str, ...]) -> None:
    ended = ovsubs("subtitle", *spelled, "absent.mp4", "-q")

    assert (ended.code, ended.err) == (1, "ovsubs: absent.mp4: no such file; check the path\n")


def test_after_two_dashes_everything_is_a_file(ovsubs: Run) -> None:
    ended = ovsubs("subtitle", "-q", "--", "--vad_filter", "--debug")

    assert ended.code == 1
    assert ended.err == (
        "ovsubs: --vad_filter: no such file; check the path\n"
        "ovsubs: --debug: no such file; check the path\n"
    )  # fmt: skip


def test_a_failed_file_is_a_row_of_the_closing_table(ovsubs: Run) -> None:
    ended = ovsubs("subtitle", "absent.mp4")

    header, row = ended.out.splitlines()
    assert re.split(r"  +", header.strip()) == ["file", *_COLUMNS, "result"]
    assert row.split() == ["absent.mp4", "failed"]


def test_the_devices_of_this_machine_are_listed(ovsubs: Run) -> None:
    ended = ovsubs("devices")

    devices, _, speeds = ended.out.partition("\n\n")
    header, *rows = devices.splitlines()
    assert ended.code == 0
    assert header.split() == ["device", "full", "name", "computes", "in"]
    [cpu] = [row for row in rows if row.startswith("CPU ")]
    assert cpu.split()[-1] == settle(CompileOptions()).precision_name
    assert ["f32", "1.0", "1.0"] in [row.split() for row in speeds.splitlines()]


def test_models_are_listed_and_an_empty_folder_says_how_to_make_one(ovsubs: Run, tmp_path: Path) -> None:
    ended = ovsubs("models", "--model-dir", tmp_path)

    assert ended.code == 0
    assert ended.out.splitlines()[0].split() == ["name", "size", "precision", "source", "path"]


def test_the_version_is_that_of_the_package() -> None:
    import ovsubs as package

    try:
        installed = version("ovsubs")
    except ModuleNotFoundError:
        pytest.skip("ovsubs is not installed, only on the path")
    assert package.__version__ == installed


LIBRARY_DEFAULTS: dict[str, list[tuple[Any, str]]] = {
    "subtitle": [
        *((VadOptions(), "vad_"), (TranscribeOptions(), ""), (SilenceOptions(), "")),
        *((LayoutOptions(), ""), (FormatOptions(), ""), (VideoOptions(), "")),
        *((SubtitleOptions(), ""), (CompileOptions(), "")),
    ],
    "render": [(LayoutOptions(), ""), (FormatOptions(), ""), (RenderOptions(), "")],
    "qc": [(LayoutOptions(), ""), (CheckOptions(), "")],
    "embed": [(EmbedOptions(), "")],
    "burn": [(BurnOptions(), "")],
}
IN_ANOTHER_FORM = {"languages", "word_timestamps"}


def defaults_of(command: Callable[..., None]) -> dict[str, Any]:
    """What a command takes for each option that is left out."""
    return {name: one.default for name, one in inspect.signature(command).parameters.items()}


@pytest.mark.parametrize("command", [subtitle, render, qc, embed, burn])
def test_what_a_call_leaves_out_is_what_the_library_takes_by_default(command: Callable[..., None]) -> None:
    """A default that stands twice is one that can differ."""
    defaults, compared = defaults_of(command), set[str]()
    for options, prefix in LIBRARY_DEFAULTS[command.__name__]:
        for field in fields(options):
            name = f"{prefix}{field.name}"
            if name in defaults and name not in IN_ANOTHER_FORM:
                assert defaults[name] == getattr(options, field.name), name
                compared.add(name)
    assert len(compared) >= len(defaults) // 3


def test_what_a_call_of_quantize_or_export_leaves_out_is_what_the_library_takes_by_default() -> None:
    for command in (quantize, export):
        defaults, usual = defaults_of(command), QuantizeOptions()
        told = {"int8_components": usual.components, "seed": usual.seed, "runs": usual.n_runs}
        assert {name: defaults[name] for name in told if name in defaults} == {
            name: value for name, value in told.items() if name in defaults
        }
        for name in ("calibration_data", "calibration_samples", "max_wer_drop", "language"):
            assert defaults[name] is None, name  # which leaves it to the library


def test_what_a_call_of_benchmark_leaves_out_is_what_the_library_takes_by_default() -> None:
    defaults, usual = defaults_of(benchmark), BenchmarkOptions()
    for name in ("language", "beam_size", "batch_size"):
        assert defaults[name] == getattr(usual, name), name
    assert (defaults["runs"], defaults["device"]) == (usual.n_runs, usual.compile.device)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("calibration_data", QuantizeOptions().calibration.source),
        ("calibration_samples", QuantizeOptions().calibration.n_samples),
        ("evaluation_data", N_EVALUATED),
        ("max_wer_drop", QuantizeOptions().allowed_drop),
        ("max_wer_drop", QuantizeOptions(components="auto").allowed_drop),
        ("smooth_quant_encoder", QuantizeOptions().encoder.smooth_quant_alpha),
        ("smooth_quant_decoder", QuantizeOptions().decoder.smooth_quant_alpha),
        ("language", QuantizeOptions().language),
    ],
)
def test_the_help_tells_the_default_of_the_library(option: str, value: object) -> None:
    group: Any = typer.main.get_command(app)
    (helped,) = (one.help for one in group.commands["quantize"].params if one.name == option)
    assert re.search(rf"default: [^]]*(?<![\d.]){re.escape(str(value))}(?![\d.]*\d)", helped)
