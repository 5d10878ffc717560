"""A JSON file -> the transcript in it, ours or openai/whisper's."""

from dataclasses import replace
from pathlib import Path

from ovsubs.errors import MissingFile, UnknownLanguage, UnreadableTranscript
from ovsubs.transcript import Transcript
from ovsubs.whisper.languages import language_code

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
        transcript = Transcript.from_json(path.read_text(encoding="utf-8-sig"))
        return replace(transcript, language=language_code(transcript.language))  # OpenAI's API writes names
    except UnknownLanguage:
        return transcript  # "und", where nobody speaks
    except OSError as error:
        raise UnreadableTranscript(path, error.strerror or error) from error
    except UnicodeDecodeError as error:
        raise UnreadableTranscript(path, "it is not UTF-8") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableTranscript(path, f"{type(error).__name__}: {error}") from error
