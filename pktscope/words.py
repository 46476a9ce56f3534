"""Templates and values into sentences. The one place that knows languages; rules only know templates.

`{name}` prints a value; `{name:bytes}`, `{name:segments}`, ... a counted noun; `{name:duration}` nanoseconds in the
unit a person would use; `{name:list}` a sequence with commas and 'and', `{name:clauses}` one with semicolons;
`{name:nth}` '3rd'; `{name:capital}` words that begin a sentence. One of an Enum is said in the reader's language.

Every template is written in English, and its English is the key of its translations. `use` sets the catalogue they are
looked up in; `languages` reads it from its file. Everything here but that one mapping is pure.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

CATALOGUE: dict[str, str] = {}
"""English to the reader's language; what is missing is said in English."""


def use(catalogue: Mapping[str, str]) -> None:
    """From now on say everything in the language of this catalogue; an empty one is English."""
    CATALOGUE.clear()
    CATALOGUE.update(catalogue)
    known_templates.cache_clear()


def _(text: str) -> str:
    """A text without values, in the reader's language."""
    return CATALOGUE.get(text, text) if CATALOGUE else text


def N_(text: str) -> str:
    """Marks a text for translation where a table is built; whoever shows it says `_()` of it."""
    return text


NOUNS = {
    "bytes": (N_("{count} byte"), N_("{count} bytes")),
    "octets": (N_("{count} octet"), N_("{count} octets")),
    "segments": (N_("{count} segment"), N_("{count} segments")),
    "frames": (N_("{count} frame"), N_("{count} frames")),
    "packets": (N_("{count} packet"), N_("{count} packets")),
    "fragments": (N_("{count} fragment"), N_("{count} fragments")),
    "datagrams": (N_("{count} datagram"), N_("{count} datagrams")),
    "writes": (N_("{count} write"), N_("{count} writes")),
    "calls": (N_("{count} call"), N_("{count} calls")),
    "times": (N_("{count} time"), N_("{count} times")),
    "sockets": (N_("{count} socket"), N_("{count} sockets")),
    "conversations": (N_("{count} conversation"), N_("{count} conversations")),
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
    return duration(nanoseconds) if nanoseconds >= 0 else _("an unknown time (the clock went back)")


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
    return _(NOUNS[noun][count != 1]).replace("{count}", f"{count:,}")


def listed(items: Iterable[object]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    words = [str(item) for item in items]
    if len(words) < 2:
        return "".join(words)
    if not CATALOGUE:
        return f"{', '.join(words[:-1])} and {words[-1]}"
    from pktscope.text import width  # not for English, which starts without it

    both = _("{items} and {last}")
    items, last = _(", ").join(words[:-1]), words[-1]
    if width(both.replace("{items}", "")[:1]) == 2:  # Chinese writes no blanks, except beside Latin letters
        items, last = items + " " * items[-1:].isascii(), " " * last[:1].isascii() + last
    return both.format(items=items, last=last)


ORDINALS = {1: N_("{count}st"), 2: N_("{count}nd"), 3: N_("{count}rd")}


def cited(reference: str) -> str:
    """Where a rule comes from, in the reader's language: 'RFC 9293 section 3.5'."""
    parts = [
        CITED.sub(lambda found: say("section {number}", {"number": found[1]}), _(part))
        for part in reference.split(", ")
    ]
    return _(", ").join(parts) if CATALOGUE else reference


CITED = re.compile(r"section (\S+)")


def ordinal(number: int) -> str:
    """'1st', '2nd', '3rd', '11th', '1,000th'."""
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return _(ORDINALS.get(last, N_("{count}th"))).replace("{count}", f"{number:,}")


def capital(text: str) -> str:
    """The same with its first letter large, to begin a sentence with."""
    return text[:1].upper() + text[1:]


class Sayer(string.Formatter):
    """str.format with the specs of this module."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Enum):
            return _(str(value.value))
        if format_spec in NOUNS:
            return counted(value, format_spec)
        if format_spec == "duration":
            return lapse(value)
        if format_spec == "list":
            return listed(value)
        if format_spec == "clauses":
            return _("; ").join(map(str, value))
        if format_spec == "nth":
            return ordinal(value)
        if format_spec == "capital":
            return capital(str(value))
        return str(super().format_field(value, format_spec))


SAYER = Sayer()


def say(message: str, values: Sequence[tuple[str, object]] | Mapping[str, object] = ()) -> str:
    """The sentence a template and its values make. Raises KeyError for a value the template names and nobody gave."""
    return filled(_(message), dict(values))


FULL_WIDTH = frozenset("，。；：、？！”（）【】")
"""Punctuation that brings its own room: no blank stands beside it."""


def filled(template: str, values: Mapping[str, object]) -> str:
    """A template in the reader's language with its values."""
    if not CATALOGUE:
        return SAYER.vformat(template, (), values)
    parts = [""]
    for literal, name, spec, conversion in SAYER.parse(template):
        parts.append(literal[1:] if literal[:1] == " " and parts[-1][-1:] in FULL_WIDTH else literal)
        if name is not None:
            value = SAYER.convert_field(SAYER.get_field(name, (), values)[0], conversion)
            parts.append(SAYER.format_field(value, spec or ""))
    return "".join(parts)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a docstring in the reader's language, each one line; each is translated by itself."""
    return [_(joined) for part in text.split("\n\n") if (joined := " ".join(part.split()))]


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


RETOLD = 400
"""Characters of a text that is looked up by its words; longer ones are nobody's template."""


def retold(text: str) -> str:
    """A text that was said in English elsewhere (in a recording, by another process), in the reader's language.

    The template it was said from is found by its words, the one with the most of them first; a text that none fits
    stays as it is.
    """
    if not CATALOGUE or text in CATALOGUE or len(text) > RETOLD:
        return _(text)
    for message, pieces, shape in known_templates():
        if all(piece in text for piece in pieces) and (found := shape.fullmatch(text)):
            values: dict[str, object] = {name: retold(value) for name, value in found.groupdict().items()}
            return SAYER.vformat(PLACEHOLDER.sub(r"{\1}", _(message)), (), values)
    return _("; ").join(map(retold, text.split("; "))) if "; " in text else text


PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}")


@cache
def known_templates() -> list[tuple[str, list[str], re.Pattern[str]]]:
    """The templates of the catalogue with words of their own, those that say most first: words, pieces, pattern."""
    spoken = [message for message in CATALOGUE if "{" in message and wordy(message)]
    return [
        (message, sorted(PLACEHOLDER.sub("\0", message).split("\0"), key=len, reverse=True), shape_of(message))
        for message in sorted(spoken, key=wordy, reverse=True)
    ]


def wordy(message: str) -> int:
    """How many letters of a template are its own."""
    return sum(character.isalpha() for character in PLACEHOLDER.sub("", message))


def shape_of(message: str) -> re.Pattern[str]:
    """What a sentence made from a template looks like."""
    seen: set[str] = set()
    pattern, end = "", 0
    for place in PLACEHOLDER.finditer(message):
        name = place[1]
        pattern += re.escape(message[end : place.start()]) + (f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
        end = place.end()
    return re.compile(pattern + re.escape(message[end:]), re.DOTALL)


Words = Phrase | str
"""What a rule makes for its sentence: a phrase, or a text that is the same in every language."""
