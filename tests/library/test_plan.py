"""Which files are worked on, which are left as they are, and which are refused. Real files, no model."""

import os
import shutil
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from systems import names_here

from ovsubs.audio.ffmpeg import ask_ffmpeg
from ovsubs.errors import InvalidOption, UnknownFormat
from ovsubs.library.file_result import FileResult, Status
from ovsubs.library.find import PassedOver
from ovsubs.library.plan import Plan, PlannedFile, SubtitleOptions, decide, make_plan, plan_in_language
from ovsubs.library.videos import VideoOptions
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.formats import FormatOptions
from ovsubs.subtitles.styles import LayoutOptions

MakeWav = Callable[..., Path]
SUFFIXED = SubtitleOptions(language_suffix=True)
COPIED = SubtitleOptions(videos=VideoOptions(embed=True, burn=True))
ONE_CUE = "1\n00:00:00,000 --> 00:00:01,000\nEver tried.\n"


@pytest.fixture
def wav(tmp_path: Path) -> MakeWav:
    """Makes a recording of silence: `wav("talk.wav", seconds=2.5)`."""

    def make(name: str, seconds: float = 1.0) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(bytes(2 * round(seconds * 16_000)))
        return path

    return make


def names(plan: Plan) -> list[str]:
    return [file.path.name for file in plan.files]


def only_reason(plan: Plan) -> str:
    (result,) = plan.settled
    return result.why


def test_nothing_named_nothing_planned() -> None:
    assert make_plan([], SubtitleOptions()) == Plan((), ())


def test_a_file_is_planned_with_its_duration_and_formats(wav: MakeWav) -> None:
    talk = wav("talk.wav", seconds=2.5)

    plan = make_plan([talk], SubtitleOptions(formats=("srt", "json")))

    (file,) = plan.files
    assert (file.path, file.formats) == (talk, ("srt", "json"))
    assert file.duration == pytest.approx(2.5, abs=0.01)
    assert plan.settled == ()


def test_durations_add_up(wav: MakeWav) -> None:
    plan = make_plan([wav("a.wav", 2.0), wav("b.wav", 3.0), wav("empty.wav", 0.0)], SubtitleOptions())

    assert [file.duration for file in plan.files] == pytest.approx([2.0, 3.0, 0.0], abs=0.02)
    assert names(plan) == ["a.wav", "b.wav", "empty.wav"]


def test_a_folder_stands_for_the_media_in_it_and_below_it(wav: MakeWav, tmp_path: Path) -> None:
    for name in ("season/b.wav", "season/a.WAV", "season/deeper/c.wav"):
        wav(name)
    (tmp_path / "season" / "notes.txt").write_text("x")

    plan = make_plan([tmp_path / "season"], SubtitleOptions())
    assert names(plan) == ["a.WAV", "b.wav", "c.wav"]
    assert [left_out.path.name for left_out in plan.passed_over] == ["notes.txt"]
    assert names(make_plan([tmp_path / "season"], SubtitleOptions(recursive=False))) == ["a.WAV", "b.wav"]


def test_inputs_keep_the_order_in_which_they_are_named(wav: MakeWav, tmp_path: Path) -> None:
    later, folder_file = wav("z.wav"), wav("folder/m.wav")
    first = wav("a.wav")

    plan = make_plan([later, folder_file.parent, first], SubtitleOptions())

    assert names(plan) == ["z.wav", "m.wav", "a.wav"]


def test_bad_inputs_are_settled_and_the_others_planned(wav: MakeWav, tmp_path: Path) -> None:
    talk = wav("talk.wav")
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.mp4").touch()

    plan = make_plan([tmp_path / "x", tmp_path / "empty", tmp_path / "nothing.mp4", talk], SubtitleOptions())

    assert names(plan) == ["talk.wav"]
    assert [result.status for result in plan.settled] == [Status.FAILED] * 3
    assert [result.path.name for result in plan.settled] == ["x", "empty", "nothing.mp4"]
    assert all(result.why.startswith(f"{result.path}: ") for result in plan.settled)


def test_a_track_that_is_not_there_is_refused_before_any_work(wav: MakeWav) -> None:
    talk = wav("talk.wav")

    plan = make_plan([talk], SubtitleOptions(transcribe=TranscribeOptions(audio_track=1)))

    assert plan.files == ()
    assert only_reason(plan) == f"{talk}: no audio track 1; this file has: 0"


def test_only_the_formats_that_are_missing_are_planned(wav: MakeWav) -> None:
    talk = wav("talk.wav")
    talk.with_suffix(".vtt").write_text("")
    options = SubtitleOptions(formats=("srt", "vtt", "txt"))

    assert [file.formats for file in make_plan([talk], options).files] == [("srt", "txt")]
    assert [file.formats for file in make_plan([talk], replace(options, overwrite=True)).files] == [
        ("srt", "vtt", "txt")
    ]


def test_a_file_with_all_its_subtitles_is_skipped(wav: MakeWav) -> None:
    talk = wav("talk.wav")
    there = talk.with_suffix(".srt")
    there.write_text("")

    plan = make_plan([talk], SubtitleOptions())

    (result,) = plan.settled
    assert plan.files == ()
    assert (result.path, result.status, result.outputs) == (talk, Status.SKIPPED, (there,))
    assert result.why == f"{there}: already there; use `overwrite` to replace it"


def test_subtitles_beside_the_file_are_not_those_in_the_output_folder(wav: MakeWav, tmp_path: Path) -> None:
    talk = wav("talk.wav")
    talk.with_suffix(".srt").write_text("")

    plan = make_plan([talk], SubtitleOptions(output_dir=tmp_path / "subtitles"))

    assert names(plan) == ["talk.wav"]
    assert not (tmp_path / "subtitles").exists()  # planning writes nothing


def undecided(plan: Plan) -> list[str]:
    assert not any(file.is_decided for file in plan.undecided)
    return [file.path.name for file in plan.undecided]


@pytest.mark.parametrize("language", ["ja", "yue", "und"])  # und: nobody speaks
def test_the_language_that_is_heard_decides_whether_subtitles_are_there(wav: MakeWav, language: str) -> None:
    talk = wav("talk.wav", seconds=2.5)
    there = talk.with_name(f"talk.{language}.srt")
    there.write_text("")

    plan = make_plan([talk], SUFFIXED)
    in_german = plan_in_language(plan.undecided[0], "de", SUFFIXED)
    in_that = plan_in_language(plan.undecided[0], language, SUFFIXED)

    assert (names(plan), plan.settled, undecided(plan)) == ([], (), ["talk.wav"])
    assert isinstance(in_german, PlannedFile)
    assert (in_german.path, in_german.formats, in_german.is_decided) == (talk, ("srt",), True)
    assert in_german.duration == pytest.approx(2.5, abs=0.01)
    assert isinstance(in_that, FileResult)
    spoken = {"ja": ", and Japanese is spoken", "yue": ", and Cantonese is spoken", "und": ""}[language]
    assert in_that.why == f"{there}: already there{spoken}; use `overwrite` to replace it"


def test_what_was_undecided_stands_behind_the_rest(wav: MakeWav) -> None:
    heard, settled = wav("a.wav"), wav("b.wav")
    plan = make_plan([wav("c.wav"), wav("d.wav")], SUFFIXED)
    result = FileResult(settled, Status.SKIPPED)

    decided = decide(
        replace(plan, undecided=plan.files, passed_over=(PassedOver(heard, "hidden"),)),
        [PlannedFile(heard, ("srt",)), result, PlannedFile(settled, ())],
    )

    assert names(decided) == ["c.wav", "d.wav", "a.wav"]
    assert (decided.settled, undecided(decided)) == ((result,), [])
    assert [file.path for file in decided.copies] == [settled]
    assert len(decided.passed_over) == 1


@pytest.mark.parametrize(
    ("there", "options"),
    [
        ("talk.srt", SUFFIXED),  # in whatever language
        ("talk.de.forced.srt", SUFFIXED),
        ("talk.de.vtt", SUFFIXED),  # another format
        ("talk.de.srt", replace(SUFFIXED, overwrite=True)),
        ("talk.de.srt", replace(SUFFIXED, transcribe=TranscribeOptions(language="en"))),
        ("talk.de.srt", replace(SUFFIXED, transcribe=TranscribeOptions(task="translate"))),
        ("talk.de.forced.srt", SubtitleOptions()),
        ("talk.forced.srt", SubtitleOptions()),
    ],
)
def test_no_language_is_heard_where_it_decides_nothing(
    wav: MakeWav, there: str, options: SubtitleOptions
) -> None:
    talk = wav("talk.wav")
    talk.with_name(there).write_text("")

    plan = make_plan([talk], options)

    assert (names(plan), undecided(plan)) == (["talk.wav"], [])


@pytest.mark.parametrize(
    "name", ["ep.eng.srt", "ep.en-US.srt", "ep.en.cc.srt", "ep.en.sdh.srt", "ep.en.hi.srt", "ep.English.srt"]
)
@pytest.mark.parametrize("language_suffix", [True, False])
def test_subtitles_are_there_under_the_names_of_media_servers(
    wav: MakeWav, name: str, language_suffix: bool
) -> None:
    episode = wav("ep.wav")
    there = episode.with_name(name)
    there.write_text("")
    options = SubtitleOptions(TranscribeOptions(language="en"), language_suffix=language_suffix)

    (skipped,) = make_plan([episode], options).settled

    assert (skipped.status, skipped.outputs) == (Status.SKIPPED, (there,))
    output = "ep.en.srt" if language_suffix else "ep.srt"
    assert skipped.why == f"{there}: already there; use `overwrite` to write {output} all the same"
    german = replace(options, transcribe=TranscribeOptions(language="de"))
    assert names(make_plan([episode], german)) == ["ep.wav"]


@pytest.mark.parametrize(
    "there", ["ep.en.forced.srt", "ep.forced.en.srt", "ep.hi.srt", "ep.commentary.en.srt"]
)
@pytest.mark.parametrize("language_suffix", [True, False])
def test_what_holds_other_text_is_no_subtitles(wav: MakeWav, there: str, language_suffix: bool) -> None:
    episode = wav("ep.wav")
    episode.with_name(there).write_text("")
    options = SubtitleOptions(TranscribeOptions(language="en"), language_suffix=language_suffix)

    assert names(make_plan([episode], options)) == ["ep.wav"]


@pytest.mark.parametrize("there", ["talk.srt", "talk.sdh.srt"])
def test_without_a_language_in_names_any_subtitles_count(wav: MakeWav, there: str) -> None:
    talk = wav("talk.wav")
    talk.with_name(there).write_text("")
    talk.with_name("talk.de.srt").write_text("")

    (skipped,) = make_plan([talk], SubtitleOptions()).settled

    assert skipped.outputs == (talk.with_name(there),)


def test_without_a_language_in_names_those_of_the_language_that_is_spoken_count(wav: MakeWav) -> None:
    talk = wav("talk.wav")
    talk.with_name("talk.de.srt").write_text("")
    (file,) = make_plan([talk], SubtitleOptions()).undecided

    skipped = plan_in_language(file, "de", SubtitleOptions())
    wanted = plan_in_language(file, "en", SubtitleOptions())

    assert isinstance(skipped, FileResult)
    assert skipped.why == (
        f"{talk.with_name('talk.de.srt')}: already there, and German is spoken;"
        " use `overwrite` to write talk.srt all the same"
    )
    assert isinstance(wanted, PlannedFile)
    assert wanted.formats == ("srt",)


def test_subtitles_of_another_recording_block_nobody(wav: MakeWav) -> None:
    movie, italian = wav("Movie.wav"), wav("Movie.it.wav")
    there = italian.with_suffix(".srt")
    there.write_text("")

    without = make_plan([movie, italian], SubtitleOptions())
    suffixed = make_plan([movie, italian], SUFFIXED)
    in_english = plan_in_language(suffixed.undecided[0], "en", SUFFIXED)
    in_italian = plan_in_language(suffixed.undecided[0], "it", SUFFIXED)

    assert (names(without), only_reason(without)[: len(str(there))]) == (["Movie.wav"], str(there))
    assert (names(suffixed), undecided(suffixed)) == (["Movie.it.wav"], ["Movie.wav"])
    assert isinstance(in_english, PlannedFile)
    assert in_english.formats == ("srt",)
    assert isinstance(in_italian, FileResult)  # it is not taken for the other's, and does not take its place
    assert in_italian.status == Status.SKIPPED
    assert in_italian.why.startswith(f"{movie}: its subtitles {there} are those of {italian} already;")
    for replacing in (replace(SUFFIXED, overwrite=True), replace(COPIED, language_suffix=True)):
        plan = make_plan([movie], replacing)
        refused = plan_in_language(plan.undecided[0], "it", replacing)
        assert isinstance(refused, FileResult)
        assert refused.status == Status.FAILED
    there.unlink()
    assert names(make_plan([movie, italian], SUFFIXED)) == ["Movie.wav", "Movie.it.wav"]


def test_subtitles_that_say_their_language_are_shown_before_those_that_do_not(
    wav: MakeWav, tmp_path: Path
) -> None:
    talk = wav("talk.wav")
    for name in ("talk.srt", "talk.en.srt"):
        (tmp_path / name).write_text(ONE_CUE)
    options = replace(COPIED, transcribe=TranscribeOptions(language="en"))

    assert [file.shown for file in make_plan([talk], options).copies] == [tmp_path / "talk.en.srt"]
    assert [file.shown for file in make_plan([talk], COPIED).copies] == [tmp_path / "talk.srt"]


@pytest.mark.parametrize("there", ["talk.srt", "talk.part2.srt", "talk.xx.srt", "talk.en.vtt"])
def test_other_files_with_a_similar_name_are_no_subtitles_of_it(wav: MakeWav, there: str) -> None:
    talk = wav("talk.wav")
    talk.with_name(there).write_text("")

    assert names(make_plan([talk], SUFFIXED)) == ["talk.wav"]


@pytest.mark.parametrize(
    ("transcribe", "there", "is_skipped"),
    [
        (TranscribeOptions(language="German"), "talk.de.srt", True),
        (TranscribeOptions(language="German"), "talk.en.srt", False),
        (TranscribeOptions(language="de", task="translate"), "talk.en.srt", True),
        (TranscribeOptions(language="de", task="translate"), "talk.de.srt", False),
        (TranscribeOptions(task="translate"), "talk.fr.srt", False),
    ],
)
def test_a_known_language_is_there_in_that_language_only(
    wav: MakeWav, transcribe: TranscribeOptions, there: str, is_skipped: bool
) -> None:
    talk = wav("talk.wav")
    talk.with_name(there).write_text("")

    plan = make_plan([talk], replace(SUFFIXED, transcribe=transcribe))

    assert names(plan) == ([] if is_skipped else ["talk.wav"])


def test_two_files_that_would_share_subtitles_clash(wav: MakeWav, tmp_path: Path) -> None:
    one, other = wav("monday/talk.wav"), wav("tuesday/talk.wav")
    into_one = SubtitleOptions(output_dir=tmp_path / "out")

    plan = make_plan([one, other], into_one)

    assert names(plan) == ["talk.wav"]
    assert only_reason(plan) == (
        f"{other}: its subtitles {tmp_path / 'out' / 'talk.srt'} are those of {one} already;"
        " give one of them another `output_dir`"
    )
    assert plan.settled[0].status == Status.FAILED
    assert len(make_plan([one, other], SubtitleOptions()).files) == 2


def test_a_clash_is_seen_whatever_is_there_already(wav: MakeWav, tmp_path: Path) -> None:
    """Else the second run over two such files would give the second one's subtitles the first one's name."""
    one, other = wav("talk.wav"), wav("talk.wave.wav").rename(tmp_path / "talk.w64")
    options = SubtitleOptions(formats=("srt", "vtt"))
    one.with_suffix(".srt").write_text("")

    plan = make_plan([one, other], options)

    assert [(file.path, file.formats) for file in plan.files] == [(one, ("vtt",))]
    assert only_reason(plan).startswith(f"{other}: its subtitles ")
    one.with_suffix(".vtt").write_text("")
    assert [result.status for result in make_plan([one, other], options).settled] == [
        Status.SKIPPED,
        Status.FAILED,
    ]


def test_a_file_that_cannot_be_read_claims_no_subtitles(wav: MakeWav, tmp_path: Path) -> None:
    broken = tmp_path / "talk.mp4"
    broken.write_bytes(b"not a video")

    plan = make_plan([broken, wav("talk.wav")], SubtitleOptions())

    assert names(plan) == ["talk.wav"]
    assert only_reason(plan).startswith(f"{broken}: not readable")


def test_the_folders_below_a_named_one_are_kept_in_the_output_folder(wav: MakeWav, tmp_path: Path) -> None:
    for name in ("lectures/a/talk.wav", "lectures/b/talk.wav", "lectures/talk.wav", "more/a/talk.wav"):
        wav(name)
    out = tmp_path / "out"
    options = SubtitleOptions(output_dir=out)

    plan = make_plan([tmp_path / "lectures"], options)
    both = make_plan([tmp_path / "lectures", tmp_path / "more"], options)
    twice = make_plan([tmp_path / "lectures", tmp_path / "lectures" / "a"], options)
    (out / "b").mkdir(parents=True)
    (out / "b" / "talk.srt").write_text("")
    again = make_plan([tmp_path / "lectures"], options)

    outputs = [file.outputs(options)["srt"] for file in plan.files]
    assert outputs == [out / "talk.srt", out / "a" / "talk.srt", out / "b" / "talk.srt"]
    assert len(both.files) == 3
    assert only_reason(both).startswith(f"{tmp_path / 'more/a/talk.wav'}: its subtitles {out / 'a/talk.srt'}")
    assert len(twice.files) == 3
    assert only_reason(twice) == f"{tmp_path / 'lectures/a/talk.wav'}: named twice"
    assert only_reason(again).startswith(f"{out / 'b/talk.srt'}: already there")
    assert len(again.files) == 2


def test_a_file_named_twice_is_worked_on_once(
    wav: MakeWav, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = wav("folder/talk.wav")
    monkeypatch.chdir(tmp_path)
    relative, roundabout = Path("folder/talk.wav"), tmp_path / "folder" / ".." / "folder" / "talk.wav"

    plan = make_plan([talk, talk.parent, relative, roundabout], SubtitleOptions())

    assert [file.path for file in plan.files] == [talk]
    assert [result.status for result in plan.settled] == [Status.SKIPPED] * 3
    assert [result.why for result in plan.settled] == [
        f"{path}: named twice" for path in (talk, relative, roundabout)
    ]


def test_an_output_folder_below_a_file_is_refused_before_any_work(wav: MakeWav) -> None:
    talk = wav("talk.wav")

    plan = make_plan([talk], SubtitleOptions(output_dir=talk / "subtitles"))

    assert plan.files == ()
    assert f"({talk} is not a folder)" in only_reason(plan)


def test_odd_names_are_kept_as_they_are(wav: MakeWav) -> None:
    odd = names_here(["-n 5 [x] %d.wav", "日本語 🎬.wav", "no\\slash.wav", "two.dots.wav", "a:b.wav"])

    plan = make_plan([wav(name) for name in odd], SubtitleOptions())

    assert names(plan) == odd


def test_options_are_checked_when_they_are_made() -> None:
    with pytest.raises(InvalidOption, match="name at least one"):
        SubtitleOptions(formats=())
    with pytest.raises(UnknownFormat, match="docx"):
        SubtitleOptions(formats=("srt", "docx"))


def test_planning_changes_no_file(wav: MakeWav, tmp_path: Path) -> None:
    talk = wav("talk.wav")
    shutil.copy(talk, tmp_path / "copy.wav")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    make_plan(
        [tmp_path], SubtitleOptions(formats=("srt", "vtt"), output_dir=tmp_path / "out", overwrite=True)
    )

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_copy_that_is_there_is_not_replaced_unless_asked(wav: MakeWav, tmp_path: Path) -> None:
    talk = wav("talk.wav")
    (tmp_path / "talk.subtitled.wav").touch()

    assert only_reason(make_plan([talk], COPIED)).startswith(
        f"{tmp_path / 'talk.subtitled.wav'}: already there; use `overwrite`"
    )
    assert names(make_plan([talk], replace(COPIED, overwrite=True))) == ["talk.wav"]
    assert names(make_plan([talk], SubtitleOptions())) == ["talk.wav"]


def test_a_copy_that_is_missing_is_made_of_the_subtitles_that_are_there(wav: MakeWav, tmp_path: Path) -> None:
    talk, vtt = wav("talk.wav"), tmp_path / "talk.vtt"
    srt = tmp_path / "talk.srt"
    for path in (srt, vtt):
        path.write_text(ONE_CUE)
    (tmp_path / "talk.subtitled.wav").touch()
    options = replace(COPIED, formats=("vtt", "srt"))

    only_copies = make_plan([talk], options)
    with_text = make_plan([talk], replace(options, formats=("srt", "txt")))
    (tmp_path / "talk.burned.mp4").touch()  # there is no burning into a wav
    nothing = make_plan([talk], options)
    only_text = make_plan([talk], replace(options, formats=("srt", "txt")))

    (copied,) = only_copies.copies
    assert (copied.formats, copied.videos, copied.shown) == ((), VideoOptions(burn=True), srt)
    assert (only_copies.files, only_copies.settled) == ((), ())
    (heard,) = with_text.files
    assert (heard.formats, heard.videos, heard.shown) == (("txt",), VideoOptions(burn=True), srt)
    assert [(file.formats, file.videos, file.shown) for file in only_text.files] == [
        (("txt",), VideoOptions(), None)
    ]
    assert [result.status for result in nothing.settled] == [Status.SKIPPED]
    assert only_reason(nothing) == (
        f"{tmp_path / 'talk.subtitled.wav'}: already there; without it, it is made anew of {srt}"
    )


def test_a_copy_is_planned_once_in_its_folder_of_the_subtitles_in_the_language_that_is_spoken(
    wav: MakeWav, tmp_path: Path
) -> None:
    talk, there = wav("talk.wav"), tmp_path / "out" / "talk.de.srt"
    there.parent.mkdir()
    there.write_text(ONE_CUE)
    options = replace(COPIED, language_suffix=True, output_dir=tmp_path / "out")

    plan = make_plan([talk, talk], options)
    in_german, in_french = (plan_in_language(plan.undecided[0], code, options) for code in ("de", "fr"))

    assert undecided(plan) == ["talk.wav"]
    assert only_reason(plan) == f"{talk}: named twice"
    assert isinstance(in_german, PlannedFile)
    assert (in_german.formats, in_german.shown, in_german.language) == ((), there, "de")
    assert isinstance(in_french, PlannedFile)
    assert (in_french.formats, in_french.shown) == (("srt",), None)


def test_a_copy_shows_subtitles_in_the_language_that_is_asked_for(wav: MakeWav, tmp_path: Path) -> None:
    talk = wav("talk.wav")
    for name in ("talk.de.srt", "talk.eng.sdh.srt", "talk.en.forced.srt"):
        (tmp_path / name).write_text(ONE_CUE)

    def shown(language: str, *, suffix: bool) -> str | None:
        options = replace(COPIED, transcribe=TranscribeOptions(language=language), language_suffix=suffix)
        plan = make_plan([talk], options)
        (file,) = (*plan.files, *plan.copies)
        assert file.language == language
        return file.shown and file.shown.name

    for suffix in (True, False):
        assert shown("en", suffix=suffix) == "talk.eng.sdh.srt"
        assert shown("de", suffix=suffix) == "talk.de.srt"
        assert shown("fr", suffix=suffix) is None


def test_a_silent_video_can_have_a_copy(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ask_ffmpeg(["-f", "lavfi", "-i", "color=s=64x64:r=10:d=3", str(film)])
    (tmp_path / "film.srt").write_text(ONE_CUE)

    (copied,) = make_plan([film], COPIED).copies

    assert copied.duration == pytest.approx(3.0, abs=0.1)


def test_a_copy_of_a_video_that_cannot_be_read_is_settled(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"no video")
    (tmp_path / "talk.srt").write_text(ONE_CUE)

    (failed,) = make_plan([tmp_path / "talk.mp4"], COPIED).settled

    assert failed.status == Status.FAILED


def test_words_without_times_cannot_be_highlighted() -> None:
    highlighted = FormatOptions(highlight_words=True)
    with pytest.raises(InvalidOption, match="no word has a time"):
        SubtitleOptions(format=highlighted)
    SubtitleOptions(TranscribeOptions(word_timestamps=True), format=highlighted)


def test_hidden_files_of_a_folder_are_no_media(wav: MakeWav, tmp_path: Path) -> None:
    wav("talk.wav")
    (tmp_path / "._talk.wav").write_bytes(b"\0\5\x16\7")  # as macOS leaves them

    assert names(make_plan([tmp_path], SubtitleOptions())) == ["talk.wav"]


def test_no_copy_is_missed_where_nobody_speaks(wav: MakeWav, tmp_path: Path) -> None:
    talk = wav("talk.wav")
    (tmp_path / "talk.srt").touch()

    (skipped,) = make_plan([talk], COPIED).settled

    assert skipped.status == Status.SKIPPED


def test_a_layout_is_refused_where_no_format_has_one() -> None:
    for layout in (LayoutOptions(strip_sdh=True), LayoutOptions(style="bbc"), LayoutOptions(max_cps=12)):
        with pytest.raises(InvalidOption, match="txt, json has no layout"):
            SubtitleOptions(layout=layout, formats=("txt", "json"))
        SubtitleOptions(layout=layout, formats=("txt", "vtt"))


def test_a_copy_never_takes_the_place_of_another_input(wav: MakeWav) -> None:
    talk, copy = wav("talk.wav"), wav("talk.subtitled.wav")

    plan = make_plan([talk, copy], replace(COPIED, overwrite=True))

    assert only_reason(plan).startswith(f"{copy}: it is one of the files to read")
    assert names(plan) == ["talk.subtitled.wav"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_recording_that_has_the_name_of_its_subtitles_stays(
    speech_sample: Path, tmp_path: Path, overwrite: bool
) -> None:
    talk = tmp_path / "talk.srt"
    shutil.copy(speech_sample, talk)
    (tmp_path / "soft.srt").symlink_to(shutil.copy(speech_sample, tmp_path / "soft.wav"))
    os.link(shutil.copy(speech_sample, tmp_path / "hard.wav"), tmp_path / "hard.srt")
    (tmp_path / "other.srt").symlink_to(tmp_path / "soft.wav")  # another one of the recordings
    shutil.copy(speech_sample, tmp_path / "other.wav")
    inputs = [talk, *(tmp_path / f"{name}.wav" for name in ("soft", "hard", "other"))]

    plan = make_plan(inputs, SubtitleOptions(overwrite=overwrite))

    assert plan.files == ()
    assert [(result.status, result.why.partition(": ")[2].partition(",")[0]) for result in plan.settled] == [
        (Status.FAILED, "it is one of the files to read")
    ] * 4
    assert [file.path for file in make_plan(inputs, SubtitleOptions(formats=("vtt",))).files] == inputs
