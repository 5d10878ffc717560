"""Seconds -> the time that a person reads."""


def clock_time(seconds: float, decimals: int = 0) -> str:
    """ "1:02:03", or "2:03" below an hour, rounded; "2:03.4" with one decimal."""
    minutes, rest = divmod(round(seconds, decimals), 60)
    hours, minutes = divmod(int(minutes), 60)
    width = 3 + decimals if decimals else 2
    minute = f"{minutes:02d}" if hours else f"{minutes}"
    return f"{f'{hours}:' if hours else ''}{minute}:{rest:0{width}.{decimals}f}"
