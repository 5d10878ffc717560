"""What the command line says of formats is what the registry knows. To ask it would cost every start time."""

import pytest

from ovsubs.cli import options
from ovsubs.library.render import RENDERED
from ovsubs.subtitles.formats import FORMATS
from ovsubs.subtitles.formats.registry import find_format


@pytest.mark.parametrize(
    ("option", "names"), [(options.OutputFormat, FORMATS), (options.RenderFormat, RENDERED)]
)
def test_help_names_every_format(option: object, names: tuple[str, ...]) -> None:
    (told,) = option.__metadata__  # type: ignore[attr-defined]
    assert told.help == f"{', '.join(names)}, several with commas, or all."


def test_help_names_the_formats_that_show_which_word_is_spoken() -> None:
    (told,) = options.HighlightWords.__metadata__  # type: ignore[attr-defined]
    able = [name for name in FORMATS if "highlight_words" in find_format(name).obeys]
    assert told.help.endswith(f"({', '.join(able)}).")
