"""The commands that work on a library unattended: arguments -> options of the library -> one call."""

from __future__ import annotations

import math
import os
from typing import Any

import typer

from ovsubs.cli import batch_options as b
from ovsubs.cli import options as common
from ovsubs.cli.combinations import Idle, refuse_idle
from ovsubs.cli.parameters import from_parameters, with_options_of
from ovsubs.cli.subtitle_commands import subtitle, wanted_of

_OF_RUNS = (  # what has no effect where nothing is done
    *("watch", "between", "nice", "max_read", "on_done", "when_done", "webhook", "jellyfin", "emby"),
    *("plex", "report", "log_json", "max_attempts", "time_limit_s"),
)


@with_options_of(subtitle, without=("inputs", "profile", "review", "resume"))
def batch(
    roots: b.Roots,
    min_duration_s: b.MinDuration = 0.0,
    ignore_embedded: b.IgnoreEmbedded = False,
    retry_failed: b.RetryFailed = False,
    max_attempts: b.MaxAttempts = 3,
    time_limit_s: b.TimeLimit = None,
    shard: b.Shard = None,
    ledger: b.LedgerFile = None,
    watch: b.Watch = False,
    between: b.Between = None,
    nice: b.Nice = 0,
    max_read: b.MaxRead = None,
    on_done: b.OnDone = None,
    when_done: b.WhenDone = None,
    webhook: b.Webhook = None,
    jellyfin: b.Jellyfin = None,
    emby: b.Emby = None,
    plex: b.Plex = None,
    report: b.Report = None,
    log_json: b.LogJson = False,
    dry_run: b.DryRun = False,
    json: b.Json = False,
    **of_subtitle: Any,
) -> None:
    """Write subtitles for a library of files, unattended; the same call again goes on where it was stopped.

    Exit code: 0 all well, 1 some input failed, 2 the call is wrong, 3 some input failed for a reason that may
    pass, such as a full disk, 130 stopped by Ctrl-C.
    """
    given = locals() | of_subtitle | {"review": 0}
    from ovsubs.batch.hooks.options import HookOptions, media_servers
    from ovsubs.batch.jobs.shards import parse_shard, shard_from_environment
    from ovsubs.batch.machine.priority import check_niceness
    from ovsubs.batch.machine.schedule import parse_hours
    from ovsubs.batch.plan import BatchOptions
    from ovsubs.cli import batch as runner
    from ovsubs.cli.subtitle import Verbosity

    refuse_idle(
        Idle(json and not dry_run, ("json",), "it goes with --dry-run; --log-json tells of a run"),
        Idle(dry_run, _OF_RUNS, "with --dry-run nothing is done"),
        Idle(given["output_dir"] == "-", ("output_dir",), "an unattended run writes files"),
    )
    check_niceness(nice)
    wanted, choice = wanted_of(given)
    options = from_parameters(
        BatchOptions,
        given,
        subtitle=wanted,
        time_limit_s=math.inf if time_limit_s is None else time_limit_s,
        shard=parse_shard(shard) if shard else shard_from_environment(os.environ),
    )
    wishes = from_parameters(
        runner.Wishes,
        given,
        hours=parse_hours(between) if between else None,
        hooks=from_parameters(HookOptions, given, servers=media_servers(os.environ, jellyfin, emby, plex)),
        reports=tuple(report or ()),
    )
    run = runner.show_plan if dry_run else runner.run
    raise typer.Exit(run(roots, options, choice, from_parameters(Verbosity, given), wishes))


def status(
    root: b.Root, ledger: b.LedgerFile = None, json: b.Json = False, debug: common.Debug = False
) -> None:
    """Show how far a run over a library is, from another shell.

    Exit code: 0, or 1 where nothing is known of the folder.
    """
    from ovsubs.cli import batch_status

    raise typer.Exit(batch_status.show_status(root, ledger, as_json=json))


def pause(root: b.Root, ledger: b.LedgerFile = None, debug: common.Debug = False) -> None:
    """Let a run over a library stand still until it is resumed.

    Exit code: 0, or 1 where no run goes on.
    """
    from ovsubs.cli import batch_status

    raise typer.Exit(batch_status.ask(root, ledger, "pause"))


def resume(root: b.Root, ledger: b.LedgerFile = None, debug: common.Debug = False) -> None:
    """Let a run over a library go on that was paused.

    Exit code: 0, or 1 where no run goes on.
    """
    from ovsubs.cli import batch_status

    raise typer.Exit(batch_status.ask(root, ledger, "go"))


def stop(root: b.Root, ledger: b.LedgerFile = None, debug: common.Debug = False) -> None:
    """End a run over a library when the files are done that are in work.

    Exit code: 0, or 1 where no run goes on.
    """
    from ovsubs.cli import batch_status

    raise typer.Exit(batch_status.ask(root, ledger, "stop"))


def report(reports: b.Reports, output: b.ReportOutput, debug: common.Debug = False) -> None:
    """Make one report of several ledgers, or of the reports of several machines.

    Exit code: 0, or 1 where one cannot be read or written.
    """
    from ovsubs.cli.batch_reports import merge

    raise typer.Exit(merge(reports, output))


def jobspec(
    kind: b.JobKind,
    library: b.JobLibrary,
    arguments: b.JobArguments = None,
    output_dir: b.JobOutput = None,
    image: b.JobImage = None,
    shards: b.JobShards = 1,
    at_once: b.JobAtOnce = None,
    cpus: b.JobCpus = 4,
    memory_gib: b.JobMemory = 8,
    time_limit_s: b.JobTime = 86_400,
    model_dir: b.JobModels = None,
    state_dir: b.JobState = None,
    name: b.JobName = "ovsubs",
    debug: common.Debug = False,
) -> None:
    """Print a job file that does a library on a cluster: each task a part of it.

    Exit code: 0, or 2 where the call is wrong.
    """
    given = locals()
    from ovsubs.batch.jobs.spec import JobOptions, job_spec
    from ovsubs.cli.printing import print_lines

    options = from_parameters(JobOptions, given, output=output_dir, arguments=tuple(arguments or ()))
    print_lines(job_spec(options))
