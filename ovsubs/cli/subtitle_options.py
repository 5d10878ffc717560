"""The options of the commands that make and check subtitles: names that people know from other tools."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ovsubs.cli.options import MACHINE, SEARCH, option
from ovsubs.cli.wildcards import expand_wildcards

_OUTPUT, _LAYOUT, _SPEECH, _VAD, _CHECK = "Output", "Layout", "Speech", "Voice activity", "Check"

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

Include = Annotated[
    list[str] | None,
    option(
        "--include",
        help="Of a folder only files that match, in patterns of .gitignore; may be given again.",
        panel="Input",
    ),
]
Exclude = Annotated[
    list[str] | None,
    option(
        "--exclude",
        help="Leave out files and folders that match; so does a file .ovsubsignore in a folder.",
        panel="Input",
    ),
]


def _output_dir_option(what: str) -> Any:
    return option(
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
    return option("--output-format", "-f", help=f"{names}, several with commas, or all.", panel=_OUTPUT)


OutputFormat = Annotated[str, _format_option("{formats}")]
RenderFormat = Annotated[str, _format_option("{rendered_formats}")]
LanguageSuffix = Annotated[bool, option("--language-suffix", help="Name them talk.en.srt.", panel=_OUTPUT)]
Overwrite = Annotated[
    bool,
    option(
        "--overwrite",
        "-y",
        help="Replace existing subtitles and copies; otherwise a file is skipped if the names of its "
        "subtitles show the language asked for, or else the detected one.",
        panel=_OUTPUT,
    ),
]
RenderOverwrite = Annotated[
    bool,
    option(
        "--overwrite",
        "-y",
        help="Replace subtitles that are there; they are skipped otherwise.",
        panel=_OUTPUT,
    ),
]
Style = Annotated[
    str,
    option("--style", help="{styles}. With plain each segment is a cue.", panel=_LAYOUT),
]
MaxLineWidth = Annotated[
    int | None,
    option("--max-line-width", help="Characters in a line; East Asian ones count twice.", panel=_LAYOUT),
]
MaxLineCount = Annotated[int | None, option("--max-line-count", help="Lines in a cue.", panel=_LAYOUT)]
MaxWordsPerLine = Annotated[
    int | None, option("--max-words-per-line", help="Words in a line.", panel=_LAYOUT)
]
MaxCps = Annotated[
    float | None, option("--max-cps", help="Reading speed, in characters a second.", panel=_LAYOUT)
]
MinDuration = Annotated[
    int | None, option("--min-duration-ms", help="Shortest time that a cue is displayed.", panel=_LAYOUT)
]
MaxDuration = Annotated[
    int | None, option("--max-duration-ms", help="Longest time that a cue is displayed.", panel=_LAYOUT)
]
MinGap = Annotated[
    int | None, option("--min-gap-ms", help="Between cues. [netflix: two frames]", panel=_LAYOUT)
]
ChainGap = Annotated[
    int | None,
    option(
        "--chain-gap-ms", help="Shorter gaps are reduced to --min-gap-ms. [netflix: 12 frames]", panel=_LAYOUT
    ),
]
FrameRate = Annotated[
    float | None,
    option(
        "--frame-rate", help="Cues begin and end on its frames. [default: on milliseconds]", panel=_LAYOUT
    ),
]
StripSdh = Annotated[
    bool,
    option("--strip-sdh", help="Leave out [sounds], music notes and who speaks.", panel=_LAYOUT),
]
HighlightWords = Annotated[
    bool,
    option("--highlight-words", help="Show which word is spoken ({word_formats}).", panel=_LAYOUT),
]
VttSettings = Annotated[
    str,
    option("--vtt-settings", help='vtt cue settings, such as "line:85% align:center".', panel=_LAYOUT),
]
EmbedAfter = Annotated[
    bool,
    option(
        "--embed",
        help="Also copy each video with the subtitles, new ones or those that are there, as a track: "
        "NAME.subtitled.EXT.",
        panel=_OUTPUT,
    ),
]
BurnAfter = Annotated[
    bool,
    option(
        "--burn",
        help="Also make each video with the subtitles, new ones or those that are there, in its picture: "
        "NAME.burned.EXT.",
        panel=_OUTPUT,
    ),
]
ReviewAfter = Annotated[
    int,
    option(
        "--review", help="List the N places of each file that are most likely wrong, and why.", panel=_OUTPUT
    ),
]
Resume = Annotated[
    bool,
    option(
        "--resume",
        help="Go on where an earlier run was cut off, within a file, too; as ovsubs batch does.",
        panel=_OUTPUT,
    ),
]
ModelName = Annotated[
    str,
    option(
        "--model", "-m", help="Name (tiny.en … large-v3, turbo), Hub id or model directory.", panel=_SPEECH
    ),
]
Language = Annotated[
    str | None,
    option(
        "--language",
        "-l",
        help="Code or English name; of Chinese zh-Hans (as zh), zh-Hant, zh-TW, zh-HK. [default: detected]",
        panel=_SPEECH,
    ),
]
Task = Annotated[str, option("--task", help="transcribe, or translate into English.", panel=_SPEECH)]
Multilingual = Annotated[
    bool,
    option("--multilingual", help="Several languages in one file: each window has its own.", panel=_SPEECH),
]
Languages = Annotated[
    str | None,
    option("--languages", help="With --multilingual: only these, with commas between.", panel=_SPEECH),
]
InitialPrompt = Annotated[
    str | None,
    option("--initial-prompt", help="Text to go on from: names, spelling, style.", panel=_SPEECH),
]
Hotwords = Annotated[str | None, option("--hotwords", help="Words to expect.", panel=_SPEECH)]
ConditionOnPrevious = Annotated[
    bool,
    option(
        "--condition-on-previous-text",
        help="Tell each window the text before it; windows are read one by one, which is slower.",
        panel=_SPEECH,
    ),
]
AudioTrack = Annotated[
    str | None,
    option(
        "--audio-track",
        help="Number from 0, or language. [default: one in --language, else the default track]",
        panel=_SPEECH,
    ),
]
DetectionSegments = Annotated[
    int,
    option(
        "--language-detection-segments",
        help="How many windows of speech vote on the language.",
        panel=_SPEECH,
    ),
]
DetectionThreshold = Annotated[
    float,
    option(
        "--language-detection-threshold",
        help="Below this probability of the language, doubtful text is taken for noise.",
        panel=_SPEECH,
    ),
]
NoSpeechThreshold = Annotated[
    float,
    option(
        "--no-speech-threshold",
        help="Silence, if the no-speech probability is above this and text is below --logprob-threshold.",
        panel=_SPEECH,
    ),
]
LogprobThreshold = Annotated[
    float,
    option(
        "--logprob-threshold",
        help="Text with a lower mean log-probability is decoded again, or taken for silence.",
        panel=_SPEECH,
    ),
]
CompressionThreshold = Annotated[
    float,
    option(
        "--compression-ratio-threshold",
        help="Text that compresses more is a loop: decoded anew, in halves, with one beam, then drawn.",
        panel=_SPEECH,
    ),
]
KeepDamaged = Annotated[
    bool, option("--keep-damaged", help="Subtitle the readable part of a damaged file.", panel=_SPEECH)
]
WordTimestamps = Annotated[
    bool | None,
    option(
        "--word-timestamps/--no-word-timestamps",
        help="Find out when each word is spoken. [default: for {word_time_formats}]",
        panel=_SPEECH,
    ),
]
Patience = Annotated[
    float,
    option("--patience", help="Stop when beam size times this hypotheses have ended.", panel=SEARCH),
]
LengthPenalty = Annotated[
    float | None,
    option(
        "--length-penalty",
        help="0 to 1. [default: the mean log-probability of a token counts]",
        panel=SEARCH,
    ),
]
Temperature = Annotated[
    float, option("--temperature", help="0: the likeliest text; above, texts are drawn.", panel=SEARCH)
]
TemperatureIncrement = Annotated[
    float,
    option(
        "--temperature-increment-on-fallback",
        help="Added where a text is not likely enough, up to 1; 0: never.",
        panel=SEARCH,
    ),
]
BestOf = Annotated[int, option("--best-of", help="Texts drawn at each temperature.", panel=SEARCH)]
VadFilter = Annotated[
    bool,
    option(
        "--vad-filter/--no-vad",
        "--vad/--no-vad-filter",
        help="Look for speech, and skip the rest.",
        panel=_VAD,
    ),
]
VadThreshold = Annotated[
    float,
    option("--vad-threshold", help="Probability from which speech begins; lower finds more.", panel=_VAD),
]
VadNegThreshold = Annotated[
    float | None,
    option("--vad-neg-threshold", help="Below it speech may end. [default: threshold - 0.15]", panel=_VAD),
]
VadMinSpeech = Annotated[
    int, option("--vad-min-speech-duration-ms", help="Shorter speech is dropped.", panel=_VAD)
]
VadMaxSpeech = Annotated[
    float, option("--vad-max-speech-duration-s", help="Longer speech is cut.", panel=_VAD)
]
VadMinSilence = Annotated[
    int, option("--vad-min-silence-duration-ms", help="Speech ends at a silence this long.", panel=_VAD)
]
VadSpeechPad = Annotated[
    int | None,
    option(
        "--vad-speech-pad-ms",
        help="Audio kept around speech; by default 1500 after another sound, 200 elsewhere.",
        panel=_VAD,
    ),
]
Streams = Annotated[
    int | None, option("--streams", help="CPU streams. [default: OpenVINO's choice]", panel=MACHINE)
]
CacheDir = Annotated[
    Path | None, option("--cache-dir", help="Keep compiled graphs here, for a faster start.", panel=MACHINE)
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also say what is passed over in folders, and why.")
]
Profile = Annotated[bool, typer.Option("--profile", help="Show where the time went.")]
Transcripts = Annotated[
    list[Path],
    typer.Argument(
        help="Transcripts (json) of ovsubs or of openai/whisper.",
        metavar="TRANSCRIPT...",
        readable=False,
        callback=expand_wildcards,
    ),
]
SubtitleFiles = Annotated[
    list[Path],
    typer.Argument(
        help="Subtitles ({read_formats}), folders with them right inside, or transcripts (json).",
        metavar="FILE...",
        readable=False,
        callback=expand_wildcards,
    ),
]
CheckStyle = Annotated[str, option("--style", help="Rules of this style: {styles}.", panel=_CHECK)]
CheckLanguage = Annotated[
    str | None,
    option(
        "--language",
        "-l",
        help="Language of the text: code or name. [default: the transcript's, or as in talk.de.srt, or en]",
        panel=_CHECK,
    ),
]
CheckMedia = Annotated[
    Path | None,
    option(
        "--media",
        help="Recording to compare with, of all files. [default: the one beside each file, by its name]",
        panel=_CHECK,
    ),
]
NoMedia = Annotated[bool, option("--no-media", help="Compare with no recording.", panel=_CHECK)]
Review = Annotated[
    int,
    option(
        "--review",
        help="List the N places of a transcript that are most likely wrong, and why.",
        panel=_CHECK,
    ),
]
CheckJson = Annotated[Path | None, option("--json", help="Write everything that was found.", panel=_CHECK)]
