"""How wide a text is on the screen, and how many characters there are to read in it."""

import unicodedata


def columns(text: str) -> int:
    """Width in columns, as in a terminal: East Asian wide characters and emoji 2, combining marks 0."""
    return sum(_char_columns(char) for char in text)


def n_characters(text: str) -> int:
    """Characters to read, spaces among them (Netflix counts them), combining marks and line breaks not."""
    return sum(_char_columns(char) > 0 for char in text if char != "\n")


def _char_columns(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Mc", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
