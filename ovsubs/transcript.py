"""The nouns between recognition and subtitles: Segment and Transcript, and their JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

_SEGMENT_NUMBERS = ("start", "end", "avg_logprob", "compression_ratio", "no_speech_prob")


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
class StageTime:
    """Wall time that one stage of the pipeline took, in seconds, and how often it ran.

    `rows` are those of the decoder that went through it, all times together. Of a round that several files
    share, each has its part; so `count` and `rows` may be fractions.
    """

    stage: str
    seconds: float
    count: float = field(default=0.0, compare=False)  # not in the JSON
    rows: float = field(default=0.0, compare=False)  # not in the JSON

    def share(self, part: float) -> StageTime:
        """A part of it, 0 to 1."""
        return StageTime(self.stage, self.seconds * part, self.count * part, self.rows * part)


@dataclass(frozen=True, slots=True)
class UncoveredSpeech:
    """Speech without text, `[start, end)` in seconds of the file."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class DamagedSpan:
    """Sound that could not be decoded, `[start, end)` in seconds of the file."""

    start: float
    end: float


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
    uncovered: tuple[UncoveredSpeech, ...] = ()
    damaged: tuple[DamagedSpan, ...] = ()
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
        """Read what `to_json` wrote, or openai/whisper's own JSON (keys it lacks get defaults)."""
        content: dict[str, Any] = json.loads(text)
        segments = tuple(
            Segment(
                **{
                    **segment,
                    "tokens": tuple(segment.get("tokens", ())),
                    "words": tuple(Word(**_known(word, Word)) for word in segment.get("words", ())),
                }
            )
            for segment in (_known(raw, Segment) for raw in content["segments"])
        )
        for segment in segments:
            _check_values(segment, segment.text, *_SEGMENT_NUMBERS)
            for word in segment.words:
                _check_values(word, word.word, "start", "end", "probability")
        end = segments[-1].end if segments else 0.0
        rest = _known(content, cls)
        rest.update(
            segments=segments,
            timings=tuple(StageTime(*pair) for pair in content.get("timings", {}).items()),
            notes=tuple(content.get("notes", ())),
            uncovered=tuple(UncoveredSpeech(**stretch) for stretch in content.get("uncovered", ())),
            damaged=tuple(DamagedSpan(**stretch) for stretch in content.get("damaged", ())),
        )
        rest.setdefault("language_probability", 1.0)
        rest.setdefault("duration", end)
        rest.setdefault("speech_duration", rest["duration"])
        return cls(**rest)

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


def _check_values(part: Segment | Word, text: object, *numbers: str) -> None:
    if not isinstance(text, str):
        raise ValueError(f"text is {text!r}")
    for name in numbers:
        value = getattr(part, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"{name} is {value!r}")


def _known(raw: dict[str, Any], kind: type) -> dict[str, Any]:
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return {key: value for key, value in raw.items() if key in names}
