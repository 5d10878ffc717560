"""Windows of a batch -> the languages that are spoken in them, and in their tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.recognition.batch_session import ScheduledWindow, open_session, tracks_of
from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.recognition.components import Components
from ovsubs.recognition.fallback import has_no_known_language
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.track import TrackState
from ovsubs.timing import Stopwatch
from ovsubs.whisper.backend import Session
from ovsubs.whisper.decoding import language_probabilities
from ovsubs.whisper.language_vote import LanguageVote, vote
from ovsubs.whisper.languages import language_code


def is_unvoted(track: TrackState) -> bool:
    """Whether the language of a track is still to be found, by the vote of its first windows."""
    return track.language_vote is None and not track.options.multilingual


def voters_of(track: TrackState) -> list[ChunkDecoder]:
    """The first windows of a track, which vote on its language."""
    n = track.options.language_detection_segments
    return track.waiting(n)[:n]


def tracks_voting_apart(batch: Sequence[ScheduledWindow]) -> list[TrackState]:
    """Tracks that vote apart from a batch, since not all of their voters are in it.

    The language therefore does not depend on how windows are batched.
    """
    decoders = [window.decoder for window in batch]
    return [
        track
        for track in tracks_of(batch)
        if is_unvoted(track) and not all(voter in decoders for voter in voters_of(track))
    ]


def vote_apart(
    components: Components,
    voters: Sequence[ChunkDecoder],
    options: TranscribeOptions,
    cache: Any,
    clock: Stopwatch,
) -> LanguageVote:
    """Detect the language of a track from windows that are encoded only for this vote.

    Args:
        components: the model.
        voters: at least one; as many at a time as the options' batches hold.
        options: of the track.
        cache: for a batch of these.
        clock: counts "mel", "encode" and "language".
    """
    heard, n_at_once = [], components.batch_limits(options).max_full_windows
    for first in range(0, len(voters), n_at_once):
        with open_session(components, voters[first : first + n_at_once], cache, clock) as session:
            heard.append(_probabilities(components, session, clock))
    return _vote(components, np.concatenate(heard), voters, options)


def vote_in_batch(
    components: Components, batch: Sequence[ScheduledWindow], session: Session, clock: Stopwatch
) -> None:
    """Detect languages: one for each window, or one for each track by the vote of its windows."""
    is_multilingual = any(window.track.options.multilingual for window in batch)
    asked = [track for track in tracks_of(batch) if is_unvoted(track)]
    if not asked and not is_multilingual:
        return
    heard = _probabilities(components, session, clock)
    for window, of_window in zip(batch, heard, strict=True):
        if window.track.options.multilingual:
            found = _vote(components, of_window[None], [window.decoder], window.track.options)
            window.decoder.language_vote = found
            if window.decoder.votes:
                start = window.decoder.window.window.start
                window.track.add_vote(found, start, window.decoder.speech_duration)
    decoders = [window.decoder for window in batch]
    for track in asked:
        voters = voters_of(track)  # all of them are in the batch: see `tracks_voting_apart`
        of_voters = heard[[decoders.index(voter) for voter in voters]]
        track.language_vote = _vote(components, of_voters, voters, track.options)


def in_no_known_language(
    components: Components, batch: Sequence[ScheduledWindow], session: Session, clock: Stopwatch
) -> list[bool]:
    """Whether windows are in no known language; computed only if one is a retry padded to 30 s."""
    is_asked = any(window.decoder.attempt.pad_to_30s for window in batch)
    if not is_asked or components.tokenizer.english_only:
        return [False] * len(batch)
    codes = list(components.tokenizer.special.languages)
    return [
        has_no_known_language(
            of_window,
            codes.index(window.language_vote.language),
            window.track.options.language_detection_threshold,
        )
        for window, of_window in zip(batch, _probabilities(components, session, clock), strict=True)
    ]


def _probabilities(components: Components, session: Session, clock: Stopwatch) -> NDArray[np.float32]:
    with clock.stage("language"):
        return language_probabilities(session, components.tokenizer.special)


def _vote(
    components: Components,
    probabilities: NDArray[np.float32],
    voters: Sequence[ChunkDecoder],
    options: TranscribeOptions,
) -> LanguageVote:
    speech_s = [voter.speech_duration for voter in voters]
    codes = list(components.tokenizer.special.languages)
    if allowed := [codes.index(language_code(name)) for name in options.languages]:
        probabilities, codes = probabilities[:, allowed], [codes[place] for place in allowed]
        probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return vote(probabilities, speech_s, codes)
