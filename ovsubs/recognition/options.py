"""What the caller asks of recognition, checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from ovsubs.audio.vad import VadOptions
from ovsubs.audio.windows import WINDOW_S
from ovsubs.bounds import check_above_zero, check_count, check_number
from ovsubs.errors import InvalidOption
from ovsubs.whisper.chinese import DEFAULT_CHINESE
from ovsubs.whisper.languages import chinese_tag, language_code
from ovsubs.whisper.search import SearchOptions
from ovsubs.whisper.segments import SilenceOptions
from ovsubs.whisper.tokenizer import TASKS

MAX_TEMPERATURE = 1.0
_USUAL_BEST_OF = 5
MAX_WINDOWS = 1000  # at a time: hours of speech


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """What to hear and how. Names are those of openai/whisper and faster-whisper.

    `language`: code or English name; None lets several speech windows vote. Chinese is written in one script:
    simplified, or as "zh-Hant", "zh-TW" or "zh-HK" say.
    `multilingual`: each window has its own language, out of `languages` where that is given.
    `task`: "transcribe", or "translate" into English.
    `initial_prompt`: text that every window is told to follow: names, spelling, style.
    `hotwords`: words that every window is told to expect.
    `condition_on_previous_text`: each window is told the text before it; windows are read one by one.
    `beam_size`: hypotheses of each window, 1 is greedy; `patience`, `length_penalty`: see `SearchOptions`.
    `temperature`: the first one; `temperature_increment_on_fallback` is added until a window's text is
    likely enough, up to 1.0 (None: never); `best_of` texts are sampled at each.
    `batch_size`: windows decoded together; None takes up to 10 of 30 s, or more shorter ones, if memory does.
    `audio_track`: index, or language as tagged in the file; None takes a track that is tagged with
    `language`, else the default track, and another one if nobody speaks in it; a commentary last.
    `vad`: what counts as speech; None hears everything.
    `silence`: when a window's text is taken for a hallucination.
    `compression_ratio_threshold`: text that zlib shrinks more repeats itself; its window is read again
    in halves, a short one greedily and then hotter, and left out if it never ends. None switches that off.
    `language_detection_segments`: how many windows vote.
    `language_detection_threshold`: where the vote's winner has less, nobody may be speaking at all: of
    such a file, windows below `silence.logprob_threshold` are left out. So is, of any file, a window that
    repeats itself and in which no language is likelier than that, nor the given one among the likeliest.
    `word_timestamps`: segments have words with their times.
    `keep_damaged`: transcribe what is there of a file that breaks off, instead of failing.
    """

    language: str | None = None
    multilingual: bool = False
    languages: tuple[str, ...] = ()
    task: str = "transcribe"
    initial_prompt: str | None = None
    hotwords: str | None = None
    condition_on_previous_text: bool = False
    beam_size: int = 3
    patience: float = 1.0
    length_penalty: float | None = None
    temperature: float = 0.0
    temperature_increment_on_fallback: float | None = 0.2
    best_of: int = _USUAL_BEST_OF
    batch_size: int | None = None
    audio_track: int | str | None = None
    vad: VadOptions | None = field(default_factory=VadOptions)
    silence: SilenceOptions = field(default_factory=SilenceOptions)
    compression_ratio_threshold: float | None = 2.4  # openai/whisper, transcribe.py
    language_detection_segments: int = 5
    language_detection_threshold: float = 0.5
    word_timestamps: bool = False
    keep_damaged: bool = False

    def __post_init__(self) -> None:
        self._check_language()
        self._check_search()
        if self.vad is not None and self.vad.max_speech_duration_s > WINDOW_S:
            longest = self.vad.max_speech_duration_s
            why = f"a window is at most {WINDOW_S:g} s"
            raise InvalidOption("max_speech_duration_s", longest, why)
        if self.batch_size is not None:
            check_count(
                "batch_size", self.batch_size, f"1 to {MAX_WINDOWS} windows", least=1, most=MAX_WINDOWS
            )
        if self.condition_on_previous_text and (self.batch_size or 1) > 1:
            why = "with `condition_on_previous_text` windows are read one by one"
            raise InvalidOption("batch_size", self.batch_size, why)
        threshold, n_windows = self.language_detection_threshold, self.language_detection_segments
        check_number(
            "language_detection_threshold", threshold, "a probability is 0 to 1", least=0.0, most=1.0
        )
        why = f"1 to {MAX_WINDOWS} windows"
        check_count("language_detection_segments", n_windows, why, least=1, most=MAX_WINDOWS)
        if self.compression_ratio_threshold is not None:
            check_above_zero("compression_ratio_threshold", self.compression_ratio_threshold, "above 0")

    @property
    def search(self) -> SearchOptions:
        """How a window is decoded at first."""
        return SearchOptions(
            self.beam_size, self.patience, self.length_penalty, self.temperature, self.best_of
        )

    def _check_search(self) -> None:
        _ = self.search  # checks its own values
        step = self.temperature_increment_on_fallback
        if step is not None:
            why = f"above 0, at most {MAX_TEMPERATURE:g}"
            check_above_zero("temperature_increment_on_fallback", step, why, most=MAX_TEMPERATURE)
        if self.beam_size == 1 and self.temperature == 0.0:
            why = "with `beam_size` 1 there is one hypothesis, and nothing to choose from"
            for name, value, usual in (
                ("patience", self.patience, 1.0),
                ("length_penalty", self.length_penalty, None),
            ):
                if value != usual:
                    raise InvalidOption(name, value, why)
        if self.temperature == 0.0 and step is None and self.best_of != _USUAL_BEST_OF:
            why = "at `temperature` 0 without fallback nothing is drawn"
            raise InvalidOption("best_of", self.best_of, why)

    @property
    def chinese_tag(self) -> str:
        """How Chinese is to be written, if any is spoken."""
        tags = (chinese_tag(name) for name in (self.language, *self.languages) if name is not None)
        return next((tag for tag in tags if tag), DEFAULT_CHINESE)

    def _check_language(self) -> None:
        for name in (self.language, *self.languages):
            if name is not None:
                language_code(name)
        if self.task not in TASKS:
            raise InvalidOption("task", self.task, f"choose {' or '.join(TASKS)}")
        if self.multilingual and self.language is not None:
            raise InvalidOption("language", self.language, "with `multilingual` each window has its own")
        if len({tag for name in self.languages if (tag := chinese_tag(name))}) > 1:
            raise InvalidOption("languages", ", ".join(self.languages), "a file has one script of Chinese")
        if self.languages and not self.multilingual:
            raise InvalidOption("languages", ", ".join(self.languages), "it goes with `multilingual`")
