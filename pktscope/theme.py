"""Roles into colours and weights, and the two sets of drawing characters. Colour never carries meaning alone.

Surfaces are neutral greys, which 256-colour terminals keep; badges are never bold, which 16-colour terminals turn grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pktscope.rows import Role

Depth: TypeAlias = Literal[0, 16, 256, 16777216]
"""How many colours a terminal shows; 0 for none at all."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Drawing characters, one cell each, in the order of the pictures below."""

    life: str
    silent: str
    tick_right: str
    tick_left: str
    badge: str
    solid: str
    double: str
    broken: str
    light: str
    to_right: str
    to_left: str
    lost: str
    gap: str
    rule: str
    bullet: str
    left_top: str
    left_middle: str
    left_bottom: str
    right_top: str
    right_bottom: str
    down_from_left: str
    on_to_right: str
    down_from_right: str
    on_to_left: str
    down_from_left_double: str
    on_to_right_double: str
    down_from_right_double: str
    on_to_left_double: str


# fmt: off
#                  life, silent, ticks, badge
#                  │    shafts: solid, double, broken, light
#                  │    │   heads, lost
#                  │    │   │  gap, rule, bullet
#                  │    │   │  │  braces: left lane 3, right lane 2
#                  │    │   │  │  │    stairs: heavy, double
UNICODE = Glyphs(*"│┊├┤●━═╍─▶◀╳╌─•╮│╯╭╰┓┗┏┛╗╚╔╝")
ASCII   = Glyphs(*"|:++*-=.-><X--*.|'.'.'.'.'.'")
# fmt: on
GLYPHS: Mapping[bool, Glyphs] = {False: UNICODE, True: ASCII}
"""By the answer to: ASCII only?"""


@dataclass(frozen=True, slots=True)
class Ink:
    """How one role looks."""

    foreground: str
    """'#rrggbb'."""
    basic: int
    """The foreground on a terminal of 16 colours, 0 to 15."""
    bold: bool = False
    italic: bool = False
    background: str = ""
    """'#rrggbb', or empty for the palette's."""
    basic_background: int | None = None


@dataclass(frozen=True, slots=True)
class Palette:
    """One look: surfaces, and an ink for every role."""

    name: str
    dark: bool
    background: str
    surface: str
    """Headers, footers and panels."""
    selection: str
    """Behind the current row."""
    foreground: str
    muted: str
    accent: str
    inks: Mapping[Role, Ink]


DARK = Palette(
    "dark", True, "#121212", "#262626", "#303030", "#e4e4e4", "#a8a8a8", "#ffaf00",
    {
        Role.SYN: Ink("#5fd7ff", 14, bold=True),
        Role.DATA: Ink("#ffaf00", 11, bold=True),
        Role.ACK: Ink("#5fd7af", 10),
        Role.FIN: Ink("#ff87d7", 13, bold=True),
        Role.RST: Ink("#ff8787", 9, bold=True),
        Role.AGAIN: Ink("#ffaf87", 9, bold=True),
        Role.DATAGRAM: Ink("#ffaf00", 11, bold=True),
        Role.FRAGMENT: Ink("#d7af5f", 3),
        Role.ICMP: Ink("#d7afff", 13),
        Role.OTHER: Ink("#bcbcbc", 7),
        Role.CALL: Ink("#ffff87", 11),
        Role.FAILURE: Ink("#ff8787", 9, bold=True),
        Role.STATE: Ink("#121212", 0, background="#87afff", basic_background=12),
        Role.POINT: Ink("#87afff", 12),
        Role.TIME: Ink("#a8a8a8", 7),
        Role.LIFELINE: Ink("#a8a8a8", 7),
        Role.GAP: Ink("#a8a8a8", 7, italic=True),
        Role.BANNER: Ink("#e4e4e4", 15),
        Role.LESSON: Ink("#87afff", 12),
        Role.NOTICE: Ink("#87d7ff", 14),
        Role.WARNING: Ink("#ffd75f", 11, bold=True),
        Role.ERROR: Ink("#ff8787", 9, bold=True),
        Role.TITLE: Ink("#e4e4e4", 15, bold=True),
        Role.PLAIN: Ink("#e4e4e4", 15),
    },
)  # fmt: skip

WHITE = Palette(
    "white", False, "#ffffff", "#e4e4e4", "#dadada", "#000000", "#4e4e4e", "#872100",
    {
        Role.SYN: Ink("#004a87", 4, bold=True),
        Role.DATA: Ink("#7a3500", 0, bold=True),
        Role.ACK: Ink("#005434", 0),
        Role.FIN: Ink("#80005f", 5, bold=True),
        Role.RST: Ink("#a00000", 1, bold=True),
        Role.AGAIN: Ink("#87005f", 1, bold=True),
        Role.DATAGRAM: Ink("#7a3500", 0, bold=True),
        Role.FRAGMENT: Ink("#5f4700", 0),
        Role.ICMP: Ink("#5f00af", 5),
        Role.OTHER: Ink("#444444", 0),
        Role.CALL: Ink("#4b4000", 0),
        Role.FAILURE: Ink("#a00000", 1, bold=True),
        Role.STATE: Ink("#ffffff", 15, background="#0047ab", basic_background=4),
        Role.POINT: Ink("#0047ab", 4),
        Role.TIME: Ink("#4e4e4e", 0),
        Role.LIFELINE: Ink("#4e4e4e", 0),
        Role.GAP: Ink("#4e4e4e", 0, italic=True),
        Role.BANNER: Ink("#000000", 0),
        Role.LESSON: Ink("#0047ab", 4),
        Role.NOTICE: Ink("#004a87", 4),
        Role.WARNING: Ink("#7a3500", 1, bold=True),
        Role.ERROR: Ink("#a00000", 1, bold=True),
        Role.TITLE: Ink("#000000", 0, bold=True),
        Role.PLAIN: Ink("#000000", 0),
    },
)  # fmt: skip

CONTRAST = Palette(
    "contrast", True, "#000000", "#000000", "#444444", "#ffffff", "#ffffff", "#ffff00",
    {
        Role.SYN: Ink("#00ffff", 14, bold=True),
        Role.DATA: Ink("#ffff00", 11, bold=True),
        Role.ACK: Ink("#00ff00", 10, bold=True),
        Role.FIN: Ink("#ffafff", 13, bold=True),
        Role.RST: Ink("#ffafaf", 9, bold=True),
        Role.AGAIN: Ink("#ffd7af", 9, bold=True),
        Role.DATAGRAM: Ink("#ffff00", 11, bold=True),
        Role.FRAGMENT: Ink("#ffff87", 11),
        Role.ICMP: Ink("#ffd7ff", 13, bold=True),
        Role.OTHER: Ink("#ffffff", 15),
        Role.CALL: Ink("#ffffaf", 11),
        Role.FAILURE: Ink("#ffafaf", 9, bold=True),
        Role.STATE: Ink("#000000", 0, background="#ffffff", basic_background=15),
        Role.POINT: Ink("#ffffff", 15),
        Role.TIME: Ink("#ffffff", 15),
        Role.LIFELINE: Ink("#ffffff", 15),
        Role.GAP: Ink("#ffffff", 15),
        Role.BANNER: Ink("#ffffff", 15, bold=True),
        Role.LESSON: Ink("#ffffff", 15),
        Role.NOTICE: Ink("#00ffff", 14),
        Role.WARNING: Ink("#ffff00", 11, bold=True),
        Role.ERROR: Ink("#ffafaf", 9, bold=True),
        Role.TITLE: Ink("#ffffff", 15, bold=True),
        Role.PLAIN: Ink("#ffffff", 15),
    },
)  # fmt: skip

PALETTES: Mapping[str, Palette] = {palette.name: palette for palette in (DARK, WHITE, CONTRAST)}


def channels(colour: str) -> tuple[int, int, int]:
    """'#ff8700' as (255, 135, 0)."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.1 defines it, 0 to 1."""
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The WCAG 2.1 contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def cube(colour: str) -> int:
    """The nearest of the 256 colours: the 6x6x6 cube, or the 24 greys for what has no hue."""
    red, green, blue = channels(colour)
    if red == green == blue and 8 <= red <= 238:
        return 232 + round((red - 8) / 10)
    steps = (
        min(range(6), key=lambda step: abs((0, 95, 135, 175, 215, 255)[step] - part)) for part in (red, green, blue)
    )
    place = 16
    for weight, step in zip((36, 6, 1), steps, strict=True):
        place += weight * step
    return place


def depth(term: str, colorterm: str) -> Depth:
    """How many colours a terminal says it has, by its TERM and COLORTERM variables."""
    if colorterm in {"truecolor", "24bit"}:
        return 16777216
    if term in {"", "dumb"}:
        return 0
    return 256 if "256" in term or term.startswith(("xterm-kitty", "alacritty", "foot", "tmux", "wezterm")) else 16


def colour_code(colour: str, basic: int | None, colours: Depth, background: bool) -> str:
    """The SGR parameters of one colour, '' for none."""
    if not colour or not colours:
        return ""
    if colours == 16:
        number = basic or 0
        return str((40 if background else 30) + number if number < 8 else (100 if background else 90) + number - 8)
    kind = "48" if background else "38"
    if colours == 256:
        return f"{kind};5;{cube(colour)}"
    return f"{kind};2;{';'.join(str(part) for part in channels(colour))}"


def sgr(ink: Ink, colours: Depth) -> str:
    """The escape sequence that turns an ink on, '' where it changes nothing."""
    codes = [
        "1" if ink.bold and colours else "",
        "3" if ink.italic and colours else "",
        colour_code(ink.foreground, ink.basic, colours, background=False),
        colour_code(ink.background, ink.basic_background, colours, background=True),
    ]
    shown = ";".join(code for code in codes if code)
    return f"\x1b[{shown}m" if shown else ""


RESET = "\x1b[0m"
