"""The commands that make and measure models: arguments -> options of the library -> one call."""

from __future__ import annotations

import typer

from ovsubs.cli import model_options as o
from ovsubs.cli import options as common
from ovsubs.cli.combinations import given, refuse_given, refuse_idle_settings, refuse_missing_folder
from ovsubs.cli.printing import say, show
from ovsubs.errors import InvalidOption


def export(
    source: o.Source,
    output: o.ExportOutput = None,
    precision: o.Precision = None,
    int8: o.Int8 = False,
    int8_components: o.Int8Components = "all",
    int4_group_size: o.Int4GroupSize = None,
    int4_ratio: o.Int4Ratio = None,
    calibration_data: o.CalibrationData = None,
    calibration_part: o.CalibrationPart = None,
    calibration_samples: o.CalibrationSamples = None,
    evaluation_data: o.EvaluationData = None,
    evaluation_part: o.EvaluationPart = None,
    evaluation_samples: o.EvaluationSamples = None,
    max_wer_drop: o.MaxWerDropInt8 = None,
    language: o.CalibrationLanguage = None,
    name: o.ExportName = None,
    overwrite: o.ExportOverwrite = False,
    model_dir: common.ModelDir = None,
    offline: common.Offline = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Turn a Whisper checkpoint into a model directory that runs on OpenVINO, and test it."""
    from ovsubs.cli.quantize import calibration_named, evaluation_named, run_export_int8
    from ovsubs.export.model_directory import ExportOptions, export_model
    from ovsubs.quantization.options import QuantizeOptions

    if int8 and precision is not None:
        raise InvalidOption("precision", precision, "--int8 is a precision already; give one of the two")
    if not int8:
        refuse_given(
            "it goes with --int8",
            calibration_data=calibration_data,
            calibration_part=calibration_part,
            calibration_samples=calibration_samples,
            evaluation_data=evaluation_data,
            evaluation_part=evaluation_part,
            evaluation_samples=evaluation_samples,
            max_wer_drop=max_wer_drop,
            language=language,
        )
    options = ExportOptions(
        output=output,
        name=name,
        int8_components="all" if int8 else int8_components,
        int4_group_size=int4_group_size,
        int4_ratio=int4_ratio,
        overwrite=overwrite,
        offline=offline,
        models_dir=model_dir,
        **given(precision=precision),
    )
    if not int8:
        show(str(export_model(source, options, report=_quiet if quiet else say)))
        return
    wanted = QuantizeOptions(
        components=int8_components,
        calibration=calibration_named(calibration_data, calibration_part, calibration_samples),
        evaluation=evaluation_named(evaluation_data, evaluation_part, evaluation_samples),
        max_wer_drop=max_wer_drop,
        offline=offline,
        **given(language=language),
    )
    show(str(run_export_int8(source, options, wanted, quiet=quiet)))


def quantize(
    model: o.QuantizeModel,
    output: o.QuantizeOutput = None,
    int8_components: o.Int8Components = "all",
    calibration_data: o.CalibrationData = None,
    calibration_part: o.CalibrationPart = None,
    calibration_samples: o.CalibrationSamples = None,
    evaluation_data: o.EvaluationData = None,
    evaluation_part: o.EvaluationPart = None,
    evaluation_samples: o.EvaluationSamples = None,
    seed: o.CalibrationSeed = 0,
    max_wer_drop: o.MaxWerDropInt8 = None,
    smooth_quant_encoder: o.SmoothQuantEncoder = None,
    smooth_quant_decoder: o.SmoothQuantDecoder = None,
    ignored_encoder_layers: o.IgnoredEncoderLayers = None,
    ignored_decoder_layers: o.IgnoredDecoderLayers = None,
    accurate_bias_correction: o.AccurateBiasCorrection = False,
    runs: o.Runs = 3,
    language: o.CalibrationLanguage = None,
    threads: o.CheckThreads = None,
    json: o.JsonFile = None,
    overwrite: o.ExportOverwrite = False,
    model_dir: common.ModelDir = None,
    offline: common.Offline = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Store weights and activations of a model in 8 bits, calibrated on speech and judged on other speech.

    Exit code: 0 made, 1 it failed or makes too many errors, 2 the call is wrong.
    """
    from ovsubs.cli.quantize import calibration_named, evaluation_named, run_quantize, settings_named
    from ovsubs.quantization.make_int8 import Int8Output
    from ovsubs.quantization.options import QuantizeOptions

    refuse_idle_settings(int8_components)
    refuse_missing_folder(model_dir)
    options = QuantizeOptions(
        components=int8_components,
        encoder=settings_named(
            "encoder",
            smooth_quant_encoder,
            ignored_encoder_layers,
            is_accurate=accurate_bias_correction and int8_components != "decoder",
        ),
        decoder=settings_named(
            "decoder",
            smooth_quant_decoder,
            ignored_decoder_layers,
            is_accurate=accurate_bias_correction and int8_components != "encoder",
        ),
        calibration=calibration_named(calibration_data, calibration_part, calibration_samples),
        evaluation=evaluation_named(evaluation_data, evaluation_part, evaluation_samples),
        seed=seed,
        max_wer_drop=max_wer_drop,
        n_runs=runs,
        threads=threads,
        offline=offline,
        **given(language=language),
    )
    wanted = Int8Output(output, model_dir, overwrite, json)
    show(str(run_quantize(model, options, wanted, quiet=quiet)))


def benchmark(
    models: o.BenchmarkModels,
    dataset: o.DatasetName,
    dataset_part: o.DatasetPart = None,
    samples: o.Samples = None,
    seed: o.Seed = None,
    joined: o.Joined = False,
    runs: o.Runs = 3,
    language: o.SpokenLanguage = "en",
    beam_size: common.BeamSize = 3,
    batch_size: common.BatchSize = None,
    device: common.DeviceName = "CPU",
    threads: common.Threads = None,
    inference_precision: common.InferencePrecision = None,
    json: o.JsonFile = None,
    markdown: o.MarkdownFile = None,
    plot: o.PlotFile = None,
    check: o.CheckFile = None,
    max_wer_drop: o.MaxWerDrop = None,
    max_slowdown: o.MaxSlowdown = None,
    model_dir: common.ModelDir = None,
    offline: common.Offline = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Measure models on recordings with transcripts: errors, speed, memory, size, each beside the first.

    Exit code: 0 all well, 1 worse than --check allows or a measurement failed, 2 the call is wrong.
    """
    from ovsubs.cli.benchmark import run_benchmark
    from ovsubs.datasets import DatasetOptions
    from ovsubs.evaluation.benchmark import Baseline, BenchmarkRequest
    from ovsubs.evaluation.compare import BenchmarkOptions
    from ovsubs.evaluation.outputs import BenchmarkOutputs
    from ovsubs.evaluation.regression import Limits
    from ovsubs.whisper.model import CompileOptions

    refuse_missing_folder(model_dir)
    if check is None:
        refuse_given("it goes with --check", max_wer_drop=max_wer_drop, max_slowdown=max_slowdown)
    if samples is None:
        refuse_given("it goes with --samples", seed=seed)
    limits = Limits(max_slowdown=max_slowdown, **given(max_wer_drop=max_wer_drop))
    compile_options = CompileOptions(device, threads, None, inference_precision)
    request = BenchmarkRequest(
        models,
        dataset,
        DatasetOptions(samples, part=dataset_part, joined=joined, offline=offline, **given(seed=seed)),
        BenchmarkOptions(runs, language, beam_size, batch_size, compile_options),
        BenchmarkOutputs(json, markdown, plot),
        Baseline(check, limits) if check else None,
        model_dir,
    )
    raise typer.Exit(run_benchmark(request, quiet=quiet))


def models(model_dir: common.ModelDir = None, debug: common.Debug = False) -> None:
    """List the models on this machine: name, size, precision, source."""
    from ovsubs.cli.tables import print_models
    from ovsubs.models.listing import list_models

    refuse_missing_folder(model_dir)
    print_models(list_models(model_dir))


def devices(debug: common.Debug = False) -> None:
    """List the devices that OpenVINO can use here, with their full names and what they compute in."""
    from ovsubs.cli.tables import print_devices
    from ovsubs.whisper.model import list_devices

    print_devices(list_devices())


def _quiet(line: str) -> None:
    del line
