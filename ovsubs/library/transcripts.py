"""A JSON file -> the transcript in it, ours or openai/whisper's."""

import re
from dataclasses import replace
from pathlib import Path

from ovsubs.errors import UnknownLanguage, UnreadableTranscript
from ovsubs.subtitles.parsing.text_files import check_is_file
from ovsubs.transcript import Transcript
from ovsubs.whisper.languages import language_code

TRANSCRIPT_SUFFIX = ".json"
_LANGUAGE_TAG = re.compile(r"(?:[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)?")  # BCP 47; stands in what is written


def read_transcript(path: Path) -> Transcript:
    """Read a transcript.

    Raises:
        MissingFile: there is none.
        UnreadableTranscript: it cannot be read, or it is none.
    """
    try:
        check_is_file(path)
        transcript = Transcript.from_json(path.read_text(encoding="utf-8-sig"))
        return replace(transcript, language=language_code(transcript.language))  # OpenAI's API writes names
    except UnknownLanguage:
        if not _LANGUAGE_TAG.fullmatch(transcript.language):
            why = f"its language is {transcript.language[:40]!r}"
            raise UnreadableTranscript(path, why) from None
        return transcript  # "und", where nobody speaks
    except OSError as error:
        raise UnreadableTranscript(path, error.strerror or error) from error
    except UnicodeDecodeError as error:
        raise UnreadableTranscript(path, "it is not UTF-8") from error
    except ValueError as error:
        raise UnreadableTranscript(path, error) from error
