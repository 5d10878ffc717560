"""What a caller chooses for INT8."""

from __future__ import annotations

from dataclasses import dataclass

from ovsubs.bounds import MAX_NUMBER, check_count, check_number
from ovsubs.errors import InvalidOption
from ovsubs.evaluation.compare import BenchmarkOptions
from ovsubs.evaluation.word_errors import ENGLISH
from ovsubs.quantization.post_training import FRAGILE, Int8Settings
from ovsubs.whisper.languages import language_code
from ovsubs.whisper.model import CompileOptions

COMPONENTS = ("encoder", "decoder")
CHOICES = ("all", *COMPONENTS, "auto")
ComponentNames = tuple[str, ...]  # the components that are in INT8
# What quantization gains must not be bought with: percentage points of word error rate, absolute.
MAX_WER_DROP = 0.5
MAX_WER_DROP_OF_AUTO = 0.2
LIBRISPEECH = "openslr/librispeech_asr"
LIBRISPEECH_TRAIN, LIBRISPEECH_TEST = "clean:train.100", "clean:test"
LEAST_EVALUATED = 10  # recordings; fewer tell nothing of errors
N_EVALUATED = 100  # recordings, where the caller names none


# Found by benchmarks/search_int8.py: see docs/decisions/0014.
DEFAULTS = {"encoder": Int8Settings(0.5), "decoder": Int8Settings(0.75, (FRAGILE,))}


@dataclass(frozen=True, slots=True)
class Recordings:
    """Which recordings: a folder or an id of the Hub, its part, and how many of them, None for all."""

    source: str
    part: str | None = None
    n_samples: int | None = None


@dataclass(frozen=True, slots=True)
class QuantizeOptions:
    """How to make INT8 of a model, and when it has earned its place.

    `components`: "all", "encoder", "decoder", or "auto": those that are faster on this machine and keep the
    probabilities of tokens so near to what they were that no more than 0.2 points of WER can be lost
    (`gate.find_faults`). `evaluation` None: recordings of the calibration's folder that were not
    drawn, or LibriSpeech's test-clean. `max_wer_drop`: percentage points of WER that may be lost; None is
    0.5, or 0.2 with "auto". `n_runs`: of each model in the check, by turns.
    """

    components: str = "all"
    encoder: Int8Settings = DEFAULTS["encoder"]
    decoder: Int8Settings = DEFAULTS["decoder"]
    calibration: Recordings = Recordings(LIBRISPEECH, None, 50)
    evaluation: Recordings | None = None
    seed: int = 0
    language: str = "en"
    max_wer_drop: float | None = None
    n_runs: int = 3
    threads: int | None = None
    offline: bool = False

    def __post_init__(self) -> None:
        if self.components not in CHOICES:
            raise InvalidOption("components", self.components, f"choose from {', '.join(CHOICES)}")
        if self.max_wer_drop is not None:
            check_number("max_wer_drop", self.max_wer_drop, "at least 0", least=0.0)
        check_count("seed", self.seed, "a whole number", least=-MAX_NUMBER)
        if self.components == "auto" and self.max_wer_drop == 0.0:
            why = "auto keeps nothing then, since INT8 always moves a little; give more than 0"
            raise InvalidOption("max_wer_drop", self.max_wer_drop, why)
        for which, settings in (("encoder", self.encoder), ("decoder", self.decoder)):
            if which not in self.wanted and settings != DEFAULTS[which]:
                raise InvalidOption("components", self.components, f"there are settings for the {which}")
        if self.calibration.source == LIBRISPEECH and self.language_code != ENGLISH:
            raise InvalidOption("language", self.language, "LibriSpeech is English; name other recordings")
        for owner, recordings in (("calibration", self.calibration), ("evaluation", self.evaluation)):
            if recordings and recordings.n_samples is not None:
                check_count(f"{owner}.n_samples", recordings.n_samples, "at least 1", least=1)
        _ = self.benchmark  # what it refuses is refused here

    @property
    def allowed_drop(self) -> float:
        """`max_wer_drop` with its default."""
        if self.max_wer_drop is not None:
            return self.max_wer_drop
        return MAX_WER_DROP_OF_AUTO if self.components == "auto" else MAX_WER_DROP

    @property
    def language_code(self) -> str:
        """Such as "en"."""
        return language_code(self.language)

    @property
    def benchmark(self) -> BenchmarkOptions:
        """How candidates are measured."""
        return BenchmarkOptions(self.n_runs, self.language, compile=CompileOptions(threads=self.threads))

    @property
    def wanted(self) -> tuple[str, ...]:
        """The components that are quantized, before it is known which gain."""
        return COMPONENTS if self.components in ("all", "auto") else (self.components,)
