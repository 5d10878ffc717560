"""All channels -> one: the voice is in it, wherever it was, and ordinary sound is as ffmpeg mixes it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.downmix import PIECE, mix_down, plain_weights
from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.audio.media import probe, stream_audio

RATE = 16_000
Make = Callable[..., Path]
Samples = np.ndarray


@pytest.fixture(scope="module")
def voice(speech_sample: Path, read_samples: Callable[[Path], Samples]) -> Samples:
    """Thirty seconds of speech, as loud as others talk.  # float32 [n_samples]"""
    spoken = read_samples(speech_sample)
    repeated = np.resize(spoken, 30 * RATE)
    return repeated * (0.04 / _loudness(repeated))


def _loudness(samples: Samples) -> float:
    return float(np.sqrt((samples.astype(np.float64) ** 2).mean()))


def hiss(voice: Samples, decibels: float, seed: int = 0) -> Samples:
    """White noise, so much louder than the voice."""
    noise = np.random.default_rng(seed).normal(size=len(voice)).astype(np.float32)
    return noise * (_loudness(voice) / _loudness(noise)) * 10.0 ** (decibels / 20)


def tune(voice: Samples, decibels: float) -> Samples:
    """Chords without a pause, so much louder than the voice."""
    times = np.arange(len(voice)) / RATE
    chord = sum(np.sin(2 * np.pi * pitch * times) for pitch in (262.0, 523.0, 1319.0, 2093.0))
    music = (chord * (1.0 + 0.5 * np.sin(2 * np.pi * 2.0 * times))).astype(np.float32)
    return music * (_loudness(voice) / _loudness(music)) * 10.0 ** (decibels / 20)


def mix(*channels: Samples, layout: str, part: int = 480_000) -> Samples:
    raw = np.clip(np.rint(np.stack(channels, axis=1) * 32768), -32768, 32767).astype(np.int16)
    plain = plain_weights(layout)
    assert plain is not None
    parts = [raw[begin : begin + part] for begin in range(0, len(raw), part)]
    return np.concatenate(list(mix_down(parts, plain)))


def above_the_rest(mixed: Samples, voice: Samples) -> float:
    """How much louder the voice is in a mix than all else, in dB."""
    share = float(mixed @ voice) / float(voice @ voice)
    return 20 * float(np.log10(_loudness(share * voice) / max(_loudness(mixed - share * voice), 1e-9)))


def lowest_level(mixed: Samples, voice: Samples) -> float:
    """How loud the voice is in a mix, in dB of its own, in the second where it is lowest."""
    seconds = [slice(begin, begin + RATE) for begin in range(0, len(voice) - RATE + 1, RATE)]
    spoken = [one for one in seconds if _loudness(voice[one]) > 0.01]
    levels = [abs(float(mixed[one] @ voice[one])) / float(voice[one] @ voice[one]) for one in spoken]
    return 20 * float(np.log10(max(min(levels), 1e-9)))


@pytest.mark.parametrize(
    "layout", ["stereo", "2.1", "quad", "5.1", "5.1(side)", "6.1", "7.1", "7.1(wide)", "5.1.2"]
)
def test_plain_weights_are_those_of_ffmpeg(layout: str) -> None:
    weights = plain_weights(layout)
    assert weights is not None
    assert weights.sum() == pytest.approx(1.0)
    n = len(weights)
    pulses = np.zeros((1600 * n, n), "<i2")
    for channel in range(n):
        pulses[1600 * channel : 1600 * (channel + 1), channel] = 16_000
    raw = ("-f", "s16le", "-ar", "16000")
    command = [
        ffmpeg_executable(),
        "-v",
        "error",
        *raw,
        "-channel_layout",
        layout,
        "-i",
        "-",
        "-ac",
        "1",
        *raw,
        "-",
    ]
    done = subprocess.run(command, input=pulses.tobytes(), capture_output=True, check=True)
    heard = np.frombuffer(done.stdout, "<i2").reshape(n, 1600)
    np.testing.assert_allclose(np.median(heard, axis=1) / 16_000, weights, atol=1e-3)


@pytest.mark.parametrize("layout", ["mono", "", "ambisonic 1", "1 channels", "0 channels"])
def test_of_one_channel_or_an_unknown_number_there_are_no_weights(layout: str) -> None:
    assert plain_weights(layout) is None


@pytest.mark.parametrize("layout", ["stereo", "5.1"])
def test_ordinary_sound_is_mixed_as_ffmpeg_mixes_it(
    layout: str, voice: Samples, ffmpeg: Make, tmp_path: Path
) -> None:
    room = [hiss(voice, -25, seed) for seed in range(6)]
    music = tune(voice, -18)
    channels = [voice + music + room[0], voice + 0.7 * music + room[1]]
    if layout == "5.1":
        rest = [0.3 * music + room[3], 0.3 * music + room[4]]
        channels = [music + room[0], music + room[1], voice + room[2], np.zeros_like(voice), *rest]
    raw = np.clip(np.rint(np.stack(channels, axis=1) * 32768), -32768, 32767).astype("<i2")
    (tmp_path / "a.raw").write_bytes(raw.tobytes())
    source = ("-f", "s16le", "-ar", "16000", "-channel_layout", layout, "-i", str(tmp_path / "a.raw"))
    media = probe(ffmpeg("a.flac", *source))
    ours = np.concatenate(list(stream_audio(media, media.tracks[0])))
    theirs = ffmpeg("mono.raw", *source, "-ac", "1", "-f", "s16le").read_bytes()
    np.testing.assert_allclose(ours, np.frombuffer(theirs, "<i2") / 32768, atol=2 / 32768)


@pytest.mark.parametrize("right", [-1.0, -0.9, -0.7])
def test_channels_that_cancel_are_heard(right: float, voice: Samples) -> None:
    mixed = mix(voice, right * voice, layout="stereo")
    assert lowest_level(mixed, voice) > -3.0
    assert above_the_rest(mixed, voice) > 30.0


def test_a_part_in_which_channels_cancel_is_heard_from_its_first_word_on(voice: Samples) -> None:
    sign = np.where((np.arange(len(voice)) // (7 * RATE + 311)) % 2 == 0, 1.0, -1.0).astype(np.float32)
    mixed = mix(voice, voice * sign, layout="stereo")
    assert lowest_level(mixed, voice) > -1.0
    assert above_the_rest(mixed, voice) > 30.0  # no click where they change


def test_a_voice_in_the_middle_is_not_given_up_for_music_that_cancels(voice: Samples) -> None:
    music = tune(voice, -14)
    mixed = mix(voice + music, voice - music, layout="stereo")
    seconds = range(0, len(voice) - RATE, RATE)
    clear = [above_the_rest(mixed[one : one + RATE], voice[one : one + RATE]) > 20 for one in seconds]
    assert sum(clear) > len(clear) / 2


@pytest.mark.parametrize("decibels", [-5.0, 0.0, 6.0])
def test_a_voice_on_one_side_is_heard_above_noise_on_the_other(decibels: float, voice: Samples) -> None:
    for channels in ((voice, hiss(voice, decibels)), (hiss(voice, decibels), voice)):
        mixed = mix(*channels, layout="stereo")
        assert above_the_rest(mixed, voice) > 12.0
        assert lowest_level(mixed, voice) > -6.1


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("layout", ["7.1", "8 channels"])
def test_a_voice_on_any_of_eight_channels_is_as_loud_as_it_was(
    place: int, layout: str, voice: Samples
) -> None:
    channels = [np.zeros_like(voice)] * 8
    channels[place] = voice
    assert lowest_level(mix(*channels, layout=layout), voice) > -1.0


@pytest.mark.parametrize("place", [1, 3, 7])
@pytest.mark.parametrize("decibels", [-20.0, -6.0])
def test_a_voice_among_eight_channels_is_heard_above_their_noise(
    place: int, decibels: float, voice: Samples
) -> None:
    channels = [hiss(voice, decibels, seed) for seed in range(8)]
    channels[place] = voice
    assert above_the_rest(mix(*channels, layout="7.1"), voice) > 15.0


def test_a_voice_is_heard_above_music_on_other_channels(voice: Samples) -> None:
    nothing = np.zeros_like(voice)
    channels = [tune(voice, 0), nothing, nothing, voice, nothing, tune(voice, -3), nothing, nothing]
    assert above_the_rest(mix(*channels, layout="8 channels"), voice) > 5.0


@pytest.mark.parametrize(
    ("layout", "place"), [("2.1", 2), ("5.1", 3), ("5.1(side)", 3), ("7.1", 3), ("5.1", 2)]
)
def test_a_voice_on_a_channel_of_its_own_is_heard(layout: str, place: int, voice: Samples) -> None:
    weights = plain_weights(layout)
    assert weights is not None
    channels = [np.zeros_like(voice)] * len(weights)
    channels[place] = voice
    assert lowest_level(mix(*channels, layout=layout), voice) > -12.0


def test_rumble_on_the_low_channel_stays_out(voice: Samples) -> None:
    rumble = 0.5 * np.sin(2 * np.pi * 45 * np.arange(len(voice)) / RATE).astype(np.float32)
    assert above_the_rest(mix(voice, voice, rumble, layout="2.1"), voice) > 50.0


def test_two_who_talk_by_turns_on_channels_of_their_own_are_both_heard(voice: Samples) -> None:
    turn = (np.arange(len(voice)) // (4 * RATE)) % 2 == 0
    first, second = np.where(turn, voice, 0.0), np.where(turn, 0.0, 0.1 * voice)
    quiet = mix(first.astype(np.float32), second.astype(np.float32), layout="stereo")
    np.testing.assert_allclose(quiet, (first + second) / 2, atol=1e-3)


@given(
    part=st.integers(1, 200_000),
    n_samples=st.integers(0, 2 * PIECE + 1),
    signs=st.lists(st.sampled_from([-1.0, 1.0]), min_size=1, max_size=3),
)
def test_the_mix_does_not_depend_on_how_the_samples_arrive(
    part: int, n_samples: int, signs: list[float]
) -> None:
    sound = np.random.default_rng(n_samples).normal(0, 0.1, n_samples).astype(np.float32)
    sign = np.repeat(np.array(signs, np.float32), PIECE)[:n_samples]
    other = np.resize(sign, n_samples) * sound if n_samples else sound
    part = max(part, 500)
    whole = mix(sound, other, layout="stereo") if n_samples else np.zeros(0, np.float32)
    if n_samples:
        np.testing.assert_array_equal(mix(sound, other, layout="stereo", part=part), whole)
    assert len(whole) == n_samples


def test_a_track_whose_channels_change_in_the_middle_is_read_to_its_end(ffmpeg: Make) -> None:
    tone = ("-f", "lavfi", "-i", "sine=f=500:d=3:r=48000")
    stereo = ffmpeg("stereo.ts", *tone, "-ac", "2", "-c:a", "ac3")
    surround = ffmpeg("surround.ts", *tone, "-ac", "6", "-c:a", "ac3")
    joined = stereo.with_name("joined.ts")
    joined.write_bytes(surround.read_bytes() + stereo.read_bytes())
    media = probe(joined)
    samples = np.concatenate(list(stream_audio(media, media.tracks[0])))
    assert len(samples) / RATE == pytest.approx(6.0, abs=0.2)
    assert _loudness(samples[RATE : 2 * RATE]) > 0.01
    assert _loudness(samples[4 * RATE : 5 * RATE]) > 0.01
