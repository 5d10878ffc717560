"""Figures of a benchmark -> JSON, Markdown and a picture, as far as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.errors import InvalidOption
from ovsubs.evaluation.figures import ModelFigures, to_json
from ovsubs.evaluation.plot import check_picture, draw
from ovsubs.evaluation.report import to_markdown
from ovsubs.evaluation.results import Comparison, check_output, write_comparison, write_text
from ovsubs.places import file_key
from ovsubs.subtitles.formats.inputs import Inputs


@dataclass(frozen=True, slots=True)
class BenchmarkOutputs:
    """Files that results are written to; None where they are not."""

    json: Path | None = None
    markdown: Path | None = None
    plot: Path | None = None

    @property
    def named(self) -> list[Path]:
        """Those that are to be written."""
        return [path for path in (self.json, self.markdown, self.plot) if path]

    def check(self) -> None:
        """Refuse what could not be written, before anything is measured.

        Raises:
            UnwritableFile: one of them.
            InvalidOption, MissingExtra: a picture cannot be drawn.
        """
        places = set[str]()
        for option, path in (("json", self.json), ("markdown", self.markdown), ("plot", self.plot)):
            if path is None:
                continue
            if (place := file_key(path)) in places:
                raise InvalidOption(option, str(path), "another output is the same file")
            places.add(place)
        for path in (self.json, self.markdown):
            if path:
                check_output(path)
        if self.plot:
            check_picture(self.plot)

    def refuse(self, inputs: Iterable[Path]) -> None:
        """Refuse to write over what is read.

        Raises:
            OutputIsInput: one of them is one of the inputs.
        """
        read = Inputs(inputs)
        for path in self.named:
            read.refuse(path)

    def refuse_files(self, inputs: Iterable[Path]) -> None:
        """`refuse` for inputs that are there: they are looked at only where an output is there, too."""
        if any(path.exists() for path in self.named):
            self.refuse(inputs)

    def write(self, comparison: Comparison, figures: Sequence[ModelFigures]) -> None:
        """Write all that are named.

        Raises:
            UnwritableFile: one of them cannot be written.
        """
        if self.json:
            write_comparison(self.json, comparison, to_json(figures))
        if self.markdown:
            write_text(self.markdown, to_markdown(comparison, figures))
        if self.plot:
            draw(self.plot, comparison, figures)
