"""What the command line says of formats is what the registry knows. To ask it would cost every start time."""

from typing import get_args

import pytest

from ovsubs.cli import options
from ovsubs.library.render import RENDERED
from ovsubs.subtitles.formats import FORMATS
from ovsubs.subtitles.formats.registry import find_format


@pytest.mark.parametrize(
    ("option", "names"), [(options.OutputFormat, FORMATS), (options.RenderFormat, RENDERED)]
)
def test_help_names_every_format(option: object, names: tuple[str, ...]) -> None:
    _, told = get_args(option)
    assert told.help == f"{', '.join(names)}, several with commas, or all."


def test_help_names_the_formats_that_show_which_word_is_spoken() -> None:
    _, told = get_args(options.HighlightWords)
    able = [name for name in FORMATS if "highlight_words" in find_format(name).obeys]
    assert told.help.endswith(f"({', '.join(able)}).")
