"""What a model directory says of itself: `ovsubs.json`, and which files make it complete."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ovsubs.errors import BrokenModel
from ovsubs.whisper.config import MANIFEST_NAME as MANIFEST_NAME
from ovsubs.whisper.config import read_config

FORMAT = 1  # of the manifest; raised when a reader must know of a change
ENCODER, DECODER = "openvino_encoder_model", "openvino_decoder_model"  # stems, as optimum-intel names them
GRAPH_FILES = (f"{ENCODER}.xml", f"{ENCODER}.bin", f"{DECODER}.xml", f"{DECODER}.bin")
REQUIRED_FILES = (
    *GRAPH_FILES,
    "tokenizer.json",
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
)


@dataclass(frozen=True, slots=True)
class FileSum:
    """One graph file as it was exported."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """A package that took part in the export."""

    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Quantization:
    """How components (`encoder`, `decoder`) came to have fewer bits.

    `method` is NNCF's function, `mode` its mode; `settings` and `calibration` say in a line each how and on
    what activations were quantized, and are None where only weights were.
    """

    method: str
    mode: str
    components: tuple[str, ...]
    settings: str | None = None
    calibration: str | None = None


@dataclass(frozen=True, slots=True)
class QuantizationReport:
    """What INT8 of `components` does to accuracy and speed, measured where it was made, by turns with before.

    Word error rates are fractions of 1, their difference with its 95 % interval; speeds are ratios, above 1
    is faster than before. `conditions` is the signature line of the benchmark. `slower` names the components
    that are slower than before. `divergence`: how far token probabilities are from those before, in nats a
    token, with its 95 % interval; None in manifests that are older.
    """

    components: tuple[str, ...]
    wer_before: float
    wer_after: float
    wer_more_low: float
    wer_more_high: float
    speed_up: float
    encoder_speed_up: float
    decoder_speed_up: float
    size: float
    slower: tuple[str, ...]
    conditions: str
    divergence: float | None = None
    divergence_low: float | None = None
    divergence_high: float | None = None


@dataclass(frozen=True, slots=True)
class SelfTestVerdict:
    """What the exported model made of the probe: its text, and whether its first token is FP32's.

    `first_token_agrees` is None for FP32 itself.
    """

    passed: bool
    text: str
    first_token_agrees: bool | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where a model directory comes from and what it is. `created` is UTC in ISO 8601.

    `name` is the checkpoint's ("base"), whatever the directory is called. `source_sha256` is the sum of the
    weights that it was made from, None where they are many files. Precisions are "fp32", "fp16", "int8" or
    "int4". `word_times` says which attention heads tell when words are spoken; None in older manifests.
    """

    name: str
    source: str
    source_sha256: str | None
    encoder_precision: str
    decoder_precision: str
    quantization: Quantization | None
    versions: tuple[PackageVersion, ...]
    created: str
    files: tuple[FileSum, ...]
    self_test: SelfTestVerdict | None
    judgement: QuantizationReport | None = None
    word_times: str | None = None

    @property
    def precision(self) -> str:
        """One word, or the encoder's and the decoder's where they differ."""
        if self.encoder_precision == self.decoder_precision:
            return self.encoder_precision
        return f"{self.encoder_precision} encoder, {self.decoder_precision} decoder"


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write `ovsubs.json` into a model directory, in place of one that is there."""
    content = {"format": FORMAT, **asdict(manifest)}
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (directory / MANIFEST_NAME).write_text(
        text, encoding="utf-8", errors="replace"
    )  # names of folders may be no UTF-8


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of a model directory; None where it has none, as those that optimum-cli makes.

    Raises:
        BrokenModel: there is one, but it is not readable or of a newer format.
    """
    path = directory / MANIFEST_NAME
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise BrokenModel(
                directory, f"{MANIFEST_NAME} has format {content['format']}, this reads {FORMAT}"
            )
        return _from_json(content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenModel(directory, f"{MANIFEST_NAME} is not readable: {error!r}") from error


def describe_word_times(directory: Path) -> str:
    """Which heads tell when words are spoken: the checkpoint's own, or all of the upper layers.

    Raises:
        BrokenModel: `config.json` or `generation_config.json` is missing, or lacks the decoder's size.
    """
    config = read_config(directory)
    n_layers, n_heads = config.required("decoder_layers"), config.required("decoder_attention_heads")
    heads = config.alignment_heads_of(n_layers, n_heads)
    return f"{len(heads)} alignment heads of the checkpoint" if heads else "all heads of the upper half"


def check_ir_directory(path: Path) -> None:
    """Check that all files of a model directory are there, without reading them.

    Raises:
        BrokenModel: one is missing or empty; it is named.
    """
    if not path.is_dir():
        raise BrokenModel(path, "there is no such directory")
    for name in REQUIRED_FILES:
        if not (path / name).is_file():
            raise BrokenModel(path, f"{name} is missing")
        if not (path / name).stat().st_size:
            raise BrokenModel(path, f"{name} is empty")


def check_sums(directory: Path) -> None:
    """Check that the graphs are as they were exported. Without a manifest there is nothing to compare with.

    Takes 0.1 s for base: all bytes are read, two files at a time.

    Raises:
        BrokenModel: a file is missing, or has changed; it is named.
    """
    manifest = read_manifest(directory)
    if manifest is None:
        return
    for file in manifest.files:  # first what costs nothing
        path = directory / file.name
        if not path.is_file():
            raise BrokenModel(directory, f"{file.name} is missing")
        if (n_bytes := path.stat().st_size) != file.size_bytes:
            why = f"{file.name} has {n_bytes} bytes, and had {file.size_bytes} when it was exported"
            raise BrokenModel(directory, why)
    with ThreadPoolExecutor(2) as threads:
        sums = list(threads.map(lambda file: _sum_of(directory / file.name), manifest.files))
    for file, found in zip(manifest.files, sums, strict=True):
        if found != file.sha256:
            raise BrokenModel(directory, f"{file.name} has changed since it was exported: it is damaged")


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_json(content: dict[str, Any]) -> Manifest:
    quantization, self_test = content["quantization"], content["self_test"]
    judgement = content.get("judgement")  # a manifest of before has none
    if judgement:
        names = {name: tuple(judgement[name]) for name in ("components", "slower")}
        judgement = QuantizationReport(**{**judgement, **names})
    if quantization:
        quantization = Quantization(**{**quantization, "components": tuple(quantization["components"])})
    return Manifest(
        name=content["name"],
        source=content["source"],
        source_sha256=content["source_sha256"],
        encoder_precision=content["encoder_precision"],
        decoder_precision=content["decoder_precision"],
        quantization=quantization,
        versions=tuple(PackageVersion(**version) for version in content["versions"]),
        created=content["created"],
        files=tuple(FileSum(**file) for file in content["files"]),
        self_test=SelfTestVerdict(**self_test) if self_test else None,
        judgement=judgement,
        word_times=content.get("word_times"),
    )
