"""What stands above the ladder and stays there: lane titles, current states, endpoints, the unit of time."""

from __future__ import annotations

from pktscope.model import State, States
from pktscope.render.columns import Columns, Options, plain_ascii, state_text, unit
from pktscope.rows import Lane, Role
from pktscope.text import head, width
from pktscope.timeline import Timeline
from pktscope.words import say


def paint_header(
    timeline: Timeline, columns: Columns, states: States, options: Options, tag: str = ""
) -> list[list[tuple[str, Role]]]:
    """Lines of exactly `columns.width` cells: titles with states, then endpoints, each over its lifeline.

    `tag` says whose states they are, '#2', where there are several conversations.
    """
    lanes = timeline.lanes
    titles = [title_runs(lane, state, columns, tag) for lane, state in zip(lanes, states, strict=True)]
    starts = spread(columns, [sum(width(text) for text, _ in runs) for runs in titles], columns.time)
    first: list[tuple[str, Role]] = []
    if columns.time:
        first.append((unit(columns, options).rjust(columns.time - 1) + " ", Role.TIME))
    for start, runs in zip(starts, titles, strict=True):
        for place, name in waypoints(timeline, columns):
            if size_of(first) < place and place + width(name) < start:
                first += [(" " * (place - size_of(first)), Role.PLAIN), (name, Role.TITLE)]
        first += [(" " * (start - size_of(first)), Role.PLAIN), *runs]
    return [padded(first, columns.width), *endpoint_lines(lanes, columns, options)]


def waypoints(timeline: Timeline, columns: Columns) -> list[tuple[int, str]]:
    """The hosts on the way: where each name starts, so that it stands over its lifeline."""
    names = timeline.waypoints
    cells = [columns.lifelines[0] + round(n / (len(names) + 1) * (columns.wire + 1)) for n in range(1, len(names) + 1)]
    return [(max(0, at - width(name) // 2), name) for at, name in zip(cells, names, strict=True)]


def title_runs(lane: Lane, state: State, columns: Columns, tag: str = "") -> list[tuple[str, Role]]:
    """'client' and a badge with its state; no badge for a state nobody knows."""
    runs = [(lane.title, Role.TITLE)]
    if state is not State.UNKNOWN:
        room = 11 if columns.width >= 72 else 10 if columns.width >= 60 else 7
        told = f"{tag} {state_text(state.value, room)}" if tag else state_text(state.value, room)
        runs += [(" ", Role.PLAIN), (f" {told} ", Role.STATE)]
    return runs


def endpoint_lines(lanes: tuple[Lane, Lane], columns: Columns, options: Options) -> list[list[tuple[str, Role]]]:
    """Both endpoints on one line where they fit beside each other, else on a line each; never cut."""
    names = [plain_ascii(lane.endpoint) if options.ascii else lane.endpoint for lane in lanes]
    sizes = [width(name) for name in names]
    if sum(sizes) + 2 <= columns.width:
        line: list[tuple[str, Role]] = []
        for start, name in zip(spread(columns, sizes, 0), names, strict=True):
            line += [(" " * (start - size_of(line)), Role.PLAIN), (name, Role.PLAIN)]
        return [padded(line, columns.width)]
    lines = []
    for lane, name in zip(lanes, names, strict=True):
        named = say("{word}: {meaning}", {"word": lane.title, "meaning": name})
        for piece in pieces(named if width(named) <= columns.width else name, columns.width):
            lines.append(padded([(piece, Role.PLAIN)], columns.width))
    return lines


def spread(columns: Columns, sizes: list[int], least: int) -> list[int]:
    """Where two texts start so that each stands over its lifeline, without touching and inside the screen."""
    centres = columns.lifelines
    left = max(least, centres[0] - sizes[0] // 2)
    right = max(left + sizes[0] + 2, centres[1] - sizes[1] // 2)
    right = max(0, min(right, columns.width - sizes[1]))
    return [max(0, min(left, right - 2 - sizes[0])), right]


def size_of(line: list[tuple[str, Role]]) -> int:
    return sum(width(text) for text, _ in line)


def padded(line: list[tuple[str, Role]], size: int) -> list[tuple[str, Role]]:
    """The line without empty runs, filled up to `size` cells."""
    line = [*line, (" " * (size - size_of(line)), Role.PLAIN)]
    return [run for run in line if run[0]]


def pieces(text: str, cells: int) -> list[str]:
    """A name too long for one line, on as many as it needs."""
    found = []
    while text:
        part = head(text, cells)
        found.append(part)
        text = text[len(part) :]
    return found
