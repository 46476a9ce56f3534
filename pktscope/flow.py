"""The fold: observations in, steps and notes out. One Flow per conversation; looks back only, so notes never change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pktscope import rules
from pktscope.connection import Connection, Now
from pktscope.ends import Datagram, End, Pieces, Write
from pktscope.model import (
    ACK,
    SYN,
    Arp,
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
    Side,
    State,
    States,
    Step,
    Tcp,
    Udp,
)
from pktscope.model import End as Ending
from pktscope.neighbours import Neighbours
from pktscope.programs import SENDING, Programs
from pktscope.verdicts import Machine

REASSEMBLY = 120_000_000_000
"""Nanoseconds after which an identification may mean a new datagram (RFC 1122 section 3.3.2: 60 to 120 s)."""
COPIES = 1_000_000_000
"""Nanoseconds after a complete datagram in which fragments of its identification may be copies."""


BESIDE = 0.5
"""The place of a host that is not on the path: on the client's link."""
REPLIES = {(4, 0), (6, 129)}
"""Echo replies, by IP version and type: on loopback, where both ends are one address, nothing else tells them apart."""


class Flow:
    """One conversation being followed."""

    def __init__(
        self, conversation: Conversation | None = None, *, wire: bool = False, links: tuple[str, ...] = ()
    ) -> None:
        """With None the ends are learnt from what comes. On a `wire` every frame's Fate says when it arrives; `links`
        are the interfaces along a path: what is seen on others than the first is on its way there, or from there."""
        known = conversation or Conversation("", 0, Endpoint(""), Endpoint(""))
        self.protocol = known.protocol
        self.ends = {
            Side.CLIENT: End(Side.CLIENT, known.client if conversation else None),
            Side.SERVER: End(Side.SERVER, known.server if conversation else None),
        }
        self.settled = conversation is not None
        """The ends are certain: given, or seen in a frame."""
        self.kin: Sequence[Flow] = (self,)
        """The conversations of the same exchange, as far as begun; their steps have numbers of their own."""
        self.steps: list[Step] = []
        self.notes: list[Note] = []
        self.wire = wire
        self.links = links
        self.connection = Connection(self.ends, wire=wire)
        self.programs = Programs(self.connection)
        self.fragments: dict[tuple[Side, int | None, int], Pieces] = {}
        """Datagrams that are not complete."""
        self.abandoned: list[Pieces] = []
        """Those that never were, and whose identification came again for another."""
        self.completed: dict[tuple[Side, int | None, int], int] = {}
        """When a datagram of that identification was complete."""
        self.told: set[str] = set()
        """Rules that speak once per conversation put their id here."""
        self.taught: set[str] = set()
        """Those that speak once in a whole exchange, whatever its conversations."""
        self.counts: dict[str, int] = {}
        """What rules count, by rule and side; starts anew with a new connection."""
        self.marks: dict[str, int] = {}
        """Steps rules remember, by rule and side; likewise."""
        self.memory: dict[tuple[str, int | str], int] = {}
        """What rules must know again later: (what, of which step or side) -> a step or a number."""
        self.hosts: dict[str, int] = {}
        """Place on the path by address, where there is one."""
        self.neighbours = Neighbours()
        """What ARP told; flows of one exchange share it."""
        self.frames = 0
        self.places: dict[int, int] = {}
        """Frame number -> its step, where fates may come."""
        self.fates: dict[int, Fate] = {}
        """What the wire did to the frame of a step, as far as told."""

    @property
    def client(self) -> Endpoint | None:
        return self.ends[Side.CLIENT].endpoint

    @property
    def server(self) -> Endpoint | None:
        return self.ends[Side.SERVER].endpoint

    @property
    def now(self) -> Now:
        """What the newest step did."""
        return self.connection.now

    @property
    def machine(self) -> Machine:
        """What knows of every segment what it is."""
        return self.connection.machine

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
        self.connection.now = Now()
        match observation:
            case Frame():
                step = self._frame(observation)
            case Call():
                step = self._call(observation)
            case Return():
                step = self._return(observation)
            case Sample():
                step = self._place(observation, observation.side)
            case Fate():
                step = self._fate(observation)
            case Ending():
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
        if frame.interface in self.links[1:]:
            return replace(self._place(frame, side), link=self.links.index(frame.interface))
        self.frames += 1
        if self.wire:
            self.places[frame.number] = len(self.steps)
        me = self.ends[side]
        before, index = self.states, len(self.steps)
        segment, octets, call = None, None, None
        if frame.ip is not None and frame.ip.is_fragment:
            self._fragment(frame, side, index)
        match frame.transport:
            case Tcp() as header:
                if header.flags & (SYN | ACK) == SYN and self.connection.reopened(header, side):
                    self.counts.clear()
                    self.marks.clear()
                if (raw := self.programs.handmade(header, side)) is not None:
                    self.ends[side].by_hand = raw
                    self.ends[side].state = State.CLOSED
                segment = self.connection.segment(frame, header, side, index)
                octets = self.connection.data_of(segment, header)
                call = self.programs.cause(header, octets, side)
            case Udp():
                call = self.programs.open_call(side, SENDING)
                self._datagram(frame, side, call)
            case Arp() as arp:
                self.neighbours.hear(frame, arp)
            case Icmp() as message if message.quoted is not None:
                self.ends[side.other].complaint = index
            case None:
                call = self.programs.open_call(side, SENDING)
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

    def _fate(self, fate: Fate) -> Step:
        """What the wire did to a frame: its arrival moves the end it reaches."""
        place = self.places.get(fate.frame)
        if place is None:
            return self._place(fate, Side.CLIENT)
        sent, before = self.steps[place], self.states
        self.fates[place] = fate
        if fate.delivered and fate.what != "damaged" and sent.segment is not None:
            frame = sent.observation
            assert isinstance(frame, Frame)
            assert isinstance(frame.transport, Tcp)
            self.connection.arrived(frame.transport, sent.side, sent.segment, place)
        return Step(len(self.steps), fate, sent.side, before, self.states, call=place)

    def _side_of(self, frame: Frame) -> Side:
        """Whose doing a frame is; the first frame settles who is who."""
        source, target = frame.source, frame.target
        if isinstance(frame.transport, Icmp) and frame.transport.quoted is not None:
            quoted = frame.transport.quoted
            if not self.settled:
                self.settle(quoted.source, quoted.target)
            return self._nearest(quoted.target, quoted.source)
        if isinstance(frame.transport, Arp) and self.hosts:
            here, there = (self.hosts.get(end.address, BESIDE) for end in (source, target))
            if here != there:
                return Side.CLIENT if here < there else Side.SERVER
        if self.settled and source == target and isinstance(frame.transport, Icmp):
            return Side.SERVER if (frame.transport.version, frame.transport.type) in REPLIES else Side.CLIENT
        if not self.settled:
            self.settle(*self.roles(frame))
        if not self.protocol:
            self.protocol = {Tcp: "tcp", Udp: "udp", Icmp: "icmp"}.get(type(frame.transport), "")
        return self._nearest(source, target)

    def roles(self, frame: Frame) -> tuple[Endpoint, Endpoint]:
        """(client, server): the SYN's sender, the SYN,ACK's receiver; else as the calls say; else who is first."""
        source, target = frame.source, frame.target
        header = frame.transport
        if isinstance(header, Tcp) and header.flags & SYN:
            return (target, source) if header.flags & ACK else (source, target)
        server = self.server
        if server is not None and server.port is not None and server.port == source.port != target.port:
            return target, source
        return source, target

    def settle(self, client: Endpoint, server: Endpoint) -> None:
        """Who is who is certain from now on."""
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

    # Calls

    def _call(self, call: Call) -> Step:
        if not self.protocol and call.protocol in ("tcp", "udp"):
            self.protocol = call.protocol
        index, states = len(self.steps), self.states
        octets = self.programs.entered(call, index)
        return Step(index, call, call.side, states, states, octets=octets)

    def _return(self, back: Return) -> Step:
        index, before = len(self.steps), self.states
        called, octets = self.programs.returned(back, index)
        if not self.settled and back.local is not None and back.local.port:
            self.ends[back.side].endpoint = back.local
        return Step(index, back, back.side, before, self.states, octets=octets, call=called)

    # Questions rules ask

    def observed(self, step: int) -> Observation:
        """What was seen at a step."""
        return self.steps[step].observation

    def reached(self, step: int) -> int:
        """When the frame of a step reached the other end; when it was seen, where nobody tells."""
        fate = self.fates.get(step)
        return fate.delivered[0] if fate is not None and fate.delivered else self.steps[step].time

    def lost(self, step: int) -> bool:
        """Whether the lab's wire is known to have dropped or damaged the frame of a step."""
        fate = self.fates.get(step)
        return fate is not None and fate.what in ("dropped", "damaged")

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

    def lesson(self, rule: str) -> bool:
        """True the first time a rule asks in an exchange, for what need not be explained in every conversation."""
        if rule in self.taught:
            return False
        self.taught.add(rule)
        return True

    def count(self, what: str) -> int:
        """One more of something a rule counts: how many there are now."""
        self.counts[what] = self.counts.get(what, 0) + 1
        return self.counts[what]


def follow(
    observations: Iterable[Observation],
    conversation: Conversation | None = None,
    *,
    wire: bool = False,
    links: tuple[str, ...] = (),
) -> Iterator[tuple[Step, tuple[Note, ...]]]:
    """Fold observations into steps and notes, one step an observation, as they come."""
    flow = Flow(conversation, wire=wire, links=links)
    for observation in observations:
        yield flow.feed(observation)
