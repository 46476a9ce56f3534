"""Opening a connection: the three segments, what each option means, what was agreed, and the calls that wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, RST, SYN, Call, Return, Side, State, Step, Tcp, TcpOptions
from pktscope.rules.backlog import full
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import frames, stretch
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import End
    from pktscope.flow import Flow

OPENING = """
C: connect(8000)
   C > S  SYN mss 1460 wscale 7 sack        # tcp.syn tcp.syn-options
   S > C  SYN ACK mss 1460 wscale 7 sack    # tcp.syn-ack tcp.syn-options
   C > S  ACK                               # tcp.handshake-done
C: = 0                                      # tcp.connect-returned
   C > S  PSH ACK 1:11
   S > C  ACK 11
"""


def header_of(step: Step) -> Tcp:
    """The TCP header of a step that a segment rule was called with."""
    transport = getattr(step.observation, "transport", None)
    assert isinstance(transport, Tcp)
    return transport


def crossed_open(flow: Flow) -> bool:
    """Whether each end has asked by itself: two SYNs that crossed, and no answer to a SYN among them."""
    syns = [end.syn for end in flow.ends.values()]
    return all(syn is not None and not header_of(flow.steps[syn]).flags & ACK for syn in syns)


@rule("tcp.syn", "RFC 9293 section 3.5", on="segment", example=OPENING)
def syn(step: Step, flow: Flow) -> Iterator[Finding]:
    """SYN: one end asks to open a connection.

    The SYN carries no data. It says from which number its sender will count the bytes it sends: the initial sequence
    number, chosen so that nobody can guess it (RFC 9293 section 3.4.1). The SYN itself takes one number, so the first
    byte of data gets the next. pktscope prints numbers counted from it: the SYN is 0, the first byte is 1; `s` shows
    them as they are on the wire.
    """
    header = header_of(step)
    if header.flags & (SYN | ACK | RST) != SYN or flow.ends[step.side].syn != step.index:
        return
    if (count := full(flow, flow.ends[step.side.other])) is not None:
        flow.memory["queue full", step.side] = count
    yield find(
        "SYN: the {side} asks to open a connection. Its initial sequence number is {isn}; the SYN takes that one, so"
        " its first byte of data will be number {first}.",
        side=step.side,
        isn=header.seq,
        first=(header.seq + 1) % 2**32,
    )


def offers(options: TcpOptions) -> Iterator[tuple[str, Words, Words]]:
    """What the options of a SYN offer: kind, the offer in a word, what it means."""
    if options.mss is not None:
        yield (
            "mss",
            phrase("MSS {mss:,}", mss=options.mss),
            phrase("send me at most {mss:,} bytes of data in one segment", mss=options.mss),
        )
    if options.window_scale is not None:
        factor = 1 << min(options.window_scale, 14)
        yield (
            "scale",
            phrase("window scale {window_scale}", window_scale=options.window_scale),
            phrase("multiply my later window fields by {factor}", factor=factor),
        )
    if options.sack_permitted:
        yield "sack", "SACK", phrase("tell me which later bytes arrived while some are missing")
    if options.timestamp is not None:
        yield (
            "timestamps",
            phrase("timestamps"),
            phrase("every segment carries a clock value and echoes the other's, to time round trips"),
        )
    if options.fast_open is not None:
        yield "fast open", "TCP Fast Open", ""  # what it means, the rules of Fast Open say


@rule("tcp.syn-options", "RFC 9293 section 3.2, RFC 7323, RFC 2018", on="segment", example=OPENING)
def syn_options(step: Step, flow: Flow) -> Iterator[Finding]:
    """What the options of a SYN offer.

    Most options are only allowed in the SYN and the SYN,ACK, and window scale, SACK and timestamps count only if both
    carry them. MSS is not negotiated: each end states what it is ready to receive, and the two may differ. It counts
    data only: 1460 is an Ethernet packet of 1500 less 20 bytes of IP and 20 of TCP header.
    """
    header = header_of(step)
    if not header.flags & SYN or header.flags & RST or flow.ends[step.side].syn != step.index:
        return
    offered = list(offers(header.options))
    if not offered:
        return
    meanings = [
        phrase("{word}: {meaning}", word=word, meaning=meaning)
        for kind, word, meaning in offered
        if meaning and flow.lesson(f"option {kind}")
    ]
    explained = phrase(" {meanings:clauses}.", meanings=tuple(meanings)) if meanings else ""
    yield find(
        "The {side} offers {offers:list}.{explained}",
        side=step.side,
        offers=[word for _, word, _ in offered],
        explained=explained,
    )


def copies(flow: Flow, end: End) -> list[int]:
    """The steps of an end's SYN, sent once or again and again; without those known to be lost, if any came through."""
    sent = [step for piece in end.pieces(0, 1) for step in (piece.step, *piece.again)]
    return [step for step in sent if not flow.lost(step)] or sent or [end.syn or 0]


@rule("tcp.syn-ack", "RFC 9293 section 3.5", on="segment", example=OPENING)
def syn_ack(step: Step, flow: Flow) -> Iterator[Finding]:
    """SYN,ACK: the other end agrees and asks back.

    Two things in one segment: ACK says "I have your SYN, I expect the number after it next", and SYN opens the other
    direction with a number of its own. The kernel sends it for a listening socket by itself; the server's program is
    not asked, and need not have called accept().
    """
    header = header_of(step)
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if header.flags & (SYN | ACK | RST) != SYN | ACK or me.syn != step.index or step.segment is None:
        return
    if you.syn is None or step.segment.ack is None or not 1 <= step.segment.ack <= you.nxt:
        known = phrase("the SYN it answers was not seen before")
        if you.syn is not None:
            known = phrase(
                "its ACK {ack} does not fit the SYN seen (frame {frame})",
                ack=header.ack,
                frame=flow.frame_number(you.syn),
            )
        yield find(
            "SYN,ACK: the {side} agrees and asks back, but {known}. Its own initial sequence number is {isn}.",
            evidence=(you.syn,),
            side=step.side,
            known=known,
            isn=header.seq,
        )
        return
    yield find(
        "SYN,ACK: the {side} agrees and asks back. ACK {ack} says that the SYN ({frames}) is here and which number is"
        " expected next; its own initial sequence number is {isn}.{early}",
        evidence=(you.syn,),
        since=you.syn,
        side=step.side,
        ack=header.ack,
        frames=frames([flow.frame_number(each) for each in copies(flow, you)]),
        isn=header.seq,
        early=""
        if step.segment.ack == 1
        else phrase(" It takes the SYN's data ({stretch}) as well.", stretch=stretch(1, step.segment.ack)),
    )


def agreed(flow: Flow) -> tuple[Phrase, ...]:
    """What both SYNs together settled."""
    client, server = flow.ends[Side.CLIENT].options, flow.ends[Side.SERVER].options
    parts = []
    if client.mss is not None and server.mss is not None:
        same = client.mss == server.mss
        parts.append(
            phrase("at most {mss:,} bytes of data a segment each way", mss=client.mss)
            if same
            else phrase(
                "at most {server:,} bytes a segment to the server, {client:,} to the client",
                server=server.mss,
                client=client.mss,
            )
        )
    scales = client.window_scale, server.window_scale
    if None not in scales:
        mine, yours = (1 << min(scale or 0, 14) for scale in scales)
        parts.append(phrase("windows scaled (client x{client:,}, server x{server:,})", client=mine, server=yours))
    else:
        parts.append(phrase("no window scaling, so windows end at 65,535 bytes"))
    parts.append(phrase("SACK in use") if client.sack_permitted and server.sack_permitted else phrase("no SACK"))
    timed = client.timestamp and server.timestamp
    parts.append(phrase("timestamps in use, which take 12 bytes of each segment") if timed else phrase("no timestamps"))
    return tuple(parts)


@rule("tcp.handshake-done", "RFC 9293 section 3.5", on="arrival", example=OPENING)
def handshake_done(step: Step, flow: Flow) -> Iterator[Finding]:
    """ACK: the third segment, and the connection stands.

    After it both ends know that the other heard them. The client could write one round trip after it asked; the server
    learns with this segment that its answer arrived. A lost third ACK does no harm: the client's first data carries the
    same acknowledgement.
    """
    header = header_of(step)
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if header.flags & (SYN | RST) or you.syn_acked != step.index or me.syn is None or you.syn is None:
        return
    first = min(me.syn, you.syn)
    yield find(
        "{what} acknowledges the {other}'s SYN: ESTABLISHED at both ends. That took {took:duration} from the first SYN."
        " Agreed: {agreed:clauses}.",
        evidence=(me.syn, you.syn),
        since=first,
        what=phrase("This segment") if step.octets else phrase("ACK: it"),
        other=step.side.other,
        took=step.time - flow.steps[first].time,
        agreed=agreed(flow),
    )


@rule("tcp.connect-returned", "RFC 9293 section 3.9.1.1", on="return", example=OPENING)
def connect_returned(step: Step, flow: Flow) -> Iterator[Finding]:
    """connect() returns once the SYN,ACK is here.

    It sends the SYN and sleeps for one round trip, until the SYN,ACK is here; the third segment leaves before it
    returns. Whether the server's program has called accept() makes no difference to it.
    """
    returned = step.observation
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if not isinstance(returned, Return) or returned.name not in ("connect", "connect_ex") or returned.error:
        return
    if me.syn is None or you.syn is None or step.call is None or me.syn < step.call or me.state is State.UNKNOWN:
        return
    here = me.syn_acked if flow.wire and me.syn_acked is not None else you.syn  # its first copy may have been lost
    local = me.endpoint
    chosen = local is not None and local.port is not None and not me.bound
    port = (
        phrase(" The program had not called bind(), so the kernel chose its port: {port}.", port=local.port)
        if local and chosen and flow.lesson(f"port chosen {step.side}")
        else ""
    )
    if crossed_open(flow) and me.syn_acked is not None:
        yield find(
            "connect() returned: the {other} has asked, too (SYN, frame {frame}), and has acknowledged this end's SYN"
            " (frame {answer}). Nobody listens here, and nobody accepts.",
            evidence=(step.call, me.syn, you.syn, me.syn_acked),
            since=step.call,
            other=step.side.other,
            frame=flow.frame_number(you.syn),
            answer=flow.frame_number(me.syn_acked),
        )
        return
    yield find(
        "connect() returned: the SYN,ACK (frame {frame}) is here, {took:duration} after the first SYN.{port}"
        if any(piece.again for piece in me.pieces(0, 1))
        else "connect() returned: the SYN,ACK (frame {frame}) is here, {took:duration} after the SYN. It did not wait"
        " for accept().{port}",
        evidence=(step.call, me.syn, here),
        since=step.call,
        took=flow.reached(here) - flow.steps[me.syn].time,
        frame=flow.frame_number(here),
        port=port,
    )


WITHIN = 20_000_000
"""Nanoseconds in which a server that waits for a connection calls accept(), behind select() and on a busy machine."""

ACCEPTING = """
S: listen(5) = 0
S: accept()
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
S: = socket                                 # tcp.accept-returned
   C > S  PSH ACK 1:11
"""


@rule("tcp.accept-returned", "RFC 9293 section 3.9.1.1", on="return", example=ACCEPTING)
def accept_returned(step: Step, flow: Flow) -> Iterator[Finding]:
    """accept() hands over a new socket; the handshake was over before.

    The kernel completes handshakes by itself and queues the connections; accept() takes the first from the queue and
    returns a *new* socket for it. The listening socket stays as it is and takes further connections.
    """
    returned = step.observation
    if not isinstance(returned, Return) or returned.name != "accept" or returned.error or step.call is None:
        return
    you = flow.ends[step.side.other]
    done = flow.ends[step.side].syn_acked
    if you.syn is None or done is None:
        return
    waited = step.time - flow.reached(done)
    queued = flow.steps[step.call].time - flow.steps[done].time >= WITHIN  # program.queued says how long it waited
    yield find(
        "accept() returned a new socket for this connection. The listening socket stays open for others."
        if queued
        else "accept() returned a new socket for this connection, {waited:duration} after its handshake was complete"
        " (frame {frame}). The listening socket stays open for others.",
        evidence=(step.call, done),
        since=done,
        waited=waited,
        frame=flow.frame_number(done),
    )


LISTENING = """
S: bind(8000) = 0
S: listen(5)
S: = 0                                      # tcp.listen
"""


@rule("tcp.listen", "RFC 9293 section 3.9.1.1", on="return", example=LISTENING)
def listen(step: Step, flow: Flow) -> Iterator[Finding]:
    """listen() makes the socket passive.

    From here on the kernel answers SYNs to this port. The number given bounds the queue of finished connections that
    wait for accept(); it is not a number of clients.
    """
    returned = step.observation
    if not isinstance(returned, Return) or returned.name != "listen" or returned.error or step.call is None:
        return
    called = flow.observed(step.call)
    assert isinstance(called, Call)
    if called.protocol == "unix":
        return
    if not flow.lesson(f"tcp.listen {called.arguments}"):
        return
    yield find(
        "listen({arguments}): from now on the kernel answers SYNs to this port. The number bounds the connections that"
        " may wait for accept(), not the clients.",
        evidence=(step.call,),
        arguments=called.arguments,
    )


RULES: tuple[Rule, ...] = (syn, syn_ack, handshake_done, syn_options, connect_returned, accept_returned, listen)
