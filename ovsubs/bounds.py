"""Numbers that a caller gives -> the same, or an error that names the option.

`nan` and `inf` are no numbers here, and nothing is counted or timed beyond `MAX_NUMBER`: what is beyond is a
slip of the hand, and would overflow somewhere else, where nobody knows what it was.
"""

from numbers import Integral, Real
from typing import Any

from ovsubs.errors import InvalidOption

MAX_NUMBER = 1_000_000_000  # seconds of thirty years


def check_number(
    option: str, value: object, why: str, *, least: float = -MAX_NUMBER, most: float = MAX_NUMBER
) -> None:
    """Refuse what is no number, or not from `least` to `most`, in which `why` says what is allowed.

    Raises:
        InvalidOption: that is so.
    """
    number: Any = value  # one of NumPy's is one as well
    if not isinstance(value, Real) or isinstance(value, bool) or not least <= number <= most:
        raise InvalidOption(option, _shown(value), why)


def check_above_zero(option: str, value: object, why: str, *, most: float = MAX_NUMBER) -> None:
    """Refuse what is no number, 0 or less, or more than `most`.

    Raises:
        InvalidOption: that is so.
    """
    check_number(option, value, why, least=0.0, most=most)
    if value == 0:
        raise InvalidOption(option, value, why)


def check_count(option: str, value: object, why: str, *, least: int = 0, most: int = MAX_NUMBER) -> None:
    """Refuse what is no whole number, or not from `least` to `most`.

    Raises:
        InvalidOption: that is so.
    """
    if not isinstance(value, Integral):
        raise InvalidOption(option, _shown(value), why)
    check_number(option, value, why, least=least, most=most)


def _shown(value: object) -> object:
    """A number as it can be written: Python refuses to write one of thousands of digits."""
    if isinstance(value, Integral) and abs(int(value)) > MAX_NUMBER**2:
        return float("inf") if int(value) > 0 else float("-inf")
    return value
