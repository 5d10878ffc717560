"""Streams that are closed, or whose disk is full: the work is done, and the exit code says what was lost."""

import subprocess
from pathlib import Path

import pytest
from command_line import COMMAND, SAYS, environment
from systems import needs_linux

pytestmark = [
    pytest.mark.model,
    needs_linux,
]

TALK = '{"segments": [], "language": "en"}'
SUBTITLES = "1\n00:00:00,000 --> 00:00:02,000\nEver tried.\n"


def run(redirected: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run the command with streams as a shell redirects them."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", *COMMAND, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=300,
        check=False,
    )


CLOSED = ("", ">&-", "2>&-", "<&-", "</dev/null", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full")


@pytest.mark.parametrize("redirected", [*CLOSED, ">/dev/full", ">/dev/full 2>/dev/full"])
def test_subtitles_are_written_whatever_the_streams(
    talk: Path, tiny_en_model_dir: Path, tmp_path: Path, redirected: str
) -> None:
    ended = run(redirected, "subtitle", talk, "-m", tiny_en_model_dir, "-o", tmp_path, "-f", "srt,json")

    is_told_to_nobody = ">/dev/full" in redirected.replace("2>/dev/full", "")
    assert ended.returncode == int(is_told_to_nobody), ended.stderr
    assert "fail better." in (tmp_path / "talk.srt").read_text(encoding="utf-8").lower()
    assert {path.name for path in tmp_path.iterdir()} == {"talk.srt", "talk.json"}
    assert "Traceback" not in ended.stderr
    assert not ended.stderr if "2>" in redirected else "model from" in ended.stderr
    if is_told_to_nobody and "2>" not in redirected:
        assert ended.stderr.splitlines()[-1] == "ovsubs: stdout: No space left on device"


@pytest.mark.parametrize("redirected", [*CLOSED, ">/dev/full"])
def test_transcripts_are_rendered_and_checked(tmp_path: Path, redirected: str) -> None:
    names = [f"talk{number}" for number in range(3)]
    for name in names:
        (tmp_path / f"{name}.json").write_text(TALK, encoding="utf-8")
    transcripts = [tmp_path / f"{name}.json" for name in names]

    rendered = run(redirected, "render", *transcripts, tmp_path / "absent.json", "-f", "srt,vtt")
    checked = run(redirected, "qc", *transcripts, "--json", tmp_path / "found")

    assert rendered.returncode == 1  # one is absent
    assert checked.returncode == int(redirected == ">/dev/full")
    assert all((tmp_path / f"{name}.{ending}").is_file() for name in names for ending in ("srt", "vtt"))
    assert (tmp_path / "found").read_text(encoding="utf-8").startswith("{")
    assert "Traceback" not in rendered.stderr + checked.stderr


@pytest.mark.parametrize("redirected", [">&-", ">/dev/full"])
def test_subtitles_that_nobody_gets_are_no_success(tmp_path: Path, redirected: str) -> None:
    talk = tmp_path / "talk.json"
    talk.write_text(TALK, encoding="utf-8")

    ended = run(redirected, "render", talk, "-o", "-", "-f", "vtt")

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(SAYS)
    assert "stdout" in line


@pytest.mark.parametrize("redirected", [">&-", "2>&-", ">/dev/full", "2>/dev/full"])
@pytest.mark.parametrize(
    ("call", "code"),
    [(("--version",), 0), (("--help",), 0), (("models", "--model-dir", "."), 0), (("--nonsense",), 2)],
)
def test_short_calls_end_as_they_should(redirected: str, call: tuple[str, ...], code: int) -> None:
    ended = run(redirected, *call)

    assert ended.returncode == (1 if redirected == ">/dev/full" and not code else code)
    assert "Traceback" not in ended.stderr + ended.stdout


def test_what_is_printed_is_in_no_file_that_took_the_place_of_stdout(tmp_path: Path) -> None:
    talk = tmp_path / "talk.srt"
    talk.write_text(SUBTITLES, encoding="utf-8")

    ended = run(">&- 2>&-", "qc", talk, tmp_path / "absent.srt", "--json", tmp_path / "found")

    assert ended.returncode == 1
    assert (tmp_path / "found").read_text(encoding="utf-8").startswith("{")
    assert talk.read_text(encoding="utf-8") == SUBTITLES
