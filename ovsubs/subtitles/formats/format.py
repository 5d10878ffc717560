"""What a kind of subtitle file is: its name, its writer, and what it can show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.transcript import Transcript


@dataclass(frozen=True, slots=True)
class CueDocument:
    """Cues in order, with the language, a code, and the title of what they are of."""

    cues: Sequence[Cue]
    language: str
    title: str
    options: FormatOptions


@dataclass(frozen=True, slots=True)
class CueReader:
    """How files of a format are read.

    `read` makes cues of a file's text, in its order; a ValueError says what is wrong with it. `recognizes`
    tells by the text whether a file is of this format; None is the one format that all others are taken for.
    `step_ms`: what its times are counted in. `is_loose`: a file of another format may hold what this one is
    recognized by, so the others are asked first.
    """

    read: Callable[[str], Iterable[Cue]]
    recognizes: Callable[[str], bool] | None
    step_ms: int = 1
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class SubtitleFormat:
    """One kind of file; its name is also the ending of those that are written.

    Either `write_cues` makes it of cues, which are laid out, or `write_transcript` of the segments as they
    are. `obeys` names the fields of `FormatOptions` that it can show. `reader` reads files that end in
    `read_suffixes`; a format without one is only written. `video_rank`: of several formats a video shows the
    one with the lowest, which holds most of the layout; None: a video takes none of it. `keeps_words`: it has
    the words of a transcript with their times.
    """

    name: str
    write_cues: Callable[[CueDocument], str] | None = None
    write_transcript: Callable[[Transcript], str] | None = None
    obeys: tuple[str, ...] = ()
    reader: CueReader | None = None
    read_suffixes: tuple[str, ...] = ()
    video_rank: int | None = None
    keeps_words: bool = False

    @property
    def uses_word_times(self) -> bool:
        """Whether it gets better where words have times: cues are laid out by them."""
        return self.keeps_words or self.write_cues is not None
