"""The nouns: what can be seen of an exchange, and what is said of it. Frozen values, no behaviour beyond names.

Times are integer nanoseconds since the Unix epoch. Lengths are octets. Nothing here knows a file, a socket or scapy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE = (1 << bit for bit in range(9))
"""The TCP control bits, RFC 9293 section 3.1 (AE: RFC 9768, the former NS bit)."""

FLAG_NAMES = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"), (URG, "URG"),
              (ECE, "ECE"), (CWR, "CWR"), (AE, "AE"))  # fmt: skip


def flag_names(flags: int) -> tuple[str, ...]:
    """The names of the control bits set in `flags`, in the order people say them: SYN ACK, FIN ACK, PSH ACK."""
    return tuple(name for bit, name in FLAG_NAMES if flags & bit)


class Side(StrEnum):
    """One end of a conversation. The client sent the SYN (or made connect(), or sent first)."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> Side:
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


class State(StrEnum):
    """The connection states of RFC 9293 section 3.3.2, and UNKNOWN for an end nothing was seen of yet."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN_SENT"
    SYN_RECEIVED = "SYN_RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN_WAIT_1"
    FIN_WAIT_2 = "FIN_WAIT_2"
    CLOSE_WAIT = "CLOSE_WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST_ACK"
    TIME_WAIT = "TIME_WAIT"
    UNKNOWN = "UNKNOWN"


class Severity(StrEnum):
    """How loudly a note speaks: a lesson, something worth knowing, something that cost time, something that failed."""

    LESSON = "lesson"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Where one lifeline stands: an address and a port, never an address alone (on loopback both ends share it)."""

    address: str
    """As inet_ntop prints it; a MAC address or a name for what has no IP address."""
    port: int | None = None
    """None where the protocol has no ports, or where they were not seen (a later fragment)."""

    def __str__(self) -> str:
        if self.port is None:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Layer:
    """One header inside a frame: where it lies, for the inspector and the hex view."""

    name: str
    """'Ethernet', '802.1Q', 'IPv4', 'TCP', 'payload', ..."""
    start: int
    """Offset of its first octet in `Frame.data`."""
    end: int
    """Offset behind its last captured octet in `Frame.data`."""


@dataclass(frozen=True, slots=True)
class Ip:
    """The IP header, version 4 or 6."""

    version: Literal[4, 6]
    header_length: int
    """Octets, with IPv4 options or IPv6 extension headers."""
    total_length: int
    """Octets of the whole packet by its own header (IPv6: 40 + payload length); 0 as sent by segmentation offload."""
    ttl: int
    protocol: int
    """The upper protocol's number, behind any extension headers."""
    traffic_class: int = 0
    """DSCP in the upper six bits, ECN in the lower two (RFC 2474, RFC 3168)."""
    identification: int | None = None
    """IPv4 always, IPv6 only in a fragment header."""
    dont_fragment: bool = False
    more_fragments: bool = False
    fragment_offset: int = 0
    """Octets (the field counts units of eight)."""
    options: tuple[str, ...] = ()
    """Names of IPv4 options or IPv6 extension headers, in order."""

    @property
    def is_fragment(self) -> bool:
        return self.more_fragments or self.fragment_offset > 0

    @property
    def fragment_length(self) -> int:
        """Octets of the packet behind the IP headers: what this fragment carries of its datagram."""
        return max(0, self.total_length - self.header_length)


@dataclass(frozen=True, slots=True)
class TcpOptions:
    """The TCP options a segment carries (RFC 9293 3.2, RFC 7323, RFC 2018, RFC 7413)."""

    mss: int | None = None
    window_scale: int | None = None
    """The shift count; window fields of later segments are multiplied by 2 to this power."""
    sack_permitted: bool = False
    sack: tuple[tuple[int, int], ...] = ()
    """Raw sequence numbers: first octet, octet behind the last."""
    timestamp: tuple[int, int] | None = None
    """TSval, TSecr."""
    fast_open: bytes | None = None
    """The TCP Fast Open cookie, empty for a request (RFC 7413)."""
    others: tuple[int, ...] = ()
    """Kinds of further options, in order, without NOP and EOL."""


@dataclass(frozen=True, slots=True)
class Tcp:
    """The TCP header (RFC 9293 section 3.1)."""

    seq: int
    ack: int
    flags: int
    window: int
    """The field as sent, not scaled."""
    header_length: int
    checksum: int = 0
    urgent: int = 0
    options: TcpOptions = TcpOptions()


@dataclass(frozen=True, slots=True)
class Udp:
    """The UDP header (RFC 768)."""

    length: int
    """The length field: header and data; 0 in a jumbogram or by offload."""
    checksum: int = 0


@dataclass(frozen=True, slots=True)
class Quoted:
    """What an ICMP error quotes of the packet it complains of (RFC 792, RFC 4443)."""

    source: Endpoint
    target: Endpoint
    protocol: int
    identification: int | None = None
    seq: int | None = None
    """Raw TCP sequence number, where enough was quoted."""
    length: int = 0
    """Total length of the quoted packet, by its header."""


@dataclass(frozen=True, slots=True)
class Icmp:
    """An ICMP or ICMPv6 message."""

    version: Literal[4, 6]
    type: int
    code: int
    checksum: int = 0
    identifier: int | None = None
    """Echo only."""
    sequence: int | None = None
    """Echo only."""
    mtu: int | None = None
    """Next-hop MTU of fragmentation needed (RFC 1191) and packet too big (RFC 4443)."""
    quoted: Quoted | None = None
    """Errors only."""


@dataclass(frozen=True, slots=True)
class Arp:
    """An ARP packet for IPv4 on Ethernet (RFC 826)."""

    operation: int
    """1: who has the target's address? 2: the sender has its own."""
    sender: str
    """IPv4 address."""
    sender_mac: str
    """'02:00:00:00:00:01'."""
    target: str
    target_mac: str
    """All zeros where it is asked for."""

    @property
    def announces(self) -> bool:
        """Nobody is asked: the sender tells everybody its own address (gratuitous, RFC 5227 section 3)."""
        return self.sender == self.target


@dataclass(frozen=True, slots=True)
class Igmp:
    """An IGMP message: which groups a host wants to receive (RFC 1112, RFC 2236, RFC 3376)."""

    type: int
    """0x11 query, 0x12 and 0x16 report, 0x17 leave, 0x22 report of version 3."""
    group: str
    """0.0.0.0 in a general query and in a report of version 3, which has records."""
    records: tuple[tuple[int, str], ...] = ()
    """Version 3: what kind of change (3: no source wanted any more, 4: all sources wanted) and of which group."""
    checksum: int = 0


@dataclass(frozen=True, slots=True)
class Other:
    """Anything the fold has no fields for: named, never dropped."""

    name: str
    """'LLDP', 'GRE', 'IP protocol 200', 'ethertype 0x88b5', ..."""
    summary: str = ""
    """One line in plain words where that is cheap ('the capture cut its header'); else empty."""


Transport: TypeAlias = Tcp | Udp | Icmp | Arp | Igmp | Other


@dataclass(frozen=True, slots=True)
class Whole:
    """A datagram put together again; carried by the frame whose fragment completed it."""

    frames: tuple[int, ...]
    """Numbers of the frames that carried its fragments, in the order captured."""
    length: int
    """Octets behind the IP header, all fragments together."""
    overlap: bool = False
    """Two fragments carried the same octets."""
    conflict: bool = False
    """... and disagreed about them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame as plain values.

    `transport` is the header this frame *delivers*: None for a fragment that did not complete its datagram (its first
    fragment's ports are still in `source` and `target`), the reassembled one for the fragment that did.
    """

    number: int
    """Its place in the capture, from 1, as Wireshark counts."""
    time: int
    data: bytes
    """The captured octets, link header first; empty for a frame written in notation."""
    wire_length: int
    """Octets on the wire by the capture's own record; `data` may be shorter (snapshot length)."""
    source: Endpoint
    target: Endpoint
    ip: Ip | None = None
    transport: Transport | None = None
    payload: bytes = b""
    """Captured octets behind the transport header (of the whole datagram where `whole` is set)."""
    length: int = 0
    """Octets behind the transport header on the wire, by the headers; more than len(payload) where the capture cut."""
    link: str = ""
    """'Ethernet', 'Linux cooked v1', 'NULL', 'RAW', ..."""
    vlans: tuple[int, ...] = ()
    layers: tuple[Layer, ...] = ()
    whole: Whole | None = None
    unfilled_checksum: bool = False
    """The transport checksum is just the pseudo-header's sum: left to the network card, which loopback has not."""
    oddities: tuple[str, ...] = ()
    """What the decoder found that the headers should not say, in plain words; never an exception."""
    interface: str = ""
    comment: str = ""

    @property
    def captured_length(self) -> int:
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Call:
    """A program entering a socket call."""

    time: int
    side: Side
    pid: int
    serial: int
    """Pairs it with its Return; unique in the recording."""
    name: str
    """'connect', 'send', ...; also 'input', 'print', 'pause' and 'exit', which are no socket calls.

    'pause' with arguments begins a scene of a demo, and they are its title; 'print' has what was printed, a line."""
    arguments: str = ""
    """As the reader would write them between the parentheses: "('127.0.0.1', 8000)". Safe text, bounded."""
    socket: int = 0
    """Which socket: unique in the recording even where the kernel reuses a descriptor."""
    descriptor: int = -1
    protocol: Literal["tcp", "udp", "icmp", "raw", "unix", ""] = ""
    local: Endpoint | None = None
    """As the kernel knew it when the call was entered; None if unbound."""
    peer: Endpoint | None = None
    """The connected peer, or the address given to connect() and sendto()."""
    length: int | None = None
    """Octets offered (send) or asked for (recv)."""
    data: bytes = b""
    """The first octets offered, at most 64."""
    file: str = ""
    line: int = 0
    """Where in the program's own source, from 1; 0 if not known."""
    program: int = 1
    """Which of its side's programs, from 1, where several clients run."""


@dataclass(frozen=True, slots=True)
class Return:
    """A socket call coming back."""

    time: int
    side: Side
    pid: int
    serial: int
    name: str
    socket: int = 0
    result: str = ""
    """As the reader would write it: '5', "b'hello'", 'a new socket, 127.0.0.1:40680'. Safe text, bounded."""
    length: int | None = None
    """Octets moved; 0 for the b'' that means the peer has sent FIN."""
    data: bytes = b""
    """The first octets received, at most 64."""
    error: str = ""
    """'ECONNREFUSED', 'timeout', ...; empty on success."""
    local: Endpoint | None = None
    peer: Endpoint | None = None
    new_socket: int | None = None
    """accept() only: the socket it made."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The kernel's own view of a socket at a moment (TCP_INFO, sock_diag)."""

    time: int
    """When the answer was back."""
    since: int
    """When the question was asked: the answer is true of some moment between the two."""
    side: Side
    state: State
    """LISTEN for a listening socket, CLOSED where the kernel no longer knows the socket."""
    socket: int = 0
    local: Endpoint | None = None
    peer: Endpoint | None = None
    timer: str = ""
    """'retransmit', 'keepalive', 'time-wait', 'probe' or empty."""
    timer_left: int = 0
    """Nanoseconds."""
    unread: int = 0
    unacknowledged: int = 0
    info: tuple[tuple[str, int], ...] = ()
    """Fields of struct tcp_info by name."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What the lab's wire did to a frame; only the lab knows it."""

    time: int
    frame: int
    """The frame's number."""
    what: Literal["delivered", "dropped", "delayed", "doubled", "damaged", "swapped"]
    """'delivered': passed on as it came; everything else is the lab's own doing."""
    delivered: tuple[int, ...] = ()
    """When the copies that have arrived so far reached the other end. One Fate for each arrival, at its time; a
    dropped frame's one Fate has none, and the time of the decision."""


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more will be seen. Last in every finished recording and capture."""

    time: int
    reason: Literal["finished", "cut", "interrupted"] = "finished"
    """'cut': the file stops in the middle of a record."""
    dropped: int | None = None
    """Frames the kernel saw but could not hand over; None where nobody counted."""
    detail: str = ""
    """In plain words, where the reason is not 'finished'."""


Observation: TypeAlias = Frame | Call | Return | Sample | Fate | End
"""The only input of the fold, in order of happening."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment in its conversation's own numbers: the SYN is 0, the first octet of data is 1."""

    seq: int
    end: int
    """The number behind its last octet; SYN and FIN count one each."""
    ack: int | None
    window: int
    """Octets the sender of this segment is ready to receive, scaled where the scale is known."""
    window_known: bool
    """False where the SYN, and so the scale, was not seen."""
    verdict: int = 0
    """Bits of `verdicts.Verdict`: retransmission, duplicate ACK, zero window, ..."""
    acked: int = 0
    """Sequence numbers of the other side this segment acknowledges for the first time."""
    answers: int | None = None
    """The step whose segment this one newly acknowledges (the last of them)."""
    rtt: int | None = None
    """Nanoseconds from that segment to this; None where it was sent twice (Karn, RFC 6298 section 3)."""
    una: int = 0
    """SND.UNA of this segment's sender after it: the oldest number not acknowledged."""
    nxt: int = 0
    """SND.NXT of this segment's sender after it."""
    limit: int | None = None
    """SND.UNA + SND.WND: the first number it may not send yet; None where the window is not known."""
    sack: tuple[tuple[int, int], ...] = ()
    """SACK blocks in the other side's relative numbers."""

    @property
    def in_flight(self) -> int:
        """Sequence numbers sent by this segment's sender and not acknowledged, after it."""
        return self.nxt - self.una


States: TypeAlias = tuple[State, State]
"""(client, server)."""

NO_STATES: States = (State.UNKNOWN, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Step:
    """An observation placed in its conversation."""

    index: int
    """From 0, without a gap: the name other steps and notes know it by."""
    observation: Observation
    side: Side
    """Who did it: the frame's sender, the caller."""
    before: States = NO_STATES
    after: States = NO_STATES
    segment: Segment | None = None
    """TCP frames only."""
    octets: tuple[int, int] | None = None
    """send and recv: which octets of the stream, as relative sequence numbers [first, behind the last)."""
    call: int | None = None
    """A Return: the step of its Call. A Fate: the step of its frame."""
    conversation: int = 0
    """Which conversation of the exchange, from 0 by its first frame; 0 where only one is followed."""
    link: int = 0
    """A frame: which link of the exchange's path it was seen on, from the client's; on others than the first it is a
    packet seen before, further on its way."""

    @property
    def time(self) -> int:
        return self.observation.time


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about a step, proved by the steps it cites. Never withdrawn."""

    rule: str
    message: str
    """A template for words.say(), the key of its translations."""
    values: tuple[tuple[str, object], ...]
    step: int
    """Where it lands."""
    since: int
    """Where what it tells of began; the same as `step` for a moment."""
    evidence: tuple[int, ...]
    """Steps that prove it, `step` among them."""
    severity: Severity = Severity.LESSON
    reference: str = ""
    """'RFC 9293 section 3.5'."""
    wireshark: str = ""
    """What Wireshark calls the frame, where it says something else."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Who talks to whom over what: the heading of a timeline and a row of the list of conversations."""

    protocol: str
    """'tcp', 'udp', 'icmp', 'arp', ...; the lower-case name of what `Other.name` says otherwise."""
    number: int
    """From 0 within its protocol, by first frame, as Wireshark numbers streams."""
    client: Endpoint
    server: Endpoint
    frames: tuple[int, int] = (0, 0)
    """Frames from the client, from the server."""
    octets: tuple[int, int] = (0, 0)
    """Octets of transport payload each way, retransmissions included."""
    first: int = 0
    """Time of its first frame."""
    last: int = 0

    @property
    def name(self) -> str:
        """'tcp:0', as --stream takes it."""
        return f"{self.protocol}:{self.number}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a recording says of itself (its first journal block): which demo, in what room, live or recorded."""

    title: str = ""
    demo: str = ""
    """The demo's name, or empty."""
    room: str = ""
    """One line: 'private loopback, MTU 1500, TSO off, Linux 6.18'."""
    settings: tuple[tuple[str, str], ...] = field(default=())
    """Sysctls and link settings as applied, by name."""
    sources: tuple[tuple[str, str], ...] = field(default=())
    """File name and full text of the programs that ran, as they were then."""
    variant: str = ""
    """Which of the demo's variants, or empty."""
    topology: str = "lo"
    """'lo', 'wire' (every frame gets its Fate) or 'routers'."""
    path: tuple[str, ...] = ()
    """The hosts between which the frames travel, client first, where there are more than two: ('client', 'R1', 'R2',
    'server'). Frames name the link they were seen on by their interface: 'client-R1'."""
