"""A figure of a report with all that belongs to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

__all__ = ["Sheet", "listed", "signed"]


@dataclass(frozen=True)
class Sheet:
    """
    One figure of a report.

    Attributes
    ----------
    name
        Of its files, without an ending.
    draw
        Draws it, anew at each call.
    description
        What is to be seen, for those who cannot see it; plain text.
    caption
        What is seen and how to read it, with the main numbers; HTML.
    width
        Largest width on a page, CSS pixels.
    numbers
        Everything the figure and its caption state; JSON types only.
    """

    name: str
    draw: Callable[[], Figure]
    description: str
    caption: str
    width: int
    numbers: dict[str, Any]


def listed(words: list[str]) -> str:
    """
    Write a list as English does.

    Parameters
    ----------
    words
        At least one.

    Returns
    -------
    str
        For example ``"2.0, 2.7 and 3.4"``.
    """
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def signed(value: float, digits: int) -> str:
    """
    Write a number with a proper minus sign.

    Parameters
    ----------
    value
        The number.
    digits
        After the decimal point.

    Returns
    -------
    str
        For example ``"−8.52"``.
    """
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
