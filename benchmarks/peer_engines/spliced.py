"""Speech and other sounds -> files in which speech begins after something that is not silence.

Every file is made of recordings that a manifest names, by a fixed rule, so that two runs hear the same.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.datasets.joining import Utterance, read_samples

FRAME_S = 0.01  # in which a clip's own leading silence is looked for
ONSET_DB = -30.0  # a frame this far below the clip's loudest one is no silence any more
KEPT_S = 0.03  # of that silence
SHORTEST_CLIP_S, LONGEST_CLIP_S = 4.0, 26.0
PEAK = 0.9  # of full scale, at most
BABBLE_VOICES = 8  # people who talk at once; nobody is understood
DUCKED_DB = -22.0  # of the sound that goes on under the speech
LENGTHS_S = (8.0, 13.0, 18.0, 25.0)  # of the sound before the speech
LEVELS_DB = (0.0, -6.0, 3.0)  # of the sound, compared with the speech
LANGUAGES = ("de", "en", "es", "fr", "pt")

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Join:
    """How a sound gives way to speech: seconds of silence, of fading, and whether it goes on under it."""

    name: str
    silence_s: float = 0.0
    fade_s: float = 0.0
    ducked: bool = False


JOINS = (
    Join("cut"),
    Join("0.3 s of silence", 0.3),
    Join("1 s of silence", 1.0),
    Join("2 s of silence", 2.0),
    Join("faded", 0.0, 1.5),
    Join("faded, 0.5 s of silence", 0.5, 2.0),
    Join("ducked", 0.0, 0.8, True),
)


@dataclass(frozen=True, slots=True)
class Clip:
    """Speech from its first sound on.  # samples: float32 [n_samples]"""

    name: str
    language: str
    text: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class SplicedFile:
    """`parts` are its speech, in order; `silenced` is the same with silence in the place of the sounds."""

    name: str
    language: str
    samples: Samples
    silenced: Samples
    parts: tuple[Utterance, ...]


def make_spliced(data: Path, n_files: int) -> Iterator[SplicedFile]:
    """Files of sound and speech; two in three begin with the sound, in the others it stands between speech.

    Args:
        data: a folder with `MANIFEST.tsv`.
        n_files: how many.
    """
    clips, sounds = _clips(data), _sounds(data)
    by_language = {language: [clip for clip in clips if clip.language == language] for language in LANGUAGES}
    for number in range(n_files):
        clip = clips[number % len(clips)]
        name, sound = sounds[(number * 5 + number // len(sounds)) % len(sounds)]
        join = JOINS[(number * 3 + number // 7) % len(JOINS)]
        length_s, level_db = LENGTHS_S[number % len(LENGTHS_S)], LEVELS_DB[number % len(LEVELS_DB)]
        noise = _at_level(_stretch(sound, length_s, number), clip.samples, level_db)
        first = None
        if number % 3 == 2:
            same = by_language[clip.language]
            first = same[(same.index(clip) + 1) % len(same)]
        yield _splice(f"{number:03}", clip, noise, name, join, first)


def _splice(
    number: str, clip: Clip, noise: Samples, sound: str, join: Join, first: Clip | None
) -> SplicedFile:
    before = first.samples if first else np.zeros(0, np.float32)
    silence = np.zeros(round(join.silence_s * SAMPLE_RATE_HZ), np.float32)
    start = len(before) + len(noise) + len(silence)
    length = start + len(clip.samples) + SAMPLE_RATE_HZ
    speech = np.zeros(length, np.float32)
    speech[: len(before)] = before
    speech[start : start + len(clip.samples)] = clip.samples
    other = np.zeros(length, np.float32)
    n_fade = round(join.fade_s * SAMPLE_RATE_HZ)
    gain = np.ones(len(noise), np.float32)
    floor = 10 ** (DUCKED_DB / 20) if join.ducked else 0.0
    if n_fade:
        gain[-n_fade:] = np.linspace(1.0, floor, n_fade, dtype=np.float32)
    other[len(before) : len(before) + len(noise)] = noise * gain
    if join.ducked:
        other[start : start + len(clip.samples)] = np.resize(noise, len(clip.samples)) * floor
    parts = [Utterance(0.0, len(before) / SAMPLE_RATE_HZ, first.text)] if first else []
    parts.append(Utterance(start / SAMPLE_RATE_HZ, (start + len(clip.samples)) / SAMPLE_RATE_HZ, clip.text))
    peak = max(1.0, float(np.abs(speech + other).max()) / PEAK)
    under = other.copy()
    under[:start] = 0.0
    name = f"{number} {clip.name} after {sound}, {join.name}{', between' if first else ''}"
    mixed, silenced = (speech + other) / np.float32(peak), (speech + under) / np.float32(peak)
    return SplicedFile(name, clip.language, mixed, silenced, tuple(parts))


def _clips(data: Path) -> list[Clip]:
    """Clips of several languages and speakers, by turns."""
    with (data / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found: dict[str, list[Clip]] = {"speeches": [], **{f"fleurs/{language}": [] for language in LANGUAGES}}
    speakers = dict[str, list[dict[str, str]]]()
    for row in rows:
        fits = SHORTEST_CLIP_S <= float(row["duration_s"]) <= LONGEST_CLIP_S
        folder = row["path"].rpartition("/")[0]
        if fits and folder in found and row["reference_transcript"]:
            found[folder].append(_clip(data, row))
        if fits and row["path"].startswith(("librispeech/test-clean", "librispeech/test-other")):
            speakers.setdefault(row["path"].split("/")[2], []).append(row)
    chosen = [row for _, of_speaker in sorted(speakers.items()) for row in of_speaker[3:23:5]]
    found["librispeech"] = [_clip(data, row) for row in chosen]
    return list(_by_turns(list(found.values())))


def _by_turns(groups: Sequence[Sequence[Clip]]) -> Iterator[Clip]:
    for place in range(max(map(len, groups))):
        yield from (group[place] for group in groups if place < len(group))


def _clip(data: Path, row: dict[str, str]) -> Clip:
    samples = read_samples(data / row["path"])
    return Clip(Path(row["path"]).stem, row["language"], row["reference_transcript"], _from_onset(samples))


def _from_onset(samples: Samples) -> Samples:
    n_frame = round(FRAME_S * SAMPLE_RATE_HZ)
    frames = samples[: len(samples) // n_frame * n_frame].reshape(-1, n_frame)
    energy = np.square(frames).mean(axis=1)
    loud = np.flatnonzero(energy >= energy.max() * 10 ** (ONSET_DB / 10))
    return samples[max(0, int(loud[0]) * n_frame - round(KEPT_S * SAMPLE_RATE_HZ)) :]


def _sounds(data: Path) -> list[tuple[str, Samples]]:
    folder = data / "nonspeech"
    named = {
        "vibes": "librosa/Kevin_MacLeod_-_Vibe_Ace.ogg",
        "applause": "max/applause.wav",
        "drums": "librosa/admiralbob77_-_Choice_-_Drum-bass.ogg",
        "rain": "max/rain.wav",
        "orchestra": ("librosa/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_string_orchestra.ogg"),
        "guitar": "max/jazz_guitar.wav",
        "thunder": "max/thunder.wav",
        "piano": "max/piano.wav",
        "dishes": "doing_the_dishes.wav",
        "arcade": "max/arcade_music.wav",
        "typing": "max/typing.wav",
    }
    sounds = [(name, read_samples(folder / path)) for name, path in named.items()]
    return [*sounds, ("babble", _babble(data))]


def _babble(data: Path) -> Samples:
    """Many people at once.  # float32 [n_samples]"""
    files = islice(sorted((data / "librispeech/train-clean-100").rglob("*.flac")), 0, None, 7)
    n_samples = round(60.0 * SAMPLE_RATE_HZ)
    mixed = np.zeros(n_samples, np.float32)
    for voice, _ in zip(count(), range(BABBLE_VOICES), strict=False):
        line = np.concatenate([read_samples(next(files)) for _ in range(2)])
        line = line / max(1e-6, float(np.sqrt(np.square(line).mean())))
        mixed += np.roll(np.resize(line, n_samples), voice * 7919)
    return mixed


def _stretch(sound: Samples, length_s: float, number: int) -> Samples:
    """Some seconds of a sound, each time other ones; a short sound is repeated."""
    n_samples = round(length_s * SAMPLE_RATE_HZ)
    start = (number * 3 * SAMPLE_RATE_HZ) % max(1, len(sound) - n_samples) if len(sound) > n_samples else 0
    return np.resize(sound[start:], n_samples)


def _at_level(noise: Samples, speech: Samples, level_db: float) -> Samples:
    """As loud as the speech, but for some decibels."""
    target = float(np.sqrt(np.square(speech).mean())) * 10 ** (level_db / 20)
    return noise * np.float32(target / max(1e-6, float(np.sqrt(np.square(noise).mean()))))
