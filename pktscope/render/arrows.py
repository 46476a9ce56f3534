"""Frames: arrows with their labels inside or above, and stairs for those that take their time."""

from __future__ import annotations

from pktscope.render.bands import Band, Brush, tick
from pktscope.rows import Arrow, Fold, Stroke
from pktscope.text import fit, width, wrap
from pktscope.theme import Glyphs

LOST_AT = 0.6
"""How far a lost frame gets."""


def label_text(number: str, parts: tuple[str, ...], room: int, tool: Brush) -> str:
    """The frame's number and as many whole parts as fit; empty where not even the first does."""
    text = number
    comma = "," if number.endswith(":") else ""  # a run's parts are a list, a frame's are fields
    for part in parts:
        longer = f"{text}{comma if text != number else ''} {tool.say(part)}"
        if width(longer) > room:
            break
        text = longer
    return "" if text == number else text


def arrow_bands(
    item: Arrow | Fold,
    number: str,
    parts: tuple[str, ...],
    stroke: Stroke,
    time: str,
    tool: Brush,
    progress: float,
) -> list[Band]:
    """A frame: its label inside or above its arrow, or on a stair."""
    first, last = reach_of(item, tool)
    wire = last - first
    whole = wire == tool.columns.wire and stroke not in (Stroke.LOST, Stroke.LEAVING)
    if tool.options.sloped and whole:
        return stair_bands(item, number, parts, stroke, time, tool, progress)
    room = wire - (6 if wire >= 34 else 5)  # a head, a little shaft, and a blank on either side of the label
    inside = label_text(number, parts, room, tool) if whole and not tool.columns.label_above else ""
    line = arrow_band(item, inside, stroke, time, tool, progress)
    return [line] if inside else [*label_bands(item, number, parts, tool), line]


def reach_of(item: Arrow | Fold, tool: Brush) -> tuple[int, int]:
    """The cells of the wire an arrow is drawn over: first, and behind the last."""
    if isinstance(item, Fold):
        return 0, tool.columns.wire
    return tool.place(item.leg[0]) + 1, tool.place(item.leg[1])


def label_bands(item: Arrow | Fold, number: str, parts: tuple[str, ...], tool: Brush) -> list[Band]:
    """The label above its arrow, near the sender."""
    room = tool.columns.wire - 2
    whole = label_text(number, parts, room, tool)
    texts = [whole] if whole else wrap(tool.say(f"{number} {parts[0] if parts else ''}").rstrip(), room)
    bands = []
    for text in texts:
        band = tool.band()
        band.wire = beside(f" {text} ", item, tool)
        band.role = item.role
        bands.append(band)
    return bands


def beside(text: str, item: Arrow | Fold, tool: Brush) -> str:
    """A label's line: it begins where the arrow begins, as far as the wire has room for it."""
    wire = tool.columns.wire
    first, last = reach_of(item, tool)
    spare = max(0, wire - width(text))
    if item.sender:
        return fit(" " * (spare - min(spare, wire - last)) + text, wire, "<")
    return fit(" " * min(first, spare) + text, wire, "<")


def arrow_band(item: Arrow | Fold, label: str, stroke: Stroke, time: str, tool: Brush, progress: float) -> Band:
    """The line with the arrow itself."""
    glyphs = tool.glyphs
    first, last = reach_of(item, tool)
    size, right = last - first, item.receiver > item.sender
    shaft, tip = shaft_of(stroke, glyphs), glyphs.to_right if right else glyphs.to_left
    reach = size
    if stroke is Stroke.LOST:
        reach, tip = round(size * LOST_AT), glyphs.lost
    elif stroke is Stroke.LEAVING:
        reach, tip = size // 2, glyphs.gap
    done = min(reach, max(0, round(reach * progress)))
    if done < reach and stroke in (Stroke.LOST, Stroke.LEAVING):
        tip = shaft
    drawn = shaft * (done - 1) + tip if done else ""
    if isinstance(item, Arrow) and half(item.leg) and done > 2:
        drawn = glyphs.gap * 2 + drawn[2:]  # it comes from where another row has it leave
    drawn = drawn if right else drawn[::-1]
    cells = drawn.ljust(size) if right else drawn.rjust(size)
    if label:
        start = (size - width(label) - 2) // 2
        cells = f"{cells[:start]} {label} {cells[start + width(label) + 2 :]}"
    band = tool.band(time)
    if isinstance(item, Fold) and item.answers and done == size:
        cells = glyphs.to_left + cells[1:] if right else cells[:-1] + glyphs.to_right
    band.wire, band.role = fit(" " * first + cells, tool.columns.wire), item.role
    join_ends(band, item, first, last, tool, arrives=done == size)
    return band


def half(leg: tuple[float, float]) -> bool:
    """Whether an arrow is the second half of one that left in an earlier row."""
    return leg in ((0.5, 1.0), (0.0, 0.5))


def join_ends(band: Band, item: Arrow | Fold, first: int, last: int, tool: Brush, *, arrives: bool) -> None:
    """Join an arrow to the lifelines it touches."""
    ends = (first == 0, last == tool.columns.wire)
    if ends[item.sender]:
        tick(band, item.sender, tool)
    if arrives and ends[item.receiver]:
        tick(band, item.receiver, tool)


def corners(stroke: Stroke, glyphs: Glyphs) -> tuple[str, str, str, str]:
    """The corners of a stair in the weight of its shaft: down from the left, on to the right, and mirrored."""
    if stroke is Stroke.DOUBLE:
        return (
            glyphs.down_from_left_double, glyphs.on_to_right_double,
            glyphs.down_from_right_double, glyphs.on_to_left_double,
        )  # fmt: skip
    if stroke is Stroke.LIGHT:
        return glyphs.left_top, glyphs.right_bottom, glyphs.right_top, glyphs.left_bottom
    return glyphs.down_from_left, glyphs.on_to_right, glyphs.down_from_right, glyphs.on_to_left


def shaft_of(stroke: Stroke, glyphs: Glyphs) -> str:
    """The character a shaft is made of."""
    return {
        Stroke.SOLID: glyphs.solid,
        Stroke.DOUBLE: glyphs.double,
        Stroke.BROKEN: glyphs.broken,
        Stroke.LIGHT: glyphs.light,
        Stroke.LOST: glyphs.broken,
        Stroke.LEAVING: glyphs.solid,
    }[stroke]


def stair_bands(
    item: Arrow | Fold,
    number: str,
    parts: tuple[str, ...],
    stroke: Stroke,
    time: str,
    tool: Brush,
    progress: float,
) -> list[Band]:
    """A frame that takes its time: three lines down from sender to receiver, the label on the middle one."""
    wire, glyphs, shaft = tool.columns.wire, tool.glyphs, shaft_of(stroke, tool.glyphs)
    label = label_text(number, parts, wire - 12, tool)
    above = [] if label else label_bands(item, number, parts, tool)
    inside = f" {label} " if label else ""
    middle = max(wire // 2, width(inside) + 4)
    down_right, on_right, down_left, on_left = corners(stroke, glyphs)
    first = (wire - middle) // 2 + 1
    last = wire - first - middle + 2
    pad = middle - 2 - width(inside)
    rightward = (
        shaft * (first - 1) + down_right,
        on_right + shaft * (pad // 2) + inside + shaft * (pad - pad // 2) + down_right,
        on_right + shaft * (last - 2) + glyphs.to_right,
    )
    leftward = (
        down_left + shaft * (first - 1),
        down_left + shaft * (pad // 2) + inside + shaft * (pad - pad // 2) + on_left,
        glyphs.to_left + shaft * (last - 2) + on_left,
    )
    starts = (0, first - 1, wire - last)
    bands = []
    for index, (start, right, left) in enumerate(zip(starts, rightward, leftward, strict=True)):
        band = tool.band(time if not index else "")
        text = right if item.receiver > item.sender else left
        indent = start if item.receiver > item.sender else wire - start - width(text)
        band.wire = fit(" " * indent + text, wire) if progress * 3 > index else ""
        band.role = item.role
        bands.append(band)
    tick(bands[0], item.sender, tool)
    if progress >= 1:
        tick(bands[2], item.receiver, tool)
    return [*above, *bands]
