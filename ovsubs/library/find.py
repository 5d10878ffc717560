"""The folders and files that a person names -> the files in them that are worked on."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ovsubs.audio.media import COPY_MARKS, MEDIA_SUFFIXES
from ovsubs.errors import MissingFile, NoMediaInFolder


def find_media(paths: Sequence[Path]) -> list[Path]:
    """Files to work on: a file stands for itself, a folder for the media files right in it, sorted.

    Copies of a video with subtitles in them, which we have made (`talk.burned.mp4`), are left out of a folder
    where the video itself is.

    Raises:
        MissingFile: a path is not there.
        NoMediaInFolder: a folder holds no file with an ending in `MEDIA_SUFFIXES`.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise MissingFile(path)
        if not path.is_dir():
            found.append(path)
            continue
        inside = _without_copies(visible_files(path, MEDIA_SUFFIXES))
        if not inside:
            raise NoMediaInFolder(path)
        found.extend(inside)
    return found


def visible_files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Files right in a folder with one of the endings (small letters, in any case), sorted.

    Hidden ones are left out: macOS leaves a `._talk.mp4` beside each video on a foreign disk.
    """
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and not file.name.startswith(".") and file.is_file()
    )


def _without_copies(files: Iterable[Path]) -> list[Path]:
    by_name = {file: file.stem.rpartition(".") for file in files}
    stems = {file.stem for file in by_name}
    return [file for file, (of, _, mark) in by_name.items() if mark not in COPY_MARKS or of not in stems]
