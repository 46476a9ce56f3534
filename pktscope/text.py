"""The one gate for hostile text, and how many cells text takes. Whatever a packet, program or file says passes here.

What comes out of `safe_text` is printable, left to right, and as wide in every terminal as `width` says; so the
drawing code may count cells, and no capture can move the cursor, ring the bell or set the clipboard.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

NARROW = (
    (0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x2AF), (0x2B9, 0x2FF), (0x370, 0x482), (0x48A, 0x52F), (0x2010, 0x2027),
    (0x2030, 0x205E), (0x2070, 0x20C0), (0x2100, 0x218B), (0x2190, 0x2319), (0x231C, 0x2328), (0x232B, 0x23E8),
    (0x2400, 0x2426), (0x2440, 0x244A), (0x2460, 0x25FC), (0x25FF, 0x2613), (0x2701, 0x2704), (0x303F, 0x303F),
    (0xFF61, 0xFF9D), (0xFFA1, 0xFFDC), (0xFFE8, 0xFFEE),
)  # fmt: skip
"""Code points of one cell in every terminal tried: Latin, Greek, Cyrillic, punctuation, arrows, mathematics, boxes."""

WIDE = (
    (0x2E80, 0x303E), (0x3041, 0x3096), (0x309B, 0x30FF), (0x3105, 0x312F), (0x3131, 0x3163), (0x3165, 0x318E),
    (0x3190, 0x31E3), (0x31F0, 0x3247), (0x3250, 0x4DBF), (0x4E00, 0xA48C), (0xAC00, 0xD7A3), (0xF900, 0xFAD9),
    (0xFE30, 0xFE6B), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x20000, 0x2A6DF),
)  # fmt: skip
"""... and two cells: Chinese, Japanese and Korean writing and its full-width forms."""

LEFT_TO_RIGHT = frozenset(("L", "EN", "ES", "ET", "CS", "WS", "ON"))
"""Bidirectional classes that leave the order of a line alone."""

NAMED = {0x00: "\\0", 0x07: "\\a", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x1B: "\\e"}
ELLIPSIS = "…"
NOT_AT_START = frozenset("，。、；：？！）》」』】〉”’…,.;:!?)]}")
"""Punctuation that closes something: no line begins with it."""
NOT_AT_END = frozenset("（《「『【〈“‘([{")
"""Punctuation that opens something: no line ends with it."""

WIDE_CHARACTER = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in WIDE) + "]")


def escape(code: int) -> str:
    """How a code point nobody should see raw is written: \\n, \\x9b, \\u202e, \\U0e0001."""
    if code in NAMED:
        return NAMED[code]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:06x}"


def is_safe(code: int) -> bool:
    """Whether a code point may reach a terminal as itself: listed above, visible, upright and alone in its cell."""
    if 0x20 <= code < 0x7F or code == 0x3000:
        return True
    if not any(first <= code <= last for table in (NARROW, WIDE) for first, last in table):
        return False
    character = chr(code)
    kind = unicodedata.category(character)
    return (
        kind[0] in "LNPS"
        and kind != "Lm"  # modifier letters combine in some fonts
        and not unicodedata.combining(character)
        and unicodedata.bidirectional(character) in LEFT_TO_RIGHT
    )


class Gate(dict[int, str]):
    """str.translate's table, filled as code points are met."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = chr(code) if is_safe(code) else escape(code)
        return shown


GATE = Gate()


def safe_text(value: object, limit: int = 4096, keep_newlines: bool = False) -> str:
    """Any text or octets as characters that only occupy cells; what else there was stands as a visible escape.

    At most `limit` characters come out, the last of them an ellipsis where something was left off. One line, unless
    `keep_newlines`. Octets are read as UTF-8, or as ASCII with escapes where they are not. Never raises; harmless to
    repeat.
    """
    text = value if isinstance(value, str) else decoded(value, limit)
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    text = text[: limit + 1]
    if keep_newlines:
        return cut("\n".join(line.translate(GATE) for line in text.split("\n")), limit)
    return cut(text.translate(GATE), limit)


def decoded(value: object, limit: int) -> str:
    """Octets as text, or anything else by str()."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        return str(value)
    octets = bytes(value[: limit * 4 + 4])
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        if len(octets) == limit * 4 + 4 and error.start >= limit + 1:
            return octets[: error.start].decode()  # broken only behind what will be shown
    return "".join(chr(octet) if octet < 0x80 else f"\\x{octet:02x}" for octet in octets[: limit + 1])


ESCAPE_AT_END = re.compile(r"\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|U[0-9a-f]{0,5})?$")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, no escape cut in two, an ellipsis for the rest."""
    if len(text) <= limit:
        return text
    return ESCAPE_AT_END.sub("", text[: max(0, limit - 1)]) + ELLIPSIS[:limit]


def width(text: str) -> int:
    """Terminal cells of safe text."""
    return len(text) if text.isascii() else len(text) + len(WIDE_CHARACTER.findall(text))


def fit(text: str, cells: int, align: Literal["<", ">", "^"] = "<") -> str:
    """Safe text in exactly `cells` cells: padded, or cut with an ellipsis. For words; a number must never be cut."""
    size = width(text)
    if size > cells:
        text = head(text, cells - 1) + ELLIPSIS if cells > 0 else ""
        size = width(text)
    room = max(0, cells - size)
    left = {"<": 0, ">": room, "^": room // 2}[align]
    return " " * left + text + " " * (room - left)


def head(text: str, cells: int) -> str:
    """As many whole characters from the beginning as take at most `cells` cells."""
    if cells <= 0:
        return ""
    if width(text) <= cells:
        return text
    if text.isascii():
        return text[:cells]
    used = 0
    for index, character in enumerate(text):
        used += width(character)
        if used > cells:
            return text[:index]
    return text


def wrap(text: str, cells: int) -> list[str]:
    """Lines of at most `cells` cells, at least 2. Breaks at spaces and at wide characters, not before closing ones."""
    cells = max(2, cells)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += [paragraph] if width(paragraph) <= cells else filled(paragraph, cells)
    return lines


def filled(paragraph: str, cells: int) -> list[str]:
    """One paragraph as lines, each as full as its words allow."""
    lines: list[str] = []
    line, used = "", 0
    for piece in words(paragraph):
        word, size = piece, width(piece)
        if used + size > cells and used:
            lines.append(line.rstrip(" "))
            line, used = "", 0
        if not used and lines and word == " ":
            continue
        while size > cells:
            part = head(word, cells)
            lines.append(part)
            word = word[len(part) :]
            size = width(word)
        line, used = line + word, used + size
    lines.append(line.rstrip(" "))
    return lines


def words(paragraph: str) -> list[str]:
    """The pieces a line may be broken between: words, spaces, wide characters with what opens and closes them."""
    pieces = [""]
    for character in paragraph:
        last = pieces[-1]
        if character == " ":
            pieces += [" ", ""]
        elif character in NOT_AT_START:
            if not last and len(pieces) > 1 and pieces[-2] != " ":
                pieces[-2] += character
            else:
                pieces[-1] += character
                pieces += [""] if width(character) == 2 else []
        elif character in NOT_AT_END and width(character) == 2:
            pieces += [character]
        elif width(character) == 2 and last[-1:] in NOT_AT_END:
            pieces[-1] += character
            pieces += [""]
        elif width(character) == 2:
            pieces += [character, ""]
        else:
            pieces[-1] += character
    return [piece for piece in pieces if piece]
