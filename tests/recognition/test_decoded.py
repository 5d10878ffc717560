"""What was decoded of a track is given back in a later run: it is not decoded again, and all is the same."""

from dataclasses import replace
from typing import Any

import pytest
from scripted_model import sound, whisper_of

from ovsubs.audio.source import AudioSource
from ovsubs.recognition import Components, RecognitionService, TrackRequest, TrackUpdate, TranscribeOptions
from ovsubs.recognition.decoded import DecodedChunk, DecodedTrack

N_CHUNKS = 9
WITHOUT_VAD = TranscribeOptions(beam_size=1, vad=None)
WAYS = {
    "language given": replace(WITHOUT_VAD, language="de"),
    "language voted on": WITHOUT_VAD,
    "each window in its own": replace(WITHOUT_VAD, multilingual=True),
    "told the text before": replace(WITHOUT_VAD, language="de", condition_on_previous_text=True),
}

pytestmark = pytest.mark.usefixtures("chunks_of_30_s")


def updates_of(
    components: Components, options: TranscribeOptions, known: DecodedTrack | None = None
) -> list[TrackUpdate]:
    blocks = [sound(n, 30.0, is_clear=n % 4 != 1) for n in range(N_CHUNKS)]

    def opener() -> AudioSource:
        return AudioSource("", 30.0 * N_CHUNKS, 2.5, (block for block in blocks))

    request = TrackRequest(opener, options, lambda source: known)
    return list(RecognitionService(components).submit([request]).updates())


def whole(updates: list[TrackUpdate]) -> dict[str, Any]:
    return {
        "segments": [segment for update in updates for segment in update.segments],
        "uncovered": [span for update in updates for span in update.uncovered],
        "left out": sum(update.n_left_out for update in updates),
        "speech": sum(update.speech_duration for update in updates),
        "language": updates[-1].language_vote,
        "position": updates[-1].position,
    }


def chunks_of(updates: list[TrackUpdate]) -> list[DecodedChunk]:
    return [chunk for update in updates for chunk in update.decoded]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("way", WAYS)
def test_a_track_goes_on_behind_what_is_known_of_it(components: Components, way: str, share: float) -> None:
    options, whisper = WAYS[way], whisper_of(components)
    first = updates_of(components, options)
    chunks = chunks_of(first)
    assert len(chunks) >= N_CHUNKS
    n_decoded, n_known = sum(whisper.batches), round(share * len(chunks))
    whisper.batches.clear()
    vote = None if options.multilingual else first[-1].language_vote
    known = DecodedTrack(vote, {chunk.span: chunk for chunk in chunks[:n_known]})
    again = updates_of(components, options, known)
    assert whole(again) == {**whole(first), "speech": pytest.approx(whole(first)["speech"])}
    assert [chunk.span for chunk in chunks_of(again)] == [chunk.span for chunk in chunks[n_known:]]
    # Windows of a chunk are not decoded as often as each other's.
    assert sum(whisper.batches) <= n_decoded * (1.0 - n_known / len(chunks)) + 4 * (0.0 < share < 1.0)


def test_what_is_known_of_another_chunk_is_not_taken(components: Components) -> None:
    first = updates_of(components, WAYS["language given"])
    chunk, *_ = chunks_of(first)
    other = replace(chunk.span, end=chunk.span.end - 0.5)
    again = updates_of(components, WAYS["language given"], DecodedTrack(None, {other: chunk}))
    assert whole(again) == whole(first)
    assert len(chunks_of(again)) == N_CHUNKS
