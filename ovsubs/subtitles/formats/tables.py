"""Segments as they are, without layout -> plain text, and tables for programs."""

from ovsubs.subtitles.cue import to_ms
from ovsubs.subtitles.formats.format import SubtitleFormat
from ovsubs.transcript import Transcript


def write_txt(transcript: Transcript) -> str:
    """Write one line of text for each segment, as openai/whisper does."""
    return "".join(f"{_one_line(segment.text)}\n" for segment in transcript.segments)


def write_tsv(transcript: Transcript) -> str:
    """Write openai/whisper's table: start and end in milliseconds, and the text with tabs as spaces."""
    rows = ["start\tend\ttext\n"]
    for segment in transcript.segments:
        text = _one_line(segment.text).replace("\t", " ")
        rows.append(f"{to_ms(segment.start)}\t{to_ms(segment.end)}\t{text}\n")
    return "".join(rows)


def write_csv(transcript: Transcript) -> str:
    """Write whisper.cpp's table: start and end in milliseconds, and the text quoted (RFC 4180)."""
    rows = ["start,end,text\n"]
    for segment in transcript.segments:
        text = _one_line(segment.text).replace('"', '""')
        rows.append(f'{to_ms(segment.start)},{to_ms(segment.end)},"{text}"\n')
    return "".join(rows)


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines())


TXT = SubtitleFormat("txt", write_transcript=write_txt)
TSV = SubtitleFormat("tsv", write_transcript=write_tsv)
CSV = SubtitleFormat("csv", write_transcript=write_csv)
