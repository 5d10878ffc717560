"""How a window is decoded: at first cheaply, then with more effort where the text cannot be right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ovsubs.recognition.options import MAX_TEMPERATURE, TranscribeOptions
from ovsubs.recognition.prompt_echo import echoes_prompt
from ovsubs.recognition.text_overlap import DISTINCTIVE_LETTERS, agreement, letters_of, share_said_once
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.search import SearchOptions
from ovsubs.whisper.segments import TimedTokens, repeats_itself
from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S, WhisperTokenizer

# A text that still repeats itself after all attempts, or that has a very low log-probability, counts as no
# speech if the no-speech probability is above this. In babble of eight people such windows have 0.29
# to 0.63; of all doubtful passages of film, calls and speeches in seven languages none has more than 0.22.
DOUBTFUL_NO_SPEECH = 0.25
DOUBTFUL_LOGPROB = -1.1  # of a passage, a mean; the least believed one that was really said has -0.93
# In a window with a no-speech probability above DOUBTFUL_NO_SPEECH, a passage below this higher bound is
# doubtful, too. It counts as no text above CLEARLY_NO_SPEECH: two loops over voices around a fire have a
# no-speech probability of 0.47 and 0.53, a title that was said has 0.28.
UNSURE_LOGPROB = -0.9
CLEARLY_NO_SPEECH = 0.4
HALF_BELIEVED_LOGPROB = -0.6
# What is made up differs each time it is sampled, what is heard does not (SelfCheckGPT, arXiv:2303.08896).
# The share of a fallback text's letters that the other attempts also have is 0 to 0.11 over babble, 0.69 over
# speech.
MIN_AGREEMENT = 0.2
MIN_SAID_ONCE = 0.5  # of a text's letters: as much stands in a loop where it does not loop
SAME_TEXT = 0.7  # of its letters
MAX_LETTERS_PER_S = 30.0  # half as many again as fast talkers say
# A language with at least this share of the likeliest language's probability may be the one that is spoken.
LANGUAGE_RATIO = 0.5


class Verdict(Enum):
    """What is thought of a window's text."""

    GOOD = "good"
    UNLIKELY = "unlikely"  # below `logprob_threshold`
    LOOP = "loop"  # it repeats itself, or has no end
    SILENT = "silent"  # nobody speaks, or nobody intelligibly
    ECHO = "echo"  # it repeats the prompt, which may not have been spoken


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to decode a window.

    `pad_to_30s`: the encoder sees 30 s, as in training, and not the window with a little silence behind it,
    which costs less and is nearly always as good.
    `prompted`: the decoder is given the prompt and the hotwords.
    """

    search: SearchOptions
    pad_to_30s: bool = False
    prompted: bool = True

    @property
    def batch_key(self) -> tuple[int, bool, bool]:
        """The part of a batch's key that the attempt decides; the scheduler adds the length of the prompt."""
        return self.search.n_candidates, self.search.temperature > 0.0, self.prompted


def assess(
    decoded: DecodedWindow,
    tokenizer: WhisperTokenizer,
    language_vote: LanguageVote,
    options: TranscribeOptions,
    *,
    pad_to_30s: bool = True,
    no_known_language: bool = False,
    prompted: bool = True,
) -> Verdict:
    """Judge the text of a window by the thresholds of the options (openai/whisper, transcribe.py).

    Where the language is unknown, nobody may be speaking at all: what is unlikely there is no text, nor is
    what repeats itself although the encoder has seen 30 s (`pad_to_30s`). The same holds for what repeats
    itself where the language is known, or given, but none is heard in this window (`no_known_language`). A
    crowd's babble would otherwise be read over and over. What repeats the prompt it was given (`prompted`) is
    an echo, until it has been heard without.
    """
    least = options.silence.logprob_threshold
    unlikely = least is not None and decoded.avg_logprob < least
    unknown_language = language_vote.probability < options.language_detection_threshold
    if options.silence.is_silent(decoded):
        return Verdict.SILENT
    if prompted and echoes_prompt(decoded, tokenizer, options):
        return Verdict.ECHO
    repeats = repeats_itself(decoded, tokenizer, options.compression_ratio_threshold)
    if repeats or not decoded.finished:
        return Verdict.SILENT if (unknown_language or no_known_language) and pad_to_30s else Verdict.LOOP
    if unlikely:
        return Verdict.SILENT if unknown_language else Verdict.UNLIKELY
    return Verdict.GOOD


def has_no_known_language(heard: NDArray[np.float32], spoken: int, least: float) -> bool:
    """Whether a window is in no language.

    None is likely, and the one that is spoken in the file is not among the likeliest: Croatian may well be
    heard as Serbian or Bosnian.

    Args:
        heard: the probability of each language in the window, float32 [languages].
        spoken: the place of the file's language among them.
        least: from this probability on a language is heard.
    """
    likeliest = float(heard.max())
    return likeliest < least and float(heard[spoken]) < LANGUAGE_RATIO * likeliest


def is_loop_of_noise(decoded: DecodedWindow, tokenizer: WhisperTokenizer, options: TranscribeOptions) -> bool:
    """Whether a text repeats itself over what is hardly speech. "Never, never, never!" is said clearly."""
    repeats = repeats_itself(decoded, tokenizer, options.compression_ratio_threshold)
    return repeats and decoded.no_speech_prob > DOUBTFUL_NO_SPEECH


def is_made_up(
    decoded: DecodedWindow,
    tried: Sequence[DecodedWindow],
    loops: Sequence[DecodedWindow],
    tokenizer: WhisperTokenizer,
) -> bool:
    """Whether a text that a fallback has sampled is none that the other attempts at its window have heard.

    Args:
        decoded: the text that would be kept.
        tried: the attempts at the same window in order, without those that looped; it may be among them.
        loops: those that looped; of them what is there once may have been heard.
        tokenizer: of the checkpoint.
    """
    others = [one for one in tried if one is not decoded]
    text = tokenizer.decode(decoded.tokens)
    if not others or decoded.temperature <= others[0].temperature or not is_comparable(text):
        return False
    if any(share_said_once(text, tokenizer.decode(one.tokens)) >= MIN_SAID_ONCE for one in loops):
        return False
    return all(agreement(text, tokenizer.decode(one.tokens)) < MIN_AGREEMENT for one in others)


def is_comparable(text: str) -> bool:
    """Whether a text is long enough to be told from another one: "Yes." and "Yeah." are the same answer."""
    return len(letters_of(text)) >= DISTINCTIVE_LETTERS


def is_repeated(text: str, before: str) -> bool:
    """Whether a text, longer than a word or two, is one that stands before it."""
    return is_comparable(text) and agreement(text, before) >= SAME_TEXT


def is_stuttered(segment: Segment, before: Sequence[Segment]) -> bool:
    """Whether a segment repeats the text before it, faster than anyone speaks, as Whisper does over music."""
    seconds = (segment.tokens[-1] - segment.tokens[0]) * TIMESTAMP_STEP_S  # as Whisper says, words or not
    rate = len(letters_of(segment.text)) / max(seconds, TIMESTAMP_STEP_S)
    return rate > MAX_LETTERS_PER_S and is_repeated(segment.text, "".join(one.text for one in before))


def is_doubtful(decoded: DecodedWindow) -> bool:
    """Whether a text has a low log-probability and a raised no-speech probability."""
    return decoded.no_speech_prob > DOUBTFUL_NO_SPEECH and decoded.avg_logprob < HALF_BELIEVED_LOGPROB


def doubtful_runs(pieces: Sequence[TimedTokens], decoded: DecodedWindow) -> Iterator[tuple[range, float]]:
    """Runs of pieces of a window that the model hardly believes.

    Each has one that it does not believe; those next to it that it only half believes go with it.

    Args:
        pieces: of the window, in order.
        decoded: the window; without the `logprobs` of its tokens nothing is known.

    Yields:
        The indices of the pieces, and the threshold: they are dropped if the no-speech probability of the
        passage, decoded alone, is above it.
    """
    logprobs = decoded.logprobs
    if not logprobs:
        return
    is_unsure = decoded.no_speech_prob > DOUBTFUL_NO_SPEECH
    means = [float(np.mean(logprobs[piece.first : piece.first + len(piece.tokens)])) for piece in pieces]
    first = 0
    for is_half_believed, run in groupby(mean < HALF_BELIEVED_LOGPROB for mean in means):
        end = first + len(list(run))
        least = min(means[first:end])
        if is_half_believed and least < DOUBTFUL_LOGPROB:
            yield range(first, end), DOUBTFUL_NO_SPEECH
        elif is_half_believed and is_unsure and least < UNSURE_LOGPROB:
            yield range(first, end), CLEARLY_NO_SPEECH
        first = end


def next_attempt(attempt: Attempt, verdict: Verdict, options: TranscribeOptions) -> Attempt | None:
    """Choose the attempt that follows one with this verdict; None if no other is to be made."""
    if verdict in (Verdict.GOOD, Verdict.SILENT):
        return None
    if verdict is Verdict.ECHO:
        return replace(attempt, prompted=False)
    if verdict is Verdict.LOOP and not attempt.pad_to_30s:
        return replace(attempt, pad_to_30s=True)
    if verdict is Verdict.LOOP and attempt.search.temperature == 0.0 and attempt.search.beam_size > 1:
        # Beams prefer what repeats itself: each time it is likelier (arXiv:1904.09751, section 3).
        greedy = replace(attempt.search, beam_size=1, patience=1.0, length_penalty=None)
        return replace(attempt, search=greedy, pad_to_30s=False)
    hotter = _hotter(attempt.search.temperature, options)
    if hotter is None:
        return None
    return replace(attempt, search=replace(options.search, temperature=hotter), pad_to_30s=True)


def _hotter(temperature: float, options: TranscribeOptions) -> float | None:
    step = options.temperature_increment_on_fallback
    if step is None or temperature + step > MAX_TEMPERATURE + 1e-6:
        return None
    return min(round(temperature + step, 6), MAX_TEMPERATURE)
