"""A model that is missing, broken, or cannot do what is asked: one line, and nothing is written."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ended, run_process

pytestmark = pytest.mark.model


@pytest.fixture
def model_copy(tiny_en_model_dir: Path, tmp_path: Path) -> Path:
    """A model directory that may be damaged."""
    return Path(shutil.copytree(tiny_en_model_dir, tmp_path / "copy"))


@pytest.fixture
def refusal(talk: Path, model_copy: Path, ovsubs: Callable[..., Ended], tmp_path: Path) -> Callable[[], str]:
    """What is said of the model, in one line, and nothing is written."""

    def subtitle() -> str:
        ended = ovsubs("subtitle", talk, "-o", tmp_path / "out", "-m", model_copy, "-q")
        assert ended.code == 1
        assert ended.err.count("\n") == 1
        (line,) = ended.complaints
        assert line.endswith("; export it again with `ovsubs export`")
        assert not (tmp_path / "out").exists()
        return str(line)

    return subtitle


@pytest.mark.parametrize(
    "name", ["openvino_decoder_model.bin", "openvino_encoder_model.xml", "tokenizer.json"]
)
def test_a_missing_file_of_a_model_is_named(
    talk: Path, model_copy: Path, ovsubs: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    (model_copy / name).unlink()

    ended = ovsubs("subtitle", talk, "-o", tmp_path / "out", "-m", model_copy, "-q")

    assert ended.code in (1, 2)
    (line,) = ended.complaints
    assert line.startswith((f"{model_copy}: not a usable Whisper model", f"model '{model_copy}' not found"))
    assert name in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name",
    [
        "openvino_encoder_model.xml",
        "openvino_encoder_model.bin",
        "openvino_decoder_model.xml",
        "openvino_decoder_model.bin",
        "tokenizer.json",
        "config.json",
    ],
)
def test_a_broken_file_of_a_model_is_named(model_copy: Path, refusal: Callable[[], str], name: str) -> None:
    content = (model_copy / name).read_bytes()
    (model_copy / name).write_bytes(content[: len(content) // 3])

    assert refusal().startswith(f"{model_copy}: not a usable Whisper model ({name.removesuffix('.bin')}")


def zeroed(content: bytes) -> bytes:
    return bytes(len(content))


def with_a_bit_flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x40]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [zeroed, with_a_bit_flipped])
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_damaged_weights_are_named_and_give_no_empty_subtitles(
    model_copy: Path, refusal: Callable[[], str], part: str, damage: Callable[[bytes], bytes]
) -> None:
    weights = model_copy / f"openvino_{part}_model.bin"
    weights.write_bytes(damage(weights.read_bytes()))

    assert refusal().startswith(f"{model_copy}: not a usable Whisper model ({weights.name} has changed")


def not_a_number(content: bytes) -> bytes:
    return b"\x00\x7e" * (len(content) // 2)  # float16


@pytest.mark.parametrize("damage", [zeroed, not_a_number])
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_model_without_sums_is_judged_by_what_it_computes(
    model_copy: Path, refusal: Callable[[], str], part: str, damage: Callable[[bytes], bytes]
) -> None:
    """As optimum-cli makes them."""
    (model_copy / "ovsubs.json").unlink()
    weights = model_copy / f"openvino_{part}_model.bin"
    weights.write_bytes(damage(weights.read_bytes()))

    assert "not a usable Whisper model (" in refusal()


@pytest.mark.parametrize("damage", [zeroed, with_a_bit_flipped, lambda content: content[:-100]])
def test_a_damaged_graph_in_the_cache_is_made_anew(
    speech_sample: Path, tiny_en_model_dir: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    call = ("subtitle", speech_sample, "-o", "-", "-m", tiny_en_model_dir, "--cache-dir", tmp_path, "-q")
    first = run_process(*call)
    blobs = {blob: blob.read_bytes() for blob in tmp_path.glob("*.blob")}
    assert len(blobs) == 2
    for blob, content in blobs.items():
        blob.write_bytes(damage(content))

    second = run_process(*call)

    assert (second.code, second.out, second.err) == (0, first.out, "")
    assert {blob: len(blob.read_bytes()) for blob in blobs} == {
        blob: len(content) for blob, content in blobs.items()
    }
    assert all(blob.read_bytes() != damage(content) for blob, content in blobs.items())


def test_a_model_that_is_nowhere_is_a_wrong_call(
    talk: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    unknown = ovsubs("subtitle", talk, "-m", "colossal", "--offline", "-q")
    known = ovsubs("subtitle", talk, "-m", "medium", "--offline", "-q", "--model-dir", tmp_path)
    directory = ovsubs("subtitle", talk, "-m", tmp_path / "absent", "-q")

    assert (unknown.code, known.code, directory.code) == (2, 2, 2)
    assert unknown.complaints[0].startswith("model 'colossal' not found: ")
    assert "the names known are tiny, " in unknown.complaints[0]
    assert "the network is not to be used" in known.complaints[0]
    assert directory.complaints == [
        f"model '{tmp_path / 'absent'}' not found: there is no such directory; check the path"
    ]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--task", "translate"), "it is English-only and does not translate; use a multilingual model"),
        (("--language", "German"), "it is English-only; for 'German' use a multilingual model"),
    ],
)
def test_what_an_english_only_model_cannot_do_is_refused_by_name(
    talk: Path,
    tiny_en_model_dir: Path,
    ovsubs: Callable[..., Ended],
    tmp_path: Path,
    asked: tuple[str, str],
    why: str,
) -> None:
    ended = ovsubs("subtitle", talk, "-m", tiny_en_model_dir, *asked, "-o", tmp_path / "out")
    printed = ovsubs("subtitle", talk, "-m", tiny_en_model_dir, *asked, "-o", "-")

    assert ended.code == printed.code == 2
    assert ended.complaints == printed.complaints == [f"model 'tiny.en' cannot do that: {why}"]
    assert printed.out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("device", ["GPU.7", "AUTO:GPU.7,CPU", "NPU.7", "TOASTER"])
def test_a_device_that_is_not_there_is_refused_and_those_that_are_named(
    talk: Path, tiny_en_model_dir: Path, ovsubs: Callable[..., Ended], device: str
) -> None:
    ended = ovsubs("subtitle", talk, "-m", tiny_en_model_dir, "--device", device, "-q")

    assert ended.code == 2
    (line,) = ended.complaints
    assert line.startswith(f"device '{device}' is not available; this machine has: CPU")


def test_a_traceback_is_shown_with_debug_only(talk: Path, tmp_path: Path) -> None:
    call = ("subtitle", talk, "-m", tmp_path / "absent")

    plain, debugged = run_process(*call), run_process(*call, "--debug")

    assert plain.code == debugged.code == 2
    assert plain.complaints == debugged.complaints
    assert plain.err == f"ovsubs: {plain.complaints[0]}\n"
    assert debugged.err.startswith("Traceback (most recent call last):\n")
