"""What was measured of candidates, as a table and as JSON, and manifests with and without it."""

import json
from dataclasses import replace
from pathlib import Path

from signatures import SIGNATURE

from ovsubs.evaluation.intervals import Interval
from ovsubs.evaluation.results import Comparison, ModelResult, Run, read_comparison, write_comparison
from ovsubs.evaluation.word_errors import CharacterErrors, WordErrors
from ovsubs.models.manifest import MANIFEST_NAME, Manifest, QuantizationReport, read_manifest, write_manifest
from ovsubs.quantization.divergence import Divergence
from ovsubs.quantization.measurement import BEFORE, Measurement, label
from ovsubs.quantization.options import COMPONENTS
from ovsubs.quantization.report import make_table, to_json

BEFORE_RESULT = ModelResult(
    label=BEFORE,
    precision="fp16",
    size_bytes=100,
    encoder_bytes=40,
    decoder_bytes=60,
    runs=(Run(1.0, 2.0, 1.0, 0.5, 100.0),),
    words=(WordErrors(100, 5, 0, 0),),
    characters=CharacterErrors(500, 10),
)
ENCODER = ("encoder",)
MEASUREMENT = Measurement(
    Comparison(
        SIGNATURE,
        "",
        "",
        (BEFORE_RESULT, *(replace(BEFORE_RESULT, label=label(k)) for k in (COMPONENTS, ENCODER))),
    ),
    {
        ENCODER: Divergence(0.00123, Interval(0.0009, 0.0016), 0.01, 50, 2300),
        COMPONENTS: Divergence(0.0095, Interval(0.008, 0.011), 0.03, 50, 2300),
    },
)


def test_candidates_are_told_apart_by_what_is_in_int8() -> None:
    assert [label(kept) for kept in MEASUREMENT.candidates] == ["INT8", "INT8 encoder"]
    assert [one.label for one in MEASUREMENT.candidates.values()] == ["INT8", "INT8 encoder"]


def test_each_candidate_has_its_divergence_in_the_table() -> None:
    table = make_table(MEASUREMENT)
    assert {len(row) for row in table.rows} == {len(table.head)}
    assert [(row[0].partition(" (")[0], row[-1]) for row in table.rows] == [
        (BEFORE, ""),
        ("INT8", "0.0095 (0.0080 to 0.0110)"),
        ("INT8 encoder", "0.0012 (0.0009 to 0.0016)"),
    ]


def test_each_candidate_has_its_divergence_in_the_json(tmp_path: Path) -> None:
    path = tmp_path / "int8.json"
    write_comparison(path, MEASUREMENT.comparison, to_json(MEASUREMENT))
    assert read_comparison(path) == MEASUREMENT.comparison  # no reader of before minds it
    before, whole, encoder = json.loads(path.read_text())["figures"]
    assert before["divergence"] is None
    assert whole["divergence"]["nats"] == 0.0095
    assert encoder["divergence"] == {
        "nats": 0.00123,
        "interval": {"low": 0.0009, "high": 0.0016},
        "other_tokens": 0.01,
        "n_recordings": 50,
        "n_tokens": 2300,
    }


def test_a_manifest_keeps_the_divergence_and_one_of_before_is_read(tmp_path: Path) -> None:
    judgement = QuantizationReport(
        components=ENCODER,
        wer_before=0.05,
        wer_after=0.05,
        wer_more_low=-0.001,
        wer_more_high=0.001,
        speed_up=1.1,
        encoder_speed_up=1.3,
        decoder_speed_up=1.0,
        size=0.4,
        slower=(),
        conditions=SIGNATURE.line,
        divergence=0.0012,
        divergence_low=0.0009,
        divergence_high=0.0016,
    )
    manifest = Manifest(
        "base", "base", None, "int8", "fp16", None, (), "2026-01-01T00:00:00+00:00", (), None, judgement
    )
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest

    content = json.loads((tmp_path / MANIFEST_NAME).read_text())
    for name in ("divergence", "divergence_low", "divergence_high"):
        del content["judgement"][name]
    (tmp_path / MANIFEST_NAME).write_text(json.dumps(content))
    unknown = replace(judgement, divergence=None, divergence_low=None, divergence_high=None)
    assert read_manifest(tmp_path) == replace(manifest, judgement=unknown)
