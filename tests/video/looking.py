"""Videos made for the tests, and what is in one, as ffmpeg itself sees it."""

import re
import subprocess
from pathlib import Path

import numpy as np

from ovsubs.audio.ffmpeg import ffmpeg_executable

HELLO = """1
00:00:00,500 --> 00:00:01,000
Hello there.

2
00:00:01,500 --> 00:00:02,500
Second & <i>last</i>.
"""
# One cue from 1.0 to 2.0 s, with a style of its own: large, and at the top.
LOUD_ASS = """[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BorderStyle, Outline, Alignment, MarginV
Style: Loud,Arial,40,&H00FFFFFF,&H00000000,1,2,8,10

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.00,Loud,,0,0,0,,Bonjour.
"""


def make_media(path: Path, *arguments: str | Path) -> Path:
    """A file made by ffmpeg: `make_media(folder / "talk.mkv", "-i", ...)`."""
    _run("-y", *arguments, f"file:{path}")
    return path


def stream_hashes(path: Path, *kinds: str) -> list[str]:
    """MD5 of the packets of each stream of these kinds ("v", "a", "s"), in the file's order."""
    picked = [argument for kind in kinds for argument in ("-map", f"0:{kind}?")]
    said = _run("-i", f"file:{path}", *picked, "-c", "copy", "-f", "streamhash", "-hash", "md5", "-")
    return [line.partition("=")[2] for line in said.decode().splitlines()]


def pictures(path: Path) -> list[str]:
    """A hash of each decoded picture of the first video track, with its time."""
    said = _run("-i", f"file:{path}", "-map", "0:v:0", "-f", "framehash", "-hash", "md5", "-").decode()
    return [line for line in said.splitlines() if not line.startswith("#")]


def packet_times(path: Path) -> list[float]:
    """When each picture of the first video track is shown, in seconds and in order."""
    said = _run("-i", f"file:{path}", "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-").decode()
    base = re.search(r"^#tb 0: (\d+)/(\d+)", said, re.MULTILINE)
    assert base
    times = [int(line.split(",")[2]) for line in said.splitlines() if not line.startswith("#")]
    return sorted(time * int(base[1]) / int(base[2]) for time in times)


def track_text(path: Path, number: int = 0) -> str:
    """A subtitle track as SRT."""
    return _run("-i", f"file:{path}", "-map", f"0:s:{number}", "-f", "srt", "-").decode()


def frame_at(path: Path, second: float) -> np.ndarray:
    """The brightness of the picture that is shown at a time.  # float64 [height, width]"""
    said = _run(
        *("-i", f"file:{path}", "-map", "0:v:0", "-ss", str(second), "-frames:v", "1"),
        *("-pix_fmt", "gray", "-f", "image2pipe", "-c:v", "pgm", "-"),
    )
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", said)
    assert header
    width, height = int(header[1]), int(header[2])
    return np.frombuffer(said[header.end() :], np.uint8).reshape(height, width).astype(np.float64)


def told(path: Path) -> str:
    """ffmpeg's description of a file."""
    command = [ffmpeg_executable(), "-hide_banner", "-nostdin", "-i", f"file:{path}"]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return done.stderr.decode(errors="replace").replace("\r\n", "\n")  # as Windows ends lines


def _run(*arguments: str | Path) -> bytes:
    command = [ffmpeg_executable(), "-nostdin", "-v", "error", *map(str, arguments)]
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True).stdout
