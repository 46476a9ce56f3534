"""The terms tutorials use of bytes on their way: acknowledging, sending again, windows."""

from __future__ import annotations

from pktscope.explain.entry import Entry
from pktscope.words import N_

TERMS: tuple[Entry, ...] = (
    Entry(
        name="RTT",
        headline=N_("Round-trip time: from sending a segment to having its acknowledgement."),
        text=(
            N_(
                "TCP measures it all the time and keeps a smoothed value and its variation. On loopback it is some 20 "
                "microseconds, in a building a millisecond, across an ocean 100."
            ),
        ),
        aliases=("round trip time", "SRTT", "往返时间", "往返时延"),
        reference="RFC 6298 section 2",
        demos=("slow-start",),
        see=("RTO", "timestamps"),
    ),
    Entry(
        name="RTO",
        headline=N_("Retransmission timeout: how long TCP waits for an ACK before it sends again."),
        text=(
            N_(
                "Smoothed RTT plus four times its variation; 1 s before anything is measured, at least 200 ms on Linux "
                "(the RFC says 1 s). It doubles with each repetition: 0.2, 0.4, 0.8, 1.6 s ..."
            ),
            N_(
                "A repeated segment's ACK is not measured, since nobody knows which of the two it answers (Karn); "
                "timestamps solve that."
            ),
        ),
        aliases=("retransmission timeout", "retransmission timer", "retransmission", "Karn", "超时重传", "重传"),
        reference="RFC 6298",
        demos=("retransmission", "syn-lost"),
        see=("RTT", "fast retransmit", "tcp.retransmission"),
    ),
    Entry(
        name=N_("fast retransmit"),
        headline=N_("Sending again at the third duplicate ACK (or by SACK) instead of waiting for the timer."),
        text=(
            N_(
                "Each segment that arrives behind a hole makes the receiver repeat its last ACK at once. Three of them "
                "mean lost rather than late. It needs segments behind the lost one: the last of all has none."
            ),
        ),
        aliases=("fast retransmission", "duplicate ACK", "dup ACK", "快速重传", "快重传"),
        reference="RFC 5681 section 3.2, RFC 6675",
        demos=("fast-retransmit", "reorder"),
        see=("SACK", "RTO", "tcp.fast-retransmission"),
    ),
    Entry(
        name=N_("Nagle"),
        headline=N_("Nagle's algorithm: while something small is unacknowledged, the next small write waits."),
        text=(
            N_(
                "The first write leaves alone. Those after it collect until its ACK is here or they fill a segment. "
                "Few tiny packets, at the price of a round trip; with a delayed ACK at the other end, of 40 ms."
            ),
            N_("It is not the cause of sticky packets: the stream has no boundaries with TCP_NODELAY either."),
        ),
        aliases=("Nagle's algorithm", "Nagle algorithm", "Nagle算法", "纳格算法"),
        reference="RFC 9293 section 3.7.4, RFC 896",
        demos=("nagle", "write-write-read"),
        see=("TCP_NODELAY", "delayed ACK", "write-write-read", "tcp.nagle-hold"),
    ),
    Entry(
        name=N_("delayed ACK"),
        headline=N_("The receiver waits a little with its ACK: perhaps it can ride on data."),
        text=(
            N_(
                "At most 500 ms by the RFC, 40 ms as a rule on Linux, and for every second full segment at once. New "
                "connections on Linux begin with about 16 immediate ACKs."
            ),
        ),
        aliases=("delayed acknowledgement", "延迟确认", "延迟ACK"),
        reference="RFC 9293 section 3.8.6.3, RFC 5681 section 4.2",
        demos=("nagle", "write-write-read", "teardown-three"),
        see=("TCP_QUICKACK", "Nagle", "tcp.delayed-ack"),
    ),
    Entry(
        name=N_("write-write-read"),
        headline=N_("Header, body, wait for the answer: the pattern that costs 40 ms a request."),
        text=(
            N_(
                "Nagle's algorithm keeps the body until the header is acknowledged, and the other end delays that ACK "
                "because its program has nothing to answer yet. Send both with one call (sendmsg), use MSG_MORE, or "
                "TCP_NODELAY."
            ),
        ),
        aliases=("写-写-读",),
        reference="RFC 9293 section 3.7.4",
        demos=("write-write-read",),
        see=("Nagle", "delayed ACK", "sendmsg"),
    ),
    Entry(
        name=N_("sticky packets"),
        headline=N_("Several send() come out of one recv(): no fault, and nothing sticks; a stream has no packets."),
        text=(
            N_(
                "TCP promises bytes in order, not messages. What recv() returns depends on what has arrived and on its "
                "number, not on how send() was called: three send() may be one recv(), one send() may be many."
            ),
            N_(
                "It happens with TCP_NODELAY too, so it is not Nagle's doing, and sleeping between writes cures it "
                "only by luck. The cure is in the program: a length before each message, or a mark behind it."
            ),
            N_("UDP has no such thing: one sendto() is one recvfrom()."),
        ),
        aliases=("sticky", "sticky packet", "packet sticking", "粘包", "半包", "拆包", "粘包问题"),
        reference="RFC 9293 section 3.7",
        demos=("sticky", "framing"),
        see=("byte stream", "framing", "tcp.bytes-delivered"),
    ),
    Entry(
        name=N_("framing"),
        headline=N_("How a program finds its messages in a stream: a length in front, or a mark at the end."),
        text=(
            N_(
                'struct.pack("!I", len(data)) + data, and read exactly 4 bytes, then exactly that many; or lines that '
                "end with \\n and makefile().readline()."
            ),
            N_(
                "Each read has to loop, for recv() may return less than is wanted. Bound the length: it came from a "
                "stranger."
            ),
        ),
        aliases=("length prefix", "message boundary", "delimiter", "封包", "消息边界", "长度前缀"),
        demos=("framing",),
        see=("sticky packets", "makefile", "MSG_WAITALL", "htons"),
    ),
    Entry(
        name=N_("byte stream"),
        headline=N_("What TCP carries: bytes in order, none lost, none twice, and no boundaries between them."),
        text=(
            N_(
                "Segments are TCP's own affair; it cuts and joins as it likes, and cuts differently when it sends "
                "again. Numbers count bytes, not packets."
            ),
        ),
        aliases=("stream", "SOCK_STREAM", "TCP", "字节流", "流"),
        reference="RFC 9293 section 3.4",
        demos=("sticky", "segmentation"),
        see=("sticky packets", "segmentation", "datagram"),
    ),
    Entry(
        name=N_("datagram"),
        headline=N_("What UDP carries: single messages, each whole or not at all."),
        text=(
            N_(
                "No connection, no order, no repetition, no flow control. What is lost is a whole datagram, never some "
                "bytes of it. A program that needs more has to do it itself."
            ),
        ),
        aliases=("SOCK_DGRAM", "UDP", "数据报"),
        reference="RFC 768",
        demos=("udp", "udp-boundaries", "udp-loss"),
        see=("sendto", "recvfrom", "byte stream"),
    ),
    Entry(
        name=N_("sliding window"),
        headline=N_("How much may be under way: from the oldest byte not acknowledged to the end of the window."),
        text=(
            N_(
                "Each ACK moves it on and says anew how large it is. Full, the sender waits; with 0 it probes, first "
                "soon, then in doubled distances, until a window update says that the program has read."
            ),
            N_(
                "When the window is full and the send buffer too, send() blocks: so a slow reader slows the writer. No "
                "byte is thrown away for it."
            ),
        ),
        aliases=("flow control", "滑动窗口", "流量控制"),
        reference="RFC 9293 section 3.8.6",
        demos=("flow-control", "segmentation"),
        see=("window", "window scale", "congestion window", "tcp.zero-window"),
    ),
    Entry(
        name=N_("congestion window"),
        headline=N_("How much the sender dares to have under way, for the network's sake; in no header."),
        text=(
            N_(
                "The smaller of it and the receiver's window counts. It starts with 10 segments on Linux, grows with "
                "the ACKs, and shrinks on loss. ss -ti and TCP_INFO show it."
            ),
        ),
        aliases=("cwnd", "congestion control", "congestion avoidance", "拥塞窗口", "拥塞控制", "拥塞避免"),
        reference="RFC 5681 section 3.1, RFC 6928",
        demos=("slow-start",),
        see=("slow start", "sliding window", "TCP_INFO"),
    ),
    Entry(
        name=N_("slow start"),
        headline=N_("The congestion window doubles each round trip, until loss or a threshold ends it."),
        text=(N_("10 segments, then 20, then 40: slow only beside sending everything at once."),),
        aliases=("slow-start", "慢启动", "慢开始"),
        reference="RFC 5681 section 3.1",
        demos=("slow-start",),
        see=("congestion window", "RTT"),
    ),
)
