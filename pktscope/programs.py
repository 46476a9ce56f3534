"""The traced programs of a conversation: which call is open, which octets or datagram it moved, what it proves."""

from __future__ import annotations

from collections.abc import Sequence

from pktscope.connection import Connection
from pktscope.ends import Datagram, End
from pktscope.model import ACK, FIN, SYN, Call, Return, Side, State, Tcp
from pktscope.tcp import Input

SENDING = frozenset({"send", "sendall", "sendto", "sendmsg", "write", "sendfile"})
RECEIVING = frozenset({"recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "read"})
NEARBY = 64
"""Datagrams behind and ahead of the latest one received that a recvfrom() is compared with."""
OPENING = frozenset({"connect", "connect_ex"})
CLOSING = frozenset({"close", "shutdown", "exit"})
GIVING_UP = frozenset({"ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED"})


class Programs:
    """Both ends' calls, as they come and return."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.ends = connection.ends
        self.calls: dict[int, tuple[int, Call]] = {}
        """Calls that have not returned: serial -> (step, call)."""
        self.open_calls: dict[Side, dict[int, tuple[int, Call]]] = {Side.CLIENT: {}, Side.SERVER: {}}
        """The same by side."""

    def entered(self, call: Call, index: int) -> tuple[int, int] | None:
        """A call at the step of this index: the octets of the stream it offers, if it sends."""
        me = self.ends[call.side]
        if call.socket or call.name == "pause":
            me.traced = True  # a program whose calls nobody tells still prints and ends
        if call.socket:
            me.processes.add(call.pid)
        self.calls[call.serial] = self.open_calls[call.side][call.serial] = (index, call)
        octets = None
        if call.protocol == "tcp" and call.name in SENDING and call.length:
            octets = (me.written, me.written + call.length)
            me.write(*octets, index, call.time, self._hint(me, call))
        if call.name == "setsockopt":
            words = call.arguments.split(", ", 2)  # a struct keeps its commas
            if len(words) == 3:
                me.settings[words[1].rpartition(".")[2]] = words[2]
        return octets

    @staticmethod
    def _hint(me: End, call: Call) -> str:
        """What tells the kernel to wait for more than this write, or nothing."""
        if me.settings.get("TCP_CORK", "0") not in ("0", "False"):
            return "TCP_CORK"
        flags = call.arguments.rpartition(", ")[2].strip("()").split(" | ")
        return "MSG_MORE" if "MSG_MORE" in flags else ""

    def returned(self, back: Return, index: int) -> tuple[int | None, tuple[int, int] | None]:
        """A call has come back: the step of the call, and which octets of the stream it moved."""
        entered = self.calls.pop(back.serial, None)
        self.open_calls[back.side].pop(back.serial, None)
        if entered is None:
            return None, None
        place, call = entered
        me = self.ends[back.side]
        octets = self._moved(me, call, back, place, index)
        me.bound = me.bound or (call.name == "bind" and not back.error)
        if call.protocol in ("tcp", ""):
            self._states(me, call, back, index)
        return place, octets

    def _moved(self, me: End, call: Call, returned: Return, called: int, index: int) -> tuple[int, int] | None:
        """Which octets of the stream a finished call moved; for datagrams, which datagram."""
        length = returned.length or 0
        if call.protocol == "udp" and call.name in RECEIVING and not returned.error:
            self.connection.now.received = self._take(me, call, returned, index)
        if call.protocol != "tcp":
            return None
        if call.name in SENDING and me.writes and me.writes[-1].step == called:
            first = me.writes[-1].first
            moved = (call.length or 0) if call.name == "sendall" and not returned.error else length
            me.rewrite(first + moved)
            return (first, first + moved) if moved else None
        if call.name in RECEIVING and length and "MSG_PEEK" not in call.arguments:
            urgent = self.ends[me.side.other].urgent
            if urgent is not None and "MSG_OOB" in call.arguments:
                return urgent, urgent + 1
            first = me.reads[-1].end if me.reads else 1
            # Linux keeps an urgent byte out of the ordinary stream, and recv() goes on behind it.
            first += first == urgent and me.settings.get("SO_OOBINLINE", "0") in ("0", "False")
            me.read(first, first + length, index)
            return first, first + length
        return None

    def _take(self, me: End, call: Call, returned: Return, index: int) -> Datagram | None:
        """The datagram a recvfrom() handed over: the next that fits, else a late one, else one that came twice."""
        sent, now = self.ends[me.side.other].datagrams, self.connection.now
        behind = me.taken.get(call.socket, 0)
        place = fitting(sent, call, returned, behind)
        if place is None:
            return None
        datagram = sent[place]
        if "MSG_PEEK" in call.arguments:
            return datagram
        if place < behind:
            now.overtaken = sent[behind - 1]
        else:
            now.skipped = [each for each in sent[behind:place] if call.socket not in each.takers]
            me.taken[call.socket] = place + 1
        datagram.takers.setdefault(call.socket, index)
        return datagram

    def _states(self, me: End, call: Call, returned: Return, index: int) -> None:
        """What a finished call proves about its end's state."""
        if returned.error in GIVING_UP:
            self.connection.move(me, Input.GAVE_UP)
        if returned.error:
            return
        match call.name:
            case "socket" if call.protocol == "tcp":
                self.connection.move(me, Input.OPENED)
            case "listen":
                me.listening = index
                self.connection.move(me, Input.LISTENED)
            case "accept":
                me.connection = returned.new_socket
            case "connect":
                me.connection = call.socket
            case "close" if me.state is State.SYN_SENT or (me.state is State.LISTEN and call.socket != me.connection):
                me.listening = None
                self.connection.move(me, Input.GAVE_UP)
            case _:
                pass

    def running(self, side: Side) -> list[tuple[int, Call]]:
        """The calls of an end that have not returned, with their steps, oldest first."""
        return list(self.open_calls[side].values())

    def cause(self, header: Tcp, octets: tuple[int, int] | None, side: Side) -> int | None:
        """The call a segment is due to, where that is provable; None for what the kernel sends by itself."""
        if octets is not None:
            writes = self.ends[side].writes_in(*octets)
            return writes[0].step if writes else None
        if header.flags & SYN and not header.flags & ACK:
            return self.ends[side].by_hand if self.ends[side].by_hand is not None else self.open_call(side, OPENING)
        return self.open_call(side, CLOSING) if header.flags & FIN else None

    def handmade(self, header: Tcp, side: Side) -> int | None:
        """The step of the call on a raw socket that a SYN is due to; None for what a kernel sends."""
        if header.flags & (SYN | ACK) != SYN or self.open_call(side, OPENING) is not None:
            return None
        found = [step for step, call in self.running(side) if call.protocol == "raw" and call.name in SENDING]
        return found[-1] if found else None

    def open_call(self, side: Side, names: frozenset[str]) -> int | None:
        """The step of the newest call of that side and kind that has not returned."""
        for step, call in reversed(self.open_calls[side].values()):
            if call.name in names:
                return step
        return None


def fitting(sent: Sequence[Datagram], call: Call, returned: Return, behind: int) -> int | None:
    """The place of the datagram a call returned: ahead of what its socket has had, then left out, then had before."""

    def fits(place: int) -> bool:
        datagram = sent[place]
        length = datagram.length if call.length is None else min(call.length, datagram.length)
        return (returned.length or 0) == length and datagram.data.startswith(returned.data[: len(datagram.data)])

    ahead = range(behind, min(behind + NEARBY, len(sent)))
    nearby = range(max(0, behind - NEARBY), behind)
    late = [place for place in nearby if call.socket not in sent[place].takers]
    return next((place for place in (*ahead, *late, *nearby) if fits(place)), None)
