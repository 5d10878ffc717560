"""What goes wrong when something is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HookProblem:
    """What went wrong: `kind` is the same where the reason is."""

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}{self.detail}"
