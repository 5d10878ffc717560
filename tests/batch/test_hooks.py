"""Programs and servers are told of files, and none of them stops or slows the run."""

import json
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from leaving import is_running, wait_until
from systems import needs_linux, needs_posix

from ovsubs.batch.hooks.messages import file_message, run_message
from ovsubs.batch.hooks.notifier import Notifier, run_when_done
from ovsubs.batch.hooks.options import HookLimits, HookOptions, MediaServer, ServerKind, media_servers
from ovsubs.batch.record import BatchReport, FileRecord, FileState
from ovsubs.errors import InvalidOption
from ovsubs.subtitles.qc.review import ReviewItem

QUICK = HookLimits(command_s=30, request_s=10, back_off_s=(0.01, 0.02), gather_s=0.2, close_s=60)
# The last is no UTF-8: on POSIX the bytes FF and E9, on Windows halves of pairs.
ODD_NAMES = ["a b.mkv", "new\nline.mkv", "qu\"o't`e$HOME.mkv", "🎬 é.mkv", "\udcff\udce9.mkv"]


def done(path: Path, **changes: Any) -> FileRecord:
    record = FileRecord(
        path,
        FileState.DONE,
        attempt=1,
        duration=61.5,
        work_s=10.0,
        language="en",
        n_cues=3,
        outputs=(path.with_suffix(".en.srt"), path.with_suffix(".en.vtt")),
        doubtful=(ReviewItem(0, 900, "Hm.", ("low probability",), 0.7),),
        finished=1_790_000_000.0,
    )
    return replace(record, **changes)


def failed(path: Path) -> FileRecord:
    return FileRecord(path, FileState.FAILED, why="no audio stream", error_code="no_audio_stream", attempt=2)


@dataclass
class Seen:
    """A request that came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server of loopback: what came, and what it answers, the last one from then on."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"")])
    pause_s: float = 0.0
    location: str = ""
    is_over: threading.Event = field(default_factory=threading.Event)

    def bodies(self) -> list[Any]:
        return [json.loads(one.body) for one in self.seen]

    def lines(self) -> list[str]:
        return [one.line for one in self.seen]


@contextmanager
def serving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            receiver.seen.append(Seen(f"{self.command} {self.path}", dict(self.headers.items()), body))
            receiver.is_over.wait(receiver.pause_s)
            status, said = receiver.answers[0]
            if len(receiver.answers) > 1:
                receiver.answers.pop(0)
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = _handle

        def log_message(self, *_: object) -> None:
            pass

        def log_error(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that has gone is what these tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield receiver
        finally:
            receiver.is_over.set()
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as one:
        yield one


def refused_url() -> str:
    """Where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def refusal() -> str:
    """What this system says of a server that is not there."""
    host, _, port = refused_url().removeprefix("http://").partition(":")
    with pytest.raises(ConnectionRefusedError) as caught:
        socket.create_connection((host, int(port)), timeout=10)
    return str(caught.value.strerror)


def python(code: str) -> str:
    return shlex.join([sys.executable.replace("\\", "/"), "-c", code])


def tell_all(options: HookOptions, records: list[FileRecord], limits: HookLimits = QUICK) -> list[str]:
    """What is said while so many files are told of."""
    said = list[str]()
    with Notifier(options, said.append, limits) as notifier:
        for record in records:
            notifier.tell(record)
    return said


# ---- options


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("", "give a command"),
        ("  ", "give a command"),
        ("sh -c 'x", "no closing quotation"),
        ("no-such-program-here --x", "no program 'no-such-program-here'"),
    ],
)
@pytest.mark.parametrize("option", ["on_done", "when_done"])
def test_a_command_that_cannot_run_is_refused(option: str, command: str, why: str) -> None:
    with pytest.raises(InvalidOption, match=why) as caught:
        HookOptions(**{option: command})
    assert caught.value.option == option


@pytest.mark.parametrize(
    "url",
    ["", "server", "server:80", "ftp://server/", "file:///etc/passwd", "http://", "http:///x", "http://s:port/",
     "http://s:99999/", "http://s:0/", "http://s/a b", "http://s/\n", "http://s/é", "http://[::1"],
)  # fmt: skip
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidOption, match="webhook"):
        HookOptions(webhook=url)
    with pytest.raises(InvalidOption, match="plex"):
        MediaServer(ServerKind.PLEX, url, "t")


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidOption, match="not sent") as caught:
        HookOptions(webhook="https://me:s3cret@server:x/")
    assert "s3cret" not in str(caught.value)


def test_urls_that_servers_have_are_taken() -> None:
    for url in (
        "http://nas:8096",
        "https://example.org/jellyfin/",
        "http://[::1]:32400",
        "http://192.168.0.2",
    ):
        assert media_servers({"OVSUBS_EMBY_TOKEN": "t"}, emby=url)[0].url == url
    assert HookOptions(webhook="https://hooks.example.org/a?b=c").webhook


def test_tokens_come_from_the_environment_and_are_not_shown() -> None:
    environ = {"OVSUBS_JELLYFIN_TOKEN": "aaa", "OVSUBS_EMBY_TOKEN": "bbb", "OVSUBS_PLEX_TOKEN": "ccc"}
    servers = media_servers(environ, jellyfin="http://j", emby="http://e", plex="http://p")
    assert [(one.kind, one.url, one.token) for one in servers] == [
        ("jellyfin", "http://j", "aaa"),
        ("emby", "http://e", "bbb"),
        ("plex", "http://p", "ccc"),
    ]
    assert "aaa" not in repr(HookOptions(servers=servers))
    assert media_servers(environ) == ()


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "OVSUBS_PLEX_TOKEN is not set"),
        ("a\nb", "no token has"),
        ('a"b', "no token has"),
        ("é", "no token has"),
    ],
)
def test_a_server_without_its_token_is_refused(token: str, why: str) -> None:
    with pytest.raises(InvalidOption, match=why) as caught:
        media_servers({"OVSUBS_PLEX_TOKEN": token}, plex="http://p")
    assert not token or token not in str(caught.value)


def test_a_server_with_a_question_mark_is_refused() -> None:
    with pytest.raises(InvalidOption, match="server alone"):
        MediaServer(ServerKind.EMBY, "http://e/?api_key=x", "t")


# ---- messages


def test_what_is_told_of_a_file(tmp_path: Path) -> None:
    assert json.loads(file_message(done(tmp_path / "a.mkv")).body) == {
        "event": "file_done",
        "file": str(tmp_path / "a.mkv"),
        "subtitles": [str(tmp_path / "a.en.srt"), str(tmp_path / "a.en.vtt")],
        "language": "en",
        "seconds": 61.5,
        "work_seconds": 10.0,
        "why": "",
        "error_code": "",
        "attempt": 1,
        "n_cues": 3,
        "n_doubtful": 1,
        "finished": 1_790_000_000.0,
    }
    told = json.loads(file_message(failed(tmp_path / "a.mkv")).body)
    assert (told["event"], told["why"], told["error_code"]) == (
        "file_failed",
        "no audio stream",
        "no_audio_stream",
    )
    assert file_message(replace(failed(tmp_path), state=FileState.SKIPPED)).event == "file_skipped"


@pytest.mark.parametrize("state", [FileState.WAITING, FileState.RUNNING])
def test_of_a_file_that_has_not_ended_nothing_is_told(state: FileState) -> None:
    with pytest.raises(ValueError, match="nothing to tell yet"):
        file_message(FileRecord(Path("a.mkv"), state))


def test_places_are_told_from_the_root_on() -> None:
    assert json.loads(file_message(done(Path("a.mkv"))).body)["file"] == str(Path.cwd() / "a.mkv")


def report_of(*records: FileRecord) -> BatchReport:
    return BatchReport((Path("/media"),), 1.0, 5.0, "base", "a processor", records)


def test_what_is_told_of_a_run() -> None:
    waiting = FileRecord(Path("c"), FileState.WAITING)
    told = json.loads(
        run_message(report_of(done(Path("a")), done(Path("b")), failed(Path("d")), waiting)).body
    )
    counts = {str(state): told.pop(state) for state in FileState}
    assert counts == {"waiting": 1, "running": 0, "done": 2, "skipped": 0, "failed": 1}
    assert told == {
        "event": "run_done",
        "roots": [str(Path("/media").absolute())],
        "model": "base",
        "began": 1.0,
        "ended": 5.0,
        "seconds": 123.0,
    }


# ---- programs

RECORD = (
    "import os, sys, pathlib; pathlib.Path({place!r}).open('ab').write(sys.stdin.buffer.read() + b'\\n'"
    " + b'|'.join(os.fsencode(os.environ['OVSUBS_' + name]) for name in"
    " ('EVENT', 'FILE', 'SUBTITLES', 'LANGUAGE')) + b'\\0')"
)


def told_to(place: Path) -> list[tuple[Any, bytes]]:
    """The JSON and the variables of each call."""
    calls = place.read_bytes().split(b"\0")[:-1]
    return [(json.loads(body), variables) for body, _, variables in (call.partition(b"\n") for call in calls)]


@needs_posix
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_program_is_told_of_any_name(tmp_path: Path, name: str) -> None:
    path, place = tmp_path / name, tmp_path / "told"
    record = done(path, outputs=(tmp_path / f"{name}.srt", tmp_path / f"{name}.vtt"))
    assert tell_all(HookOptions(on_done=python(RECORD.format(place=str(place)))), [record]) == []
    ((body, variables),) = told_to(place)
    file = os.fsencode(path)
    assert variables == b"file_done|%b|%b.srt:%b.vtt|en" % (file, file, file)
    shown = "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in str(path))
    assert (body["file"], body["subtitles"]) == (shown, [f"{shown}.srt", f"{shown}.vtt"])


def test_a_program_is_told_of_files_in_their_order(tmp_path: Path) -> None:
    place, names = tmp_path / "told", [tmp_path / f"{n}.mkv" for n in range(4)]
    options = HookOptions(on_done=python(RECORD.format(place=str(place))))
    assert tell_all(options, [*map(done, names[:3]), failed(names[3])]) == []
    assert [body["file"] for body, _ in told_to(place)] == [str(name) for name in names]
    assert told_to(place)[3][0]["event"] == "file_failed"


def test_no_shell_reads_a_command(tmp_path: Path) -> None:
    place = tmp_path / "$(x) ; y"
    assert (
        tell_all(HookOptions(on_done=python(RECORD.format(place=str(place)))), [done(tmp_path / "a")]) == []
    )
    assert len(told_to(place)) == 1


def test_what_a_program_writes_is_not_ours(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = "import sys; print('x' * 2_000_000); print('y', file=sys.stderr)"
    assert tell_all(HookOptions(on_done=python(code)), [done(tmp_path / "a")]) == []
    assert capfd.readouterr() == ("", "")


def test_the_last_line_of_a_program_that_fails_is_said_once_and_how_often_it_was(tmp_path: Path) -> None:
    code = (
        "import sys, os; print('1'); print('disk full', os.environ['OVSUBS_FILE'][-1:], '\\n'); sys.exit(3)"
    )
    said = tell_all(HookOptions(on_done=python(code)), [done(tmp_path / name) for name in "abc"])
    assert said == ["on_done ended with 3: disk full a", "on_done ended with 3: 3 times"]


def test_a_program_that_fails_without_a_word(tmp_path: Path) -> None:
    assert tell_all(HookOptions(on_done=python("raise SystemExit(4)")), [done(tmp_path / "a")]) == [
        "on_done ended with 4"
    ]


def test_a_program_that_writes_no_text(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 40 + b'\\n\\x1b[31m\\xff!'); sys.exit(1)"
    assert tell_all(HookOptions(on_done=python(code)), [done(tmp_path / "a")]) == [
        "on_done ended with 1: �[31m�!"
    ]


@needs_posix
def test_a_program_that_is_gone_meanwhile(tmp_path: Path) -> None:
    program = tmp_path / "notify"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    options = HookOptions(on_done=str(program))
    program.unlink()
    assert tell_all(options, [done(tmp_path / "a")]) == [
        "on_done cannot be started: No such file or directory"
    ]


@needs_linux
def test_a_program_that_never_ends_is_ended_with_its_children(tmp_path: Path) -> None:
    place = tmp_path / "pids"
    options = HookOptions(on_done=f"sh -c 'sleep 600 & echo $$ $! >{place}; wait'")
    said = tell_all(options, [done(tmp_path / "a")], replace(QUICK, command_s=1.0))
    assert said == ["on_done was ended after 1 s"]
    pids = [int(pid) for pid in place.read_text(encoding="utf-8").split()]
    assert len(pids) == 2
    wait_until(lambda: not any(map(is_running, pids)), "a child is left")


@needs_linux
def test_what_a_program_leaves_in_the_background_is_not_waited_for(tmp_path: Path) -> None:
    place, began = tmp_path / "pid", time.monotonic()
    assert (
        tell_all(HookOptions(on_done=f"sh -c 'sleep 600 & echo $! >{place}'"), [done(tmp_path / "a")]) == []
    )
    assert time.monotonic() - began < 60
    os.kill(int(place.read_text(encoding="utf-8")), 9)


@needs_linux
def test_the_run_does_not_wait_for_a_program_and_ends_it_in_the_end(tmp_path: Path) -> None:
    said, place = list[str](), tmp_path / "pid"
    options = HookOptions(on_done=f"sh -c 'echo $$ >{place}; exec sleep 600'")
    with Notifier(options, said.append, replace(QUICK, command_s=600, close_s=0.5)) as notifier:
        began = time.monotonic()
        for n in range(100):
            notifier.tell(done(tmp_path / f"{n}.mkv"))
        assert time.monotonic() - began < 5
        wait_until(lambda: place.exists() and place.read_text(encoding="utf-8"), "it was not started")
        closing = time.monotonic()
    assert time.monotonic() - closing < 30
    assert said == ["on_done was ended with the run", "not told of when the run ended: 99 events"]
    assert not is_running(int(place.read_text(encoding="utf-8")))


def test_an_error_nobody_thought_of_is_said_and_the_next_file_told_of(tmp_path: Path) -> None:
    place = tmp_path / "told"
    options = HookOptions(on_done=python(RECORD.format(place=str(place))))
    said = tell_all(options, [done(tmp_path / "a", language="\0"), done(tmp_path / "b")])
    null = "byte" if os.name == "posix" else "character"
    assert said == [f"hooks: ValueError: embedded null {null}"]
    assert len(told_to(place)) == 1


def test_at_the_end_of_the_run_a_program_is_told_of_it(tmp_path: Path) -> None:
    place, said = tmp_path / "told", list[str]()
    run_when_done(HookOptions(), report_of(), said.append)
    run_when_done(HookOptions(when_done=python(RECORD.format(place=str(place)))), report_of(), said.append)
    assert told_to(place) == [(json.loads(run_message(report_of()).body), b"run_done|||")]
    run_when_done(HookOptions(when_done=python("raise SystemExit('no way')")), report_of(), said.append)
    assert said == ["when_done ended with 1: no way"]


# ---- a webhook


def test_a_webhook_has_each_event_as_json(receiver: Receiver, tmp_path: Path) -> None:
    said, records = list[str](), [done(tmp_path / name) for name in ODD_NAMES] + [failed(tmp_path / "x")]
    with Notifier(HookOptions(webhook=f"{receiver.url}/hook?a=b"), said.append, QUICK) as notifier:
        for record in records:
            notifier.tell(record)
        notifier.tell_run(report_of(*records))
    assert said == []
    assert [body["event"] for body in receiver.bodies()] == ["file_done"] * 5 + ["file_failed", "run_done"]
    assert receiver.seen[0].body == file_message(records[0]).body
    assert set(receiver.lines()) == {"POST /hook?a=b"}
    assert receiver.seen[0].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_what_may_pass_is_tried_again(receiver: Receiver, tmp_path: Path, status: int) -> None:
    receiver.answers = [(status, b""), (status, b""), (200, b"")]
    assert tell_all(HookOptions(webhook=receiver.url), [done(tmp_path / "a")]) == []
    assert len(receiver.seen) == 3


def test_after_the_third_try_the_next_file_is_told_of(receiver: Receiver, tmp_path: Path) -> None:
    receiver.answers = [(500, b"")] * 3 + [(200, b"")]
    said = tell_all(HookOptions(webhook=receiver.url), [done(tmp_path / "a"), done(tmp_path / "b")])
    assert said == ["webhook (127.0.0.1) answers 500 Internal Server Error"]
    assert [Path(body["file"]).name for body in receiver.bodies()] == ["a", "a", "a", "b"]


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_what_is_refused_is_not_tried_again(receiver: Receiver, tmp_path: Path, status: int) -> None:
    receiver.answers = [(status, b"no")]
    (said,) = tell_all(HookOptions(webhook=receiver.url), [done(tmp_path / "a")])
    assert said.startswith(f"webhook (127.0.0.1) answers {status} ")
    assert len(receiver.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(receiver: Receiver, tmp_path: Path, status: int) -> None:
    with serving() as other:
        receiver.answers, receiver.location = [(status, b"")], f"{other.url}/elsewhere"
        said = tell_all(HookOptions(webhook=receiver.url), [done(tmp_path / "a")])
    assert said == [f"webhook (127.0.0.1) has moved ({status}): name its new address"]
    assert (len(receiver.seen), other.seen) == (1, [])


def test_a_secret_in_a_url_is_not_said(tmp_path: Path) -> None:
    (said,) = tell_all(HookOptions(webhook=f"{refused_url()}/s3cret"), [done(tmp_path / "a")])
    assert said == f"webhook (127.0.0.1) cannot be reached: {refusal()}"


def test_a_server_that_never_answers_costs_the_run_nothing(receiver: Receiver, tmp_path: Path) -> None:
    receiver.pause_s, began, said = 600.0, time.monotonic(), list[str]()
    limits = replace(QUICK, request_s=0.3, close_s=1.5)
    with Notifier(HookOptions(webhook=receiver.url), said.append, limits) as notifier:
        for n in range(50):
            notifier.tell(done(tmp_path / f"{n}.mkv"))
        assert time.monotonic() - began < 5
    assert time.monotonic() - began < 60
    assert said[0] == "webhook (127.0.0.1) does not answer within 0.3 s"
    assert "not told of when the run ended" in said[-1]


def test_a_server_that_listens_and_does_nothing_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said = tell_all(HookOptions(webhook=url), [done(tmp_path / "a")], replace(QUICK, request_s=0.2))
    assert said == ["webhook (127.0.0.1) does not answer within 0.2 s"]


def test_a_slow_server_is_waited_for(receiver: Receiver, tmp_path: Path) -> None:
    receiver.pause_s = 0.3
    assert tell_all(HookOptions(webhook=receiver.url), [done(tmp_path / "a"), done(tmp_path / "b")]) == []
    assert len(receiver.seen) == 2


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 2000 x\r\n\r\n"])
def test_what_is_no_server_of_the_web_is_said(tmp_path: Path, said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(3):
                with server.accept()[0] as one:
                    one.recv(65536)
                    one.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        (note,) = tell_all(HookOptions(webhook=url), [done(tmp_path / "a")])
        thread.join()
    assert note.startswith("webhook (127.0.0.1) cannot be reached: ")


def test_a_proxy_of_the_environment_is_used(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", receiver.url)
    monkeypatch.setenv("no_proxy", "")
    assert tell_all(HookOptions(webhook="http://hooks.example.org/x"), [done(tmp_path / "a")]) == []
    assert receiver.lines() == ["POST http://hooks.example.org/x"]


def test_a_receiver_that_is_down_keeps_nothing_from_the_others(tmp_path: Path) -> None:
    place = tmp_path / "told"
    options = HookOptions(on_done=python(RECORD.format(place=str(place))), webhook=refused_url())
    said = tell_all(options, [done(tmp_path / "a"), done(tmp_path / "b")])
    note = f"webhook (127.0.0.1) cannot be reached: {refusal()}"
    assert said == [note, f"{note}: 2 times"]
    assert len(told_to(place)) == 2


def test_events_beyond_what_may_wait_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ovsubs.batch.hooks.notifier._N_WAITING", 3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = HookOptions(webhook=f"http://127.0.0.1:{silent.getsockname()[1]}")
        said = list[str]()
        with Notifier(
            options, said.append, replace(QUICK, request_s=60, back_off_s=(), close_s=0.1)
        ) as notifier:
            notifier.tell(done(tmp_path / "0"))
            with silent.accept()[0] as first:
                first.recv(1)  # it is on its way
                for n in range(1, 10):
                    notifier.tell(done(tmp_path / str(n)))
                notifier.close()
    assert said == ["not told of when the run ended: 10 events"]


# ---- media servers


def servers_of(receiver: Receiver, kind: ServerKind) -> HookOptions:
    return HookOptions(servers=(MediaServer(kind, f"{receiver.url}/base/", "t0ken"),))


@pytest.mark.parametrize("kind", [ServerKind.JELLYFIN, ServerKind.EMBY])
def test_jellyfin_and_emby_are_told_of_all_videos_at_once(
    receiver: Receiver, tmp_path: Path, kind: ServerKind
) -> None:
    receiver.answers = [(204, b"")]
    names = [tmp_path / "S1" / f"{n}.mkv" for n in range(3)]
    assert tell_all(servers_of(receiver, kind), [*map(done, names), done(names[0])]) == []
    assert receiver.lines() == ["POST /base/Library/Media/Updated"]
    assert receiver.bodies() == [
        {"Updates": [{"Path": str(name), "UpdateType": "Created"} for name in names]}
    ]
    headers = {name.lower(): value for name, value in receiver.seen[0].headers.items()}
    assert headers["x-emby-token"] == "t0ken"
    wanted = 'MediaBrowser Token="t0ken"' if kind is ServerKind.JELLYFIN else None
    assert headers.get("authorization") == wanted


def test_servers_are_told_of_new_subtitles_only(receiver: Receiver, tmp_path: Path) -> None:
    skipped = replace(failed(tmp_path / "b"), state=FileState.SKIPPED)
    records = [failed(tmp_path / "a"), skipped, done(tmp_path / "c", outputs=())]
    assert tell_all(servers_of(receiver, ServerKind.EMBY), records) == []
    assert receiver.seen == []


def test_files_are_gathered_for_a_while_and_then_told_of(receiver: Receiver, tmp_path: Path) -> None:
    said = list[str]()
    with Notifier(servers_of(receiver, ServerKind.EMBY), said.append, QUICK) as notifier:
        notifier.tell(done(tmp_path / "a"))
        notifier.tell(done(tmp_path / "b"))
        wait_until(lambda: len(receiver.seen) == 1, "nothing came")
        notifier.tell(done(tmp_path / "c"))
        wait_until(lambda: len(receiver.seen) == 2, "nothing came")
    assert [[Path(one["Path"]).name for one in body["Updates"]] for body in receiver.bodies()] == [
        ["a", "b"],
        ["c"],
    ]
    assert said == []


def sections(**places: list[Path]) -> bytes:
    directories = [
        {
            "key": key,
            "title": key,
            "Location": [{"id": n, "path": str(place)} for n, place in enumerate(those)],
        }
        for key, those in places.items()
    ]
    return json.dumps({"MediaContainer": {"size": len(places), "Directory": directories}}).encode()


def test_plex_is_told_of_each_folder_once_in_the_library_that_holds_it(
    receiver: Receiver, tmp_path: Path
) -> None:
    tv, films = tmp_path / "TV", tmp_path / "TV films & more"
    receiver.answers = [(200, sections(a1=[tmp_path / "x", tv], b2=[films], c3=[tv / "Deep"])), (200, b"")]
    files = [tv / "S1/1.mkv", tv / "S1/2.mkv", films / "é.mkv", tv / "Deep/1.mkv"]
    assert tell_all(servers_of(receiver, ServerKind.PLEX), [*map(done, files)]) == []
    assert [line.replace(_quoted(tmp_path), "").replace("%5C", "%2F") for line in receiver.lines()] == [
        "GET /base/library/sections",
        "GET /base/library/sections/a1/refresh?path=%2FTV%2FS1",
        "GET /base/library/sections/b2/refresh?path=%2FTV%20films%20%26%20more",
        "GET /base/library/sections/c3/refresh?path=%2FTV%2FDeep",
    ]
    headers = {name.lower(): value for name, value in receiver.seen[0].headers.items()}
    assert (headers["x-plex-token"], headers["accept"]) == ("t0ken", "application/json")


def _quoted(path: Path) -> str:
    return str(path).replace("/", "%2F").replace("\\", "%5C").replace(":", "%3A")


@needs_posix
def test_plex_is_told_of_a_folder_whose_name_is_no_utf_8(receiver: Receiver, tmp_path: Path) -> None:
    receiver.answers = [(200, sections(a=[tmp_path])), (200, b"")]
    file = tmp_path / os.fsdecode(b"\xff") / "a.mkv"
    assert tell_all(servers_of(receiver, ServerKind.PLEX), [done(file)]) == []
    assert receiver.lines()[1].endswith("%2F%FF")


def test_a_folder_that_plex_does_not_know_is_said(receiver: Receiver, tmp_path: Path) -> None:
    receiver.answers = [(200, sections(a=[Path("/data/tv")]))]
    said = tell_all(servers_of(receiver, ServerKind.PLEX), [done(tmp_path / "a b/1.mkv")])
    assert said == [f"plex has no library with such a folder: {tmp_path / 'a b'}"]
    assert len(receiver.seen) == 1


@pytest.mark.parametrize(
    "body", [b"", b"<MediaContainer/>", b"[]", b"{}", b'{"MediaContainer": {"Directory": [1]}}']
)
def test_what_plex_does_not_say_is_said(receiver: Receiver, tmp_path: Path, body: bytes) -> None:
    receiver.answers = [(200, body)]
    said = tell_all(servers_of(receiver, ServerKind.PLEX), [done(tmp_path / "a")])
    assert said == ["plex answers something else than its libraries"]


@pytest.mark.parametrize("kind", list(ServerKind))
def test_a_wrong_token_is_said(receiver: Receiver, tmp_path: Path, kind: ServerKind) -> None:
    receiver.answers = [(401, b"")]
    said = tell_all(servers_of(receiver, kind), [done(tmp_path / "a")])
    assert said == [f"{kind} answers 401 Unauthorized"]


def test_nobody_to_tell_is_fine(tmp_path: Path) -> None:
    assert tell_all(HookOptions(), [done(tmp_path / "a")]) == []


def test_a_run_that_fails_is_closed_too(receiver: Receiver, tmp_path: Path) -> None:
    def fail() -> None:
        with Notifier(HookOptions(webhook=receiver.url), pytest.fail, QUICK) as notifier:
            notifier.tell(done(tmp_path / "a"))
            raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        fail()
    assert len(receiver.seen) == 1
