"""Options of a job -> an Indexed Job of Kubernetes (batch/v1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ovsubs.batch.jobs.options import (
    FILMS,
    GRACE_S,
    MODELS,
    RESULTS,
    STATE,
    TRIES_AGAIN,
    JobOptions,
    batch_call,
    ledger_folder,
    shard_name,
)
from ovsubs.batch.jobs.shards import KUBERNETES_INDEX, SHARDS_VARIABLE

_KEPT_S = 7 * 24 * 3600  # a finished job, with its logs
_USER = 1000  # of the image (Dockerfile)


@dataclass(frozen=True, slots=True)
class _Mount:
    """A folder of a volume claim, and where the container has it."""

    name: str
    claim: str
    folder: str
    target: str
    is_read_only: bool


def kubernetes_job(options: JobOptions) -> dict[str, Any]:
    """An Indexed Job (batch/v1): each index is a shard, with tries of its own."""
    labels = {"app.kubernetes.io/name": "ovsubs", "app.kubernetes.io/instance": options.name}
    mounts = _mounts(options)
    spec = {
        "completionMode": "Indexed",
        "completions": options.shards,
        "parallelism": options.shards if options.at_once is None else options.at_once,
        "backoffLimitPerIndex": TRIES_AGAIN,
        "podFailurePolicy": {"rules": _failure_rules()},
        "ttlSecondsAfterFinished": _KEPT_S,
        "template": {"metadata": {"labels": labels}, "spec": _pod(options, mounts)},
    }
    metadata = {"name": options.name, "labels": labels}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def _failure_rules() -> list[dict[str, Any]]:
    """What becomes of a shard that failed; the first rule that fits counts, and others are tried again."""
    return [
        # The node was wanted for something else: no fault of the job.
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        # The call is wrong: it is so for every shard.
        {"action": "FailJob", "onExitCodes": _exit_code(2)},
        # Files of this shard cannot be read, as its report says: another try would not change that.
        {"action": "FailIndex", "onExitCodes": _exit_code(1)},
    ]


def _exit_code(code: int) -> dict[str, Any]:
    return {"containerName": "ovsubs", "operator": "In", "values": [code]}


def _pod(options: JobOptions, mounts: Sequence[_Mount]) -> dict[str, Any]:
    return {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": options.time_limit_s,
        "terminationGracePeriodSeconds": GRACE_S,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(options, mounts)],
        "volumes": [*_volumes(mounts), {"name": "tmp", "emptyDir": {}}],
    }


def _container(options: JobOptions, mounts: Sequence[_Mount]) -> dict[str, Any]:
    shard = shard_name(options, f"$({KUBERNETES_INDEX})")
    files = ["--ledger", f"{ledger_folder(options)}/{shard}.sqlite", "--report", f"{RESULTS}/{shard}.json"]
    call = batch_call(options, FILMS, RESULTS, MODELS)
    resources = {"cpu": str(options.cpus), "memory": f"{options.memory_gib}Gi"}
    return {
        "name": "ovsubs",
        "image": options.image,
        # `$(NAME)` is a variable here, and `$$` a dollar (Kubernetes API, Container.args).
        "args": ["batch", *files, *(text.replace("$", "$$") for text in call)],
        "env": [
            {"name": SHARDS_VARIABLE, "value": str(options.shards)},
            {"name": "XDG_CACHE_HOME", "value": "/tmp"},
        ],
        "resources": {"requests": resources, "limits": resources},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            *(_volume_mount(mount, mounts) for mount in mounts),
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }


def _mounts(options: JobOptions) -> list[_Mount]:
    places = (
        ("films", options.library, FILMS, True),
        ("models", options.model_dir, MODELS, True),
        ("state", options.state_dir, STATE, False),
        ("results", options.output, RESULTS, False),
    )
    return [
        _Mount(name, place.partition("/")[0], place.partition("/")[2].strip("/"), target, is_read_only)
        for name, place, target, is_read_only in places
        if place is not None
    ]


def _volume_of(claim: str, mounts: Iterable[_Mount]) -> str:
    """A claim is one volume, however many of its folders are mounted: it has the name of the first."""
    return next(mount.name for mount in mounts if mount.claim == claim)


def _volumes(mounts: Sequence[_Mount]) -> list[dict[str, Any]]:
    volumes = []
    for claim in dict.fromkeys(mount.claim for mount in mounts):
        source: dict[str, Any] = {"claimName": claim}
        if all(mount.is_read_only for mount in mounts if mount.claim == claim):
            source["readOnly"] = True  # nor does anybody change the owner of a whole library
        volumes.append({"name": _volume_of(claim, mounts), "persistentVolumeClaim": source})
    return volumes


def _volume_mount(mount: _Mount, mounts: Sequence[_Mount]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": _volume_of(mount.claim, mounts), "mountPath": mount.target}
    if mount.folder:
        made["subPath"] = mount.folder
    if mount.is_read_only:
        made["readOnly"] = True
    return made
