"""The terms tutorials use of a connection and its life, and what is wrong with some of them."""

from __future__ import annotations

from pktscope.explain.entry import Entry
from pktscope.words import N_

TERMS: tuple[Entry, ...] = (
    Entry(
        name=N_("connection"),
        headline=N_("Protocol, two addresses, two ports: what tells one TCP connection from all others."),
        text=(
            N_(
                "A socket is one end of it. The network knows nothing of connections: they exist in the two kernels "
                "only, as numbers and a state."
            ),
        ),
        aliases=("four-tuple", "5-tuple", "4-tuple", "socket pair", "四元组", "五元组", "连接"),
        reference="RFC 9293 section 3.3.1",
        demos=("handshake",),
        see=("socket", "ports", "ESTABLISHED"),
    ),
    Entry(
        name=N_("client and server"),
        headline=N_("The server waits at a known address, the client begins; after that the two ends are equals."),
        aliases=("client", "server", "client/server", "C/S", "客户端", "服务器", "服务端", "客户端和服务器"),
        demos=("handshake", "udp-echo"),
        see=("connect", "listen", "bind"),
    ),
    Entry(
        name=N_("three-way handshake"),
        headline=N_("SYN, SYN,ACK, ACK: each end tells its first number and hears that it arrived."),
        text=(
            N_(
                "Two directions, each with its own numbers: SYN and its ACK for one, SYN and its ACK for the other; "
                "the two in the middle share a segment, so three are enough. Options are agreed on the way."
            ),
            N_(
                "The kernels do it. connect() returns after one round trip; accept() has no part in it and only hands "
                "over what stands already."
            ),
        ),
        aliases=("handshake", "3-way handshake", "connection establishment", "三次握手", "握手", "建立连接"),
        reference="RFC 9293 section 3.5",
        demos=("handshake", "syn-lost", "simultaneous-open"),
        see=("SYN", "connect", "accept", "tcp.handshake-done"),
    ),
    Entry(
        name=N_("four-way teardown"),
        headline=N_("FIN, ACK, FIN, ACK: each direction is closed for itself."),
        text=(
            N_(
                "Often only three segments are seen: when the second program closes before its kernel has sent the "
                "(delayed) ACK, ACK and FIN leave together. Three are as right as four."
            ),
            N_(
                "Between the two FINs the connection is half closed, for as long as the second program likes. The end "
                "that sent its FIN first is in TIME_WAIT at last."
            ),
        ),
        aliases=(
            "teardown",
            "four-way close",
            "four-way handshake",
            "connection termination",
            "四次挥手",
            "挥手",
            "断开连接",
        ),
        reference="RFC 9293 section 3.6",
        demos=("teardown", "teardown-three", "half-close", "simultaneous-close"),
        see=("FIN", "close", "TIME_WAIT", "CLOSE_WAIT"),
    ),
    Entry(
        name=N_("half-close"),
        headline=N_("One direction is closed by FIN, the other still carries data."),
        text=(
            N_(
                "shutdown(SHUT_WR) does it: a client that says by FIN that its request is complete, and then reads the "
                "answer. Not to be confused with half open, where one end does not know of the connection any more."
            ),
        ),
        aliases=("half closed", "半关闭"),
        reference="RFC 9293 section 3.6",
        demos=("half-close",),
        see=("shutdown", "FIN_WAIT_2", "CLOSE_WAIT"),
    ),
    Entry(
        name=N_("half-open"),
        headline=N_("One end has the connection, the other has forgotten it: crashed, restarted, cut off."),
        text=(
            N_(
                "The end that still has it notices only when it sends: RST comes back, or nothing. Keep-alive probes "
                "are a way to ask. (For the queue of unfinished handshakes see half-open queue.)"
            ),
        ),
        aliases=("half open connection", "dead peer", "半打开"),
        reference="RFC 9293 section 3.5.1",
        demos=("keepalive",),
        see=("SO_KEEPALIVE", "half-open queue", "RST"),
    ),
    Entry(
        name=N_("simultaneous close"),
        headline=N_("Both close before seeing the other's FIN: both go through CLOSING to TIME_WAIT."),
        aliases=("同时关闭",),
        reference="RFC 9293 section 3.6",
        demos=("simultaneous-close",),
        see=("CLOSING", "tcp.simultaneous-close"),
    ),
    Entry(
        name=N_("simultaneous open"),
        headline=N_("Both connect() to each other and the SYNs cross: one connection, no server."),
        aliases=("self-connect", "同时打开"),
        reference="RFC 9293 section 3.5",
        demos=("simultaneous-open",),
        see=("SYN_RECEIVED", "tcp.simultaneous-open"),
    ),
    Entry(
        name="backlog",
        headline=N_("The number given to listen(): how many finished connections may wait for accept()."),
        text=(
            N_(
                "Not the number of clients a server can have: each accept() makes room. Linux holds one more than the "
                "number, and no more than net.core.somaxconn + 1."
            ),
            N_(
                "When that accept queue is full, Linux drops further SYNs (and the last ACK of handshakes); clients "
                "repeat their SYN after a second and their connect() seems to hang. Nothing is refused."
            ),
        ),
        aliases=("accept queue", "listen queue", "全连接队列", "监听队列"),
        reference="listen(2), tcp(7)",
        demos=("backlog",),
        see=("listen", "accept", "half-open queue"),
    ),
    Entry(
        name=N_("half-open queue"),
        headline=N_("Tutorials' half-open pool: handshakes that have had SYN and SYN,ACK but no ACK yet."),
        text=(
            N_(
                "There are two queues: unfinished handshakes (SYN_RECEIVED) here, finished ones in the accept queue "
                "that listen(n) bounds. A finished handshake moves from the first to the second without accept()."
            ),
            N_("A SYN flood fills this one. SYN cookies let the kernel answer without keeping anything."),
        ),
        aliases=(
            "half-open pool",
            "SYN queue",
            "SYN backlog",
            "SYN flood",
            "SYN cookies",
            "半连接队列",
            "半连接池",
            "SYN洪水",
        ),
        reference="RFC 4987, tcp(7)",
        demos=("backlog",),
        see=("backlog", "SYN_RECEIVED"),
    ),
    Entry(
        name=N_("ephemeral port"),
        headline=N_("The port the kernel chooses for a socket that was not bound: a client's, for one connection."),
        text=(
            N_(
                "On Linux from 32768 to 60999 (net.ipv4.ip_local_port_range). The server's port is fixed because the "
                "client must know it; the client's need not be, for it is in the first packet."
            ),
        ),
        aliases=("dynamic port", "random port", "client port", "临时端口", "随机端口"),
        reference="RFC 6056, RFC 6335 section 6, ip(7)",
        demos=("handshake", "udp"),
        see=("bind", "getsockname", "ports", "socket.port-chosen"),
    ),
    Entry(
        name="MSL",
        headline=N_("Maximum segment lifetime: how long an old segment may still turn up."),
        text=(N_("RFC 9293 says 2 minutes. TIME_WAIT lasts two of them; Linux has 60 s for the two together."),),
        aliases=("2MSL", "maximum segment lifetime", "最长报文段寿命"),
        reference="RFC 9293 section 3.4.2",
        demos=("time-wait",),
        see=("TIME_WAIT",),
    ),
    Entry(
        name=N_("blocking"),
        headline=N_("A call that waits until it can do its work; everything else in that thread waits with it."),
        text=(
            N_(
                "accept() waits for a client, recv() for bytes, send() for room, connect() for an answer. Nothing of "
                "that is seen on the wire: the other end cannot know whether a program waits or works."
            ),
            N_(
                "settimeout() bounds the waiting, setblocking(False) forbids it, select() waits for several sockets at "
                "once, threads wait each for itself."
            ),
        ),
        aliases=("blocking call", "non-blocking", "nonblocking", "阻塞", "非阻塞"),
        demos=("timeout", "chat"),
        see=("settimeout", "setblocking", "select", "tcp.blocked"),
    ),
)
