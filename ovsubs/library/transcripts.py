"""A JSON file -> the transcript in it, ours or openai/whisper's."""

from pathlib import Path

from ovsubs.errors import MissingFile, UnreadableTranscript
from ovsubs.transcript import Transcript

TRANSCRIPT_SUFFIX = ".json"


def read_transcript(path: Path) -> Transcript:
    """Read a transcript.

    Raises:
        MissingFile: there is none.
        UnreadableTranscript: it cannot be read, or it is none.
    """
    if not path.exists():
        raise MissingFile(path)
    try:
        return Transcript.from_json(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableTranscript(path, error.strerror or error) from error
    except UnicodeDecodeError as error:
        raise UnreadableTranscript(path, "it is not UTF-8") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableTranscript(path, f"{type(error).__name__}: {error}") from error
