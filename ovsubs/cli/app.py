"""The commands of `ovsubs`: each turns its options into those of the library, and calls it."""

from __future__ import annotations

from pathlib import Path

import typer

from ovsubs import __version__
from ovsubs.cli import options as o
from ovsubs.cli.combinations import (
    Idle,
    given,
    refuse_given,
    refuse_idle,
    refuse_idle_recognition,
    refuse_idle_settings,
    refuse_missing_folder,
)
from ovsubs.cli.printing import say, show
from ovsubs.errors import InvalidOption

app = typer.Typer(
    help="Subtitles for your videos with Whisper on OpenVINO, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # "rich" would take `[default: …]` in a help for markup
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        show(__version__)
        raise typer.Exit


@app.command()
def subtitle(
    inputs: o.Inputs,
    recursive: o.Recursive = True,
    output_dir: o.OutputDir = None,
    output_format: o.OutputFormat = "srt",
    language_suffix: o.LanguageSuffix = False,
    overwrite: o.Overwrite = False,
    style: o.Style = "netflix",
    max_line_width: o.MaxLineWidth = None,
    max_line_count: o.MaxLineCount = None,
    max_words_per_line: o.MaxWordsPerLine = None,
    max_cps: o.MaxCps = None,
    min_duration_ms: o.MinDuration = None,
    max_duration_ms: o.MaxDuration = None,
    min_gap_ms: o.MinGap = None,
    chain_gap_ms: o.ChainGap = None,
    frame_rate: o.FrameRate = None,
    strip_sdh: o.StripSdh = False,
    highlight_words: o.HighlightWords = False,
    vtt_settings: o.VttSettings = "",
    embed: o.EmbedAfter = False,
    burn: o.BurnAfter = False,
    review: o.ReviewAfter = 0,
    model: o.ModelName = "base",
    model_dir: o.ModelDir = None,
    language: o.Language = None,
    task: o.Task = "transcribe",
    multilingual: o.Multilingual = False,
    languages: o.Languages = None,
    initial_prompt: o.InitialPrompt = None,
    hotwords: o.Hotwords = None,
    condition_on_previous_text: o.ConditionOnPrevious = False,
    audio_track: o.AudioTrack = None,
    language_detection_segments: o.DetectionSegments = 5,
    language_detection_threshold: o.DetectionThreshold = 0.5,
    no_speech_threshold: o.NoSpeechThreshold = 0.6,
    logprob_threshold: o.LogprobThreshold = -1.0,
    compression_ratio_threshold: o.CompressionThreshold = 2.4,
    keep_damaged: o.KeepDamaged = False,
    word_timestamps: o.WordTimestamps = None,
    beam_size: o.BeamSize = 3,
    patience: o.Patience = 1.0,
    length_penalty: o.LengthPenalty = None,
    temperature: o.Temperature = 0.0,
    temperature_increment_on_fallback: o.TemperatureIncrement = 0.2,
    best_of: o.BestOf = 5,
    vad_filter: o.VadFilter = True,
    vad_threshold: o.VadThreshold = 0.5,
    vad_neg_threshold: o.VadNegThreshold = None,
    vad_min_speech_duration_ms: o.VadMinSpeech = 100,
    vad_max_speech_duration_s: o.VadMaxSpeech = 30.0,
    vad_min_silence_duration_ms: o.VadMinSilence = 100,
    vad_speech_pad_ms: o.VadSpeechPad = None,
    device: o.DeviceName = "CPU",
    threads: o.Threads = None,
    streams: o.Streams = None,
    inference_precision: o.InferencePrecision = None,
    cache_dir: o.CacheDir = None,
    batch_size: o.BatchSize = None,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    profile: o.Profile = False,
    debug: o.Debug = False,
) -> None:
    """Write subtitles for audio and video files.

    A file that cannot be read is reported and the others go on. Exit code: 0 all well, 1 some input
    failed, 2 the call is wrong, 130 stopped by Ctrl-C.
    """
    from ovsubs.audio.regions import VadOptions
    from ovsubs.cli import subtitle as runner
    from ovsubs.library.plan import SubtitleOptions
    from ovsubs.library.videos import VideoOptions
    from ovsubs.recognition import TranscribeOptions
    from ovsubs.subtitles.formats import FormatOptions
    from ovsubs.subtitles.styles import LayoutOptions
    from ovsubs.whisper.model import CompileOptions
    from ovsubs.whisper.segments import SilenceOptions

    refuse_idle_recognition()
    refuse_missing_folder(model_dir)
    vad = VadOptions(
        threshold=vad_threshold,
        neg_threshold=vad_neg_threshold,
        min_speech_duration_ms=vad_min_speech_duration_ms,
        max_speech_duration_s=vad_max_speech_duration_s,
        min_silence_duration_ms=vad_min_silence_duration_ms,
        speech_pad_ms=vad_speech_pad_ms,
    )
    formats = runner.formats_named(output_format)
    transcribe = TranscribeOptions(
        language=language,
        multilingual=multilingual,
        languages=tuple(name.strip() for name in (languages or "").split(",") if name.strip()),
        task=task,
        initial_prompt=initial_prompt,
        hotwords=hotwords,
        condition_on_previous_text=condition_on_previous_text,
        beam_size=beam_size,
        patience=patience,
        length_penalty=length_penalty,
        temperature=temperature,
        temperature_increment_on_fallback=temperature_increment_on_fallback or None,
        best_of=best_of,
        batch_size=batch_size,
        audio_track=audio_track,
        vad=vad if vad_filter else None,
        silence=SilenceOptions(no_speech_threshold, logprob_threshold),
        compression_ratio_threshold=compression_ratio_threshold,
        language_detection_threshold=language_detection_threshold,
        language_detection_segments=language_detection_segments,
        keep_damaged=keep_damaged,
        word_timestamps=runner.wants_words(word_timestamps, task, formats),
    )
    to_stdout = output_dir == "-"
    wanted = SubtitleOptions(
        transcribe=transcribe,
        layout=LayoutOptions(
            style=style,
            max_line_width=max_line_width,
            max_line_count=max_line_count,
            max_words_per_line=max_words_per_line,
            max_cps=max_cps,
            min_duration_ms=min_duration_ms,
            max_duration_ms=max_duration_ms,
            min_gap_ms=min_gap_ms,
            chain_gap_ms=chain_gap_ms,
            frame_rate=frame_rate,
            strip_sdh=strip_sdh,
        ),
        format=FormatOptions(highlight_words, vtt_settings),
        formats=formats,
        output_dir=None if to_stdout or output_dir is None else Path(output_dir),
        language_suffix=language_suffix,
        overwrite=overwrite,
        n_review=review,
        videos=VideoOptions(embed, burn),
        recursive=recursive,
    )
    choice = runner.ModelChoice(
        model, model_dir, CompileOptions(device, threads, streams, inference_precision, cache_dir), offline
    )
    verbosity = runner.Verbosity(quiet=quiet, debug=debug, profile=profile, verbose=verbose)
    run = runner.print_subtitles if to_stdout else runner.write_subtitles
    raise typer.Exit(run(inputs, wanted, choice, verbosity))


@app.command()
def render(
    transcripts: o.Transcripts,
    output_dir: o.RenderOutputDir = None,
    output_format: o.RenderFormat = "srt",
    overwrite: o.RenderOverwrite = False,
    style: o.Style = "netflix",
    max_line_width: o.MaxLineWidth = None,
    max_line_count: o.MaxLineCount = None,
    max_words_per_line: o.MaxWordsPerLine = None,
    max_cps: o.MaxCps = None,
    min_duration_ms: o.MinDuration = None,
    max_duration_ms: o.MaxDuration = None,
    min_gap_ms: o.MinGap = None,
    chain_gap_ms: o.ChainGap = None,
    frame_rate: o.FrameRate = None,
    strip_sdh: o.StripSdh = False,
    highlight_words: o.HighlightWords = False,
    vtt_settings: o.VttSettings = "",
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Lay out transcripts anew, without hearing anything again.

    Exit code: 0 all well, 1 some transcript cannot be read or a file cannot be written, 2 the call is wrong.
    """
    from ovsubs.cli.render import run_render
    from ovsubs.cli.subtitle import formats_named
    from ovsubs.library.render import RENDERED, RenderOptions
    from ovsubs.subtitles.formats import FormatOptions
    from ovsubs.subtitles.styles import LayoutOptions

    to_stdout = output_dir == "-"
    options = RenderOptions(
        layout=LayoutOptions(
            style=style,
            max_line_width=max_line_width,
            max_line_count=max_line_count,
            max_words_per_line=max_words_per_line,
            max_cps=max_cps,
            min_duration_ms=min_duration_ms,
            max_duration_ms=max_duration_ms,
            min_gap_ms=min_gap_ms,
            chain_gap_ms=chain_gap_ms,
            frame_rate=frame_rate,
            strip_sdh=strip_sdh,
        ),
        format=FormatOptions(highlight_words, vtt_settings),
        formats=formats_named(output_format, RENDERED),
        output_dir=None if to_stdout or output_dir is None else Path(output_dir),
        overwrite=overwrite,
    )
    raise typer.Exit(run_render(transcripts, options, to_stdout=to_stdout, quiet=quiet, debug=debug))


@app.command()
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
    model_dir: o.ModelDir = None,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
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


@app.command()
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
    model_dir: o.ModelDir = None,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
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


@app.command()
def benchmark(
    models: o.BenchmarkModels,
    dataset: o.DatasetName,
    dataset_part: o.DatasetPart = None,
    samples: o.Samples = None,
    seed: o.Seed = None,
    joined: o.Joined = False,
    runs: o.Runs = 3,
    language: o.SpokenLanguage = "en",
    beam_size: o.BeamSize = 3,
    batch_size: o.BatchSize = None,
    device: o.DeviceName = "CPU",
    threads: o.Threads = None,
    inference_precision: o.InferencePrecision = None,
    json: o.JsonFile = None,
    markdown: o.MarkdownFile = None,
    plot: o.PlotFile = None,
    check: o.CheckFile = None,
    max_wer_drop: o.MaxWerDrop = None,
    max_slowdown: o.MaxSlowdown = None,
    model_dir: o.ModelDir = None,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
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


@app.command()
def qc(
    files: o.SubtitleFiles,
    style: o.CheckStyle = "netflix",
    language: o.CheckLanguage = None,
    media: o.CheckMedia = None,
    no_media: o.NoMedia = False,
    review: o.Review = 0,
    json: o.CheckJson = None,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Check subtitles of any origin against the rules of a style and the speech of their recording.

    Exit code: 0 all well but for warnings, 1 something is against the rules or a file cannot be read, 2 the
    call is wrong.
    """
    from ovsubs.cli.qc import QcVerbosity, run_qc
    from ovsubs.library.check import CheckOptions
    from ovsubs.subtitles.styles import LayoutOptions

    refuse_idle(
        Idle(quiet and json is None, ("review",), "with --quiet and without --json nobody is told"),
        Idle(no_media, ("media",), "with --no-media nothing is heard"),
    )
    options = CheckOptions(LayoutOptions(style), language, media, not no_media, review)
    raise typer.Exit(run_qc(files, options, QcVerbosity(quiet=quiet, debug=debug, json=json)))


@app.command()
def models(model_dir: o.ModelDir = None, debug: o.Debug = False) -> None:
    """List the models on this machine: name, size, precision, source."""
    from ovsubs.cli.tables import print_models
    from ovsubs.models.listing import list_models

    refuse_missing_folder(model_dir)
    print_models(list_models(model_dir))


@app.command()
def devices(debug: o.Debug = False) -> None:
    """List the devices that OpenVINO can use here, with their full names and what they compute in."""
    from ovsubs.cli.tables import print_devices
    from ovsubs.whisper.model import list_devices

    print_devices(list_devices())


@app.command()
def embed(
    video: o.Video,
    subtitles: o.TrackFiles,
    output: o.EmbedOutput = None,
    language: o.TrackLanguages = None,
    title: o.TrackTitles = None,
    default: o.DefaultTrack = False,
    forced: o.ForcedTracks = False,
    overwrite: o.VideoOverwrite = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Copy a video and add subtitle tracks to it; nothing is encoded again.

    Exit code: 0 made, 1 a file cannot be read or written, 2 the call is wrong.
    """
    from ovsubs.cli.video import run_embed
    from ovsubs.video.embed import EmbedOptions

    wanted = EmbedOptions(output, tuple(language or ()), tuple(title or ()), default, forced, overwrite)
    show(str(run_embed(video, subtitles, wanted, quiet=quiet)))


@app.command()
def burn(
    video: o.Video,
    subtitles: o.DrawnFile,
    output: o.BurnOutput = None,
    font_size: o.FontSize = None,
    crf: o.Crf = None,
    preset: o.Preset = None,
    overwrite: o.VideoOverwrite = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Draw subtitles into the picture of a video, for players that show no tracks.

    Exit code: 0 made, 1 a file cannot be read or written, 2 the call is wrong.
    """
    from ovsubs.cli.video import run_burn
    from ovsubs.video.burn import BurnOptions

    wanted = BurnOptions(output, font_size, crf, preset, overwrite)
    show(str(run_burn(video, subtitles, wanted, quiet=quiet)))


def _quiet(line: str) -> None:
    del line
