"""All conversations of an exchange together: one Flow each, and one numbering of steps for all of them.

A demo or two programs may open several connections. Rules see one conversation at a time (a `Flow`); what reads and
draws sees one stream of steps (`Flows`), each of which names its conversation. Which conversation a call belongs to is
known when the kernel has said so: connect() by the port it was given, accept() by the connection it hands over. What
a conversation missed until then is told to it later; no step and no note ever changes.
"""

from __future__ import annotations

from dataclasses import replace

from pktscope.flow import Flow
from pktscope.model import (
    Call,
    End,
    Endpoint,
    Exchange,
    Fate,
    Frame,
    Icmp,
    Igmp,
    Note,
    Observation,
    Return,
    Sample,
    Side,
    States,
    Step,
)
from pktscope.neighbours import Neighbours
from pktscope.programs import OPENING, RECEIVING, SENDING
from pktscope.strands import NONE, Holder, Key, Strand, aimed_at, bare, common, is_call, key_of, parties, reaches, said

SERVING = SENDING | RECEIVING | {"accept"}
"""What a socket that serves several conversations does for one of them."""

KEPT = 4096
"""Steps remembered of a socket: enough for what any conversation has to be told later."""


class Flows:
    """Every conversation of an exchange being followed."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self.exchange = exchange or Exchange()
        self.steps: list[Step] = []
        self.notes: list[Note] = []
        self.kin: list[Flow] = []
        """The flows of the conversations, which may look at each other."""
        self.strands: list[Strand] = []
        """The conversations, in the order of their first frames."""
        self.links = tuple(
            f"{near}-{far}" for near, far in zip(self.exchange.path, self.exchange.path[1:], strict=False)
        )
        self.hosts = self._hosts()
        self.neighbours = Neighbours()
        self._joined: Side | None = None
        """Whose program last joined a multicast group, or left it."""
        self._taught: set[str] = set()
        self._lobby = Strand(self._flow())
        """What happened before the first frame; it becomes the first conversation."""
        self._by_key: dict[Key, Strand] = {}
        self._by_frame: dict[int, Strand] = {}
        self._fragments: dict[tuple[Endpoint, Endpoint, int | None], Strand] = {}
        self._backgrounds: dict[str, Strand] = {}
        self._holders: dict[int, Holder] = {}
        self._open: dict[int, tuple[Call, list[Strand]]] = {}
        """Calls that have not returned, by serial, and who was told of them."""
        self._lately: dict[tuple[Side, int], Strand] = {}
        """The conversation whose socket a process last called on."""
        self._current = self._lobby

    def _flow(self) -> Flow:
        flow = Flow(wire=self.exchange.topology == "wire", links=self.links)
        flow.kin, flow.taught = self.kin, self._taught
        flow.neighbours = self.neighbours
        flow.hosts = self.hosts
        return flow

    def _hosts(self) -> dict[str, int]:
        """Place on the path by address, as the exchange's settings tell: ('R1', '10.0.1.1 10.0.2.1')."""
        path = self.exchange.path or ("client", "server")
        told = dict(self.exchange.settings)
        return {address: place for place, host in enumerate(path) for address in told.get(host, "").split()}

    # What is known of the whole

    @property
    def client(self) -> Endpoint | None:
        """The client's end; without a port, or without an address, where conversations differ in it."""
        return common([strand.flow.client for strand in self.strands] or [self._lobby.flow.client])

    @property
    def server(self) -> Endpoint | None:
        """The server's end, likewise."""
        return common([strand.flow.server for strand in self.strands] or [self._lobby.flow.server])

    @property
    def protocol(self) -> str:
        """Those of its conversations, in the order in which they began: 'udp, tcp'."""
        known = dict.fromkeys(strand.flow.protocol for strand in self.strands or [self._lobby])
        return ", ".join(filter(None, known))

    @property
    def states(self) -> States:
        """(client, server) of the conversation last heard of."""
        return self._current.flow.states

    def frame_number(self, step: int) -> int:
        """The number in its capture of the frame at a step; 0 if the step is none."""
        seen = self.steps[step].observation
        return seen.number if isinstance(seen, Frame) else 0

    # The fold

    def feed(self, observation: Observation) -> tuple[Step, tuple[Note, ...]]:
        """Take one observation: its step, and what the rules say of it."""
        index = len(self.steps)
        told = self._concerned(observation)
        step, found = told[0].take(observation, index)
        notes = list(found)
        for other in told[1:]:
            more = other.take(observation, index)[1]
            if not isinstance(observation, Return):  # what a call returned is one conversation's to tell
                notes += [note for note in more if not said(note, notes)]
        mine = bool(getattr(observation, "socket", 0))  # a socket of no conversation has states of its own
        if step.conversation == NONE and not mine and step.before == step.after and self.strands:
            now = self._current.flow.states
            step = replace(step, before=now, after=now)
        self.steps.append(step)
        self.notes.extend(notes)
        if isinstance(observation, Call | Return | Sample):
            self._remember(observation, index)
        if isinstance(observation, Call | Return) and observation.socket and told[0].conversation != NONE:
            self._lately[observation.side, observation.pid] = told[0]
        return step, tuple(notes)

    def _concerned(self, seen: Observation) -> list[Strand]:
        """Who follows this; the first one's step is the step."""
        match seen:
            case Frame():
                return [self._of_frame(seen)]
            case Call():
                return self._of_call(seen)
            case Return():
                return self._of_return(seen)
            case Sample():
                return [self._of_sample(seen)]
            case Fate():
                return [self._by_frame.get(seen.frame, self._current)]
            case End():
                halls = [each.hall for each in self._holders.values() if each.hall is not None]
                return [*(self.strands or [self._lobby]), *halls]

    # Frames

    def _of_frame(self, frame: Frame) -> Strand:
        key = key_of(frame)
        if key is None:
            strand = self._background(frame)
        else:
            strand = self._by_key.get(key) or self._born(key, frame)
            self._current = strand
        ip = frame.ip
        if ip is not None and ip.is_fragment and frame.source.port is not None:
            self._fragments[bare(frame.source), bare(frame.target), ip.identification] = strand
        self._by_frame[frame.number] = strand
        return strand

    def _background(self, frame: Frame) -> Strand:
        """Who follows a frame that is no conversation's: a later fragment, or what serves all of them (ARP, IGMP)."""
        ip = frame.ip
        if ip is not None and ip.is_fragment:
            known = self._fragments.get((bare(frame.source), bare(frame.target), ip.identification))
            return known or self._current
        name = getattr(frame.transport, "name", "") or type(frame.transport).__name__
        if name not in self._backgrounds:
            strand = self._backgrounds[name] = Strand(self._flow())
            place = self.hosts.get(frame.source.address)
            joined = isinstance(frame.transport, Igmp) and self._joined is Side.SERVER
            if joined or place == len(self.exchange.path or "cs") - 1:
                strand.flow.settle(frame.target, frame.source)
        return self._backgrounds[name]

    def _born(self, key: Key, frame: Frame) -> Strand:
        """A new conversation, told of the calls that led to it."""
        caller = self._caller(key[0], frame)
        _, target = parties(frame)
        number = len(self.strands)
        alone = not number and self._undivided(key[0], caller)
        if alone:
            strand = self._lobby
            strand.conversation = 0
            strand.flow.protocol = ""
        else:
            strand = Strand(self._flow(), number)
        servers = [
            each for each in self._holders.values()
            if each is not caller and each.free and each.speaks(key[0]) and each.stands_at(target)
        ]  # fmt: skip
        for each in (caller, *servers):
            strand.learn(() if each is None else self._history(each), self.steps)
        strand.flow.protocol = key[0]
        strand.flow.settle(*self._roles(frame, caller, servers, strand.flow))
        self.strands.append(strand)
        self.kin.append(strand.flow)
        self._by_key[key] = strand
        for each in self._holders.values() if alone else (caller, *servers):
            if each is not None:
                each.strands.append(strand)
        return strand

    def _undivided(self, protocol: str, caller: Holder | None) -> bool:
        """Whether all that was told before the first frame is its conversation's: no side has a second socket."""
        others = [each for each in self._holders.values() if each is not caller]
        sides = [each.side for each in self._holders.values()]
        kin = all(each.protocol in (protocol, "raw", "") for each in others)
        return kin and len(set(sides)) == len(sides)

    def _history(self, holder: Holder) -> list[int]:
        """What a new conversation has to know of a socket: not what it did for others."""
        if not holder.shared:
            return list(holder.calls)
        others = {
            seen.serial for index in holder.calls
            if isinstance(seen := self.steps[index].observation, Return) and seen.name in SERVING
        }  # fmt: skip
        return [index for index in holder.calls if getattr(self.steps[index].observation, "serial", 0) not in others]

    def _caller(self, protocol: str, frame: Frame) -> Holder | None:
        """The socket whose call put the first frame of a conversation on the wire; None if that is not certain."""
        source, target = parties(frame)
        able = [each for each in self._holders.values() if each.free and each.speaks(protocol)]
        bound = [each for each in able if not each.listening and each.stands_at(source)]
        if len(bound) == 1:
            return bound[0]
        found = []
        for call, _ in self._open.values():
            holder = self._holders.get(call.socket)
            aims = call.name in OPENING or call.name in SENDING
            if holder is None or not holder.free or not aims or call.peer is None:
                continue
            if reaches(call.peer, target) and (holder.local is None or holder.stands_at(source)):
                found.append(holder)
        return found[0] if len(found) == 1 else None

    def _roles(
        self, frame: Frame, caller: Holder | None, servers: list[Holder], flow: Flow
    ) -> tuple[Endpoint, Endpoint]:
        """(client, server): the sides are the programs', whoever of them spoke first."""
        source, target = parties(frame)
        side = caller.side if caller else servers[0].side.other if servers else None
        if side is None and self.hosts.get(source.address) != self.hosts.get(target.address):
            near, far = self.hosts.get(source.address, 0), self.hosts.get(target.address, len(self.exchange.path))
            side = Side.CLIENT if near < far else Side.SERVER
        if side is None:
            return (source, target) if isinstance(frame.transport, Icmp) else flow.roles(frame)
        return (source, target) if side is Side.CLIENT else (target, source)

    # Calls

    def _of_socket(self, number: int) -> Strand:
        """Who follows what is told of a socket."""
        holder = self._holders.get(number)
        if holder is None:
            return self._current
        if len(holder.strands) == 1 and (not holder.shared or len(self.strands) == 1):
            return holder.strands[0]
        return self._hall(holder)

    def _of_sample(self, sample: Sample) -> Strand:
        """Who follows what a kernel says of a socket; of one whose beginning was not told there is but one guess."""
        if not sample.socket:
            return self._between(sample.local, sample.peer)
        if sample.socket not in self._holders and len(self.strands) == 1:
            self._holder(sample.socket, sample.side).strands.append(self.strands[0])
        return self._of_socket(sample.socket)

    def _between(self, local: Endpoint | None, peer: Endpoint | None) -> Strand:
        """Who follows what the kernel says of two ends whose socket nobody told of."""
        ends = frozenset({end for end in (local, peer) if end is not None})
        return self._by_key.get(("tcp", ends, 0), self._current)

    def _hall(self, holder: Holder) -> Strand:
        """Where calls go that belong to no conversation (yet)."""
        if not self.strands:
            return self._lobby
        if holder.hall is None:
            holder.hall = Strand(self._flow())
            holder.hall.learn(holder.calls, self.steps)
        return holder.hall

    def _of_call(self, call: Call) -> list[Strand]:
        told = self._told_of(call)
        self._open[call.serial] = (call, told)
        return told

    def _told_of(self, call: Call) -> list[Strand]:
        if not call.socket:
            return self._of_process(call)
        new = call.socket not in self._holders
        holder = self._holder(call.socket, call.side)
        holder.protocol = holder.protocol or call.protocol
        if "_MEMBERSHIP" in call.arguments:
            self._joined = call.side
        if new and call.name != "socket" and len(self.strands) == 1:
            holder.strands.append(self.strands[0])  # its beginning was not told; there is nothing else it could be for
        if len(holder.strands) == 1 and not holder.shared:
            return holder.strands
        if holder.listening:
            return self._of_listener(call, holder)
        if call.name in OPENING and (begun := self._begun(call, holder)) is not None:
            return [begun]
        if call.peer is not None and call.name in SENDING:
            aimed = [each for each in holder.strands if aimed_at(call.peer, each.flow)]
            return aimed[-1:] or [self._hall(holder)]
        return holder.strands if len(holder.strands) == 1 else [self._hall(holder)]

    def _begun(self, call: Call, holder: Holder) -> Strand | None:
        """The conversation a bound socket joins with its connect(): the other end's SYN was there before (RFC 9293
        section 3.5, simultaneous open)."""
        ends = frozenset({end for end in (holder.local, call.peer) if end is not None})
        strand = self._by_key.get((call.protocol, ends, 0)) if call.protocol == "tcp" and len(ends) == 2 else None
        if strand is None or strand.flow.ends[call.side].frames:
            return None
        strand.learn(holder.calls, self.steps)
        holder.strands = [strand]
        return strand

    def _of_process(self, call: Call) -> list[Strand]:
        """Whose concern it is what a process does without a socket: its end is that of all its conversations."""
        lately = self._lately.get((call.side, call.pid))
        if call.name == "exit":
            mine = [each for each in self.strands if call.pid in each.flow.ends[call.side].processes]
            return mine or [lately or self._current]
        return [lately or self._current] if call.name in ("print", "input") else [self._current]

    def _of_listener(self, call: Call, holder: Holder) -> list[Strand]:
        """accept() will take the first connection of its queue; close() is the concern of all that wait in it."""
        queue = [each for each in holder.strands if not each.accepted]
        if len(self.strands) == 1:
            return self.strands
        if call.name == "accept":
            return queue[:1] or [self._hall(holder)]
        return [self._hall(holder), *queue] if call.name in ("close", "shutdown") else [self._hall(holder)]

    def _of_return(self, back: Return) -> list[Strand]:
        call, told = self._open.pop(back.serial, (None, [self._of_socket(back.socket)]))
        found = None if call is None else self._failed(call, back) if back.error else self._revealed(call, back)
        if found is None:
            return told
        holder = self._holder(back.socket, back.side)
        strand, concerns = found
        strand.learn(concerns, self.steps)
        if strand not in holder.strands:
            holder.strands.append(strand)
        return [strand, *(other for other in told if other is not strand)]

    def _failed(self, call: Call, back: Return) -> tuple[Strand, list[int]] | None:
        """The conversation a connect() began that failed, and the steps that one has to know."""
        holder = self._holders.get(back.socket)
        if call.name not in OPENING or holder is None or len(holder.strands) != 1:
            return None
        return holder.strands[0], list(holder.calls)

    def _revealed(self, call: Call, back: Return) -> tuple[Strand, list[int]] | None:
        """The conversation a return proves its call to be part of, and the steps that one has to know."""
        own = list(self._holders[back.socket].calls) if back.socket in self._holders else []
        entered = [step for step in own if is_call(self.steps[step].observation, back.serial)]
        ends = frozenset({end for end in (back.local, back.peer) if end is not None})
        if call.name == "accept" and back.new_socket is not None:
            strand = self._by_key.get(("tcp", ends, 0))
            if strand is None:
                return None
            strand.accepted = True
            made = self._holder(back.new_socket, back.side)
            made.protocol, made.local, made.peer, made.strands = "tcp", back.local, back.peer, [strand]
            return strand, entered
        if call.name in OPENING and len(ends) == 2:
            strand = self._by_key.get((call.protocol, ends, 0))
            return None if strand is None else (strand, own)
        if call.name in RECEIVING and back.peer is not None and call.protocol == "udp":
            strands = [each for each in self.strands if back.peer in (each.flow.client, each.flow.server)]
            return (strands[-1], entered) if strands else None
        return None

    def _holder(self, number: int, side: Side) -> Holder:
        return self._holders.setdefault(number, Holder(side))

    def _remember(self, told: Call | Return | Sample, index: int) -> None:
        """Learn of a socket what a call, a return or a sample tells."""
        if not told.socket:
            return
        holder = self._holder(told.socket, told.side)
        holder.calls.append(index)
        made = isinstance(told, Return) and told.new_socket is not None
        if told.local is not None and not made:
            holder.local = told.local
        if isinstance(told, Return) and not told.error:
            holder.listening |= told.name == "listen"
            if told.name in OPENING or (told.peer is not None and holder.protocol == "tcp" and not made):
                holder.peer = told.peer
        if len(holder.calls) > KEPT and not holder.listening:
            del holder.calls[: KEPT // 2]
