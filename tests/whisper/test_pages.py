"""Memory of mapped files is given back, and nothing of what is in them is lost."""

import mmap
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ovsubs.whisper.model import CompileOptions, WhisperModel, open_model
from ovsubs.whisper.model.pages import release_mapped_pages

CONTENT = bytes(range(256)) * 4096  # 1 MiB
GIVES_BACK = sys.platform == "linux"  # elsewhere nothing is given back, and nothing may go wrong


def check_resident(file: Path, n_bytes: int) -> None:
    """So many bytes of a mapped file are in this process's memory; Linux alone tells."""
    if GIVES_BACK:
        assert resident(file) == n_bytes


def resident(file: Path) -> int:
    n_kb, is_this = 0, False
    for line in Path("/proc/self/smaps").read_text(errors="surrogateescape").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            is_this = line.endswith(f" {file}")
        elif is_this and line.startswith("Rss:"):
            n_kb += int(line.split()[1])
    return n_kb * 1024


@pytest.mark.parametrize("name", ["weights.bin", "my weights.bin", "wörter.bin"])
def test_pages_of_a_file_are_given_back_and_read_again(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(CONTENT)
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert bytes(mapped) == CONTENT
        check_resident(file, len(CONTENT))
        assert release_mapped_pages([file]) == (len(CONTENT) if GIVES_BACK else 0)
        check_resident(file, 0)
        assert bytes(mapped) == CONTENT


def test_a_mapping_that_was_written_to_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(CONTENT)
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        mapped[:4] = b"ours"
        assert release_mapped_pages([file]) == 0
        assert mapped[:4] == b"ours"


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(CONTENT)
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert bytes(mapped) == CONTENT
        assert release_mapped_pages([tmp_path / "other.bin", tmp_path / "weights"]) == 0
        check_resident(file, len(CONTENT))


def test_no_file_of_a_model_stays_in_memory(
    tiny_en: WhisperModel, tiny_en_model_dir: Path, mels: NDArray[np.float32]
) -> None:
    run_step(tiny_en, mels)
    check_given_back([tiny_en_model_dir / f"openvino_{part}_model.bin" for part in ("encoder", "decoder")])


def test_no_compiled_graph_of_a_cache_stays_in_memory(
    tiny_en_model_dir: Path, mels: NDArray[np.float32], tmp_path: Path
) -> None:
    options = CompileOptions(threads=2, cache_dir=tmp_path)
    open_model(tiny_en_model_dir, options).close()
    with open_model(tiny_en_model_dir, options) as model:
        run_step(model, mels)
        compiled = sorted(tmp_path.glob("*.blob"))
        assert len(compiled) == 2
        check_given_back(compiled)


def run_step(model: WhisperModel, mels: NDArray[np.float32]) -> None:
    with model.session(mels, model.cross_kv_cache(len(mels))) as session:
        session.step(np.full((len(mels), 1), 50257))


def check_given_back(files: list[Path]) -> None:
    for file in files:
        check_resident(file.resolve(), 0)
        assert (release_mapped_pages([file]) > 0) == GIVES_BACK, (
            "not mapped: then there was nothing to give back"
        )
