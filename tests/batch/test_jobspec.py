"""Job files: schemas of Kubernetes, rules of Bacalhau, and the script of Slurm under a real bash."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENCE_S
from systems import needs_posix

from ovsubs.batch.jobs.shards import Shard, shard_from_environment
from ovsubs.batch.jobs.spec import KINDS, JobOptions, job_spec
from ovsubs.errors import InvalidOption

BACALHAU = JobOptions("bacalhau", "/srv/films", image="registry.example.org/ovsubs:1", shards=4)
KUBERNETES = JobOptions(
    "kubernetes", "media/films", output="subtitles", image="registry.example.org/ovsubs:1", shards=4
)
SLURM = JobOptions("slurm", "/srv/films", output="/srv/subtitles", shards=4)
OF_EACH_KIND = (BACALHAU, KUBERNETES, SLURM)
# Words that a shell or a reader of YAML might take for something else.
TRAPS = (
    "it's",
    'a "b"',
    "$HOME $(JOB_COMPLETION_INDEX) `id`",
    "1e3",
    "y",
    "null",
    "# no",
    ": -",
    "\\",
    "*",
    "é 日　本",
)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12)


def loaded(options: JobOptions) -> dict[str, Any]:
    content = yaml.safe_load(job_spec(options))
    assert isinstance(content, dict)
    return content


def container_of(options: JobOptions) -> dict[str, Any]:
    (container,) = loaded(options)["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def expanded(text: str, environ: dict[str, str]) -> str:
    """An argument as Kubernetes gives it to a container (API reference, Container.args)."""
    return re.sub(
        r"\$\$|\$\((\w+)\)", lambda found: environ.get(found[1], found[0]) if found[1] else "$", text
    )


# Of all kinds


@pytest.mark.parametrize("options", OF_EACH_KIND, ids=KINDS)
def test_a_job_file_says_how_it_is_submitted(options: JobOptions) -> None:
    submitted = {"bacalhau": "bacalhau job run", "kubernetes": "kubectl apply --filename", "slurm": "sbatch"}
    assert f"# Submit with: {submitted[options.kind]} FILE\n" in job_spec(options)


@pytest.mark.parametrize(
    ("options", "changed", "refused"),
    [
        (SLURM, {"kind": "lsf"}, "kind"),
        (SLURM, {"name": "Films"}, "name"),
        (SLURM, {"name": "a" * 51}, "name"),
        (SLURM, {"name": "films\n#SBATCH --wrap=id"}, "name"),
        (SLURM, {"shards": 0}, "shards"),
        (SLURM, {"shards": 100_001}, "shards"),
        (SLURM, {"at_once": 0}, "at_once"),
        (SLURM, {"at_once": 5}, "at_once"),
        (SLURM, {"cpus": 0}, "cpus"),
        (SLURM, {"memory_gib": 0}, "memory_gib"),
        (SLURM, {"time_limit_s": 599}, "time_limit_s"),
        (SLURM, {"image": "ovsubs"}, "image"),
        (SLURM, {"output": None}, "output"),
        (SLURM, {"library": "films"}, "library"),
        (SLURM, {"library": "/srv/films\nid"}, "library"),
        (SLURM, {"model_dir": "models"}, "model_dir"),
        (SLURM, {"state_dir": ""}, "state_dir"),
        (SLURM, {"arguments": ("--ledger", "x.sqlite")}, "arguments"),
        (SLURM, {"arguments": ("--output_dir=x",)}, "arguments"),
        (SLURM, {"arguments": ("-ox",)}, "arguments"),
        (SLURM, {"arguments": ("--shard", "0/4")}, "arguments"),
        (SLURM, {"arguments": ("--initial-prompt", "\udcff")}, "arguments"),
        (BACALHAU, {"image": None}, "image"),
        (BACALHAU, {"image": "--privileged"}, "image"),
        (BACALHAU, {"at_once": 2}, "at_once"),
        (BACALHAU, {"library": "films"}, "library"),
        (KUBERNETES, {"image": None}, "image"),
        (KUBERNETES, {"output": None}, "output"),
        (KUBERNETES, {"library": "/srv/films"}, "library"),
        (KUBERNETES, {"library": "Media"}, "library"),
        (KUBERNETES, {"output": "media/../.."}, "output"),
        (KUBERNETES, {"model_dir": "media//models"}, "model_dir"),
    ],
)
def test_what_a_job_cannot_obey_is_refused(
    options: JobOptions, changed: dict[str, Any], refused: str
) -> None:
    with pytest.raises(InvalidOption) as error:
        replace(options, **changed)
    assert error.value.option == refused


@given(st.tuples(TEXTS, TEXTS).map(lambda texts: ("--initial-prompt", *texts)), st.sampled_from(TRAPS))
def test_arguments_come_through_every_quoting(arguments: tuple[str, ...], trap: str) -> None:
    arguments = (*arguments, trap)
    bacalhau = loaded(replace(BACALHAU, arguments=arguments))["Tasks"][0]["Engine"]["Params"]
    assert shlex.split(bacalhau["Parameters"][0])[-len(arguments) :] == list(arguments)
    kubernetes = container_of(replace(KUBERNETES, arguments=arguments))["args"][-len(arguments) :]
    assert [expanded(text, {"JOB_COMPLETION_INDEX": "3"}) for text in kubernetes] == list(arguments)


# Kubernetes


@pytest.mark.parametrize("version", ["1.33", "1.31", "1.29"])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"at_once": 2, "model_dir": "models", "state_dir": "state"},
        {"library": "media/films", "output": "media/my subtitles", "arguments": TRAPS},
    ],
)
def test_kubernetes_knows_every_field(changed: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(loaded(replace(KUBERNETES, **changed)), version, strict=True)


def test_a_field_that_kubernetes_does_not_know_would_be_noticed() -> None:
    job = loaded(KUBERNETES)
    job["spec"]["template"]["spec"]["containers"][0]["arguments"] = ["batch"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.33", strict=True)


def test_each_index_of_kubernetes_is_a_shard_with_files_of_its_own() -> None:
    job, container = loaded(replace(KUBERNETES, at_once=2)), container_of(KUBERNETES)
    assert (job["spec"]["completionMode"], job["spec"]["completions"], job["spec"]["parallelism"]) == (
        *("Indexed", 4, 2),
    )
    environ = {one["name"]: one["value"] for one in container["env"]} | {"JOB_COMPLETION_INDEX": "3"}
    assert shard_from_environment(environ) == Shard(3, 4)
    assert [expanded(text, environ) for text in container["args"]] == [
        *("batch", "--ledger", "/tmp/ovsubs-shard-3.sqlite", "--report", "/results/ovsubs-shard-3.json"),
        *("/films", "--output-dir", "/results", "--model-dir", "/models", "--threads", "4", "--offline"),
    ]


def test_kubernetes_tries_again_only_what_may_end_better() -> None:
    spec = loaded(KUBERNETES)["spec"]
    rules = spec["podFailurePolicy"]["rules"]
    assert [rule["action"] for rule in rules] == ["Ignore", "FailJob", "FailIndex"]
    assert rules[0]["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert [rule["onExitCodes"]["values"] for rule in rules[1:]] == [[2], [1]]  # 3, 130 and 137 count
    assert {rule["onExitCodes"]["containerName"] for rule in rules[1:]} == {container_of(KUBERNETES)["name"]}
    assert spec["backoffLimitPerIndex"] > 0
    assert spec["template"]["spec"]["restartPolicy"] == "Never"  # with a limit of tries for each index


def test_a_claim_is_one_volume_and_only_results_are_written() -> None:
    options = replace(KUBERNETES, library="media/films", output="media/subtitles/new", model_dir="models")
    pod = loaded(options)["spec"]["template"]["spec"]
    claims = [one["persistentVolumeClaim"] for one in pod["volumes"] if "persistentVolumeClaim" in one]
    assert claims == [{"claimName": "media"}, {"claimName": "models", "readOnly": True}]
    mounts = {one["mountPath"]: one for one in pod["containers"][0]["volumeMounts"]}
    assert {one["name"] for one in mounts.values()} == {one["name"] for one in pod["volumes"]}
    assert mounts["/films"] == {"name": "films", "mountPath": "/films", "subPath": "films", "readOnly": True}
    assert mounts["/results"] == {"name": "films", "mountPath": "/results", "subPath": "subtitles/new"}
    assert "readOnly" not in mounts["/tmp"]


# Bacalhau: fields and rules of its `pkg/models/job.go`, `task.go` and `pkg/executor/docker/models/types.go`

PARAMS = {
    "docker": {"Image": str, "Entrypoint": list, "Parameters": list, "EnvironmentVariables": list}
    | {"WorkingDirectory": str},
    "local source": {"SourcePath": str, "ReadWrite": bool, "CreateAs": str},
}
TASK = {"Name": str, "Engine": dict, "Publisher": dict, "Env": dict, "Meta": dict, "InputSources": list}
TASK |= {"ResultPaths": list, "Resources": dict, "Network": dict, "Timeouts": dict}
JOB = {"Name": str, "Namespace": str, "Type": str, "Priority": int, "Count": int, "Constraints": list}
JOB |= {"Meta": dict, "Labels": dict, "Tasks": list}


def _fields(what: dict[str, Any], known: dict[str, type]) -> Iterator[str]:
    for name, value in what.items():
        if name not in known or not isinstance(value, known[name]):
            yield f"{name}: {value!r}"


def bacalhau_faults(job: dict[str, Any]) -> list[str]:
    """What the server would refuse."""
    faults = list(_fields(job, JOB))
    if job["Type"] not in ("batch", "service") and job.get("Count", 1) > 1:
        faults.append("only batch and service have a count")
    for task in job["Tasks"]:
        faults += _fields(task, TASK)
        faults += _fields(task["Engine"]["Params"], PARAMS["docker"])
        if not task.get("Name") or not task["Engine"]["Params"].get("Image"):
            faults.append("a task needs a name, and an image")
        if task.get("ResultPaths") and not task.get("Publisher"):
            faults.append("results need a publisher")
        if [name for name in task.get("Env", {}) if name.upper().startswith("BACALHAU_")]:
            faults.append("names that begin with BACALHAU_ are taken")
        faults += _fields(task["Resources"], dict.fromkeys(("CPU", "Memory", "Disk", "GPU"), str))
        faults += _fields(
            task["Timeouts"], dict.fromkeys(("ExecutionTimeout", "QueueTimeout", "TotalTimeout"), int)
        )
        if task["Network"]["Type"] not in ("Default", "None", "Host", "Full", "HTTP", "Bridge"):
            faults.append("no such network")
        targets = [one["Target"] for one in task["InputSources"]]
        if len(targets) != len(set(targets)):
            faults.append("two inputs have one target")
        for one in task["InputSources"]:
            faults += _fields(one["Source"]["Params"], PARAMS["local source"])
    return faults


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"output": "/srv/subtitles", "model_dir": "/srv/models", "state_dir": "/var/lib/ovsubs"},
        {"library": "/srv/my films/it's", "arguments": TRAPS},
    ],
)
def test_bacalhau_would_take_the_job(changed: dict[str, Any]) -> None:
    assert bacalhau_faults(loaded(replace(BACALHAU, **changed))) == []


def test_what_bacalhau_refuses_would_be_noticed() -> None:
    job = loaded(BACALHAU)
    del job["Tasks"][0]["Publisher"]
    job["Tasks"][0] |= {"Env": {"BACALHAU_X": "1"}, "Image": "ovsubs"}
    assert len(bacalhau_faults(job)) == 3


def test_bacalhau_publishes_results_that_have_no_folder() -> None:
    task = loaded(BACALHAU)["Tasks"][0]
    assert task["ResultPaths"] == [{"Name": "subtitles", "Path": "/results"}]
    assert task["Publisher"] == {"Type": "local"}
    task = loaded(replace(BACALHAU, output="/srv/subtitles"))["Tasks"][0]
    assert "ResultPaths" not in task
    params = {"SourcePath": "/srv/subtitles", "ReadWrite": True, "CreateAs": "dir"}
    assert task["InputSources"][-1] == {"Source": {"Type": "local", "Params": params}, "Target": "/results"}


@needs_posix
def test_each_partition_of_bacalhau_is_a_shard_with_files_of_its_own(tmp_path: Path) -> None:
    params = loaded(replace(BACALHAU, arguments=TRAPS))["Tasks"][0]["Engine"]["Params"]
    environ = {"BACALHAU_PARTITION_INDEX": "2", "BACALHAU_PARTITION_COUNT": "4"}
    told = stand_in(tmp_path)
    call = [*params["Entrypoint"], *params["Parameters"]]
    subprocess.run(call, check=True, env=told.environ | environ, timeout=PATIENCE_S)
    assert told.arguments() == [
        *("batch", "--ledger", "/tmp/ovsubs-shard-2.sqlite", "--report", "/results/ovsubs-shard-2.json"),
        *("/films", "--output-dir", "/results", "--model-dir", "/models", "--threads", "4", "--offline"),
        *TRAPS,
    ]


# Slurm


class StandIn:
    """Programs that write down how they were called: `ovsubs`, which ends as it is told, and `scontrol`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = os.environ | {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(folder),
        }

    def arguments(self, program: str = "ovsubs") -> list[str] | None:
        file = self.folder / f"{program}.called"
        return file.read_text(encoding="utf-8").split("\0")[:-1] if file.exists() else None


def stand_in(folder: Path) -> StandIn:
    made = StandIn(folder / "programs and files")
    made.folder.mkdir()
    record = '#!/bin/bash\nprintf "%s\\0" "$@" > "${0}.called"\n'
    # Asked to end, it takes its time, as a window does that is at work; then it ends as one that was stopped.
    ends = (
        'if [[ -n "${SLOW:-}" ]]; then sleep 60 & trap "kill $!; sleep 0.3; exit 130" TERM\n'
        'touch "$0.ready"; wait; fi\n'
    )
    for name, text in (("ovsubs", f'{record}{ends}exit "${{CODE:-0}}"\n'), ("scontrol", record)):
        program = made.folder / name
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
    return made


def array_task(index: int, **more: str) -> dict[str, str]:
    numbers = {"ID": str(index), "COUNT": "4", "MIN": "0", "MAX": "3", "STEP": "1"}
    environ = {f"SLURM_ARRAY_TASK_{name}": number for name, number in numbers.items()}
    return environ | {"SLURM_ARRAY_JOB_ID": "70", "SLURM_JOB_ID": f"7{index}"} | more


def script(folder: Path, options: JobOptions) -> Path:
    file = folder / "job.sh"
    file.write_text(job_spec(options), encoding="utf-8")
    return file


def sbatch_options(text: str) -> dict[str, str]:
    """What sbatch reads: the #SBATCH lines before the first command."""
    read = dict[str, str]()
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if line.startswith("#SBATCH "):
            name, _, value = line.removeprefix("#SBATCH ").partition("=")
            assert re.fullmatch(r"--[a-z-]+", name)
            assert re.fullmatch(r"\S*", value)
            read[name] = value
    return read


def test_slurm_is_asked_for_an_array() -> None:
    asked = sbatch_options(job_spec(replace(SLURM, at_once=2, time_limit_s=93_784, name="films")))
    assert asked == {
        "--job-name": "films",
        "--array": "0-3%2",
        "--cpus-per-task": "4",
        "--mem": "8G",
        "--time": "1-02:03:04",
        "--requeue": "",
        "--open-mode": "append",
        "--signal": "B:TERM@120",
        "--output": "films-%A_%a.log",
    }
    assert sbatch_options(job_spec(replace(SLURM, shards=1)))["--array"] == "0-0"


@needs_posix
@pytest.mark.parametrize("folder", ["/srv/films", '/srv/my films/it\'s "$HOME" `id` %a'])
def test_bash_reads_the_script(tmp_path: Path, folder: str) -> None:
    options = replace(
        SLURM, library=folder, output=folder, model_dir=folder, state_dir=folder, arguments=TRAPS
    )
    subprocess.run(["bash", "-n", script(tmp_path, options)], check=True, timeout=PATIENCE_S)


@needs_posix
@pytest.mark.parametrize(
    ("code", "restarts", "is_tried_again"),
    [
        ("0", "0", False),
        ("1", "0", False),
        ("2", "0", False),
        ("3", "0", True),
        ("3", "9", True),
        ("3", "10", False),
        ("130", "0", False),
    ],
)
def test_a_task_of_slurm_runs_its_shard_and_is_tried_again_if_that_may_help(
    tmp_path: Path, code: str, restarts: str, is_tried_again: bool
) -> None:
    told, library, output = stand_in(tmp_path), "/srv/my films/it's", tmp_path / "sub titles"
    options = replace(SLURM, library=library, output=str(output), model_dir="/srv/m o", arguments=TRAPS)
    environ = array_task(2, CODE=code, SLURM_RESTART_COUNT=restarts)
    assert shard_from_environment(environ) == Shard(2, 4)
    call = ["bash", script(tmp_path, options)]
    done = subprocess.run(call, env=told.environ | environ, timeout=PATIENCE_S, check=False)
    assert done.returncode == int(code)
    state = told.folder / "ovsubs-70"  # in $TMPDIR
    assert told.arguments() == [
        *("batch", "--ledger", f"{state}/ovsubs-shard-2.sqlite", "--report", f"{output}/ovsubs-shard-2.json"),
        *(library, "--output-dir", str(output), "--model-dir", "/srv/m o", "--threads", "4", "--offline"),
        *TRAPS,
    ]
    assert (output.is_dir(), state.is_dir()) == (True, True)
    assert told.arguments("scontrol") == (["requeue", "72"] if is_tried_again else None)


@needs_posix
def test_a_request_to_end_reaches_ovsubs_and_its_end_is_waited_for(tmp_path: Path) -> None:
    told = stand_in(tmp_path)
    options = replace(SLURM, output=str(tmp_path), state_dir=str(tmp_path))
    environ = told.environ | array_task(0, SLOW="yes")
    with subprocess.Popen(["bash", script(tmp_path, options)], env=environ) as running:
        while not (told.folder / "ovsubs.ready").exists():
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE_S) == 130
    assert told.arguments("scontrol") is None


def test_other_commands_do_not_wait_for_yaml() -> None:
    code = "import sys, ovsubs.batch.jobs.spec; assert 'yaml' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=PATIENCE_S)


# docs/cluster.md

DOCUMENT = Path(__file__).parents[2] / "docs" / "cluster.md"


def documented_calls() -> Iterator[JobOptions]:
    """The calls of `ovsubs jobspec` in the document, as options; a flag has the name of its field."""
    for line in DOCUMENT.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if not line.startswith("ovsubs jobspec "):
            continue
        _, _, kind, library, *rest = shlex.split(line.partition(" > ")[0])
        flags, arguments = (
            (rest[: rest.index("--")], rest[rest.index("--") + 1 :]) if "--" in rest else (rest, [])
        )
        named = dict(zip(flags[::2], flags[1::2], strict=True))
        values: dict[str, Any] = {
            flag.removeprefix("--").replace("-", "_"): int(value) if value.isdecimal() else value
            for flag, value in named.items()
        }
        values["output"] = values.pop("output_dir", None)
        yield JobOptions(kind, library, arguments=tuple(arguments), **values)


def test_the_document_asks_for_jobs_of_each_kind_that_can_be() -> None:
    calls = list(documented_calls())
    assert {call.kind for call in calls} == set(KINDS)
    for call in calls:
        job_spec(call)
