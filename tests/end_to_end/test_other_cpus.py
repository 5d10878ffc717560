"""CPUs with fewer instructions: what they compute in is found out, and what they hear is right.

`make test-cpus` runs far more on them.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment, run_process
from heard import is_sample

pytestmark = pytest.mark.model

ISAS = ("AVX2", "AVX2_VNNI", "AVX512_CORE")  # oneDNN takes those that a CPU has, and no more


@pytest.mark.parametrize("isa", ISAS)
def test_the_default_runs_and_hears_the_words(
    isa: str, base_model_dir: Path, speech_sample: Path, tmp_path: Path
) -> None:
    """OpenVINO lists bfloat16 there, and fails in it."""
    ended = run_process(
        *("subtitle", speech_sample, "-m", base_model_dir, "-o", tmp_path, "-f", "txt"),
        ONEDNN_MAX_CPU_ISA=isa,
        XDG_CACHE_HOME=str(tmp_path / "cache"),  # so that it is found out here
    )

    assert ended.code == 0, ended.err
    assert is_sample((tmp_path / f"{speech_sample.stem}.txt").read_text(encoding="utf-8"))


def test_eight_bits_are_measured_where_they_are_summed_up_rightly(tmp_path: Path) -> None:
    """With AVX2 alone no kernel takes them; with AVX-VNNI they are exact."""
    found = {}
    for isa in ("AVX2", "AVX2_VNNI"):
        code = "from ovsubs.whisper.model.precision import cpu_precisions; print(*cpu_precisions())"
        said = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(ONEDNN_MAX_CPU_ISA=isa),
            capture_output=True,
            text=True,
            check=True,
        )
        found[isa] = re.findall(r"\w+", said.stdout)
    assert "int8" not in found["AVX2"]
    if Path("/proc/cpuinfo").is_file() and " avx_vnni " in Path("/proc/cpuinfo").read_text():
        assert "int8" in found["AVX2_VNNI"]
