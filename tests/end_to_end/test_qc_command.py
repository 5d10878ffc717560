"""`ovsubs qc` as a person uses it, on files of others and on real speech."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended, run_process
from rights import AS_A_USER
from systems import needs_permissions

Run = Callable[..., Ended]

GOOD = "1\n00:00:00,000 --> 00:00:02,000\nEver tried.\n\n2\n00:00:02,000 --> 00:00:04,000\nEver failed.\n"
WIDE = GOOD.replace("Ever failed.", "x" * 50).replace("00:00:02,000 -->", "00:00:02,010 -->")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.srt"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    path = tmp_path / "wide.srt"
    path.write_text(WIDE, encoding="utf-8")
    return path


def test_good_subtitles_are_one_line(ovsubs: Run, good: Path) -> None:
    assert ovsubs("qc", good) == Ended(
        0, f"{good}: 2 cues, 5.5 characters a second (median), 0 too fast, 0 others\n", ""
    )


def test_findings_are_counted_and_shown(ovsubs: Run, wide: Path) -> None:
    ended = ovsubs("qc", wide)

    assert (ended.code, ended.err) == (1, "")
    assert ended.out == (
        f"{wide}: 2 cues, 5.5 characters a second (median), 1 too fast, 2 others\n"
        "\n"
        "       finding        count  worst          limit\n"
        "error  line too wide  1      50 columns     42 columns\n"
        "error  too fast       1      25.1 a second  20.0 a second\n"
        "error  gap too small  1      10 ms          83 ms\n"
        "\n"
        "time      cue  finding        value          text\n"
        f"0:02.010  2    gap too small  10 ms          {'x' * 50}\n"
        f"0:02.010  2    too fast       25.1 a second  {'x' * 50}\n"
        f"0:02.010  2    line too wide  50 columns     {'x' * 50}\n"
    )


def test_every_file_is_told_even_beside_broken_ones(ovsubs: Run, good: Path, wide: Path) -> None:
    broken = good.with_name("broken.srt")
    broken.write_text("nothing", encoding="utf-8")

    ended = ovsubs("qc", good.with_name("absent.srt"), good.parent)

    assert ended.code == 1
    assert ended.complaints == [
        f"{good.with_name('absent.srt')}: no such file; check the path",
        f"{broken}: not readable as subtitles (there is no cue in it); check that a player shows them",
    ]
    assert [line.split(": ")[0] for line in ended.out.splitlines() if " cues, " in line] == [
        str(good),
        str(wide),
    ]


def test_warnings_alone_are_well(ovsubs: Run, good: Path) -> None:
    good.write_text(GOOD.replace("Ever failed", "Ever tried"), encoding="utf-8")

    ended = ovsubs("qc", good)

    assert ended.code == 0
    assert "\nwarning  same text again  1      2 times  1 time\n" in ended.out


def test_quiet_says_only_what_cannot_be_read(ovsubs: Run, wide: Path) -> None:
    assert ovsubs("qc", "-q", wide) == Ended(1, "", "")
    assert ovsubs("qc", "-q", wide, "--style", "plain") == Ended(0, "", "")
    assert ovsubs("qc", "-q", wide.with_name("a.srt")).complaints == [
        f"{wide.with_name('a.srt')}: no such file; check the path"
    ]


def test_the_encoding_is_told(ovsubs: Run, good: Path) -> None:
    good.write_bytes(GOOD.replace("Ever", "Déjà").encode("cp1252"))
    ended = ovsubs("qc", good)
    assert ended.code == 0
    assert ended.complaints == [
        f"{good}: read as Windows-1252, since it is not UTF-8; if letters look wrong, save it as UTF-8"
    ]


def test_json_holds_everything(ovsubs: Run, good: Path, wide: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.json"

    ended = ovsubs("qc", good, wide, tmp_path / "absent.srt", "--json", out, "-q", "--style", "plain")
    plain = json.loads(out.read_text(encoding="utf-8"))
    ovsubs("qc", wide, "--json", out, "-q")
    netflix = json.loads(out.read_text(encoding="utf-8"))["files"][0]

    assert ended.code == 1
    assert plain["style"] == "plain"
    assert [file["is_well"] for file in plain["files"]] == [True, True, False]
    assert plain["files"][2]["error"].endswith("absent.srt: no such file; check the path")
    assert plain["files"][0]["rules"]["max_cps"] is None
    assert netflix["figures"]["n_cues"] == 2
    assert netflix["findings"][0] == {
        "kind": "line_too_wide",
        "level": "error",
        "cue": 2,
        "start_ms": 2010,
        "value": 50,
        "limit": 42,
        "unit": "columns",
        "text": "x" * 50,
    }


def test_a_json_that_cannot_be_written_is_told(ovsubs: Run, good: Path, tmp_path: Path) -> None:
    ended = ovsubs("qc", good, "--json", tmp_path / "absent" / "found.json")
    assert ended.code == 1
    assert len(ended.complaints) == 1
    assert ended.complaints[0].startswith(f"{tmp_path / 'absent' / 'found.json'}: cannot be written")
    assert ended.complaints[0].endswith("; choose another place for it")  # there is no --output-dir


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--style", "mtv"),
            "--style = 'mtv' is not valid: choose from netflix, bbc, youtube, tiktok, plain",
        ),
        (
            ("--language", "Klingon"),
            "unknown language 'Klingon'; give a code such as 'de' or an English name such as 'German'",
        ),
        (
            ("--review", "3"),
            "--review = 3 is not valid: it goes with a transcript (.json), and absent.srt is none",
        ),
        (("--review", "-1"), "--review = -1 is not valid: give at least 0"),
        (
            ("--media", "a.mp4", "--no-media"),
            "--media = 'a.mp4' is not valid: with --no-media nothing is heard",
        ),
    ],
)
def test_a_wrong_call_ends_with_2(ovsubs: Run, arguments: tuple[str, ...], line: str) -> None:
    assert ovsubs("qc", "absent.srt", *arguments) == Ended(2, "", f"ovsubs: {line}\n")


def test_the_speech_of_a_video_is_heard(ovsubs: Run, talk: Path, tmp_path: Path) -> None:
    shutil.copy(talk, tmp_path / "talk.mp4")
    path = tmp_path / "talk.en.srt"
    path.write_text(GOOD, encoding="utf-8")

    ended, deaf = ovsubs("qc", path), ovsubs("qc", path, "--no-media")
    elsewhere = ovsubs("qc", shutil.copy(path, tmp_path / "other.srt"), "--media", talk)

    assert (ended.code, deaf.code, elsewhere.code) == (0, 0, 0)
    assert "warning  speech without text  1 " in ended.out
    assert "speech without text" not in deaf.out
    assert elsewhere.out == ended.out.replace("talk.en.srt", "other.srt")


def test_doubtful_places_of_a_transcript_are_named(ovsubs: Run, tmp_path: Path) -> None:
    path = tmp_path / "talk.json"  # as openai/whisper writes it
    path.write_text(json.dumps({"text": "", "language": "en", "segments": [
        said(0.0, 4.0, " I think that it will rain."),
        said(4.0, 8.0, " Thank you.", temperature=0.8, avg_logprob=-1.2),
    ]}), encoding="utf-8")  # fmt: skip

    ended = ovsubs("qc", path, "--review", "5")

    assert ended.code == 0
    review = ended.out[ended.out.index("\nreview") :].splitlines()[1:]
    assert review[0].split() == ["review", "why", "text"]
    assert len(review) == 2
    assert review[1].startswith(
        "0:04.000  sure of the text by 30 % only; drawn by chance, at temperature 0.8"
    )
    assert review[1].endswith("  Thank you.")


def said(start: float, end: float, text: str, **more: float) -> dict[str, Any]:
    usual = {"avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.01, "temperature": 0.0}
    return {"id": 0, "seek": 0, "start": start, "end": end, "text": text, "tokens": [], **usual, **more}


def test_subtitles_made_by_others_are_checked(recordings: Callable[[str], Path]) -> None:
    film = recordings("video/friday.vtt")

    ended = run_process("qc", film, "--style", "youtube")

    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith(f"{film}: 5 cues, 23.5 characters a second (median), 1 too fast, ")
    assert "speech without text" not in ended.out


HOSTILE = ("redos_pi.srt", "deep.ttml", "big.ttml", "int400.json", "1e308.json", "durnull.json")


def test_files_that_cannot_be_read_are_named_and_the_others_checked(
    ovsubs: Run, good: Path, cases: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "odd"
    (odd / "folder.srt").mkdir(parents=True)
    (odd / "gone.srt").symlink_to("away.srt")
    (odd / "zeros.srt").write_bytes(b"\0" * 1000)
    (odd / "latin.srt").write_bytes(GOOD.replace("tried", "caf\u00e9").encode("cp1252"))
    (odd / "wide.srt").write_bytes(GOOD.encode("utf-16"))
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    (odd / "laughs.ttml").write_text(
        f'<!DOCTYPE tt [<!ENTITY a0 "ha">{laughs}]><tt><body><p begin="0s" end="1s">&a9;</p></body></tt>'
    )
    bad = [
        *(cases / "hostile" / name for name in HOSTILE),
        *(odd / name for name in ("folder.srt", "gone.srt", "zeros.srt", "laughs.ttml")),
    ]

    ended = ovsubs("qc", *bad, odd / "latin.srt", odd / "wide.srt", good, odd)

    assert ended.code == 1
    assert "Traceback" not in ended.err
    told = [line for line in ended.complaints if "read as Windows-1252" not in line]
    assert [line.partition(": ")[0] for line in told] == [
        *map(str, bad),
        *(str(odd / name) for name in ("laughs.ttml", "zeros.srt")),
    ]
    assert all(len(line) < 400 for line in told)
    assert "it defines entities of its own" in ended.err
    assert f"{good}: 2 cues" in ended.out
    assert ended.out.count(f"{odd / 'wide.srt'}: 2 cues") == 2


def test_a_line_of_300_kb_is_cut(ovsubs: Run, cases: Path) -> None:
    ended = ovsubs("qc", cases / "hostile" / "long_line.srt")

    assert ended.code == 1
    assert "line too wide" in ended.out
    assert max(map(len, ended.out.splitlines())) < 200


@needs_permissions
def test_a_folder_that_cannot_be_looked_into_stops_nobody(good: Path, tmp_path: Path) -> None:
    for name, mode in (("unread", 0o300), ("unentered", 0o600), ("closed", 0)):
        (tmp_path / name).mkdir()
        shutil.copy(good, tmp_path / name)
        (tmp_path / name).chmod(mode)

    folders = [tmp_path / name for name in ("unread", "unentered", "closed")]
    ended = run_process("qc", *folders, good, before=AS_A_USER)
    for folder in folders:
        folder.chmod(0o700)

    assert ended.code == 1
    assert [line.partition(": ")[0] for line in ended.complaints] == list(map(str, folders))
    assert f"{good}: 2 cues" in ended.out
