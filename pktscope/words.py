"""Templates and values into sentences. The one place that knows languages; rules only know templates.

`{name}` prints a value; `{name:bytes}`, `{name:segments}`, ... a counted noun; `{name:duration}` nanoseconds in the
unit a person would use; `{name:list}` a sequence with commas and 'and'.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

NOUNS = {
    "bytes": ("byte", "bytes"),
    "segments": ("segment", "segments"),
    "frames": ("frame", "frames"),
    "packets": ("packet", "packets"),
    "fragments": ("fragment", "fragments"),
    "datagrams": ("datagram", "datagrams"),
    "writes": ("write", "writes"),
    "calls": ("call", "calls"),
    "times": ("time", "times"),
    "conversations": ("conversation", "conversations"),
}

UNITS = ((60 * 10**9, "min"), (10**9, "s"), (10**6, "ms"), (10**3, "µs"), (1, "ns"))


def duration(nanoseconds: int) -> str:
    """'41.3 ms', '0 s', '12 µs', '3 min 5 s': three digits are enough for a person; '-' in front if negative."""
    if nanoseconds < 0:
        return "-" + duration(-nanoseconds)
    if nanoseconds >= 120 * 10**9:
        return long_duration(nanoseconds // 10**9)
    for size, unit in UNITS[1:]:
        if nanoseconds / size >= 0.9995 or (size == 1 and nanoseconds):
            return f"{three_digits(nanoseconds / size)} {unit}"
    return "0 s"


def lapse(nanoseconds: int) -> str:
    """A duration in a sentence: 'after 41.3 ms'. Where a clock was set back, nobody knows how long it was."""
    return duration(nanoseconds) if nanoseconds >= 0 else "an unknown time (the clock went back)"


def long_duration(seconds: int) -> str:
    """'3 min 5 s', '2 h 4 min', '19 d 3 h': the two largest units that are not zero."""
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}" if unit == "d" else f"{count} {unit}")
        if len(parts) == 2:
            break
    return " ".join(parts)


def three_digits(value: float) -> str:
    """A number of three significant digits, never cut below the integer part: 41.3, 5.02, 159."""
    if value >= 99.95:
        return f"{value:.0f}"
    text = f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".")


def counted(count: int, noun: str) -> str:
    """'1 byte', '10 bytes', '65,507 bytes'."""
    one, many = NOUNS[noun]
    return f"{count:,} {one if count == 1 else many}"


def listed(items: Iterable[object]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    words = [str(item) for item in items]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


class Sayer(string.Formatter):
    """str.format with the specs of this module."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in NOUNS:
            return counted(value, format_spec)
        if format_spec == "duration":
            return lapse(value)
        if format_spec == "list":
            return listed(value)
        return str(super().format_field(value, format_spec))


SAYER = Sayer()


def say(message: str, values: Sequence[tuple[str, object]] | dict[str, object] = ()) -> str:
    """The sentence a template and its values make. Raises KeyError for a value the template names and nobody gave."""
    return SAYER.vformat(message, (), dict(values))


def _(text: str) -> str:
    """A text without values, in the reader's language."""
    return text


def N_(text: str) -> str:
    """Marks a text for translation where a table is built; whoever shows it says `_()` of it."""
    return text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words inside a sentence, as a value of its template: translated when the sentence is said."""

    message: str
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return say(self.message, self.values)


def phrase(message: str, **values: object) -> Phrase:
    """Words inside a sentence: `who=phrase("the host {address}", address=...)`."""
    return Phrase(message, tuple(values.items()))
