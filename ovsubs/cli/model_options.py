"""The options of the commands that make and measure models, with their help."""

from pathlib import Path
from typing import Annotated

import typer

from ovsubs.cli.options import option

_MEASURE, _RESULTS, _QUANTIZE = "Measurement", "Results", "INT8"

Source = Annotated[
    str,
    typer.Argument(
        help="Name, Hub id, or a Hugging Face or CTranslate2 (faster-whisper) directory.", metavar="SOURCE"
    ),
]
ExportOutput = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Model directory to make. [default: models/NAME, the precision behind it]"
    ),
]
ExportName = Annotated[str | None, typer.Option("--name", help="Name of the model. [default: the source's]")]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision", help="Of the stored weights: fp16, fp32, int8-weights or int4-weights. [default: fp16]"
    ),
]
Int8Components = Annotated[
    str,
    typer.Option(
        "--int8-components",
        help="What gets 8 or 4 bits: all, encoder, decoder, or (not weights alone) auto: what is faster here "
        "and costs no accuracy. The rest is fp16.",
    ),
]
Int4GroupSize = Annotated[
    int | None,
    typer.Option("--int4-group-size", help="Weights to a scale: 32, 64, 128, -1 for a row. [default: 64]"),
]
Int4Ratio = Annotated[
    float | None,
    typer.Option("--int4-ratio", help="Part of the layers in 4 bits, the others in 8. [default: 1.0]"),
]
ExportOverwrite = Annotated[
    bool, typer.Option("--overwrite", "-y", help="Replace a model directory that is there.")
]
BenchmarkModels = Annotated[
    list[str],
    typer.Argument(
        help="Models, by name or directory; the first is what the others are compared with.",
        metavar="MODEL...",
    ),
]
DatasetName = Annotated[
    str,
    option(
        "--dataset",
        help="Folder of audio with transcripts, or an id of the Hub such as openslr/librispeech_asr.",
        panel=_MEASURE,
    ),
]
DatasetPart = Annotated[
    str | None,
    option("--dataset-part", help="Of a dataset of the Hub: SPLIT or CONFIG:SPLIT.", panel=_MEASURE),
]
Samples = Annotated[
    int | None,
    option("--samples", help="Number of recordings, drawn by --seed. [default: all]", panel=_MEASURE),
]
Seed = Annotated[
    int | None, option("--seed", help="Of the draw, with --samples. [default: 0]", panel=_MEASURE)
]
Joined = Annotated[
    bool,
    option(
        "--joined",
        help="Join the utterances of each LibriSpeech chapter into a long recording.",
        panel=_MEASURE,
    ),
]
Runs = Annotated[int, option("--runs", help="Runs of each model, by turns.", panel=_MEASURE)]
SpokenLanguage = Annotated[
    str, option("--language", "-l", help="Of the recordings: code or English name.", panel=_MEASURE)
]
JsonFile = Annotated[
    Path | None, option("--json", help="Write everything that was measured.", panel=_RESULTS)
]
MarkdownFile = Annotated[Path | None, option("--markdown", help="Write the table.", panel=_RESULTS)]
PlotFile = Annotated[
    Path | None, option("--plot", help="Draw errors against speed: .png, .svg or .pdf.", panel=_RESULTS)
]
CheckFile = Annotated[
    Path | None,
    option("--check", help="A JSON of before; exit code 1 if this run is worse.", panel=_RESULTS),
]
MaxWerDrop = Annotated[
    float | None,
    option(
        "--max-wer-drop",
        help="With --check: percentage points that the WER may rise. [default: 0.3]",
        panel=_RESULTS,
    ),
]
MaxSlowdown = Annotated[
    float | None,
    option(
        "--max-slowdown",
        help="With --check: part of the speed beside the first model that may go. [default: not looked at]",
        panel=_RESULTS,
    ),
]
Int8 = Annotated[
    bool,
    option(
        "--int8", help="Weights and activations in 8 bits, calibrated on speech and judged.", panel=_QUANTIZE
    ),
]
QuantizeModel = Annotated[
    str, typer.Argument(help="Model in floating point, by name or directory.", metavar="MODEL")
]
CalibrationData = Annotated[
    str | None,
    option(
        "--calibration-data",
        help="Folder of audio, or an id of the Hub. [default: openslr/librispeech_asr, its train.100]",
        panel=_QUANTIZE,
    ),
]
CalibrationPart = Annotated[
    str | None,
    option("--calibration-part", help="Of a dataset of the Hub: SPLIT or CONFIG:SPLIT.", panel=_QUANTIZE),
]
CalibrationSamples = Annotated[
    int | None,
    option("--calibration-samples", help="Recordings to calibrate on. [default: 50]", panel=_QUANTIZE),
]
EvaluationData = Annotated[
    str | None,
    option(
        "--evaluation-data",
        help="Folder of audio with transcripts, or an id of the Hub, to judge on. [default: 100 recordings "
        "of the calibration folder that were not drawn, or of LibriSpeech test-clean]",
        panel=_QUANTIZE,
    ),
]
EvaluationPart = Annotated[
    str | None,
    option("--evaluation-part", help="Of a dataset of the Hub: SPLIT or CONFIG:SPLIT.", panel=_QUANTIZE),
]
EvaluationSamples = Annotated[
    int | None,
    option("--evaluation-samples", help="How many recordings to use. [default: all]", panel=_QUANTIZE),
]
MaxWerDropInt8 = Annotated[
    float | None,
    option(
        "--max-wer-drop",
        help="Discard the result if WER rises more, in percentage points. [default: 0.5; 0.2 with auto]",
        panel=_QUANTIZE,
    ),
]
SmoothQuantEncoder = Annotated[
    float | None,
    option(
        "--smooth-quant-encoder",
        help="SmoothQuant's alpha, 0 to 1, or -1 for none. [default: 0.5]",
        panel=_QUANTIZE,
    ),
]
SmoothQuantDecoder = Annotated[
    float | None,
    option(
        "--smooth-quant-decoder",
        help="SmoothQuant's alpha, 0 to 1, or -1 for none. [default: 0.75]",
        panel=_QUANTIZE,
    ),
]
IgnoredEncoderLayers = Annotated[
    list[str] | None,
    option(
        "--ignored-encoder-layers",
        help="Regular expression of layers to leave; may be repeated.",
        panel=_QUANTIZE,
    ),
]
IgnoredDecoderLayers = Annotated[
    list[str] | None,
    option(
        "--ignored-decoder-layers",
        help="Regular expression of layers to leave; may be repeated; '' for none. [default: the fc2 layers]",
        panel=_QUANTIZE,
    ),
]
AccurateBiasCorrection = Annotated[
    bool,
    option(
        "--accurate-bias-correction", help="NNCF's slow bias correction, not its fast one.", panel=_QUANTIZE
    ),
]
CalibrationSeed = Annotated[int, option("--seed", help="Seed for drawing recordings.", panel=_QUANTIZE)]
CalibrationLanguage = Annotated[
    str | None,
    option(
        "--language", "-l", help="Of the recordings: code or English name. [default: en]", panel=_QUANTIZE
    ),
]
CheckThreads = Annotated[
    int | None,
    option(
        "--threads",
        help="CPU threads of recognition and of the check; NNCF takes all. [default: OpenVINO's choice]",
        panel=_QUANTIZE,
    ),
]
QuantizeOutput = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Model directory to make. [default: models/NAME-int8]"),
]
