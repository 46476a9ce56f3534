"""Socket options."""

from __future__ import annotations

from pktscope.explain.entry import Setting
from pktscope.words import N_

SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="SO_REUSEADDR",
        headline=N_("bind() may take a port of which connections are still in TIME_WAIT."),
        python=N_("s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)     # before bind()"),
        text=(
            N_(
                "What a server needs to be restarted at once. On Linux the old connection's socket must have had it, "
                "too: so set it in every server, from the first start. It does not allow two listeners on one port; on "
                "Windows it means something else and is dangerous there."
            ),
            N_(
                "For UDP on Linux it does let several sockets have the same port, if all set it: each gets broadcasts "
                "and multicasts, a unicast datagram only one of them."
            ),
        ),
        aliases=("reuseaddr", "reuse address", "地址重用", "端口复用"),
        reference="socket(7)",
        demos=("time-wait",),
        see=("TIME_WAIT", "EADDRINUSE", "SO_REUSEPORT"),
    ),
    Setting(
        name="SO_REUSEPORT",
        headline=N_("Several sockets on one address and port, and the kernel shares connections out among them."),
        python=N_("s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)     # each of them, before bind()"),
        text=(
            N_(
                "All of them must set it and belong to the same user. Each connection or datagram goes to one, chosen "
                "by a hash of the four numbers."
            ),
        ),
        aliases=("reuseport",),
        reference="socket(7)",
        see=("SO_REUSEADDR",),
    ),
    Setting(
        name="SO_LINGER",
        headline=N_("What close() does with bytes not sent yet: wait for them, or throw them away with a RST."),
        python='s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))',
        text=(
            N_(
                "(1, 0): close() sends RST at once, no TIME_WAIT, and the other end gets ECONNRESET. (1, n): close() "
                "waits up to n seconds for the ACKs. (0, 0), the default: close() returns and the kernel goes on "
                "sending."
            ),
        ),
        aliases=("linger",),
        reference="socket(7)",
        demos=("reset",),
        see=("RST", "close", "TIME_WAIT"),
    ),
    Setting(
        name="SO_KEEPALIVE",
        headline=N_("Ask an idle connection from time to time whether the other end is still there."),
        python="s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)",
        text=(
            N_(
                "A probe has no data and a seq one below the next, so the other kernel has to answer; its program "
                "notices nothing. After the last unanswered probe calls fail with ETIMEDOUT. On Linux the first comes "
                "after two hours unless TCP_KEEPIDLE says otherwise."
            ),
        ),
        aliases=("keepalive", "keep-alive", "保活"),
        reference="tcp(7), RFC 9293 section 3.8.4",
        demos=("keepalive",),
        see=("TCP_KEEPIDLE", "TCP_USER_TIMEOUT", "tcp.keep-alive"),
    ),
    Setting(
        name="TCP_KEEPIDLE",
        headline=N_("When keep-alive probes begin, how far apart they are, how many may stay unanswered."),
        python=N_(
            "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)     # seconds of silence before the first\n"
            "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)    # seconds between probes\n"
            "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 5)       # probes before giving up"
        ),
        text=(
            N_(
                "Linux has 7200, 75 and 9: a vanished peer is noticed after more than two hours. They count only with "
                "SO_KEEPALIVE."
            ),
        ),
        aliases=("TCP_KEEPINTVL", "TCP_KEEPCNT", "keepidle", "keepintvl", "keepcnt"),
        reference="tcp(7)",
        demos=("keepalive",),
        see=("SO_KEEPALIVE",),
    ),
    Setting(
        name="TCP_NODELAY",
        headline=N_("Switches Nagle's algorithm off: a small write leaves at once."),
        python="s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)",
        text=(
            N_(
                "More segments, less waiting. It makes no message boundaries: recv() may still return several writes "
                "at once, or half of one."
            ),
            N_("Setting it also sends what Nagle's algorithm holds at that moment."),
        ),
        aliases=("nodelay",),
        reference="tcp(7), RFC 9293 section 3.7.4",
        demos=("nagle", "write-write-read", "sticky"),
        see=("Nagle", "TCP_CORK", "sticky packets"),
    ),
    Setting(
        name="TCP_CORK",
        headline=N_("Hold partial segments back until it is taken away."),
        python=N_(
            "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)\n"
            "s.send(header); s.send(body)\n"
            "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)          # now it leaves"
        ),
        text=(
            N_(
                "Full segments leave all the time; the rest leaves when the cork is drawn, or after 200 ms. Linux only."
            ),
        ),
        aliases=("cork",),
        reference="tcp(7)",
        demos=("nagle", "write-write-read"),
        see=("MSG_MORE", "TCP_NODELAY", "tcp.uncorked"),
    ),
    Setting(
        name="TCP_QUICKACK",
        headline=N_("Acknowledge at once instead of delaying; 0 delays from the first segment on."),
        python="s.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)",
        text=(
            N_(
                "Not permanent: the kernel goes back to its own judgement, so it is set again after each recv(). 1 "
                "also sends an ACK that is waiting. Linux only."
            ),
        ),
        aliases=("quickack",),
        reference="tcp(7)",
        demos=("teardown", "nagle"),
        see=("delayed ACK", "Nagle"),
    ),
    Setting(
        name="TCP_USER_TIMEOUT",
        headline=N_("How long sent bytes may stay unacknowledged before the connection is given up."),
        python=N_("s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)     # milliseconds"),
        text=(
            N_(
                "Without it Linux repeats for about 15 minutes (net.ipv4.tcp_retries2 = 15). Then calls fail with "
                "ETIMEDOUT. It also bounds keep-alive probes."
            ),
        ),
        aliases=("user timeout",),
        reference="tcp(7), RFC 5482",
        demos=("retransmission",),
        see=("RTO", "ETIMEDOUT", "SO_KEEPALIVE"),
    ),
    Setting(
        name="TCP_FASTOPEN",
        headline=N_("A listener may take data in SYNs; the number bounds how many such wait."),
        python=N_(
            "listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)\n"
            's.sendto(b"request", socket.MSG_FASTOPEN, address)            # the client, instead of connect()'
        ),
        text=(N_("The system must allow it: net.ipv4.tcp_fastopen is 1 for clients, 2 for servers, 3 for both."),),
        aliases=("fastopen", "MSG_FASTOPEN", "TCP_FASTOPEN_CONNECT"),
        reference="tcp(7), RFC 7413",
        demos=("fast-open",),
        see=("fast open",),
    ),
    Setting(
        name="TCP_MAXSEG",
        headline=N_("The largest segment to offer in the SYN and to send."),
        python=N_("s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)     # before connect() or listen()"),
        text=(N_("It can only make segments smaller than the interface allows."),),
        aliases=("maxseg",),
        reference="tcp(7)",
        see=("MSS",),
    ),
    Setting(
        name="TCP_INFO",
        headline=N_("What the kernel knows of a connection: state, RTT, RTO, congestion window, retransmissions."),
        python="info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)",
        text=(
            N_(
                "Read only; a C structure as bytes. ss -ti prints the same of any connection. pktscope reads it after "
                "each call of a traced program."
            ),
        ),
        aliases=("tcp_info",),
        reference="tcp(7)",
        demos=("slow-start",),
        see=("getsockopt", "congestion window"),
    ),
    Setting(
        name="TCP_CONGESTION",
        headline=N_("Which congestion control this connection uses: cubic, reno, bbr."),
        python='s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")',
        text=(N_("An ordinary user may choose among net.ipv4.tcp_allowed_congestion_control."),),
        reference="tcp(7)",
        see=("congestion window", "slow start"),
    ),
    Setting(
        name="SO_RCVBUF",
        headline=N_("The receive buffer's size, and with it the largest window that can be announced."),
        python=N_("s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)     # before listen() or connect()"),
        text=(
            N_(
                "Linux doubles the number for its own bookkeeping and then stops growing the buffer by itself; "
                "net.core.rmem_max is the limit. Set it on the listener: connections inherit it."
            ),
            N_("For UDP it decides how many datagrams wait before further ones are dropped."),
        ),
        aliases=("rcvbuf", "receive buffer", "接收缓冲区"),
        reference="socket(7), tcp(7)",
        demos=("flow-control", "udp-loss"),
        see=("window", "SO_SNDBUF"),
    ),
    Setting(
        name="SO_SNDBUF",
        headline=N_("The send buffer's size: how much send() takes before it has to wait."),
        python="s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)",
        text=(
            N_(
                "Bytes stay in it until they are acknowledged, for they may have to be sent again. Linux doubles the "
                "number; net.core.wmem_max is the limit."
            ),
        ),
        aliases=("sndbuf", "send buffer", "发送缓冲区"),
        reference="socket(7), tcp(7)",
        demos=("flow-control",),
        see=("send", "SO_RCVBUF"),
    ),
    Setting(
        name="SO_BROADCAST",
        headline=N_("Allows sendto() to a broadcast address."),
        python="s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)",
        text=(
            N_(
                "Without it sendto() fails with EACCES: nobody shall send to everybody by mistake. Receivers need no "
                "option. TCP has no broadcast."
            ),
        ),
        aliases=("allow broadcast",),
        reference="socket(7)",
        demos=("broadcast",),
        see=("sendto", "EACCES"),
    ),
    Setting(
        name="SO_RCVTIMEO",
        headline=N_("How long recv() and accept() may wait; SO_SNDTIMEO the same for send() and connect()."),
        python=N_("s.settimeout(5.0)     # Python's own way"),
        text=(N_("Then the call fails with EAGAIN (connect(): EINPROGRESS). Nothing is sent on the wire."),),
        aliases=("SO_SNDTIMEO", "rcvtimeo", "sndtimeo"),
        reference="socket(7)",
        demos=("timeout",),
        see=("settimeout",),
    ),
    Setting(
        name="SO_ERROR",
        headline=N_("The error waiting on a socket; reading it clears it."),
        python="code = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)",
        text=(N_("How a non-blocking connect() is asked for its outcome once the socket is writable: 0 is success."),),
        reference="socket(7)",
        see=("connect", "EINPROGRESS"),
    ),
    Setting(
        name="SO_OOBINLINE",
        headline=N_("Leave the urgent byte in the stream, where it was written."),
        python="s.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)",
        reference="socket(7), RFC 6093",
        aliases=("oobinline",),
        demos=("urgent",),
        see=("URG", "MSG_OOB"),
    ),
    Setting(
        name="IPV6_V6ONLY",
        headline=N_("Whether an IPv6 socket refuses IPv4 peers."),
        python=N_("s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)     # before bind()"),
        text=(
            N_(
                "With 0, the default of Linux, a listener on :: takes IPv4 connections too and shows them as "
                "::ffff:127.0.0.1."
            ),
        ),
        reference="ipv6(7), RFC 3493 section 5.3",
        see=("bind",),
    ),
    Setting(
        name="IP_TTL",
        headline=N_("The TTL of the packets this socket sends."),
        python="s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 3)",
        text=(
            N_("64 otherwise. traceroute sends with 1, 2, 3 ... and learns each router from its ICMP time exceeded."),
        ),
        reference="ip(7)",
        demos=("ttl",),
        see=("TTL",),
    ),
    Setting(
        name="IP_MTU_DISCOVER",
        headline=N_("Whether DF is set: IP_PMTUDISC_DO always, IP_PMTUDISC_DONT never."),
        python="s.setsockopt(socket.IPPROTO_IP, 10, 2)     # IP_MTU_DISCOVER, IP_PMTUDISC_DO",
        text=(
            N_(
                "With DO a UDP datagram above the known path MTU fails with EMSGSIZE, and IP_MTU (14) of a connected "
                "socket says what fits. The default for UDP sets DF on what fits the known MTU and cuts the rest."
            ),
            N_("Older Python has no names for these numbers of Linux."),
        ),
        aliases=("IP_PMTUDISC_DO", "IP_MTU", "mtu_discover"),
        reference="ip(7)",
        demos=("pmtu",),
        see=("DF", "path MTU discovery", "EMSGSIZE"),
    ),
    Setting(
        name="IP_ADD_MEMBERSHIP",
        headline=N_("Join a multicast group on an interface."),
        python='s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.1.1") + bytes(4))',
        text=(
            N_(
                "The kernel tells the routers with an IGMP report and from then on takes packets to that group. "
                "Senders need not join."
            ),
        ),
        aliases=("IP_DROP_MEMBERSHIP", "IP_MULTICAST_TTL"),
        reference="ip(7), RFC 1112",
        demos=("multicast",),
        see=("multicast",),
    ),
)
