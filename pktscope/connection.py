"""One TCP connection as a bystander has it: relative numbers, windows, and the states both ends move through."""

from __future__ import annotations

from dataclasses import dataclass, field

from pktscope import tcp
from pktscope.ends import Datagram, End, Pieces, Sent
from pktscope.model import ACK, FIN, RST, SYN, URG, Frame, Segment, Side, State, Tcp
from pktscope.seq import Line
from pktscope.tcp import Input
from pktscope.verdicts import Machine, Verdict


@dataclass(slots=True)
class Now:
    """What the newest step did, for the rules that look at it; gone with the next step."""

    fresh: list[tuple[int, int]] = field(default_factory=list)
    """Sequence numbers seen for the first time."""
    repeated: list[Sent] = field(default_factory=list)
    """Pieces seen before that were sent again."""
    acked: list[Sent] = field(default_factory=list)
    """Pieces of the other end wholly acknowledged for the first time."""
    moves: list[tuple[Side, tcp.Transition]] = field(default_factory=list)
    """Rows of the TCP table taken."""
    oddities: list[tuple[Side, Input, State]] = field(default_factory=list)
    """Inputs the table does not list, with the state they met."""
    previous: int | None = None
    """The step of the frame this one's sender sent before it."""
    received: Datagram | None = None
    """A Return: the datagram it handed over."""
    skipped: list[Datagram] = field(default_factory=list)
    """... and those sent before it that this socket has not been handed."""
    overtaken: Datagram | None = None
    """... and one sent after it that this socket was handed before."""
    pieces: Pieces | None = None
    """A fragment: what is there of its datagram, itself included."""


class Connection:
    """Both ends of a conversation, moved by the segments between them (and by what calls prove)."""

    def __init__(self, ends: dict[Side, End], *, wire: bool = False) -> None:
        """On a `wire` the end a segment is sent to moves when it is said to have arrived, else as it is sent."""
        self.ends = ends
        self.wire = wire
        self.machine = Machine()
        self.now = Now()
        """What the newest step did; renewed with every step."""

    def segment(self, frame: Frame, header: Tcp, side: Side, index: int) -> Segment:
        """Take a segment, the step of this index: its numbers, and both ends moved by it."""
        me, you = self.ends[side], self.ends[side.other]
        bits = self.machine.feed(
            0 if side is Side.CLIENT else 1, frame.time, header.seq, header.ack, frame.length, header.flags,
            header.window, header.options.window_scale, header.options.sack,
            frame.ip.identification if frame.ip else None, header.options.timestamp,
        )  # fmt: skip
        seq, end, ack = self._numbers(frame, header, me, you)
        if self.wire and bits & Verdict.SPURIOUS and end > me.heard:
            bits &= ~Verdict.SPURIOUS  # it was acknowledged, but its sender has not been told: that ACK did not arrive
        if header.flags & SYN and me.syn is None:
            me.syn, me.isn, me.options = index, header.seq, header.options
        window, known = self._window(header, me, you)
        acked, answers, rtt = 0, None, None
        if ack is not None and not (header.flags & RST and you.line is None):
            acked, self.now.acked = you.acknowledge(ack)
            if acked:
                you.advanced = index
            me.acked_to = max(me.acked_to, ack)
            if acked:
                me.duplicates.clear()
            for piece in self.now.acked:
                piece.acked = index
            if self.now.acked:
                last = self.now.acked[-1]
                answers = last.step
                rtt = None if last.again else frame.time - last.time
        if bits & Verdict.DUPLICATE_ACK:
            me.duplicates.append(index)
        if header.flags & URG and header.urgent and not header.flags & RST:
            me.urgent = seq + header.urgent - 1
        if end > seq and not header.flags & RST:
            self.now.fresh, self.now.repeated = me.place(seq, end, index, frame.time)
        if self.wire:
            self._departed(header, me, end, index)
        elif not bits & Verdict.CAPTURED_TWICE:
            self._states(header, side, ack, end, index)
        return Segment(
            seq, end, ack, window, known, bits, acked, answers, rtt, me.una, me.nxt,
            None if you.window is None else me.una + you.window,
            tuple((you.line.peek(a), you.line.peek(b)) for a, b in header.options.sack) if you.line else (),
        )  # fmt: skip

    def reopened(self, header: Tcp, side: Side) -> bool:
        """A new SYN on the same four numbers after the old connection ended: both ends start afresh, if so."""
        me, you = self.ends[side], self.ends[side.other]
        over = {State.CLOSED, State.TIME_WAIT, State.LAST_ACK}
        alone = me.state is State.SYN_SENT and you.syn is None and not you.frames  # nobody took the SYN before
        if me.isn is None or me.isn == header.seq or not (me.state in over or you.state in over or alone):
            return False
        self.machine = Machine()
        for end in (me, you):
            fresh = End(end.side, end.endpoint)
            fresh.traced, fresh.settings, fresh.listening = end.traced, end.settings, end.listening
            fresh.state = State.LISTEN if end.listening is not None else State.UNKNOWN
            self.ends[end.side] = fresh
        return True

    def _numbers(self, frame: Frame, header: Tcp, me: End, you: End) -> tuple[int, int, int | None]:
        """(seq, end, ack) of a segment in relative numbers. A RST's may be made up, and moves no line."""
        length = frame.length + bool(header.flags & SYN) + bool(header.flags & FIN)
        if header.flags & RST:
            seq = me.line.peek(header.seq) if me.line else 1
            ack = you.line.peek(header.ack) if header.flags & ACK and you.line else None
            return seq, seq + length, ack
        if me.line is None or (header.flags & SYN and me.isn is None and not me.sent):
            me.line = Line(header.seq if header.flags & SYN else header.seq - 1)
        seq = me.line.place(header.seq)
        if not header.flags & ACK:
            return seq, seq + length, None
        if you.line is None:
            you.line = Line(header.ack - 1)
        return seq, seq + length, you.line.peek(header.ack)

    def _window(self, header: Tcp, me: End, you: End) -> tuple[int, bool]:
        """The window in octets, and whether that is certain: the scale counts if both SYNs offered it (RFC 7323)."""
        if header.flags & SYN:
            me.window = header.window
            return header.window, True
        if me.syn is None or you.syn is None:
            me.window = None
            return header.window, False
        mine, yours = me.options.window_scale, you.options.window_scale
        me.window = header.window << (min(mine, 14) if mine is not None and yours is not None else 0)
        return me.window, True

    def _departed(self, header: Tcp, me: End, end: int, index: int) -> None:
        """A segment leaves one end of a wire: what that does to its sender."""
        flags = header.flags
        if flags & RST:
            self.move(me, Input.SENT_RST)
            return
        if flags & SYN:
            self.move(me, Input.SENT_SYN_ACK if flags & ACK else Input.SENT_SYN, quiet=me.syn != index)
        else:
            self.move(me, Input.SENT_SEGMENT)
        if flags & FIN:
            if me.fin is None:
                me.fin, me.fin_end = index, end
            self.move(me, Input.SENT_FIN)

    def arrived(self, header: Tcp, side: Side, segment: Segment, index: int) -> None:
        """A segment that `side` sent, the step of this index, reaches the other end of a wire."""
        me, you, flags = self.ends[side], self.ends[side.other], header.flags
        if flags & RST:
            self._rst_arrived(me, you, segment, index)
            return
        if flags & SYN:
            self.move(you, Input.GOT_SYN_ACK if flags & ACK else Input.GOT_SYN, quiet=bool(you.received))
        self._ack_arrived(you, segment, index, handshake=not flags & SYN)
        if me.syn is None:
            you.received = you.received or segment.seq  # its beginning was not seen
        you.receive(segment.seq, segment.end)
        if flags & FIN and me.fin_delivered:
            self.move(you, Input.GOT_FIN)  # the same FIN again
        elif me.fin_end is not None and not me.fin_delivered and you.received >= me.fin_end:
            me.fin_delivered = True
            self.move(you, Input.GOT_FIN)

    def _ack_arrived(self, you: End, segment: Segment, index: int, *, handshake: bool) -> None:
        if segment.ack is None:
            return
        you.heard = max(you.heard, segment.ack)
        if you.syn is not None and you.syn_acked is None and segment.ack >= 1:
            you.syn_acked = index
            if handshake:
                self.move(you, Input.GOT_ACK_OF_SYN)
        if you.fin_end is not None and you.fin_acked is None and segment.ack >= you.fin_end:
            you.fin_acked = index
            self.move(you, Input.GOT_ACK_OF_FIN)

    def _rst_arrived(self, me: End, you: End, segment: Segment, index: int) -> None:
        """RFC 9293 3.10.7: believed where it answers the SYN, or has the number expected next."""
        asked = you.state is State.SYN_SENT
        if (segment.ack is not None and segment.ack >= 1) if asked else segment.seq == you.received:
            me.reset = index
            self.move(you, Input.GOT_RST)

    def _states(self, header: Tcp, side: Side, ack: int | None, end: int, index: int) -> None:
        """Move both ends through the table: the sender by what it did, the receiver by what reaches it."""
        me, you = self.ends[side], self.ends[side.other]
        flags = header.flags
        if flags & RST:
            self._reset(header, me, you, end, ack, index)
            return
        if flags & SYN:
            old = me.syn is not None and me.syn != index  # a SYN that was sent again may meet any later state
            self.move(me, Input.SENT_SYN_ACK if flags & ACK else Input.SENT_SYN, quiet=old)
            self.move(you, Input.GOT_SYN_ACK if flags & ACK else Input.GOT_SYN, quiet=old)
            if flags & ACK and you.syn is not None and you.syn_acked is None and ack is not None and ack >= 1:
                you.syn_acked = index
            if not flags & ACK and me.syn == index and you.syn is not None and you.acked_to >= 1:
                me.syn_acked = you.syn  # captured in the wrong order
        else:
            self.move(me, Input.SENT_SEGMENT)
        self._crossed_fin(me, you)
        if ack is not None:
            self._acknowledged(you, ack, index, handshake=not flags & SYN)
        if flags & FIN:
            if me.fin is None:
                self._uncross(me, you, ack)
                me.fin, me.fin_end = index, end
            self.move(me, Input.SENT_FIN)
        again = bool(flags & FIN) and me.fin_delivered
        arrived = me.fin_end is not None and not me.fin_delivered and me.edge >= me.fin_end and not me.fin_crossed
        if again or arrived:
            me.fin_delivered = True
            self.move(you, Input.GOT_FIN)

    def _uncross(self, me: End, you: End, ack: int | None) -> None:
        """A first FIN that does not acknowledge the other's crossed it: its sender was not in CLOSE_WAIT after all."""
        if me.state is State.CLOSE_WAIT and you.fin_end is not None and ack is not None and ack < you.fin_end:
            me.state = State.ESTABLISHED
            you.fin_delivered, you.fin_crossed = False, True

    def _crossed_fin(self, me: End, you: End) -> None:
        """A FIN that crossed the other's has reached it when its sender's next segment has."""
        if me.fin_crossed and not me.fin_delivered and me.fin_end is not None and me.edge >= me.fin_end:
            me.fin_delivered = True
            self.move(you, Input.GOT_FIN)

    def _acknowledged(self, you: End, ack: int, index: int, *, handshake: bool) -> None:
        """The other end's SYN, and its FIN, may just have been acknowledged."""
        if handshake and you.syn is not None and you.syn_acked is None and ack >= 1:
            you.syn_acked = index
            self.move(you, Input.GOT_ACK_OF_SYN)
        if you.fin_end is not None and you.fin_acked is None and ack >= you.fin_end:
            you.fin_acked = index
            if not you.fin_delivered:
                you.fin_delivered = True
                self.move(self.ends[you.side.other], Input.GOT_FIN)
            self.move(you, Input.GOT_ACK_OF_FIN)

    def _reset(self, header: Tcp, me: End, you: End, end: int, ack: int | None, index: int) -> None:
        """A RST counts only where its receiver believes it (RFC 9293 3.10.7, RFC 5961 section 3)."""
        first_number = me.line.peek(header.seq) if me.line else None
        if you.state is State.SYN_SENT:
            believed = ack is not None and ack >= 1
        else:
            believed = first_number is None or first_number in (you.acked_to, me.edge, me.nxt) or not you.acked_to
        self.move(me, Input.SENT_RST)
        if believed:
            me.reset = index
            self.move(you, Input.GOT_RST)

    def move(self, end: End, event: Input, *, quiet: bool = False) -> None:
        """Move one end through the table; `quiet` makes no oddity of what the table does not list."""
        if end.by_hand is not None:
            return  # no kernel of that end takes part: there is nothing that could be in a state
        met = end.state
        end.state, row, odd = tcp.move(met, event)
        if row is not None and row.to is not met:
            self.now.moves.append((end.side, row))
        if odd and not quiet:
            self.now.oddities.append((end.side, event, met))

    @staticmethod
    def data_of(segment: Segment, header: Tcp) -> tuple[int, int] | None:
        """Which octets of the stream a segment carries, without the numbers SYN and FIN take."""
        first = segment.seq + bool(header.flags & SYN)
        end = segment.end - bool(header.flags & FIN)
        return (first, end) if end > first and not header.flags & RST else None
