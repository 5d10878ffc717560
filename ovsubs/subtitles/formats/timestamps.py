"""Milliseconds -> the ways in which formats write a time."""


def clock(ms: int, mark: str) -> str:
    """`HH:MM:SS.mmm` with `mark` for the point; hours take as many digits as they need, two at least."""
    minutes, ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds, ms = divmod(ms, 1000)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{ms:03d}"


def to_cs(ms: int) -> int:
    """Milliseconds to whole centiseconds, a half rounded up, so that neighbours stay neighbours."""
    return (ms + 5) // 10


def clock_cs(cs: int) -> str:
    """`H:MM:SS.cc`, as ASS has it."""
    minutes, cs = divmod(cs, 6000)
    hours, minutes = divmod(minutes, 60)
    seconds, cs = divmod(cs, 100)
    return f"{hours}:{minutes:02d}:{seconds:02d}.{cs:02d}"


def minutes_cs(cs: int) -> str:
    """`mm:ss.cc`, as LRC has it; there are no hours, so minutes go beyond 99."""
    minutes, cs = divmod(cs, 6000)
    seconds, cs = divmod(cs, 100)
    return f"{minutes:02d}:{seconds:02d}.{cs:02d}"
