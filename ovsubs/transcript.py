"""The nouns between recognition and subtitles: Segment and Transcript, and their JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ovsubs.json_fields import JsonObject
from ovsubs.spans import Span
from ovsubs.timing import StageTime


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it stands in the text, with its space and marks, `[start, end)` in seconds of the file.

    `probability` (0 to 1) is the geometric mean of its tokens'.
    """

    word: str
    start: float
    end: float
    probability: float = 1.0  # not every tool writes one


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of recognized speech, `[start, end)` in seconds of the file.

    `tokens` are the text tokens and their two timestamps. `avg_logprob` (natural log, at most 0),
    `compression_ratio` (zlib, above 2.4 text repeats itself) and `no_speech_prob` (0 to 1) are
    those of the window that the segment comes from, as in openai/whisper, and so is the `temperature` at
    which it was sampled (0: it was not). `language` is given where each window has its own. `words` are there
    where they were asked for; all together they are the text.
    """

    id: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    temperature: float = 0.0
    language: str | None = None
    words: tuple[Word, ...] = ()

    def moved(self, seconds: float) -> Segment:
        """The same so much later, its words with it."""
        words = tuple(
            replace(word, start=word.start + seconds, end=word.end + seconds) for word in self.words
        )
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=words)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one file.

    `language` is a Whisper code ("en"), `language_probability` its share of the vote (1.0 when
    the caller gave the language). `duration` is the file's, in seconds; `speech_duration` what the
    VAD left of it; `holes` are seconds that its time stamps leap over, where there is nothing at all.
    `uncovered` is speech for which there is no text, `damaged` what could not even be decoded.
    `notes` are sentences for the person ("no speech was found").
    """

    segments: tuple[Segment, ...]
    language: str
    language_probability: float
    duration: float
    speech_duration: float
    task: str = "transcribe"
    source: str = ""
    model: str = ""
    timings: tuple[StageTime, ...] = ()
    notes: tuple[str, ...] = field(default=())
    uncovered: tuple[Span, ...] = ()
    damaged: tuple[Span, ...] = ()
    holes: float = 0.0

    @property
    def text(self) -> str:
        """All segments' text in order, as openai/whisper joins it."""
        return "".join(segment.text for segment in self.segments)

    @property
    def end(self) -> float:
        """Where the file ends, in seconds as players count, holes among them."""
        return self.duration + self.holes

    @property
    def text_language(self) -> str:
        """Of the text: English where it was translated, else the one that was spoken."""
        return "en" if self.task == "translate" else self.language

    @property
    def seconds(self) -> float:
        """Wall time of all stages together, in seconds."""
        return sum(timing.seconds for timing in self.timings)

    @property
    def rtfx(self) -> float:
        """Seconds of audio per second of work (inverse real-time factor); 0 if nothing was timed."""
        return self.duration / self.seconds if self.seconds else 0.0

    def to_json(self) -> str:
        """JSON in openai/whisper's shape (`text`, `segments`, `language`), with our own keys added."""
        content = {"text": self.text, **asdict(self)}
        content["timings"] = {timing.stage: timing.seconds for timing in self.timings}
        for segment in content["segments"]:
            if not segment["words"]:
                del segment["words"]  # as openai/whisper, which writes them where they were asked for
        return json.dumps(content, ensure_ascii=False, indent=2)

    @classmethod
    def from_json(cls, text: str) -> Transcript:
        """Read what `to_json` wrote, or openai/whisper's own JSON (keys it lacks get defaults).

        Times need not be in order, nor lie within the duration: other tools write them so, and the layout
        copes.

        Raises:
            ValueError: it is no JSON, or a value is missing or of another kind; the message names the place.
        """
        content = JsonObject.parse(text)
        segments = tuple(map(_segment, content.objects("segments")))
        timings = content.object("timings")
        duration = content.number("duration", max(0.0, segments[-1].end) if segments else 0.0, least=0.0)
        return cls(
            segments=segments,
            language=content.text("language"),
            language_probability=content.number("language_probability", 1.0),
            duration=duration,
            speech_duration=content.number("speech_duration", duration, least=0.0),
            task=content.text("task", "transcribe"),
            source=content.text("source", ""),
            model=content.text("model", ""),
            timings=tuple(StageTime(stage, timings.number(stage)) for stage in timings.content),
            notes=content.texts("notes"),
            uncovered=tuple(
                Span(stretch.number("start"), stretch.number("end"))
                for stretch in content.objects("uncovered", ())
            ),
            damaged=tuple(
                Span(stretch.number("start"), stretch.number("end"))
                for stretch in content.objects("damaged", ())
            ),
            holes=content.number("holes", 0.0, least=0.0),
        )

    def save(self, path: str | Path, *, overwrite: bool = True) -> Path:
        """Write subtitles in the format that the file name's ending names (`talk.srt`).

        The file appears whole or not at all.

        Raises:
            UnknownFormat: the ending is none of a format.
            OutputExists: the file is there and `overwrite` is false.
            UnwritableOutput: the folder is missing or read-only.
        """
        # One of two upward imports: a person expects `transcript.save("talk.srt")` to lay out and write.
        from ovsubs.subtitles.formats import save_transcript

        return save_transcript(self, Path(path), overwrite=overwrite)

    def _repr_html_(self) -> str:
        """As a notebook shows it: the media with captions, if it is there, and a table of cues."""
        from ovsubs.subtitles.player import to_html  # the other one: a transcript shows itself

        return to_html(self)


def _segment(content: JsonObject) -> Segment:
    return Segment(
        id=content.whole("id"),
        start=content.number("start"),
        end=content.number("end"),
        text=content.text("text"),
        tokens=content.whole_numbers("tokens"),
        avg_logprob=content.number("avg_logprob"),
        compression_ratio=content.number("compression_ratio"),
        no_speech_prob=content.number("no_speech_prob"),
        temperature=content.number("temperature", 0.0),
        language=content.text_or_null("language"),
        words=() if content.content.get("words") is None else tuple(map(_word, content.objects("words"))),
    )


def _word(content: JsonObject) -> Word:
    return Word(
        content.text("word"),
        content.number("start"),
        content.number("end"),
        content.number("probability", 1.0),
    )
