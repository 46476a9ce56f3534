"""The fold: observations in, steps and notes out. One Flow per conversation; looks back only, so notes never change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pktscope import rules, tcp
from pktscope.ends import Datagram, End, Pieces, Sent, Write
from pktscope.model import (
    ACK,
    FIN,
    RST,
    SYN,
    Call,
    Conversation,
    Endpoint,
    Fate,
    Frame,
    Icmp,
    Note,
    Observation,
    Return,
    Sample,
    Segment,
    Side,
    State,
    States,
    Step,
    Tcp,
    Udp,
)
from pktscope.model import (
    End as Ending,
)
from pktscope.seq import Line
from pktscope.tcp import Input
from pktscope.verdicts import Machine, Verdict

SENDING = frozenset({"send", "sendall", "sendto", "sendmsg", "write", "sendfile"})
RECEIVING = frozenset({"recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "read"})
REASSEMBLY = 120_000_000_000
"""Nanoseconds after which an identification may mean a new datagram (RFC 1122 section 3.3.2: 60 to 120 s)."""
COPIES = 1_000_000_000
"""Nanoseconds after a complete datagram in which fragments of its identification may be copies."""
LOOK_AHEAD = 64
"""Datagrams on their way that a recvfrom() is compared with."""
GIVING_UP = frozenset({"ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED"})


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
    fin_of: Side | None = None
    """Whose FIN arrived in order."""
    received: Datagram | None = None
    """A Return: the datagram it handed over."""
    pieces: Pieces | None = None
    """A fragment: what is there of its datagram, itself included."""


class Flow:
    """One conversation being followed."""

    def __init__(self, conversation: Conversation | None = None) -> None:
        """With None the ends are learnt from what comes."""
        known = conversation or Conversation("", 0, Endpoint(""), Endpoint(""))
        self.protocol = known.protocol
        self.ends = {
            Side.CLIENT: End(Side.CLIENT, known.client if conversation else None),
            Side.SERVER: End(Side.SERVER, known.server if conversation else None),
        }
        self.settled = conversation is not None
        """The ends are certain: given, or seen in a frame."""
        self.steps: list[Step] = []
        self.notes: list[Note] = []
        self.machine = Machine()
        self.now = Now()
        self.calls: dict[int, int] = {}
        """Calls that have not returned: serial -> step."""
        self.open_calls: dict[Side, dict[int, int]] = {Side.CLIENT: {}, Side.SERVER: {}}
        self.fragments: dict[tuple[Side, int | None, int], Pieces] = {}
        """Datagrams that are not complete."""
        self.abandoned: list[Pieces] = []
        """Those that never were, and whose identification came again for another."""
        self.completed: dict[tuple[Side, int | None, int], int] = {}
        """When a datagram of that identification was complete."""
        self.told: set[str] = set()
        """Rules that speak once per conversation put their id here."""
        self.counts: dict[str, int] = {}
        """What rules count, by rule and side; starts anew with a new connection."""
        self.marks: dict[str, int] = {}
        """Steps rules remember, by rule and side; likewise."""
        self.memory: dict[tuple[str, int | str], int] = {}
        """What rules must know again later: (what, of which step or side) -> a step or a number."""
        self.frames = 0

    @property
    def client(self) -> Endpoint | None:
        return self.ends[Side.CLIENT].endpoint

    @property
    def server(self) -> Endpoint | None:
        return self.ends[Side.SERVER].endpoint

    @property
    def states(self) -> States:
        """(client, server) now."""
        return self.ends[Side.CLIENT].state, self.ends[Side.SERVER].state

    def frame_number(self, step: int) -> int:
        """The number in its capture of the frame at a step; 0 if the step is none."""
        seen = self.steps[step].observation
        return seen.number if isinstance(seen, Frame) else 0

    def feed(self, observation: Observation) -> tuple[Step, tuple[Note, ...]]:
        """Take one observation: its step, and what the rules say of it."""
        self.now = Now()
        match observation:
            case Frame():
                step = self._frame(observation)
            case Call():
                step = self._call(observation)
            case Return():
                step = self._return(observation)
            case Sample():
                step = self._place(observation, observation.side)
            case Fate() | Ending():
                step = self._place(observation, Side.CLIENT)
        self.steps.append(step)
        notes = tuple(rules.speak(step, self))
        self.notes.extend(notes)
        return step, notes

    def _place(self, observation: Observation, side: Side) -> Step:
        states = self.states
        return Step(len(self.steps), observation, side, states, states)

    # Frames

    def _frame(self, frame: Frame) -> Step:
        side = self._side_of(frame)
        self.frames += 1
        me = self.ends[side]
        before, index = self.states, len(self.steps)
        segment, octets, call = None, None, None
        if frame.ip is not None and frame.ip.is_fragment:
            self._fragment(frame, side, index)
        match frame.transport:
            case Tcp() as header:
                segment = self._segment(frame, header, side)
                octets = self._data_of(segment, header)
                call = self._cause(segment, header, octets, side)
            case Udp():
                call = self._open_call(side, SENDING)
                self._datagram(frame, side, call)
            case Icmp() as message if message.quoted is not None:
                self.ends[side.other].complaint = index
            case None:
                call = self._open_call(side, SENDING)
            case _:
                pass
        if frame.ip is not None:
            key = (frame.ip.identification, frame.ip.total_length)
            me.packets[key] = (index, me.packets.get(key, (0, 0))[1] + 1)
        me = self.ends[side]  # a SYN may have begun a new connection
        self.now.previous = me.last_frame
        me.last_frame = index
        me.frames += 1
        return Step(index, frame, side, before, self.states, segment, octets, call)

    def _side_of(self, frame: Frame) -> Side:
        """Whose doing a frame is; the first frame settles who is who."""
        source, target = frame.source, frame.target
        if isinstance(frame.transport, Icmp) and frame.transport.quoted is not None:
            quoted = frame.transport.quoted
            if not self.settled:
                self._settle(quoted.source, quoted.target)
            return self._nearest(quoted.target, quoted.source)
        if not self.settled:
            self._settle(*self._roles(frame))
        if not self.protocol:
            self.protocol = {Tcp: "tcp", Udp: "udp", Icmp: "icmp"}.get(type(frame.transport), "")
        return self._nearest(source, target)

    def _roles(self, frame: Frame) -> tuple[Endpoint, Endpoint]:
        """(client, server): the SYN's sender, the SYN,ACK's receiver; else who the traced calls say; else who is first."""
        source, target = frame.source, frame.target
        header = frame.transport
        if isinstance(header, Tcp) and header.flags & SYN:
            return (target, source) if header.flags & ACK else (source, target)
        server = self.server
        if server is not None and server.port is not None and server.port == source.port != target.port:
            return target, source
        return source, target

    def _settle(self, client: Endpoint, server: Endpoint) -> None:
        self.ends[Side.CLIENT].endpoint = client
        self.ends[Side.SERVER].endpoint = server
        self.settled = True

    def _nearest(self, source: Endpoint, target: Endpoint) -> Side:
        """The side a frame comes from; where the ports were not seen, by address."""
        client, server = self.client, self.server
        if source == client and target != client:
            return Side.CLIENT
        if source == server and target != server:
            return Side.SERVER
        if client is None or server is None or source == client:
            return Side.CLIENT
        if client.address != server.address:
            return Side.SERVER if source.address == server.address or target.address == client.address else Side.CLIENT
        return Side.SERVER if source.port is not None and source.port == server.port else Side.CLIENT

    def _fragment(self, frame: Frame, side: Side, index: int) -> None:
        assert frame.ip is not None
        ip = frame.ip
        key = (side, ip.identification, ip.protocol)
        pieces = self.fragments.get(key)
        if pieces is None or frame.time - pieces.time > REASSEMBLY:
            if pieces is not None:
                self.abandoned.append(pieces)
            pieces = self.fragments[key] = Pieces(side, ip.identification, frame.time)
            pieces.again = frame.time - self.completed.get(key, -COPIES) < COPIES
        pieces.put(ip.fragment_offset, ip.fragment_offset + ip.fragment_length, index, frame.time)
        if not ip.more_fragments:
            pieces.length = ip.fragment_offset + ip.fragment_length
        self.now.pieces = pieces
        if frame.whole is not None:
            del self.fragments[key]
            self.completed[key] = frame.time

    def _datagram(self, frame: Frame, side: Side, call: int | None) -> None:
        datagram = Datagram(len(self.steps), frame.length, frame.payload[:64], call)
        self.ends[side].datagrams.append(datagram)
        if self.ends[side.other].traced:
            self.ends[side.other].inbox.append(datagram)

    # TCP segments

    def _segment(self, frame: Frame, header: Tcp, side: Side) -> Segment:
        if header.flags & SYN and not header.flags & ACK:
            self._reopened(header, side)
        me, you = self.ends[side], self.ends[side.other]
        index = len(self.steps)
        bits = self.machine.feed(
            0 if side is Side.CLIENT else 1, frame.time, header.seq, header.ack, frame.length, header.flags,
            header.window, header.options.window_scale, header.options.sack,
            frame.ip.identification if frame.ip else None, header.options.timestamp,
        )  # fmt: skip
        seq, end, ack = self._numbers(frame, header, me, you)
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
        if end > seq and not header.flags & RST:
            self.now.fresh, self.now.repeated = me.place(seq, end, index, frame.time)
        if not bits & Verdict.CAPTURED_TWICE:
            self._states(header, side, ack, end, index)
        return Segment(
            seq, end, ack, window, known, bits, acked, answers, rtt, me.una, me.nxt,
            None if you.window is None else me.una + you.window,
            tuple((you.line.peek(a), you.line.peek(b)) for a, b in header.options.sack) if you.line else (),
        )  # fmt: skip

    def _reopened(self, header: Tcp, side: Side) -> None:
        """A new SYN on the same four numbers after the old connection ended: both ends start afresh."""
        me, you = self.ends[side], self.ends[side.other]
        over = {State.CLOSED, State.TIME_WAIT, State.LAST_ACK}
        if me.isn is None or me.isn == header.seq or not (me.state in over or you.state in over):
            return
        self.machine = Machine()
        self.counts.clear()
        self.marks.clear()
        for end in (me, you):
            fresh = End(end.side, end.endpoint)
            fresh.traced, fresh.settings, fresh.listening = end.traced, end.settings, end.listening
            fresh.state = State.LISTEN if end.listening is not None else State.UNKNOWN
            self.ends[end.side] = fresh

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
        """The window in octets and whether that is certain: the scale counts only if both SYNs offered it (RFC 7323)."""
        if header.flags & SYN:
            me.window = header.window
            return header.window, True
        if me.syn is None or you.syn is None:
            me.window = None
            return header.window, False
        mine, yours = me.options.window_scale, you.options.window_scale
        me.window = header.window << (min(mine, 14) if mine is not None and yours is not None else 0)
        return me.window, True

    def _states(self, header: Tcp, side: Side, ack: int | None, end: int, index: int) -> None:
        """Move both ends through the table: the sender by what it did, the receiver by what reaches it."""
        me, you = self.ends[side], self.ends[side.other]
        flags = header.flags
        if flags & RST:
            self._reset(header, me, you, end, ack, index)
            return
        if flags & SYN:
            old = me.syn is not None and me.syn != index  # a SYN that was sent again may meet any later state
            self._move(me, Input.SENT_SYN_ACK if flags & ACK else Input.SENT_SYN, quiet=old)
            self._move(you, Input.GOT_SYN_ACK if flags & ACK else Input.GOT_SYN, quiet=old)
            if flags & ACK and you.syn is not None and you.syn_acked is None and ack is not None and ack >= 1:
                you.syn_acked = index
        else:
            self._move(me, Input.SENT_SEGMENT)
        self._crossed_fin(me, you)
        if ack is not None:
            self._acknowledged(you, ack, index, handshake=not flags & SYN)
        if flags & FIN:
            if me.fin is None:
                self._uncross(me, you, ack)
                me.fin, me.fin_end = index, end
            self._move(me, Input.SENT_FIN)
        again = bool(flags & FIN) and me.fin_delivered
        arrived = me.fin_end is not None and not me.fin_delivered and me.edge >= me.fin_end and not me.fin_crossed
        if again or arrived:
            me.fin_delivered = True
            self.now.fin_of = side
            self._move(you, Input.GOT_FIN)

    def _uncross(self, me: End, you: End, ack: int | None) -> None:
        """A first FIN that does not acknowledge the other's: its sender had not got that one, so it was no CLOSE_WAIT."""
        if me.state is State.CLOSE_WAIT and you.fin_end is not None and ack is not None and ack < you.fin_end:
            me.state = State.ESTABLISHED
            you.fin_delivered, you.fin_crossed = False, True

    def _crossed_fin(self, me: End, you: End) -> None:
        """A FIN that crossed the other's has reached it when its sender's next segment has."""
        if me.fin_crossed and not me.fin_delivered and me.fin_end is not None and me.edge >= me.fin_end:
            me.fin_delivered = True
            self._move(you, Input.GOT_FIN)

    def _acknowledged(self, you: End, ack: int, index: int, *, handshake: bool) -> None:
        """The other end's SYN, and its FIN, may just have been acknowledged."""
        if handshake and you.syn is not None and you.syn_acked is None and ack >= 1:
            you.syn_acked = index
            self._move(you, Input.GOT_ACK_OF_SYN)
        if you.fin_end is not None and you.fin_acked is None and ack >= you.fin_end:
            you.fin_acked = index
            if not you.fin_delivered:
                you.fin_delivered = True
                self._move(self.ends[you.side.other], Input.GOT_FIN)
            self._move(you, Input.GOT_ACK_OF_FIN)

    def _reset(self, header: Tcp, me: End, you: End, end: int, ack: int | None, index: int) -> None:
        """A RST counts only where its receiver believes it (RFC 9293 3.10.7, RFC 5961 section 3)."""
        first_number = me.line.peek(header.seq) if me.line else None
        if you.state is State.SYN_SENT:
            believed = ack is not None and ack >= 1
        else:
            believed = first_number is None or first_number in (you.acked_to, me.edge, me.nxt) or not you.acked_to
        self._move(me, Input.SENT_RST)
        if believed:
            me.reset = index
            self._move(you, Input.GOT_RST)

    def _move(self, end: End, event: Input, *, quiet: bool = False) -> None:
        met = end.state
        end.state, row, odd = tcp.move(met, event)
        if row is not None and row.to is not met:
            self.now.moves.append((end.side, row))
        if odd and not quiet:
            self.now.oddities.append((end.side, event, met))

    def _data_of(self, segment: Segment, header: Tcp) -> tuple[int, int] | None:
        """Which octets of the stream a segment carries, without the numbers SYN and FIN take."""
        first = segment.seq + bool(header.flags & SYN)
        end = segment.end - bool(header.flags & FIN)
        return (first, end) if end > first and not header.flags & RST else None

    def _cause(self, segment: Segment, header: Tcp, octets: tuple[int, int] | None, side: Side) -> int | None:
        """The program's call a segment is due to, where that is provable; None for what the kernel sends by itself."""
        me = self.ends[side]
        if octets is not None:
            writes = me.writes_in(*octets)
            return writes[0].step if writes else None
        if header.flags & SYN and not header.flags & ACK:
            return self._open_call(side, frozenset({"connect", "connect_ex"}))
        if header.flags & FIN:
            return self._open_call(side, frozenset({"close", "shutdown", "exit"}))
        return None

    def _open_call(self, side: Side, names: frozenset[str]) -> int | None:
        """The newest call of that side and kind that has not returned."""
        for step in reversed(self.open_calls[side].values()):
            called = self.steps[step].observation
            if isinstance(called, Call) and called.name in names:
                return step
        return None

    # Calls

    def _call(self, call: Call) -> Step:
        me, index = self.ends[call.side], len(self.steps)
        me.traced = True
        if not self.protocol and call.protocol in ("tcp", "udp"):
            self.protocol = call.protocol
        self.calls[call.serial] = index
        self.open_calls[call.side][call.serial] = index
        octets = None
        if call.protocol == "tcp" and call.name in SENDING and call.length:
            octets = (me.written, me.written + call.length)
            flags = call.arguments.rpartition(", ")[2].strip("()").split(" | ")
            hint = "MSG_MORE" if "MSG_MORE" in flags else ""
            if me.settings.get("TCP_CORK", "0") not in ("0", "False"):
                hint = "TCP_CORK"
            me.write(*octets, index, call.time, hint)
        if call.name == "setsockopt":
            self._setting(me, call)
        states = self.states
        return Step(index, call, call.side, states, states, octets=octets)

    @staticmethod
    def _setting(me: End, call: Call) -> None:
        words = call.arguments.split(", ")
        if len(words) == 3:
            me.settings[words[1].rpartition(".")[2]] = words[2]

    def _return(self, returned: Return) -> Step:
        me, index = self.ends[returned.side], len(self.steps)
        called = self.calls.pop(returned.serial, None)
        self.open_calls[returned.side].pop(returned.serial, None)
        call = self.steps[called].observation if called is not None else None
        before = self.states
        octets = None
        if isinstance(call, Call):
            octets = self._moved(me, call, returned, called, index)
            me.bound = me.bound or (call.name == "bind" and not returned.error)
            if call.protocol in ("tcp", ""):
                self._call_states(me, call, returned, index)
        if not self.settled and returned.local is not None and returned.local.port:
            me.endpoint = returned.local
        return Step(index, returned, returned.side, before, self.states, octets=octets, call=called)

    def _moved(self, me: End, call: Call, returned: Return, called: int | None, index: int) -> tuple[int, int] | None:
        """Which octets of the stream a finished call moved; for datagrams, which datagram."""
        length = returned.length or 0
        if call.protocol == "udp" and call.name in RECEIVING and not returned.error:
            self.now.received = self._take(me, call, returned)
        if call.protocol != "tcp":
            return None
        if call.name in SENDING and me.writes and me.writes[-1].step == called:
            first = me.writes[-1].first
            moved = (call.length or 0) if call.name == "sendall" and not returned.error else length
            me.rewrite(first + moved)
            return (first, first + moved) if moved else None
        if call.name in RECEIVING and length and "MSG_PEEK" not in call.arguments:
            first = me.reads[-1].end if me.reads else 1
            me.read(first, first + length, index)
            return first, first + length
        return None

    @staticmethod
    def _take(me: End, call: Call, returned: Return) -> Datagram | None:
        """The datagram a recvfrom() handed over: the first on its way that fits. Those before it were lost."""
        length = returned.length or 0
        for place, datagram in enumerate(islice(me.inbox, LOOK_AHEAD)):
            fits = length == (datagram.length if call.length is None else min(call.length, datagram.length))
            if fits and datagram.data.startswith(returned.data[: len(datagram.data)]):
                for _ in range(place if "MSG_PEEK" in call.arguments else place + 1):
                    me.inbox.popleft()
                return datagram
        return None

    def _call_states(self, me: End, call: Call, returned: Return, index: int) -> None:
        """What a finished call proves about its end's state."""
        if returned.error in GIVING_UP:
            self._move(me, Input.GAVE_UP)
        if returned.error:
            return
        match call.name:
            case "socket" if call.protocol == "tcp":
                self._move(me, Input.OPENED)
            case "listen":
                me.listening = index
                self._move(me, Input.LISTENED)
            case "accept":
                me.connection = returned.new_socket
            case "connect":
                me.connection = call.socket
            case "close" if me.state is State.SYN_SENT or (me.state is State.LISTEN and call.socket != me.connection):
                me.listening = None
                self._move(me, Input.GAVE_UP)
            case _:
                pass

    # Questions rules ask

    def observed(self, step: int) -> Observation:
        """What was seen at a step."""
        return self.steps[step].observation

    def is_a(self, step: Step, bits: int) -> bool:
        """Whether a segment has any of these verdict bits."""
        return step.segment is not None and bool(step.segment.verdict & bits)

    def waited(self, side: Side, octets: tuple[int, int]) -> list[Write]:
        """The send calls that wrote any of these octets."""
        return self.ends[side].writes_in(*octets)

    def once(self, rule: str) -> bool:
        """True the first time a rule asks, for what is worth saying once in a conversation."""
        if rule in self.told:
            return False
        self.told.add(rule)
        return True

    def count(self, what: str) -> int:
        """One more of something a rule counts: how many there are now."""
        self.counts[what] = self.counts.get(what, 0) + 1
        return self.counts[what]


def follow(
    observations: Iterable[Observation], conversation: Conversation | None = None
) -> Iterator[tuple[Step, tuple[Note, ...]]]:
    """Fold observations into steps and notes, one step an observation, as they come."""
    flow = Flow(conversation)
    for observation in observations:
        yield flow.feed(observation)
