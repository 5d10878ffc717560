"""An option is obeyed or refused: what would have no effect beside the others, and numbers that are none."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from systems import needs_links

from ovsubs.cli import app
from ovsubs.cli.values import MAY_BE_EMPTY
from ovsubs.errors import OvsubsError
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.whisper.search import SearchOptions

Run = Callable[..., Any]


def parameters(*kinds: type) -> list[tuple[str, str]]:
    """Command and option of all commands whose values are of some kinds."""
    commands: Any = typer.main.get_command(app)
    return [
        (name, parameter.opts[0] if isinstance(parameter, click.Option) else "")
        for name, command in commands.commands.items()
        for parameter in command.params
        if isinstance(parameter.type, kinds) and parameter.name not in MAY_BE_EMPTY
    ]


# What a command cannot do without, besides what is tested.
NEEDED = {
    "subtitle": ["a.mp4"],
    "render": ["a.json"],
    "qc": ["a.srt"],
    "embed": ["a.mp4", "a.srt"],
    "burn": ["a.mp4", "a.srt"],
    "export": ["base"],
    "quantize": ["base"],
    "benchmark": ["base", "--dataset", "nowhere"],
}
NUMBERS = parameters(click.types.FloatParamType, click.types.IntParamType)
TEXTS = parameters(click.Path, click.types.StringParamType)


def test_the_kinds_of_parameters_are_found() -> None:
    assert len(NUMBERS) > 30
    assert ("subtitle", "--patience") in NUMBERS
    assert ("qc", "--json") in TEXTS
    assert ("subtitle", "") in TEXTS


@pytest.mark.parametrize(("command", "option"), NUMBERS)
@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "1e300", "9" * 30, "9" * 5000], ids=lambda value: value[:5]
)
def test_what_is_no_number_is_refused(ovsubs: Run, command: str, option: str, value: str) -> None:
    ended = ovsubs(command, *NEEDED.get(command, []), f"{option}={value}")

    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    is_whole_but_none = "is not a valid integer" in ended.err  # click's own words, under the usage
    assert is_whole_but_none or ended.err.count("\n") == 1
    assert len(ended.err) < 6000


@pytest.mark.parametrize(
    "call",
    [
        *([command, *NEEDED.get(command, []), option, ""] for command, option in TEXTS if option),
        *([command, ""] for command in ("subtitle", "render", "qc", "export", "quantize")),
        *(["subtitle", "a.mp4", ""], ["burn", "", "a.srt"], ["burn", "a.mp4", ""], ["embed", "", "a.srt"]),
        *(["embed", "a.mp4", "a.srt", ""], ["benchmark", "", "--dataset", "nowhere"]),
    ],
    ids=" ".join,
)
def test_an_empty_text_is_refused(ovsubs: Run, call: list[str]) -> None:
    """As a path it would be the folder at hand."""
    ended = ovsubs(*call)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith(" = '' is not valid: it is empty\n")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        *(
            (("--no-vad", option, value), f"{option} = {shown} is not valid: with --no-vad")
            for option, value, shown in (
                ("--vad-threshold", "0.5", "0.5"),
                ("--vad-neg-threshold", "0.3", "0.3"),
                ("--vad-min-speech-duration-ms", "100", "100"),
                ("--vad-max-speech-duration-s", "30", "30.0"),
                ("--vad-min-silence-duration-ms", "100", "100"),
                ("--vad-speech-pad-ms", "200", "200"),
            )
        ),
        (("--beam-size", "1", "--patience", "2"), "--patience = 2.0 is not valid: with --beam-size 1"),
        (("--beam-size", "1", "--patience", "1"), "--patience = 1.0 is not valid: with --beam-size 1"),
        (("--beam-size", "1", "--length-penalty", "0.5"), "--length-penalty = 0.5 is not valid"),
        (("--temperature", "0.4", "--beam-size", "3"), "--beam-size = 3 is not valid: above --temperature 0"),
        (("--temperature", "0.4", "--patience", "2"), "--patience = 2.0 is not valid: above --temperature 0"),
        (
            ("--temperature", "0.4", "--best-of", "1", "--length-penalty", "0.5"),
            "--length-penalty = 0.5 is not valid: with --best-of 1",
        ),
        (
            ("--temperature-increment-on-fallback", "0", "--best-of", "5"),
            "--best-of = 5 is not valid: at --temperature 0 without fallback",
        ),
        (
            ("--temperature", "1", "--temperature-increment-on-fallback", "0.2"),
            "--temperature-increment-on-fallback = 0.2 is not valid: it leads beyond temperature 1",
        ),
        (("-l", "en", "--language-detection-segments", "5"), "--language-detection-segments = 5 is not"),
        (("-l", "en", "--language-detection-threshold", "0.5"), "--language-detection-threshold = 0.5 is"),
        (("--multilingual", "--language-detection-segments", "3"), "--language-detection-segments = 3 is"),
        (("--multilingual", "--languages", " , "), "--languages = ' , ' is not valid: name at least one"),
        (("--model-dir", "nowhere"), "--model-dir = 'nowhere' is not valid: there is no such folder"),
    ],
)
def test_an_option_without_effect_is_refused(ovsubs: Run, arguments: tuple[str, ...], why: str) -> None:
    ended = ovsubs("subtitle", "absent.mp4", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"ovsubs: {why}")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-vad",),
        ("--vad-threshold", "0.3"),
        ("--beam-size", "1"),
        ("--beam-size", "2", "--patience", "2", "--length-penalty", "0.5"),
        ("--temperature", "0.4", "--best-of", "3", "--length-penalty", "0.5"),
        ("--beam-size", "1", "--best-of", "3"),
        ("--temperature-increment-on-fallback", "0"),
        ("--temperature", "0.8", "--temperature-increment-on-fallback", "0.2"),
        ("--temperature", "1", "--temperature-increment-on-fallback", "0"),
        ("-l", "en"),
        ("--language-detection-segments", "3"),
        ("--initial-prompt", "", "--hotwords", "", "--vtt-settings", ""),
        ("--model-dir", "."),
    ],
)
def test_what_has_an_effect_or_is_a_default_is_taken(ovsubs: Run, arguments: tuple[str, ...]) -> None:
    ended = ovsubs("subtitle", "absent.mp4", *arguments, "-q")

    assert (ended.code, ended.err) == (1, "ovsubs: absent.mp4: no such file; check the path\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("qc", "a.json", "--quiet", "--review", "3"), "--review = 3 is not valid: with --quiet"),
        (("models", "--model-dir", "nowhere"), "--model-dir = 'nowhere' is not valid: there is no such"),
        (("quantize", "base", "--model-dir", "nowhere"), "--model-dir = 'nowhere' is not valid"),
        (("benchmark", "base", "--dataset", ".", "--model-dir", "nowhere"), "--model-dir = 'nowhere' is"),
        (
            ("quantize", "base", "--int8-components", "decoder", "--smooth-quant-encoder", "0.5"),
            "--smooth-quant-encoder = 0.5 is not valid: with --int8-components decoder",
        ),
    ],
)
def test_other_commands_refuse_it_too(ovsubs: Run, arguments: tuple[str, ...], why: str) -> None:
    ended = ovsubs(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"ovsubs: {why}")


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), float("-inf"), 10**5000, "1", None, True],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(
    ("options", "name"),
    [
        *((TranscribeOptions, name) for name in ("beam_size", "patience", "temperature", "best_of")),
        *((TranscribeOptions, name) for name in ("batch_size", "compression_ratio_threshold")),
        *((TranscribeOptions, f"language_detection_{name}") for name in ("segments", "threshold")),
        *((SearchOptions, name) for name in ("beam_size", "patience", "length_penalty", "temperature")),
        *((LayoutOptions, name) for name in ("max_line_width", "max_cps", "min_gap_ms", "frame_rate")),
    ],
)
def test_python_refuses_what_is_no_number(options: Callable[..., Any], name: str, value: Any) -> None:
    if value is None and name in ("batch_size", "compression_ratio_threshold", "length_penalty"):
        return
    if value is None and options is LayoutOptions:
        return
    with pytest.raises(OvsubsError) as raised:
        options(**{name: value})
    assert name in str(raised.value)


@pytest.mark.parametrize(
    "options",
    [
        {"beam_size": 1, "patience": 2.0},
        {"beam_size": 1, "length_penalty": 0.5},
        {"temperature_increment_on_fallback": None, "best_of": 3},
    ],
    ids=str,
)
def test_python_refuses_what_has_no_effect(options: dict[str, Any]) -> None:
    with pytest.raises(OvsubsError, match="is not valid"):
        TranscribeOptions(**options)


@needs_links
def test_an_output_that_is_read_is_refused_whatever_leads_to_it(ovsubs: Run, tmp_path: Path) -> None:
    talk, other = tmp_path / "talk.srt", tmp_path / "b.srt"
    for path in (talk, other):
        path.write_text("1\n00:00:00,000 --> 00:00:02,000\nEver tried.\n", encoding="utf-8")
    (tmp_path / "soft.json").symlink_to(talk)
    os.link(talk, tmp_path / "hard.json")
    for output in (talk, tmp_path / "soft.json", tmp_path / "hard.json", tmp_path / "." / "talk.srt"):
        for given in ((talk,), (tmp_path,), (other, talk)):
            ended = ovsubs("qc", *given, "--json", output)
            assert (ended.code, ended.out) == (2, "")
            assert ended.err.endswith(
                ": it is one of the files to read, which stay as they are;"
                " name another place for the output\n"
            )
    assert talk.read_text(encoding="utf-8").startswith("1\n")


@needs_links
@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_rendering_writes_over_no_transcript(ovsubs: Run, tmp_path: Path, overwrite: tuple[str, ...]) -> None:
    text = '{"segments": [], "language": "en"}'
    (tmp_path / "a.srt").write_text(text, encoding="utf-8")  # a transcript, whatever its name says
    (tmp_path / "b.json").write_text(text, encoding="utf-8")
    (tmp_path / "b.srt").symlink_to("b.json")
    (tmp_path / "c.json").write_text(text, encoding="utf-8")

    ended = ovsubs("render", *(tmp_path / name for name in ("a.srt", "b.json", "c.json")), *overwrite)

    assert ended.code == 1
    assert ended.err.count("it is one of the files to read") == 2
    assert [(tmp_path / name).read_text(encoding="utf-8") for name in ("a.srt", "b.json")] == [text, text]
    assert (tmp_path / "c.srt").is_file()
    assert ovsubs("render", tmp_path / "b.json", "-f", "json").code == 2
