"""Options of a job -> the script of an array of Slurm."""

from __future__ import annotations

import shlex

from ovsubs.batch.jobs.options import GRACE_S, TRIES_AGAIN, JobOptions, batch_call, shard_name

_PASSING = 3  # exit code of `ovsubs batch`: the reason is outside of the files, and may pass

_SLURM_SCRIPT = """\
#!/bin/bash
# Submit with: sbatch FILE
#SBATCH --job-name={name}
#SBATCH --array={array}
#SBATCH --cpus-per-task={cpus}
#SBATCH --mem={memory_gib}G
#SBATCH --time={time}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@{grace_s}
#SBATCH --output={name}-%A_%a.log
set -euo pipefail

results={results}
state={state}
shard={shard}
mkdir -p -- "$results" "$state"

# A request to end, as it comes before the time limit, is passed on: windows at work are finished and kept.
running='' asked=''
trap 'asked=yes; [[ -z $running ]] || kill -TERM "$running" 2>/dev/null || true' TERM

ovsubs batch --ledger "$state/$shard.sqlite" --report "$results/$shard.json" \\
    {call} &
running=$!

until # the request ends the waiting, not ovsubs
    code=0
    wait "$running" || code=$?
    [[ -z $asked ]]
do
    asked=''
done

# {passing}: a disk is full or a share is gone, which may pass.
if ((code == {passing} && ${{SLURM_RESTART_COUNT:-0}} < {tries})); then
    scontrol requeue "$SLURM_JOB_ID" || true
fi
exit "$code"
"""


def slurm_job(options: JobOptions) -> str:
    """An array (slurm.schedmd.com/job_array.html), each task of which is a shard."""
    assert options.output is not None
    call = batch_call(options, options.library, options.output, options.model_dir)
    temporary = '"${TMPDIR:-/tmp}/ovsubs-$SLURM_ARRAY_JOB_ID"'
    minutes, seconds = divmod(options.time_limit_s, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    at_once = "" if options.at_once is None else f"%{options.at_once}"
    return _SLURM_SCRIPT.format(
        name=options.name,
        shard=shard_name(options, "$SLURM_ARRAY_TASK_ID"),
        array=f"0-{options.shards - 1}{at_once}",
        cpus=options.cpus,
        memory_gib=options.memory_gib,
        time=f"{days}-{hours:02}:{minutes:02}:{seconds:02}",
        grace_s=GRACE_S,
        results=shlex.quote(options.output),
        state=temporary if options.state_dir is None else shlex.quote(options.state_dir),
        call=shlex.join(call),
        passing=_PASSING,
        tries=TRIES_AGAIN,
    )
