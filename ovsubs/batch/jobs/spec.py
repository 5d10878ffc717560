"""What a library needs of a cluster -> a job file for it: Bacalhau, Kubernetes or Slurm.

Each has tasks that differ in a number, which `ovsubs batch` reads as its shard. A ledger lies on the disk of
the node: a database on a network disk is not safe. A task that begins anew on another node finds what is done
by the subtitles that are there.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from ovsubs.batch.jobs.kubernetes import kubernetes_job
from ovsubs.batch.jobs.options import (
    FILMS,
    KINDS,
    MODELS,
    RESULTS,
    STATE,
    JobOptions,
    batch_call,
    ledger_folder,
    shard_name,
)
from ovsubs.batch.jobs.shards import BACALHAU_INDEX
from ovsubs.batch.jobs.slurm import slurm_job

__all__ = ["KINDS", "JobOptions", "job_spec"]

_PLAIN = re.compile(r"(--|/)?[A-Za-z][A-Za-z0-9_./-]+")


def job_spec(options: JobOptions) -> str:
    """The text of a job file, ready to be submitted: YAML, for Slurm a script."""
    match options.kind:
        case "bacalhau":
            return _yaml(_bacalhau(options), "bacalhau job run FILE")
        case "kubernetes":
            return _yaml(kubernetes_job(options), "kubectl apply --filename FILE")
        case _:
            return slurm_job(options)


def _bacalhau(options: JobOptions) -> dict[str, Any]:
    """A batch job (bacalhau-project/bacalhau, `pkg/models`): of `Count` tasks, each is told its partition."""
    shard = shard_name(options, f'"${BACALHAU_INDEX}"')
    files = f"--ledger {ledger_folder(options)}/{shard}.sqlite --report {RESULTS}/{shard}.json"
    command = f"exec ovsubs batch {files} {shlex.join(batch_call(options, FILMS, RESULTS, MODELS))}"
    inputs = [_local_source(options.library, FILMS)]
    if options.model_dir is not None:
        inputs.append(_local_source(options.model_dir, MODELS))
    for folder, target in ((options.state_dir, STATE), (options.output, RESULTS)):
        if folder is not None:
            inputs.append(_local_source(folder, target, is_written=True))
    task: dict[str, Any] = {
        "Name": "subtitles",
        "Engine": {
            "Type": "docker",
            "Params": {
                "Image": options.image,
                # A shell, since nothing else puts a variable into a name.
                "Entrypoint": ["/bin/sh", "-c"],
                "Parameters": [command],
            },
        },
        "InputSources": inputs,
        "Resources": {"CPU": str(options.cpus), "Memory": f"{options.memory_gib}GiB"},
        "Network": {"Type": "None"},
        "Timeouts": {"ExecutionTimeout": options.time_limit_s},
    }
    if options.output is None:
        task["ResultPaths"] = [{"Name": "subtitles", "Path": RESULTS}]
        task["Publisher"] = {"Type": "local"}
    return {"Name": options.name, "Type": "batch", "Count": options.shards, "Tasks": [task]}


def _local_source(folder: str, target: str, *, is_written: bool = False) -> dict[str, Any]:
    params: dict[str, Any] = {"SourcePath": folder}
    if is_written:
        params |= {"ReadWrite": True, "CreateAs": "dir"}
    return {"Source": {"Type": "local", "Params": params}, "Target": target}


def _yaml(content: dict[str, Any], how: str) -> str:
    """YAML, which people read and change, and not JSON, although every program here would take that."""
    import yaml  # 10 ms, which other commands need not wait for

    class Dumper(yaml.SafeDumper):
        """Puts in quotes what some reader might take for something else: 1e3 for a number, y for true."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def written(dumper: Any, text: str) -> Any:
        style = None if _PLAIN.fullmatch(text) else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, written)
    dumped: str = yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return f"# Submit with: {how}\n{dumped}"
