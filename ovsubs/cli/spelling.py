"""Spellings of other Whisper tools -> ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Flag:
    """A switch: how it is turned on, and how off (None: by leaving it out)."""

    on: str
    off: str | None

    def spelled(self, wanted: bool) -> list[str]:
        return [self.on] if wanted else [self.off] if self.off else []


def as_written_here(arguments: Sequence[str], group: Any) -> list[str]:
    """Arguments in our spelling: `--output_dir`, and a flag's `--vad_filter False`.

    Args:
        arguments: as they were typed.
        group: click's command with the subcommands; their flags are known by it.
    """
    flags = _flags(group)
    written, waiting = list[str](), list(reversed(arguments))
    while waiting:
        argument = waiting.pop()
        if argument == "--":
            return [*written, argument, *reversed(waiting)]
        name, sign, value = argument.partition("=")
        if not name.startswith("--"):
            written.append(argument)
            continue
        name = name.replace("_", "-")
        said = value if sign else waiting[-1] if waiting else ""
        if name in flags and said.lower() in ("true", "false"):
            if not sign:
                waiting.pop()
            written.extend(flags[name].spelled(said.lower() == "true"))
        else:
            written.append(name + sign + value)
    return written


def _flags(group: Any) -> dict[str, _Flag]:
    found: dict[str, _Flag] = {}
    for command in group.commands.values():
        for option in command.params:
            if getattr(option, "is_flag", False):
                found |= dict.fromkeys(option.opts, _Flag(option.opts[0], (*option.secondary_opts, None)[0]))
    return found
