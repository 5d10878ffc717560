"""What recognition runs on."""

from dataclasses import dataclass

from ovsubs.audio.vad import SpeechDetector
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.whisper.model import WhisperModel
from ovsubs.whisper.rules import TokenRules
from ovsubs.whisper.tokens import TokenReader

MAX_BATCH_SIZE = 10  # 16 are 3 % faster (base), for 18 to 37 MB each, and then more than 1 GB in all
KEY_VALUE_BUDGET_BYTES = 1_200_000_000  # keys and values of a batch; larger models get smaller batches


@dataclass(frozen=True, slots=True)
class Engine:
    """The speech detector, the model, its tokens and its rules."""

    detector: SpeechDetector
    whisper: WhisperModel
    reader: TokenReader
    rules: TokenRules

    def batch_size(self, options: TranscribeOptions) -> int:
        """How many windows are decoded together: what is asked for, or what memory allows."""
        if options.condition_on_previous_text:
            return 1
        fitting = KEY_VALUE_BUDGET_BYTES // self.whisper.row_bytes
        return options.batch_size or max(1, min(MAX_BATCH_SIZE, fitting))
