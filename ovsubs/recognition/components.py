"""Detector, model, tokenizer and filters: what recognition runs on."""

from dataclasses import dataclass

from ovsubs.audio.vad import SpeechDetector
from ovsubs.errors import UnsupportedTask
from ovsubs.recognition.batches import BatchLimits
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.whisper.backend import Backend
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.tokenizer import WhisperTokenizer

# With base 16 are 2 % faster than 12, and 12 no faster than 10, which take 55 MB less: eight hours, in which
# OpenVINO's caches fill up, stay under 1 GB.
MAX_BATCH_SIZE = 10
# Keys and values in f32 take twice the memory. In six chapters five windows take 60 MB less than six, and six
# took 260 MB less than ten, in 4 % more time. With five an hour stays under 1 GB.
MAX_F32_BATCH_SIZE = 5
MAX_SHORT_WINDOWS = 32  # in the memory of 10 of 30 s; each has rows of its own in the decoder
KEY_VALUE_BUDGET_BYTES = 1_200_000_000  # keys and values of a batch; larger models get smaller batches


@dataclass(frozen=True, slots=True)
class Components:
    """The parts of a loaded model: speech detector, Whisper graphs, tokenizer and logit filters."""

    detector: SpeechDetector
    whisper: Backend
    tokenizer: WhisperTokenizer
    filters: LogitFilters

    def batch_limits(self, options: TranscribeOptions) -> BatchLimits:
        """How many windows are decoded together: as many as asked for, or what memory allows."""
        if options.condition_on_previous_text:
            return BatchLimits(1, 1)
        if options.batch_size:
            return BatchLimits(options.batch_size, options.batch_size)
        fitting = KEY_VALUE_BUDGET_BYTES // self.whisper.window_bytes
        most = MAX_BATCH_SIZE if self.whisper.has_short_keys else MAX_F32_BATCH_SIZE
        max_full_windows = max(1, min(most, fitting))
        return BatchLimits(MAX_SHORT_WINDOWS, max_full_windows)


def check_options(components: Components, options: TranscribeOptions) -> str | None:
    """Refuse what the model cannot do; returns the language's code, None where it is to be detected.

    Raises:
        UsageError: the language, the task or a prompt is not for this model.
    """
    tokenizer = components.tokenizer
    code = tokenizer.check_request(options.language, options.task)
    for name in options.languages:
        tokenizer.check_request(name, options.task)
    if options.multilingual and tokenizer.english_only:
        raise UnsupportedTask(
            tokenizer.name, "it is English-only; for several languages use a multilingual model"
        )
    tokenizer.context(options.hotwords, options.initial_prompt)
    return code
