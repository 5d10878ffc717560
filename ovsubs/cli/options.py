"""The command line's options: names that people know from other Whisper tools, with their help."""

from pathlib import Path
from typing import Annotated, Any

import typer


def _option(*names: str, help: str, panel: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel)


_OUTPUT, _SPEECH, _SEARCH, _VAD, _MACHINE = "Output", "Speech", "Search", "Voice activity", "Machine"

# Not `readable`, which typer asks for unless told otherwise: one locked file must not stop the others.
Inputs = Annotated[
    list[Path],
    typer.Argument(help="Audio or video files, or folders of them.", metavar="INPUT...", readable=False),
]
OutputDir = Annotated[
    str | None,
    _option(
        "--output-dir",
        "-o",
        help="Folder for the subtitles; '-' prints them. [default: beside each file]",
        panel=_OUTPUT,
    ),
]
OutputFormat = Annotated[
    str,
    _option(
        "--output-format", "-f", help="srt, vtt, txt, tsv, json, several with commas, or all.", panel=_OUTPUT
    ),
]
LanguageSuffix = Annotated[bool, _option("--language-suffix", help="Name them talk.en.srt.", panel=_OUTPUT)]
Overwrite = Annotated[
    bool,
    _option(
        "--overwrite",
        "-y",
        help="Replace subtitles that are there; they are skipped otherwise.",
        panel=_OUTPUT,
    ),
]
MaxLineWidth = Annotated[int, _option("--max-line-width", help="Characters in a line.", panel=_OUTPUT)]
MaxLineCount = Annotated[int, _option("--max-line-count", help="Lines in a cue.", panel=_OUTPUT)]

ModelName = Annotated[
    str,
    _option(
        "--model", "-m", help="Name (tiny.en … large-v3, turbo), Hub id or model directory.", panel=_SPEECH
    ),
]
Language = Annotated[
    str | None, _option("--language", "-l", help="Code or English name. [default: detected]", panel=_SPEECH)
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
        "--audio-track", help="Number from 0, or language. [default: the file's default track]", panel=_SPEECH
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
        "--language-detection-threshold", help="Below it, doubtful text is taken for noise.", panel=_SPEECH
    ),
]
NoSpeechThreshold = Annotated[
    float,
    _option(
        "--no-speech-threshold", help="Silence, if the no-speech probability is above this …", panel=_SPEECH
    ),
]
LogprobThreshold = Annotated[
    float, _option("--logprob-threshold", help="… and the mean log-probability below this.", panel=_SPEECH)
]
CompressionThreshold = Annotated[
    float,
    _option(
        "--compression-ratio-threshold", help="Text that compresses more is a repetition loop.", panel=_SPEECH
    ),
]
KeepDamaged = Annotated[
    bool, _option("--keep-damaged", help="Subtitle what is there of a file that breaks off.", panel=_SPEECH)
]

BeamSize = Annotated[
    int, _option("--beam-size", help="Hypotheses of each window; 1 is greedy, and fastest.", panel=_SEARCH)
]
Patience = Annotated[
    float,
    _option("--patience", help="Search on until beam size times this have ended.", panel=_SEARCH),
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
VadSpeechPad = Annotated[int, _option("--vad-speech-pad-ms", help="Audio kept around speech.", panel=_VAD)]

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
        help="f32, bf16 or f16. [default: bf16 on a CPU that has it, else f32; the device's own elsewhere]",
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
        help="Windows decoded together. [default: up to 12 of 30 s, or more shorter ones, as memory allows]",
        panel=_MACHINE,
    ),
]

ModelDir = Annotated[
    Path | None, typer.Option("--model-dir", help="Where model directories lie. [default: models/]")
]
Offline = Annotated[bool, typer.Option("--offline", "--local-files-only", help="Never touch the network.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no table, errors only.")]
Profile = Annotated[bool, typer.Option("--profile", help="Show where the time went.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

Source = Annotated[
    str,
    typer.Argument(
        help="Name, Hub id, or a Hugging Face or CTranslate2 (faster-whisper) directory.", metavar="SOURCE"
    ),
]
ExportOutput = Annotated[
    Path | None, typer.Option("--output", "-o", help="Model directory to make. [default: models/NAME]")
]
ExportName = Annotated[str | None, typer.Option("--name", help="Name of the model. [default: the source's]")]
Precision = Annotated[
    str, typer.Option("--precision", help="Of the stored weights: fp16, fp32 or int8-weights.")
]
Int8Components = Annotated[
    str,
    typer.Option("--int8-components", help="For int8-weights: all, encoder or decoder; the rest is fp16."),
]
ExportOverwrite = Annotated[
    bool, typer.Option("--overwrite", "-y", help="Replace a model directory that is there.")
]
