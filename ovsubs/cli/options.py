"""The command line's options: names that people know from other Whisper tools, with their help."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ovsubs.cli.wildcards import expand_wildcards


def _option(*names: str, help: str, panel: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel)


_OUTPUT, _LAYOUT, _SPEECH, _SEARCH = "Output", "Layout", "Speech", "Search"
_VAD, _MACHINE = "Voice activity", "Machine"

# Not `readable`, which typer asks for unless told otherwise: one locked file must not stop the others.
Inputs = Annotated[
    list[Path],
    typer.Argument(
        help="Audio or video files, or folders, with the folders in them; what is hidden is left out.",
        metavar="INPUT...",
        readable=False,
        callback=expand_wildcards,
    ),
]
Recursive = Annotated[
    bool,
    typer.Option(
        "--recursive/--no-recursive",
        "-r",
        help="Search the folders in a folder, too; links to folders are not followed.",
        rich_help_panel="Input",
    ),
]


def _output_dir_option(what: str) -> Any:
    return _option(
        "--output-dir",
        "-o",
        help=f"{what}; '-' prints them. [default: beside each file]",
        panel=_OUTPUT,
    )


OutputDir = Annotated[
    str | None, _output_dir_option("Folder for the subtitles; the subfolders of an input folder are kept")
]
RenderOutputDir = Annotated[str | None, _output_dir_option("Folder for the subtitles")]


def _format_option(names: str) -> Any:
    return _option("--output-format", "-f", help=f"{names}, several with commas, or all.", panel=_OUTPUT)


OutputFormat = Annotated[str, _format_option("{formats}")]
RenderFormat = Annotated[str, _format_option("{rendered_formats}")]
LanguageSuffix = Annotated[bool, _option("--language-suffix", help="Name them talk.en.srt.", panel=_OUTPUT)]
Overwrite = Annotated[
    bool,
    _option(
        "--overwrite",
        "-y",
        help="Replace existing subtitles and copies; otherwise a file is skipped if the names of its "
        "subtitles show the language asked for, or else the detected one.",
        panel=_OUTPUT,
    ),
]
RenderOverwrite = Annotated[
    bool,
    _option(
        "--overwrite",
        "-y",
        help="Replace subtitles that are there; they are skipped otherwise.",
        panel=_OUTPUT,
    ),
]
Style = Annotated[
    str,
    _option("--style", help="{styles}. With plain each segment is a cue.", panel=_LAYOUT),
]
MaxLineWidth = Annotated[
    int | None,
    _option("--max-line-width", help="Characters in a line; East Asian ones count twice.", panel=_LAYOUT),
]
MaxLineCount = Annotated[int | None, _option("--max-line-count", help="Lines in a cue.", panel=_LAYOUT)]
MaxWordsPerLine = Annotated[
    int | None, _option("--max-words-per-line", help="Words in a line.", panel=_LAYOUT)
]
MaxCps = Annotated[
    float | None, _option("--max-cps", help="Reading speed, in characters a second.", panel=_LAYOUT)
]
MinDuration = Annotated[
    int | None, _option("--min-duration-ms", help="Shortest time that a cue is displayed.", panel=_LAYOUT)
]
MaxDuration = Annotated[
    int | None, _option("--max-duration-ms", help="Longest time that a cue is displayed.", panel=_LAYOUT)
]
MinGap = Annotated[
    int | None, _option("--min-gap-ms", help="Between cues. [netflix: two frames]", panel=_LAYOUT)
]
ChainGap = Annotated[
    int | None,
    _option(
        "--chain-gap-ms", help="Shorter gaps are reduced to --min-gap-ms. [netflix: 12 frames]", panel=_LAYOUT
    ),
]
FrameRate = Annotated[
    float | None,
    _option(
        "--frame-rate", help="Cues begin and end on its frames. [default: on milliseconds]", panel=_LAYOUT
    ),
]
StripSdh = Annotated[
    bool,
    _option("--strip-sdh", help="Leave out [sounds], music notes and who speaks.", panel=_LAYOUT),
]
HighlightWords = Annotated[
    bool,
    _option("--highlight-words", help="Show which word is spoken ({word_formats}).", panel=_LAYOUT),
]
VttSettings = Annotated[
    str,
    _option("--vtt-settings", help='vtt cue settings, such as "line:85% align:center".', panel=_LAYOUT),
]

EmbedAfter = Annotated[
    bool,
    _option(
        "--embed",
        help="Also copy each video with the subtitles, new ones or those that are there, as a track: "
        "NAME.subtitled.EXT.",
        panel=_OUTPUT,
    ),
]
BurnAfter = Annotated[
    bool,
    _option(
        "--burn",
        help="Also make each video with the subtitles, new ones or those that are there, in its picture: "
        "NAME.burned.EXT.",
        panel=_OUTPUT,
    ),
]
ReviewAfter = Annotated[
    int,
    _option(
        "--review", help="List the N places of each file that are most likely wrong, and why.", panel=_OUTPUT
    ),
]

ModelName = Annotated[
    str,
    _option(
        "--model", "-m", help="Name (tiny.en … large-v3, turbo), Hub id or model directory.", panel=_SPEECH
    ),
]
Language = Annotated[
    str | None,
    _option(
        "--language",
        "-l",
        help="Code or English name; of Chinese zh-Hans (as zh), zh-Hant, zh-TW, zh-HK. [default: detected]",
        panel=_SPEECH,
    ),
]
Task = Annotated[str, _option("--task", help="transcribe, or translate into English.", panel=_SPEECH)]
Multilingual = Annotated[
    bool,
    _option("--multilingual", help="Several languages in one file: each window has its own.", panel=_SPEECH),
]
Languages = Annotated[
    str | None,
    _option("--languages", help="With --multilingual: only these, with commas between.", panel=_SPEECH),
]
InitialPrompt = Annotated[
    str | None,
    _option("--initial-prompt", help="Text to go on from: names, spelling, style.", panel=_SPEECH),
]
Hotwords = Annotated[str | None, _option("--hotwords", help="Words to expect.", panel=_SPEECH)]
ConditionOnPrevious = Annotated[
    bool,
    _option(
        "--condition-on-previous-text",
        help="Tell each window the text before it; windows are read one by one, which is slower.",
        panel=_SPEECH,
    ),
]
AudioTrack = Annotated[
    str | None,
    _option(
        "--audio-track",
        help="Number from 0, or language. [default: one in --language, else the default track]",
        panel=_SPEECH,
    ),
]
DetectionSegments = Annotated[
    int,
    _option(
        "--language-detection-segments",
        help="How many windows of speech vote on the language.",
        panel=_SPEECH,
    ),
]
DetectionThreshold = Annotated[
    float,
    _option(
        "--language-detection-threshold",
        help="Below this probability of the language, doubtful text is taken for noise.",
        panel=_SPEECH,
    ),
]
NoSpeechThreshold = Annotated[
    float,
    _option(
        "--no-speech-threshold",
        help="Silence, if the no-speech probability is above this and text is below --logprob-threshold.",
        panel=_SPEECH,
    ),
]
LogprobThreshold = Annotated[
    float,
    _option(
        "--logprob-threshold",
        help="Text with a lower mean log-probability is decoded again, or taken for silence.",
        panel=_SPEECH,
    ),
]
CompressionThreshold = Annotated[
    float,
    _option(
        "--compression-ratio-threshold",
        help="Text that compresses more is a loop: decoded anew, in halves, with one beam, then drawn.",
        panel=_SPEECH,
    ),
]
KeepDamaged = Annotated[
    bool, _option("--keep-damaged", help="Subtitle the readable part of a damaged file.", panel=_SPEECH)
]

WordTimestamps = Annotated[
    bool | None,
    _option(
        "--word-timestamps/--no-word-timestamps",
        help="Find out when each word is spoken. [default: for {word_time_formats}]",
        panel=_SPEECH,
    ),
]

BeamSize = Annotated[
    int, _option("--beam-size", help="Hypotheses of each window; 1 is greedy, and fastest.", panel=_SEARCH)
]
Patience = Annotated[
    float,
    _option("--patience", help="Stop when beam size times this hypotheses have ended.", panel=_SEARCH),
]
LengthPenalty = Annotated[
    float | None,
    _option(
        "--length-penalty",
        help="0 to 1. [default: the mean log-probability of a token counts]",
        panel=_SEARCH,
    ),
]
Temperature = Annotated[
    float, _option("--temperature", help="0: the likeliest text; above, texts are drawn.", panel=_SEARCH)
]
TemperatureIncrement = Annotated[
    float,
    _option(
        "--temperature-increment-on-fallback",
        help="Added where a text is not likely enough, up to 1; 0: never.",
        panel=_SEARCH,
    ),
]
BestOf = Annotated[int, _option("--best-of", help="Texts drawn at each temperature.", panel=_SEARCH)]

VadFilter = Annotated[
    bool,
    _option(
        "--vad-filter/--no-vad",
        "--vad/--no-vad-filter",
        help="Look for speech, and skip the rest.",
        panel=_VAD,
    ),
]
VadThreshold = Annotated[
    float,
    _option("--vad-threshold", help="Probability from which speech begins; lower finds more.", panel=_VAD),
]
VadNegThreshold = Annotated[
    float | None,
    _option("--vad-neg-threshold", help="Below it speech may end. [default: threshold - 0.15]", panel=_VAD),
]
VadMinSpeech = Annotated[
    int, _option("--vad-min-speech-duration-ms", help="Shorter speech is dropped.", panel=_VAD)
]
VadMaxSpeech = Annotated[
    float, _option("--vad-max-speech-duration-s", help="Longer speech is cut.", panel=_VAD)
]
VadMinSilence = Annotated[
    int, _option("--vad-min-silence-duration-ms", help="Speech ends at a silence this long.", panel=_VAD)
]
VadSpeechPad = Annotated[
    int | None,
    _option(
        "--vad-speech-pad-ms",
        help="Audio kept around speech; by default 1500 after another sound, 200 elsewhere.",
        panel=_VAD,
    ),
]

DeviceName = Annotated[
    str,
    _option(
        "--device", "-d", help="CPU, GPU, GPU.1, NPU, AUTO, AUTO:GPU,CPU, HETERO:GPU,CPU.", panel=_MACHINE
    ),
]
Threads = Annotated[
    int | None, _option("--threads", help="CPU threads. [default: OpenVINO's choice]", panel=_MACHINE)
]
Streams = Annotated[
    int | None, _option("--streams", help="CPU streams. [default: OpenVINO's choice]", panel=_MACHINE)
]
InferencePrecision = Annotated[
    str | None,
    _option(
        "--inference-precision",
        help=(
            "f32, bf16, f16 or int8 (linear layers in 8 bits, CPU). "
            "[default: on the CPU as ovsubs devices shows; the device's own elsewhere]"
        ),
        panel=_MACHINE,
    ),
]
CacheDir = Annotated[
    Path | None, _option("--cache-dir", help="Keep compiled graphs here, for a faster start.", panel=_MACHINE)
]
BatchSize = Annotated[
    int | None,
    _option(
        "--batch-size",
        help="Windows decoded together. [default: up to 10 of 30 s, or more shorter ones, as memory allows]",
        panel=_MACHINE,
    ),
]

ModelDir = Annotated[
    Path | None, typer.Option("--model-dir", help="Where model directories lie. [default: models/]")
]
Offline = Annotated[bool, typer.Option("--offline", "--local-files-only", help="Never touch the network.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no table, errors only.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also say what is passed over in folders, and why.")
]
Profile = Annotated[bool, typer.Option("--profile", help="Show where the time went.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

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

_MEASURE, _RESULTS = "Measurement", "Results"
BenchmarkModels = Annotated[
    list[str],
    typer.Argument(
        help="Models, by name or directory; the first is what the others are compared with.",
        metavar="MODEL...",
    ),
]
DatasetName = Annotated[
    str,
    _option(
        "--dataset",
        help="Folder of audio with transcripts, or an id of the Hub such as openslr/librispeech_asr.",
        panel=_MEASURE,
    ),
]
DatasetPart = Annotated[
    str | None,
    _option("--dataset-part", help="Of a dataset of the Hub: SPLIT or CONFIG:SPLIT.", panel=_MEASURE),
]
Samples = Annotated[
    int | None,
    _option("--samples", help="Number of recordings, drawn by --seed. [default: all]", panel=_MEASURE),
]
Seed = Annotated[
    int | None, _option("--seed", help="Of the draw, with --samples. [default: 0]", panel=_MEASURE)
]
Joined = Annotated[
    bool,
    _option(
        "--joined",
        help="Join the utterances of each LibriSpeech chapter into a long recording.",
        panel=_MEASURE,
    ),
]
Runs = Annotated[int, _option("--runs", help="Runs of each model, by turns.", panel=_MEASURE)]
SpokenLanguage = Annotated[
    str, _option("--language", "-l", help="Of the recordings: code or English name.", panel=_MEASURE)
]
JsonFile = Annotated[
    Path | None, _option("--json", help="Write everything that was measured.", panel=_RESULTS)
]
MarkdownFile = Annotated[Path | None, _option("--markdown", help="Write the table.", panel=_RESULTS)]
PlotFile = Annotated[
    Path | None, _option("--plot", help="Draw errors against speed: .png, .svg or .pdf.", panel=_RESULTS)
]
CheckFile = Annotated[
    Path | None,
    _option("--check", help="A JSON of before; exit code 1 if this run is worse.", panel=_RESULTS),
]
MaxWerDrop = Annotated[
    float | None,
    _option(
        "--max-wer-drop",
        help="With --check: percentage points that the WER may rise. [default: 0.3]",
        panel=_RESULTS,
    ),
]
MaxSlowdown = Annotated[
    float | None,
    _option(
        "--max-slowdown",
        help="With --check: part of the speed beside the first model that may go. [default: not looked at]",
        panel=_RESULTS,
    ),
]

_QUANTIZE = "INT8"
Int8 = Annotated[
    bool,
    _option(
        "--int8", help="Weights and activations in 8 bits, calibrated on speech and judged.", panel=_QUANTIZE
    ),
]
QuantizeModel = Annotated[
    str, typer.Argument(help="Model in floating point, by name or directory.", metavar="MODEL")
]
CalibrationData = Annotated[
    str | None,
    _option(
        "--calibration-data",
        help="Folder of audio, or an id of the Hub. [default: openslr/librispeech_asr, its train.100]",
        panel=_QUANTIZE,
    ),
]
CalibrationPart = Annotated[
    str | None,
    _option("--calibration-part", help="Of a dataset of the Hub: SPLIT or CONFIG:SPLIT.", panel=_QUANTIZE),
]
CalibrationSamples = Annotated[
    int | None,
    _option("--calibration-samples", help="Recordings to calibrate on. [default: 50]", panel=_QUANTIZE),
]
EvaluationData = Annotated[
    str | None,
    _option(
        "--evaluation-data",
        help="Folder of audio with transcripts, or an id of the Hub, to judge on. [default: 100 recordings "
        "of the calibration folder that were not drawn, or of LibriSpeech test-clean]",
        panel=_QUANTIZE,
    ),
]
EvaluationPart = Annotated[
    str | None,
    _option("--evaluation-part", help="Of a dataset of the Hub: SPLIT or CONFIG:SPLIT.", panel=_QUANTIZE),
]
EvaluationSamples = Annotated[
    int | None,
    _option("--evaluation-samples", help="How many recordings to use. [default: all]", panel=_QUANTIZE),
]
MaxWerDropInt8 = Annotated[
    float | None,
    _option(
        "--max-wer-drop",
        help="Discard the result if WER rises more, in percentage points. [default: 0.5; 0.2 with auto]",
        panel=_QUANTIZE,
    ),
]
SmoothQuantEncoder = Annotated[
    float | None,
    _option(
        "--smooth-quant-encoder",
        help="SmoothQuant's alpha, 0 to 1, or -1 for none. [default: 0.5]",
        panel=_QUANTIZE,
    ),
]
SmoothQuantDecoder = Annotated[
    float | None,
    _option(
        "--smooth-quant-decoder",
        help="SmoothQuant's alpha, 0 to 1, or -1 for none. [default: 0.75]",
        panel=_QUANTIZE,
    ),
]
IgnoredEncoderLayers = Annotated[
    list[str] | None,
    _option(
        "--ignored-encoder-layers",
        help="Regular expression of layers to leave; may be repeated.",
        panel=_QUANTIZE,
    ),
]
IgnoredDecoderLayers = Annotated[
    list[str] | None,
    _option(
        "--ignored-decoder-layers",
        help="Regular expression of layers to leave; may be repeated; '' for none. [default: the fc2 layers]",
        panel=_QUANTIZE,
    ),
]
AccurateBiasCorrection = Annotated[
    bool,
    _option(
        "--accurate-bias-correction", help="NNCF's slow bias correction, not its fast one.", panel=_QUANTIZE
    ),
]
CalibrationSeed = Annotated[int, _option("--seed", help="Seed for drawing recordings.", panel=_QUANTIZE)]
CalibrationLanguage = Annotated[
    str | None,
    _option(
        "--language", "-l", help="Of the recordings: code or English name. [default: en]", panel=_QUANTIZE
    ),
]
CheckThreads = Annotated[
    int | None,
    _option(
        "--threads",
        help="CPU threads of recognition and of the check; NNCF takes all. [default: OpenVINO's choice]",
        panel=_QUANTIZE,
    ),
]
QuantizeOutput = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Model directory to make. [default: models/NAME-int8]"),
]

Transcripts = Annotated[
    list[Path],
    typer.Argument(
        help="Transcripts (json) of ovsubs or of openai/whisper.",
        metavar="TRANSCRIPT...",
        readable=False,
        callback=expand_wildcards,
    ),
]

Video = Annotated[Path, typer.Argument(help="It stays as it is.", metavar="VIDEO", readable=False)]
TrackFiles = Annotated[
    list[Path],
    typer.Argument(
        help="SRT, VTT or ASS files; each becomes a track.",
        metavar="SUBTITLES...",
        readable=False,
        callback=expand_wildcards,
    ),
]
DrawnFile = Annotated[
    Path, typer.Argument(help="An SRT, VTT or ASS file.", metavar="SUBTITLES", readable=False)
]
EmbedOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File (mp4, m4v, mov, mkv, webm) or folder. [default: NAME.subtitled.EXT beside the video]",
    ),
]
BurnOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File (mp4, m4v, mov, mkv, webm) or folder. [default: NAME.burned.EXT beside the video]",
    ),
]
TrackLanguages = Annotated[
    list[str] | None,
    typer.Option(
        "--language",
        "-l",
        help="Code or English name; once for each file, in their order. [default: from talk.en.srt]",
    ),
]
TrackTitles = Annotated[
    list[str] | None,
    typer.Option("--title", help="Name of the track; once for each file, in their order."),
]
DefaultTrack = Annotated[
    bool,
    typer.Option(
        "--default/--no-default",
        help="Show the first new track without being asked for, and none that was there.",
    ),
]
ForcedTracks = Annotated[
    bool,
    typer.Option("--forced", help="Flag the new tracks as forced, as talk.en.forced.srt is by its name."),
]
FontSize = Annotated[
    float | None,
    typer.Option("--font-size", help="In 288ths of the picture's height; not for ASS. [default: 16]"),
]
Crf = Annotated[int | None, typer.Option("--crf", help="Quality, lower is better. [default: 20; 31 in webm]")]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset", help="Of x264: ultrafast … placebo, slower is smaller; not in webm. [default: medium]"
    ),
]
VideoOverwrite = Annotated[
    bool, typer.Option("--overwrite", "-y", help="Replace a video that is there; never the one that is read.")
]

_CHECK = "Check"
SubtitleFiles = Annotated[
    list[Path],
    typer.Argument(
        help="Subtitles ({read_formats}), folders with them right inside, or transcripts (json).",
        metavar="FILE...",
        readable=False,
        callback=expand_wildcards,
    ),
]
CheckStyle = Annotated[str, _option("--style", help="Rules of this style: {styles}.", panel=_CHECK)]
CheckLanguage = Annotated[
    str | None,
    _option(
        "--language",
        "-l",
        help="Language of the text: code or name. [default: the transcript's, or as in talk.de.srt, or en]",
        panel=_CHECK,
    ),
]
CheckMedia = Annotated[
    Path | None,
    _option(
        "--media",
        help="Recording to compare with, of all files. [default: the one beside each file, by its name]",
        panel=_CHECK,
    ),
]
NoMedia = Annotated[bool, _option("--no-media", help="Compare with no recording.", panel=_CHECK)]
Review = Annotated[
    int,
    _option(
        "--review",
        help="List the N places of a transcript that are most likely wrong, and why.",
        panel=_CHECK,
    ),
]
CheckJson = Annotated[Path | None, _option("--json", help="Write everything that was found.", panel=_CHECK)]
