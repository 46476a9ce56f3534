"""The TCP control bits."""

from __future__ import annotations

from pktscope.explain.entry import Entry
from pktscope.words import N_

BITS = "RFC 9293 section 3.1"

FLAGS: tuple[Entry, ...] = (
    Entry(
        name="SYN",
        headline=N_("The first segment of each direction: here is my first number."),
        text=(
            N_(
                "SYN stands for synchronize: the initial sequence number (ISN) in it, chosen anew for each connection, "
                "is where this direction's bytes start. SYN takes one number, so it can be acknowledged and repeated."
            ),
            N_("The options MSS, window scale and SACK permitted stand only in SYN and SYN,ACK."),
        ),
        reference=BITS + ", RFC 6528",
        demos=("handshake", "syn-lost"),
        see=("three-way handshake", "connect", "MSS", "window scale"),
    ),
    Entry(
        name="ACK",
        headline=N_("The acknowledgement number in this header counts."),
        text=(
            N_(
                "Set on every segment but the first SYN (and some RSTs). The number says which byte is expected next: "
                "everything below it has arrived at the kernel, not necessarily at the program."
            ),
            N_("A segment with ACK alone and no data takes no number and is never acknowledged itself."),
        ),
        reference=BITS,
        demos=("handshake", "echo"),
        see=("delayed ACK", "tcp.ack", "tcp.piggyback"),
    ),
    Entry(
        name="FIN",
        headline=N_("No more data from this end."),
        text=(
            N_(
                "It closes one direction; the other may go on. It takes one number behind the last byte, so it arrives "
                "in order and is repeated until acknowledged."
            ),
            N_(
                'The other program sees it as recv() returning b"". It does not say that the program read everything, '
                "nor that it cannot receive any more."
            ),
        ),
        reference=BITS + ", RFC 9293 section 3.6",
        demos=("teardown", "half-close"),
        see=("close", "shutdown", "four-way teardown"),
    ),
    Entry(
        name="RST",
        headline=N_("The connection is over now, both ways, or never was."),
        text=(
            N_(
                "Sent for a SYN to a port without a listener (with ACK), for data to an end that is gone, by close() "
                "with unread bytes, by SO_LINGER with the time 0, and when a listener closes with connections in its "
                "queue."
            ),
            N_(
                "It is neither acknowledged nor repeated, and nobody waits after it. The other program sees "
                "ECONNREFUSED, ECONNRESET or EPIPE."
            ),
        ),
        reference=BITS + ", RFC 9293 section 3.5.2",
        aliases=("reset", "复位"),
        demos=("reset", "refused"),
        see=("ECONNRESET", "ECONNREFUSED", "SO_LINGER"),
    ),
    Entry(
        name="PSH",
        headline=N_("Push: do not wait for more, hand these bytes to the program."),
        text=(
            N_(
                "Linux sets it on the segment that ends what was there to be sent, and when much was sent since the "
                "last one. It marks no message boundary: two send() may leave in one segment with one PSH."
            ),
            N_("Receivers of today hand over bytes at once with or without it."),
        ),
        reference=BITS + ", RFC 9293 section 3.9.1.2",
        aliases=("push",),
        demos=("echo", "segmentation"),
        see=("send", "byte stream"),
    ),
    Entry(
        name="URG",
        headline=N_("The urgent pointer in this header counts."),
        text=(
            N_(
                "Sent by send(..., MSG_OOB). It is one stream with a mark in it, not a second channel; Linux takes the "
                "byte before the mark out of the stream unless SO_OOBINLINE is set. New programs should not use it."
            ),
        ),
        reference=BITS + ", RFC 6093",
        demos=("urgent",),
        see=("urgent pointer", "MSG_OOB"),
    ),
    Entry(
        name="ECE",
        headline=N_("ECN echo: a packet of yours arrived with the mark for congestion."),
        text=(
            N_(
                "Repeated on every ACK until the sender has answered with CWR. In a SYN, together with CWR, it offers "
                "to use ECN; in the SYN,ACK alone it agrees."
            ),
        ),
        reference="RFC 3168 section 6.1",
        aliases=("ECN echo", "ECN", "显式拥塞通知"),
        demos=("ecn",),
        see=("CWR", "congestion window"),
    ),
    Entry(
        name="CWR",
        headline=N_("Congestion window reduced: I have seen your ECE and slowed down."),
        text=(
            N_(
                "A router marked a packet instead of dropping it; the sender halves its pace as if one were lost, but "
                "nothing need be sent again."
            ),
        ),
        reference="RFC 3168 section 6.1",
        demos=("ecn",),
        see=("ECE", "congestion window"),
    ),
    Entry(
        name="AE",
        headline=N_("Accurate ECN: with ECE and CWR a counter of marked packets."),
        text=(
            N_(
                "The former NS bit. An end that offers accurate ECN sets AE, CWR and ECE in its SYN; seldom seen so "
                "far."
            ),
        ),
        reference="RFC 9768",
        aliases=("NS", "Accurate ECN"),
        see=("ECE", "CWR"),
    ),
)
