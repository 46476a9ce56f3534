"""Steps and notes made by hand: what the painters are tried with, independent of the fold that makes them for real."""

from __future__ import annotations

from dataclasses import dataclass, field

from pktscope.model import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    Call,
    End,
    Endpoint,
    Fate,
    Frame,
    Icmp,
    Ip,
    Note,
    Observation,
    Other,
    Quoted,
    Return,
    Sample,
    Segment,
    Severity,
    Side,
    State,
    States,
    Step,
    Tcp,
    TcpOptions,
    Udp,
    Whole,
)  # fmt: skip
from pktscope.timeline import Timeline
from pktscope.verdicts import Verdict

CLIENT = Endpoint("127.0.0.1", 40680)
SERVER = Endpoint("127.0.0.1", 8000)
EPOCH = 1_700_000_000_000_000_000
NO_OPTIONS = TcpOptions()
FLAGS = {"S": SYN, "A": ACK, "P": PSH, "F": FIN, "R": RST}


@dataclass
class Scene:
    """A conversation being told, microseconds by microseconds."""

    client: Endpoint | None = CLIENT
    server: Endpoint | None = SERVER
    steps: list[tuple[Step, tuple[Note, ...]]] = field(default_factory=list)
    states: States = (State.UNKNOWN, State.UNKNOWN)
    frames: int = 0
    serial: int = 0
    now: int = EPOCH

    def step(
        self,
        seen: Observation,
        side: Side,
        *notes: tuple[str, Severity, str],
        states: tuple[State | None, State | None] = (None, None),
        segment: Segment | None = None,
        octets: tuple[int, int] | None = None,
    ) -> None:
        """Add one step; `states` gives the ends that change."""
        index = len(self.steps)
        after = tuple(new or old for new, old in zip(states, self.states, strict=True))
        made = Step(index, seen, side, self.states, (after[0], after[1]), segment, octets)
        self.states = (after[0], after[1])
        said = tuple(
            Note("test.rule", message, (), index, index, (index,), severity, reference)
            for message, severity, reference in notes
        )
        self.steps.append((made, said))

    def after(self, microseconds: int) -> Scene:
        """Let time pass."""
        self.now += microseconds * 1000
        return self

    def tcp(
        self,
        side: Side,
        flags: str,
        seq: int,
        ack: int | None = None,
        data: bytes = b"",
        *notes: tuple[str, Severity, str],
        states: tuple[State | None, State | None] = (None, None),
        verdict: int = 0,
        options: TcpOptions = NO_OPTIONS,
        window: int = 65535,
    ) -> None:
        """A segment in relative numbers; on the wire they start at 1000 and 5000."""
        self.frames += 1
        bits = sum(FLAGS[letter] for letter in flags)
        isn = (1000, 5000) if side is Side.CLIENT else (5000, 1000)
        source, target = self.ends(side)
        header = Tcp(isn[0] + seq, isn[1] + (ack or 0), bits, window, 20, options=options)
        size = 40 + len(data)
        ip = Ip(4, 20, size, 64, 6)
        end = seq + len(data) + bool(bits & SYN) + bool(bits & FIN)
        segment = Segment(seq, end, ack, window, True, verdict)
        frame = Frame(self.frames, self.now, b"", size + 14, source, target, ip, header, data, len(data), "Ethernet")
        self.step(frame, side, *notes, states=states, segment=segment)

    def ends(self, side: Side) -> tuple[Endpoint, Endpoint]:
        """Source and target of a frame from this side."""
        ends = (self.client or CLIENT, self.server or SERVER)
        return ends if side is Side.CLIENT else (ends[1], ends[0])

    def udp(self, side: Side, data: bytes, *notes: tuple[str, Severity, str]) -> None:
        """A datagram."""
        self.frames += 1
        source, target = self.ends(side)
        ip = Ip(4, 20, 28 + len(data), 64, 17)
        header = Udp(8 + len(data))
        self.step(
            Frame(self.frames, self.now, b"", 42 + len(data), source, target, ip, header, data, len(data)), side, *notes
        )

    def fragment(self, side: Side, offset: int, size: int, more: bool, whole: Whole | None = None) -> None:
        """One fragment of a datagram; the one that has `whole` completes it."""
        self.frames += 1
        source, target = self.ends(side)
        ip = Ip(4, 20, 20 + size, 64, 17, identification=0x1C46, more_fragments=more, fragment_offset=offset)
        done = Udp(whole.length) if whole else None
        length = whole.length - 8 if whole else 0
        self.step(
            Frame(self.frames, self.now, b"", 34 + size, source, target, ip, done, b"", length, whole=whole), side
        )

    def other(self, side: Side, transport: Icmp | Other, *notes: tuple[str, Severity, str]) -> None:
        """ICMP, or anything else."""
        self.frames += 1
        source, target = self.ends(side)
        ip = Ip(4, 20, 56, 64, 1) if isinstance(transport, Icmp) else None
        self.step(Frame(self.frames, self.now, b"", 70, source, target, ip, transport, link="Ethernet"), side, *notes)

    def call(
        self,
        side: Side,
        name: str,
        arguments: str = "",
        *notes: tuple[str, Severity, str],
        length: int | None = None,
        peer: Endpoint | None = None,
        octets: tuple[int, int] | None = None,
        states: tuple[State | None, State | None] = (None, None),
    ) -> int:
        """A call entered; its serial."""
        self.serial += 1
        seen = Call(self.now, side, 100, self.serial, name, arguments, peer=peer, length=length, protocol="tcp")
        self.step(seen, side, *notes, octets=octets, states=states)
        return self.serial

    def back(
        self,
        side: Side,
        serial: int,
        name: str,
        result: str = "",
        *notes: tuple[str, Severity, str],
        length: int | None = None,
        error: str = "",
        peer: Endpoint | None = None,
        new_socket: int | None = None,
        octets: tuple[int, int] | None = None,
    ) -> None:
        """A call coming back."""
        seen = Return(
            self.now, side, 100, serial, name, 1, result, length, error=error, peer=peer, new_socket=new_socket
        )
        self.step(seen, side, *notes, octets=octets)

    def timeline(self, *, fold: bool = True) -> Timeline:
        """Laid out."""
        made = Timeline(fold=fold)
        for step, notes in self.steps:
            made.add(step, notes, self.client, self.server)
        return made


C, S = Side.CLIENT, Side.SERVER
LESSON, NOTICE, WARNING, ERROR = Severity.LESSON, Severity.NOTICE, Severity.WARNING, Severity.ERROR
SYN_OPTIONS = TcpOptions(mss=65495, window_scale=7, sack_permitted=True, timestamp=(1, 0))


def connection() -> Scene:
    """Handshake, Nagle's four writes, a retransmission, a reset's worth of everything a TCP conversation draws."""
    tell = Scene()
    tell.call(S, "listen", "1", states=(None, State.LISTEN))
    tell.back(S, 1, "listen", "None")
    accepting = tell.after(200).call(S, "accept")
    connecting = tell.after(100).call(C, "connect", "('127.0.0.1', 8000)", peer=SERVER)
    tell.after(20).tcp(
        C, "S", 0, None, b"",
        ("The client asks for a connection and says where its numbers start.", LESSON, "RFC 9293 section 3.5"),
        states=(State.SYN_SENT, None), options=SYN_OPTIONS,
    )  # fmt: skip
    tell.after(12).tcp(S, "SA", 0, 1, states=(None, State.SYN_RECEIVED), options=SYN_OPTIONS)
    tell.after(9).tcp(
        C, "A", 1, 1, b"", ("三次握手完成，双方都可以发送数据了。", LESSON, "RFC 9293 section 3.5"),
        states=(State.ESTABLISHED, State.ESTABLISHED),
    )  # fmt: skip
    tell.after(15).back(C, connecting, "connect", "None")
    tell.after(30).back(S, accepting, "accept", "a new socket", peer=CLIENT, new_socket=7)
    sending = tell.after(500).call(C, "send", "b'h'", length=1, octets=(1, 2))
    tell.after(10).tcp(C, "PA", 1, 1, b"h")
    tell.after(5).back(C, sending, "send", "1", length=1, octets=(1, 2))
    for index, letter in enumerate("ello"):
        place = (2 + index, 3 + index)
        sending = tell.after(1000).call(C, "send", f"b'{letter}'", length=1, octets=place)
        tell.after(4).back(C, sending, "send", "1", length=1, octets=place)
    tell.after(36_100).tcp(
        S, "A", 1, 2, b"", ("The server waited 40 ms before it acknowledged.", WARNING, "RFC 9293 section 3.8.6.3")
    )
    tell.after(20).tcp(C, "PA", 2, 1, b"ello", ("Four writes left in one segment.", NOTICE, "RFC 9293 section 3.7.4"))
    tell.after(200_100).tcp(C, "PA", 2, 1, b"ello", verdict=Verdict.RETRANSMISSION)
    tell.after(30).tcp(S, "A", 1, 6)
    tell.after(100).tcp(C, "FA", 6, 1, states=(State.FIN_WAIT_1, State.CLOSE_WAIT), verdict=0)
    tell.after(25).tcp(
        S, "RA", 1, 7, b"", ("The server will hear no more of it.", ERROR, ""), states=(State.CLOSED, State.CLOSED)
    )
    tell.step(End(tell.now + 5000), C)
    return tell


def datagrams() -> Scene:
    """UDP, fragments, ICMP and what has no name, with no states at all."""
    tell = Scene()
    tell.udp(C, b"hello world")
    tell.after(40).udp(S, b"HELLO WORLD")
    for index in range(12):
        tell.after(3).fragment(C, 1480 * index, 1480, more=True)
    tell.after(3).fragment(C, 1480 * 12, 248, False, Whole(tuple(range(3, 16)), 18_008))
    quoted = Quoted(CLIENT, SERVER, 17)
    tell.after(9).other(S, Icmp(4, 3, 3, quoted=quoted))
    tell.after(5).other(C, Other("ARP", "who has 10.0.0.2? tell 10.0.0.1"))
    tell.step(Sample(tell.now, tell.now, C, State.CLOSED), C)
    sending = tell.after(100_000).call(C, "sendto", "b'x', ('127.0.0.1', 8000)", length=1, peer=SERVER)
    tell.after(4).udp(C, b"x")
    tell.step(Fate(tell.now, tell.frames, "dropped"), C)
    tell.after(2).back(C, sending, "sendto", error="ECONNREFUSED")
    return tell


def bulk(count: int = 30) -> Scene:
    """Many like segments, each pair acknowledged."""
    tell = Scene(states=(State.ESTABLISHED, State.ESTABLISHED))
    for index in range(count):
        tell.after(10).tcp(C, "A", 1 + 1460 * index, 1, b"x" * 1460)
        if index % 2:
            tell.after(5).tcp(S, "A", 1, 1461 + 1460 * index)
    return tell
