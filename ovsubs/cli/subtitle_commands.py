"""The commands that make and check subtitles: arguments -> options of the library -> one call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ovsubs.cli import options as common
from ovsubs.cli import subtitle_options as o
from ovsubs.cli.combinations import Idle, refuse_idle, refuse_idle_recognition, refuse_missing_folder
from ovsubs.cli.parameters import from_parameters

if TYPE_CHECKING:
    from ovsubs.cli.subtitle import ModelChoice
    from ovsubs.library.plan import SubtitleOptions


def subtitle(
    inputs: o.Inputs,
    recursive: o.Recursive = True,
    include: o.Include = None,
    exclude: o.Exclude = None,
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
    resume: o.Resume = False,
    model: o.ModelName = "base",
    model_dir: common.ModelDir = None,
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
    beam_size: common.BeamSize = 3,
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
    device: common.DeviceName = "CPU",
    threads: common.Threads = None,
    streams: o.Streams = None,
    inference_precision: common.InferencePrecision = None,
    cache_dir: o.CacheDir = None,
    batch_size: common.BatchSize = None,
    offline: common.Offline = False,
    quiet: common.Quiet = False,
    verbose: o.Verbose = False,
    profile: o.Profile = False,
    debug: common.Debug = False,
) -> None:
    """Write subtitles for audio and video files.

    A file that cannot be read is reported and the others go on. Exit code: 0 all well, 1 some input
    failed, 2 the call is wrong, 130 stopped by Ctrl-C.
    """
    given = locals()
    from ovsubs.cli import subtitle as runner

    wanted, choice = wanted_of(given)
    verbosity = from_parameters(runner.Verbosity, given)
    if output_dir == "-":
        raise typer.Exit(runner.print_subtitles(inputs, wanted, choice, verbosity, resume=resume))
    if resume:
        from ovsubs.cli.batch import write_resumed

        raise typer.Exit(write_resumed(inputs, wanted, choice, verbosity))
    raise typer.Exit(runner.write_subtitles(inputs, wanted, choice, verbosity))


def wanted_of(given: Mapping[str, Any]) -> tuple[SubtitleOptions, ModelChoice]:
    """What parameters of `subtitle` say is to be written, and by which model.

    Raises:
        UsageError: a value is refused, or has no effect beside another one.
    """
    from ovsubs.audio.regions import VadOptions
    from ovsubs.cli import subtitle as runner
    from ovsubs.library.patterns import Patterns
    from ovsubs.library.plan import SubtitleOptions
    from ovsubs.library.videos import VideoOptions
    from ovsubs.recognition import TranscribeOptions
    from ovsubs.subtitles.formats import FormatOptions
    from ovsubs.subtitles.styles import LayoutOptions
    from ovsubs.whisper.model import CompileOptions
    from ovsubs.whisper.segments import SilenceOptions

    refuse_idle_recognition()
    refuse_missing_folder(given["model_dir"])
    formats = runner.formats_named(given["output_format"])
    transcribe = from_parameters(
        TranscribeOptions,
        given,
        languages=tuple(name.strip() for name in (given["languages"] or "").split(",") if name.strip()),
        temperature_increment_on_fallback=given["temperature_increment_on_fallback"] or None,
        vad=from_parameters(VadOptions, given, "vad_") if given["vad_filter"] else None,
        silence=from_parameters(SilenceOptions, given),
        word_timestamps=runner.wants_words(given["word_timestamps"], given["task"], formats),
    )
    output_dir = given["output_dir"]
    wanted = from_parameters(
        SubtitleOptions,
        given,
        transcribe=transcribe,
        layout=from_parameters(LayoutOptions, given),
        format=from_parameters(FormatOptions, given),
        formats=formats,
        output_dir=None if output_dir in (None, "-") else Path(output_dir),
        n_review=given["review"],
        patterns=Patterns(tuple(given["include"] or ()), tuple(given["exclude"] or ())),
        videos=from_parameters(VideoOptions, given),
    )
    compile_options = from_parameters(CompileOptions, given)
    return wanted, runner.ModelChoice(given["model"], given["model_dir"], compile_options, given["offline"])


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
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Lay out transcripts anew, without hearing anything again.

    Exit code: 0 all well, 1 some transcript cannot be read or a file cannot be written, 2 the call is wrong.
    """
    given = locals()
    from ovsubs.cli.render import run_render
    from ovsubs.cli.subtitle import formats_named
    from ovsubs.library.render import RENDERED, RenderOptions
    from ovsubs.subtitles.formats import FormatOptions
    from ovsubs.subtitles.styles import LayoutOptions

    to_stdout = output_dir == "-"
    options = RenderOptions(
        layout=from_parameters(LayoutOptions, given),
        format=from_parameters(FormatOptions, given),
        formats=formats_named(output_format, RENDERED),
        output_dir=None if to_stdout or output_dir is None else Path(output_dir),
        overwrite=overwrite,
    )
    raise typer.Exit(run_render(transcripts, options, to_stdout=to_stdout, quiet=quiet, debug=debug))


def qc(
    files: o.SubtitleFiles,
    style: o.CheckStyle = "netflix",
    language: o.CheckLanguage = None,
    media: o.CheckMedia = None,
    no_media: o.NoMedia = False,
    review: o.Review = 0,
    json: o.CheckJson = None,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
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
