"""What the inspector says of a step, as named parts of runs: fields, reasons, variables, octets. Pure."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from pktscope.model import Call, End, Fate, Frame, Layer, Return, Sample, Segment, Step
from pktscope.rows import Role
from pktscope.text import safe_text
from pktscope.tui.boxes import Cell, box, edges, ip_box, scale, transport_box
from pktscope.tui.parts import Context, Line, Part, pair, plain
from pktscope.tui.source import source_parts
from pktscope.words import N_, _, cited, counted, duration, retold, say

LAYER_ROLES = (Role.TIME, Role.ICMP, Role.SYN, Role.FIN)
"""Headers in order; payload is always Role.DATA."""


class HexLines(Sequence[Line]):
    """The hex view of a frame: lines are made when asked for, each octet in the role of its layer."""

    def __init__(self, data: bytes, layers: tuple[Layer, ...], width: int) -> None:
        self.data = data
        self.per_line = 16 if width >= 4 + 2 + 16 * 3 + 1 + 16 else 8
        self.spans = [(layer.start, layer.end, layer_role(layers, index)) for index, layer in enumerate(layers)]

    def __len__(self) -> int:
        return (len(self.data) + self.per_line - 1) // self.per_line

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]
        start = index * self.per_line
        if not 0 <= start < max(1, len(self.data)):
            raise IndexError(index)
        octets = self.data[start : start + self.per_line]
        roles = [self.role_of(start + place) for place in range(len(octets))]
        line: Line = [(f"{start:04x}  ", Role.TIME)]
        line += [(f"{octet:02x} ", role) for octet, role in zip(octets, roles, strict=True)]
        line.append(("   " * (self.per_line - len(octets)) + " ", Role.PLAIN))
        line += [(chr(octet) if 32 <= octet < 127 else ".", role) for octet, role in zip(octets, roles, strict=True)]
        return line

    def role_of(self, offset: int) -> Role:
        """The role of one octet: that of the innermost layer it lies in."""
        return next((role for start, end, role in reversed(self.spans) if start <= offset < end), Role.OTHER)


def layer_role(layers: tuple[Layer, ...], index: int) -> Role:
    """Payload as data, headers in turn."""
    if layers[index].name.lower() in ("payload", "data"):
        return Role.DATA
    return LAYER_ROLES[index % len(LAYER_ROLES)]


def described(step: Step, context: Context, width: int) -> list[Part]:
    """Every part the inspector shows of a step."""
    seen = step.observation
    if isinstance(seen, Frame):
        return frame_parts(step, seen, context, width)
    if isinstance(seen, Call | Return):
        return call_parts(step, context, width)
    return other_parts(step, context, width)


def frame_parts(step: Step, frame: Frame, context: Context, width: int) -> list[Part]:
    """Of a frame."""
    arrow = "->" if context.ascii else "→"
    sizes = N_("{wire:bytes} on the wire")
    if frame.data and frame.captured_length < frame.wire_length:
        sizes = N_("{wire:bytes} on the wire, {captured:,} captured")
    counts = {"wire": frame.wire_length, "captured": frame.captured_length}
    head = pair("from, to", f"{frame.source} {arrow} {frame.target}", width)
    head += pair("when", since_first(frame.time, context), width)
    head += pair("size", say(sizes, counts), width)
    if frame.interface or frame.vlans:
        head += pair(
            "interface", ", ".join([frame.interface, *(f"VLAN {tag}" for tag in frame.vlans)]).strip(", "), width
        )
    if frame.comment:
        head += pair("comment", frame.comment, width)
    values = {"number": frame.number, "side": step.side, "arrow": arrow, "other": step.side.other}
    title = say("packet {number}   {side} {arrow} {other}", values)
    parts = [Part(title, head), *why_parts(context, width), *source_parts(step, context, width)]
    parts += boxed_parts(frame, context, width)
    if step.segment is not None:
        parts += segment_parts(step, step.segment, context, width)
    for oddity in frame.oddities:
        parts.append(Part("odd", plain(oddity, width, Role.WARNING)))
    parts += octet_parts(frame, width)
    return parts


def since_first(time: int, context: Context) -> str:
    """When something was, as the timeline counts."""
    return say("{time} after the first row", {"time": duration(time - context.start)})


def boxed_parts(frame: Frame, context: Context, width: int) -> list[Part]:
    """The headers as boxes."""
    parts = []
    name = type(frame.transport).__name__.upper()
    drawn = transport_box(frame, width, ascii_only=context.ascii)
    if drawn:
        lines: list[Line] = [[(line, Role.PLAIN)] for line in drawn]
        if frame.unfilled_checksum:
            lines += plain(
                _("The checksum is only the pseudo-header's sum: it was left to the network card."), width, Role.TIME
            )
        parts.append(Part(say("{name} header", {"name": name}), lines))
    drawn = ip_box(frame, width, ascii_only=context.ascii)
    if drawn and frame.ip is not None:
        parts.append(
            Part(say("{name} header", {"name": f"IPv{frame.ip.version}"}), [[(line, Role.PLAIN)] for line in drawn])
        )
    return parts


def why_parts(context: Context, width: int) -> list[Part]:
    """The notes that land on this step."""
    lines: list[Line] = []
    for note in context.notes:
        role = Role(note.severity.value)
        lines += plain(say(note.message, note.values), width, role)
        sources = [cited(note.reference)] if note.reference else []
        if note.wireshark:
            sources.append(f"Wireshark: {note.wireshark}")
        lines += plain(f"{note.rule}   {'   '.join(sources)}".rstrip(), width, Role.TIME)
        lines.append([])
    return [Part("why now?", lines[:-1])] if lines else []


def segment_parts(step: Step, segment: Segment, context: Context, width: int) -> list[Part]:
    """The numbers of a segment, and its sender's variables behind it."""
    lines: list[Line] = []
    span = N_("{first:,} to {last:,}") if segment.end > segment.seq else N_("none (next is {first:,})")
    lines += pair("numbers used", say(span, {"first": segment.seq, "last": segment.end - 1}), width)
    if segment.answers is not None and segment.answers < len(context.steps):
        answered = context.steps[segment.answers].observation
        number = answered.number if isinstance(answered, Frame) else 0
        values = {"number": number, "after": segment.rtt, "acked": segment.acked}
        said = N_("packet {number}; {acked:,} new")
        if segment.rtt is not None:
            said = N_("packet {number}, {after:duration} after it; {acked:,} new")
        lines += pair("acknowledges", say(said, values), width)
    if segment.sack:
        lines += pair("SACK", _(", ").join(numbered(*each) for each in segment.sack), width)
    lines += pair("window", window_words(segment), width)
    return [
        Part("this segment", lines),
        Part(say("the {side}'s variables after it", {"side": step.side}), variables(step, segment, context, width)),
    ]


def numbered(first: int, behind: int) -> str:
    """Numbers from the first to the one before the last."""
    return say("{first:,} to {last:,}", {"first": first, "last": behind - 1})


def window_words(segment: Segment) -> str:
    """The window a segment announces."""
    said = N_("{window:bytes}")
    if not segment.window_known:
        said = N_("{window:bytes}, if no scale was agreed: the SYN was not seen")
    return say(said, {"window": segment.window})


def variables(step: Step, segment: Segment, context: Context, width: int) -> list[Line]:
    """The send sequence space of RFC 9293 section 3.3.1, as far as this capture shows it."""
    cells = scale(width)
    limit = segment.limit
    free = None if limit is None else max(0, limit - segment.nxt)
    row = (
        Cell("sent + acked", f"< {segment.una:,}" if segment.una > 0 else _("none"), 8, "acked"),
        Cell("in flight", f"{segment.in_flight:,}", 8, "flight"),
        Cell("may send now", "?" if free is None else f"{free:,}", 8, "may"),
        Cell("must wait", "?" if limit is None else f"{limit:,}+", 8, "wait"),
    )
    lines: list[Line] = [[(line, Role.PLAIN)] for line in box([row], cells, ascii_only=context.ascii)]
    lines.append(
        [
            (
                under_borders(
                    row, cells, ("", f"{segment.una:,}", f"{segment.nxt:,}", "" if limit is None else f"{limit:,}")
                ),
                Role.TIME,
            )
        ]
    )
    lines += pair("SND.UNA", say("{number:,}   oldest not acknowledged", {"number": segment.una}), width)
    lines += pair("SND.NXT", say("{number:,}   next to be sent", {"number": segment.nxt}), width)
    lines += pair(
        "UNA + WND",
        _("not known: the other side's window was not seen")
        if limit is None
        else say("{number:,}   first it may not send yet", {"number": limit}),
        width,
    )
    return lines


def under_borders(row: tuple[Cell, ...], cells: int, numbers: tuple[str, ...]) -> str:
    """Numbers centred under a box's inner borders, none cut, none touching."""
    line = ""
    for place, number in zip(sorted(edges(row, cells)), numbers, strict=False):
        if number:
            at = max(len(line) + 1, place - len(number) // 2)
            line = line.ljust(at) + number
    return line


def octet_parts(frame: Frame, width: int) -> list[Part]:
    """Layers, then every captured octet in the colour of its layer."""
    if not frame.data:
        return []
    lines: list[Line] = []
    for index, layer in enumerate(frame.layers):
        size = layer.end - layer.start
        words = f"{layer.name:<16} {layer.start:>6} - {layer.end - 1:<6} {counted(size, 'bytes')}"
        lines.append([(safe_text(words), layer_role(frame.layers, index))])
    parts = [Part("layers", lines)] if lines else []
    return [*parts, Part("octets", HexLines(frame.data, frame.layers, width))]


def partner(step: Step, context: Context) -> Step | None:
    """The Return of a Call, the Call of a Return."""
    other = step.call if isinstance(step.observation, Return) else context.returns.get(step.index)
    return context.steps[other] if other is not None and other < len(context.steps) else None


TELLING = frozenset({"print", "exit"})
"""What is told in one piece, without a return."""


def call_parts(step: Step, context: Context, width: int) -> list[Part]:
    """Of a socket call and its return, whichever was chosen."""
    other = partner(step, context)
    both = [found for found in (step, other) if found is not None]
    call = next((found for found in both if isinstance(found.observation, Call)), None)
    answer = next((found for found in both if isinstance(found.observation, Return)), None)
    lines: list[Line] = []
    name = step.observation.name if isinstance(step.observation, Call | Return) else ""
    if call is not None and isinstance(call.observation, Call):
        lines += entered_lines(call, call.observation, context, width)
    if answer is not None and isinstance(answer.observation, Return):
        lines += returned_lines(call, answer, answer.observation, context, width)
    elif name not in TELLING:
        lines += pair("result", _("it has not returned as far as was recorded"), width)
    title = safe_text(say("{side}: {call}()", {"side": step.side, "call": name}))
    return [Part(title, lines), *why_parts(context, width), *source_parts(step, context, width)]


def entered_lines(step: Step, call: Call, context: Context, width: int) -> list[Line]:
    """What a call was entered with."""
    lines = pair(
        "call", f"{call.name}{call.arguments if call.arguments.startswith('(') else f'({call.arguments})'}", width
    )
    lines += pair("entered", since_first(call.time, context), width)
    if call.protocol or call.local or call.peer:
        ends = (" -> " if context.ascii else " → ").join(str(end) for end in (call.local, call.peer) if end is not None)
        lines += pair("socket", f"{call.protocol} {ends}".strip(), width)
    if step.octets is not None and step.octets[1] > step.octets[0]:
        lines += pair("octets", stream_words(step.octets), width)
    if call.line:
        lines += pair("where", f"{os.path.basename(call.file)}:{call.line}", width)
    return lines


def returned_lines(call: Step | None, step: Step, answer: Return, context: Context, width: int) -> list[Line]:
    """What came back, and when."""
    lines: list[Line] = []
    if answer.error:
        number = getattr(errno, answer.error, None)
        meaning = f": {_(os.strerror(number))}" if isinstance(number, int) else ""
        lines += pair("error", f"{answer.error}{meaning}", width)
    else:
        made = _("a new socket") if answer.new_socket is not None else ""
        lines += pair("result", made or answer.result or _("nothing"), width)
    if answer.length == 0 and answer.name.startswith(("recv", "read")) and not answer.error:
        lines += pair("meaning", _("0 bytes: the other side has ended its stream (its FIN arrived)"), width)
    if call is not None:
        lines += pair("took", duration(answer.time - call.time), width)
    if step.octets is not None and step.octets[1] > step.octets[0]:
        lines += pair("octets", stream_words(step.octets), width)
    return lines


def stream_words(octets: tuple[int, int]) -> str:
    """Which octets of the stream."""
    first, behind = octets
    return say(
        "{first:,} to {last:,} of the stream ({count:,})", {"first": first, "last": behind - 1, "count": behind - first}
    )


FATES = {
    "delivered": N_("delivered packet {number}"),
    "dropped": N_("dropped packet {number}"),
    "delayed": N_("delayed packet {number}"),
    "swapped": N_("let another packet overtake packet {number}"),
    "doubled": N_("doubled packet {number}"),
    "damaged": N_("damaged packet {number}"),
}
ENDS = {"finished": N_("finished"), "cut": N_("cut"), "interrupted": N_("interrupted")}
KINDS = {Sample: N_("sample"), Fate: N_("fate"), End: N_("end")}


def other_parts(step: Step, context: Context, width: int) -> list[Part]:
    """Of a sample, a fate, the end."""
    seen = step.observation
    lines: list[Line] = []
    if isinstance(seen, Sample):
        lines += pair(
            "kernel says", say("{state} for the {side}'s socket", {"state": seen.state, "side": step.side}), width
        )
        lines += pair("asked", since_first(seen.time, context), width)
        if seen.timer:
            lines += pair(
                "timer", say("{timer}, {left:duration} left", {"timer": seen.timer, "left": seen.timer_left}), width
            )
        lines += pair("unread", counted(seen.unread, "bytes"), width)
        for name, value in seen.info:
            lines += pair(name, f"{value:,}", width)
    elif isinstance(seen, Fate):
        lines += pair("the wire", say(FATES[seen.what], {"number": seen.frame}), width)
    elif isinstance(seen, End):
        lines += pair("the end", retold(seen.detail) if seen.detail else _(ENDS[seen.reason]), width)
        if seen.dropped is not None:
            lines += pair("not captured", counted(seen.dropped, "frames"), width)
    return [Part(KINDS.get(type(seen), ""), lines), *why_parts(context, width)]
