import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.spans import Span
from ovsubs.timing import StageTime
from ovsubs.transcript import Segment, Transcript, Word

TALK = Transcript(
    segments=(
        Segment(0, 0.0, 2.0, " Ever tried.", (50364, 12123, 50464), -0.25, 1.25, 0.5),
        Segment(1, 2.0, 4.5, " Ça “va”?", (50464, 9, 50589), -0.5, 1.0, 0.25, temperature=0.2, language="fr"),
    ),
    language="en",
    language_probability=0.75,
    duration=12.0,
    speech_duration=4.5,
    source="talk.mp4",
    model="base",
    timings=(StageTime("decode", 1.5), StageTime("features", 0.5)),
    notes=("no speech after 4.5 s",),
    uncovered=(Span(5.0, 6.5), Span(11.0, 12.0)),
)

# What openai/whisper's `write_json` writes: `text`, `segments`, `language`, and `words` inside a segment.
OPENAI_JSON = """{
  "text": " Ever tried. Ever failed.",
  "segments": [
    {"id": 0, "seek": 0, "start": 0.0, "end": 2, "text": " Ever tried.", "tokens": [50364, 12123, 50464],
     "temperature": 0.0, "avg_logprob": -0.31, "compression_ratio": 0.9, "no_speech_prob": 0.02,
     "words": [{"word": " Ever", "start": 0.0, "end": 0.5, "probability": 0.9}]},
    {"id": 1, "seek": 0, "start": 2.0, "end": 3.5, "text": " Ever failed.", "tokens": [],
     "temperature": 0.4, "avg_logprob": -0.31, "compression_ratio": 0.9, "no_speech_prob": 0.02}
  ],
  "language": "en"
}"""


def test_text_joins_the_segments_as_they_are() -> None:
    assert TALK.text == " Ever tried. Ça “va”?"
    assert replace(TALK, segments=()).text == ""


def test_speed_is_audio_time_over_work_time() -> None:
    assert TALK.seconds == 2.0
    assert TALK.rtfx == 6.0
    assert replace(TALK, timings=()).rtfx == 0.0


def test_json_has_the_keys_of_openai_whisper() -> None:
    content = json.loads(TALK.to_json())
    assert (content["text"], content["language"]) == (TALK.text, "en")
    assert content["segments"][0] == {
        "id": 0,
        "start": 0.0,
        "end": 2.0,
        "text": " Ever tried.",
        "tokens": [50364, 12123, 50464],
        "avg_logprob": -0.25,
        "compression_ratio": 1.25,
        "no_speech_prob": 0.5,
        "temperature": 0.0,
        "language": None,
    }
    assert content["segments"][1]["language"] == "fr"
    assert content["timings"] == {"decode": 1.5, "features": 0.5}
    assert content["uncovered"] == [{"start": 5.0, "end": 6.5}, {"start": 11.0, "end": 12.0}]
    assert "Ça “va”?" in TALK.to_json()


def test_words_stand_in_the_json_where_there_are_any() -> None:
    timed = replace(TALK.segments[0], words=(Word(" Ever", 0.0, 0.5, 0.9), Word(" tried.", 0.5, 1.0, 0.8)))
    content = json.loads(replace(TALK, segments=(timed, TALK.segments[1])).to_json())
    assert content["segments"][0]["words"] == [
        {"word": " Ever", "start": 0.0, "end": 0.5, "probability": 0.9},
        {"word": " tried.", "start": 0.5, "end": 1.0, "probability": 0.8},
    ]
    assert "words" not in content["segments"][1]


def test_a_segment_that_is_moved_takes_its_words_along() -> None:
    timed = replace(TALK.segments[0], words=(Word(" Ever", 0.0, 0.5, 0.9),))
    moved = timed.moved(1.5)
    assert (moved.start, moved.end) == (1.5, 3.5)
    assert moved.words == (Word(" Ever", 1.5, 2.0, 0.9),)


def test_json_of_an_empty_transcript_is_read_back() -> None:
    empty = Transcript((), "de", 1.0, 0.0, 0.0)
    assert Transcript.from_json(empty.to_json()) == empty


def test_the_json_of_openai_whisper_is_read() -> None:
    transcript = Transcript.from_json(OPENAI_JSON)
    assert transcript.text == " Ever tried. Ever failed."
    assert transcript.segments[0] == Segment(
        0,
        0.0,
        2.0,
        " Ever tried.",
        (50364, 12123, 50464),
        -0.31,
        0.9,
        0.02,
        temperature=0.0,
        words=(Word(" Ever", 0.0, 0.5, 0.9),),
    )
    assert [segment.temperature for segment in transcript.segments] == [0.0, 0.4]
    assert (transcript.language, transcript.language_probability) == ("en", 1.0)
    assert (transcript.duration, transcript.speech_duration) == (3.5, 3.5)
    assert (transcript.timings, transcript.notes, transcript.task) == ((), (), "transcribe")


def test_the_empty_json_of_openai_whisper_is_read() -> None:
    transcript = Transcript.from_json('{"text": "", "segments": [], "language": "en"}')
    assert (transcript.segments, transcript.duration) == ((), 0.0)


def test_json_from_before_segments_had_languages_and_speech_had_gaps_is_read() -> None:
    content = json.loads(TALK.to_json())
    del content["uncovered"]
    for segment in content["segments"]:
        del segment["language"]
    old = Transcript.from_json(json.dumps(content))
    segments = tuple(replace(segment, language=None) for segment in TALK.segments)
    assert old == replace(TALK, segments=segments, uncovered=())


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("segments", "null", "segments is null"),
        ("segments", "{}", "segments is an object"),
        ("segments", "[1]", "segments[0] is 1"),
        ("segments", "[{}]", "segments[0] has no 'id'"),
        ("language", "5", "language is 5"),
        ("duration", "null", "duration is null"),
        ("duration", '"12"', "duration is '12'"),
        ("duration", "-1", "duration is -1"),
        ("duration", "true", "duration is true"),
        ("duration", "NaN", "duration is nan"),
        ("duration", "1e308", "duration is 1e+308"),
        ("duration", "1e400", "duration is inf"),
        ("duration", "1" + 400 * "0", f"duration is 1{39 * '0'}…"),
        ("notes", '["a", 1]', "notes[1] is 1"),
        ("timings", "[]", "timings is a list"),
        ("timings", '{"vad": "fast"}', "timings.vad is 'fast'"),
        ("uncovered", '[{"start": 1.0}]', "uncovered[0] has no 'end'"),
        ("source", "[]", "source is a list"),
    ],
)
def test_a_value_of_another_kind_is_named(place: str, value: str, why: str) -> None:
    content = json.loads(TALK.to_json()) | {place: "HERE"}
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        Transcript.from_json(json.dumps(content).replace('"HERE"', value))


def test_a_value_within_a_segment_is_named_with_its_place() -> None:
    content = json.loads(OPENAI_JSON)
    content["segments"][0]["words"][0]["start"] = None
    with pytest.raises(ValueError, match=r"^segments\[0\].words\[0\].start is null$"):
        Transcript.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "it has no 'segments'"),
        ("[]", "it is a list, not an object"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"segments": []}', "it has no 'language'"),
    ],
)
def test_other_json_is_an_error(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        Transcript.from_json(text)


def test_segments_that_say_they_have_no_words_have_none() -> None:
    """As faster-whisper's do, written as JSON."""
    content = json.loads(OPENAI_JSON)
    content["segments"][0]["words"] = None
    assert Transcript.from_json(json.dumps(content)).segments[0].words == ()


numbers = st.floats(-1e9, 1e9)
lengths = st.floats(0.0, 1e9)
segments = st.builds(
    Segment,
    id=st.integers(0),
    start=numbers,
    end=numbers,
    text=st.text(),
    tokens=st.lists(st.integers(0, 51_865)).map(tuple),
    avg_logprob=numbers,
    compression_ratio=numbers,
    no_speech_prob=numbers,
    temperature=numbers,
    language=st.none() | st.text(max_size=3),
    words=st.lists(
        st.builds(Word, word=st.text(), start=numbers, end=numbers, probability=numbers), max_size=3
    ).map(tuple),
)
transcripts = st.builds(
    Transcript,
    segments=st.lists(segments, max_size=4).map(tuple),
    language=st.text(max_size=3),
    language_probability=numbers,
    duration=lengths,
    speech_duration=lengths,
    task=st.sampled_from(["transcribe", "translate"]),
    source=st.text(),
    model=st.text(),
    timings=st.dictionaries(st.text(), numbers, max_size=4).map(
        lambda times: tuple(StageTime(stage, seconds) for stage, seconds in times.items())
    ),
    notes=st.lists(st.text(), max_size=3).map(tuple),
    uncovered=st.lists(st.builds(Span, start=numbers, end=numbers), max_size=3).map(tuple),
)


@given(transcripts)
def test_what_is_written_as_json_is_read_back_the_same(transcript: Transcript) -> None:
    assert Transcript.from_json(transcript.to_json()) == transcript
