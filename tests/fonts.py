"""Which fonts there are, the same on every machine where libass asks fontconfig for them: on Linux."""

import shutil
from pathlib import Path

import matplotlib

_CONF = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>{fonts}<cachedir>{cache}</cachedir></fontconfig>
"""


def only_dejavu(folder: Path) -> dict[str, str]:
    """Environment in which DejaVu Sans, out of matplotlib, is the only font."""
    shutil.copy(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", folder)
    return _environment(folder, f"<dir>{folder}</dir>")


def no_font(folder: Path) -> dict[str, str]:
    """Environment without any font, as on a bare server."""
    return _environment(folder, "")


def _environment(folder: Path, fonts: str) -> dict[str, str]:
    conf = folder / "fonts.conf"
    conf.write_text(_CONF.format(fonts=fonts, cache=folder / "cache"))
    return {"FONTCONFIG_FILE": str(conf)}
