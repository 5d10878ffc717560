"""Subtitles without a style -> an ASS script that is drawn readably into a picture of this shape."""

import re

FONT_SIZE = 16.0  # of SCRIPT_HEIGHT: ffmpeg's own choice, 60 pixels in 1080; 42 characters fill a line well
SCRIPT_HEIGHT = 288  # the height that sizes of a script refer to; ffmpeg's default (libavcodec/ass.c)
_NARROWEST = 1.6  # width by height that takes 42 letters of a wide font (DejaVu) in a line at that size
_OUTLINE = 0.075  # of the font size
_MARGIN = 0.05  # of width and height: outside it, televisions may hide text (BBC subtitle guidelines)

_HEIGHT = re.compile(r"^PlayResY: .*$", re.MULTILINE)
_WIDTH = re.compile(r"^PlayResX: .*$", re.MULTILINE)
_STYLE = re.compile(r"^Style: Default,.*$", re.MULTILINE)


def styled(ass: str, width: int, height: int, font_size: float) -> str:
    """Give a script that ffmpeg made of SRT or VTT our style: white, outlined in black, at the bottom.

    Args:
        ass: with ffmpeg's header; its style "Default" is replaced.
        width: of the picture, in pixels, as a player shows it.
        height: the same.
        font_size: in 288ths of the picture's height, or of the height that it would have at 16:10 if it is
            narrower, so that a line fits into the width of a video held upright as well.
    """
    script_width = SCRIPT_HEIGHT * width / height
    narrowed = min(1.0, width / height / _NARROWEST)
    size = font_size * narrowed
    margins = (round(script_width * _MARGIN), round(script_width * _MARGIN), round(SCRIPT_HEIGHT * _MARGIN))
    style = (
        f"Style: Default,Arial,{size:.2f},&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,"
        f"1,{size * _OUTLINE:.2f},0,2,{','.join(map(str, margins))},1"
    )
    script = _HEIGHT.sub(f"PlayResY: {SCRIPT_HEIGHT}", ass)
    script = _WIDTH.sub(f"PlayResX: {round(script_width)}", script)
    return _STYLE.sub(style, script)
