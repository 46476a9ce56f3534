"""The terms tutorials use, and what is wrong with some of them."""

from __future__ import annotations

from pktscope.explain.entry import Entry
from pktscope.words import N_

TERMS: tuple[Entry, ...] = (
    Entry(
        name="three-way handshake",
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
        name="four-way teardown",
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
        name="half-close",
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
        name="half-open",
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
        name="simultaneous close",
        headline=N_("Both close before seeing the other's FIN: both go through CLOSING to TIME_WAIT."),
        aliases=("同时关闭",),
        reference="RFC 9293 section 3.6",
        demos=("simultaneous-close",),
        see=("CLOSING", "tcp.simultaneous-close"),
    ),
    Entry(
        name="simultaneous open",
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
        name="half-open queue",
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
        name="ephemeral port",
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
        name="fast retransmit",
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
        name="Nagle",
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
        name="delayed ACK",
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
        name="write-write-read",
        headline=N_("Header, body, wait for the answer: the pattern that costs 40 ms a request."),
        text=(
            N_(
                "Nagle's algorithm keeps the body until the header is acknowledged, and the other end delays that ACK "
                "because its program has nothing to answer yet. Send both with one call (sendmsg), use MSG_MORE, or "
                "TCP_NODELAY."
            ),
        ),
        reference="RFC 9293 section 3.7.4",
        demos=("write-write-read",),
        see=("Nagle", "delayed ACK", "sendmsg"),
    ),
    Entry(
        name="sticky packets",
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
        name="framing",
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
        name="byte stream",
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
        name="datagram",
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
        name="sliding window",
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
        name="congestion window",
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
        name="slow start",
        headline=N_("The congestion window doubles each round trip, until loss or a threshold ends it."),
        text=(N_("10 segments, then 20, then 40: slow only beside sending everything at once."),),
        aliases=("slow-start", "慢启动", "慢开始"),
        reference="RFC 5681 section 3.1",
        demos=("slow-start",),
        see=("congestion window", "RTT"),
    ),
    Entry(
        name="MTU",
        headline=N_("Maximum transmission unit: the largest IP packet a link carries; 1500 on Ethernet."),
        text=(
            N_(
                "MTU counts the IP packet with its headers, MSS only TCP's data in it: 1500 - 20 - 20 = 1460. For UDP "
                "1500 - 20 - 8 = 1472 bytes fit in one packet (IPv6: 1452)."
            ),
            N_("A loopback interface has 65,536; pktscope's rooms set 1500, to show what a network would."),
        ),
        aliases=("MTU vs MSS", "MTU and MSS", "maximum transmission unit", "最大传输单元"),
        reference="RFC 894, RFC 9293 section 3.7.1",
        demos=("fragmentation", "segmentation", "pmtu"),
        see=("MSS", "fragmentation", "path MTU discovery"),
    ),
    Entry(
        name="fragmentation",
        headline=N_("IP cuts a packet that is too long for the link; the receiver puts it together again."),
        text=(
            N_(
                "Done by the sender's IP, or in IPv4 by a router; not by the link layer and not by UDP. One fragment "
                "lost means the whole datagram is lost: after 30 s on Linux the rest is thrown away."
            ),
            N_(
                "It is not segmentation: TCP cuts its stream before, into segments each with its own header and "
                "acknowledgement, so that IP need not cut."
            ),
        ),
        aliases=("fragment", "IP fragmentation", "reassembly", "分片", "IP分片", "重组"),
        reference="RFC 791 section 3.2, RFC 8200 section 4.5",
        demos=("fragmentation", "fragment-lost"),
        see=("MTU", "fragment offset", "MF", "segmentation"),
    ),
    Entry(
        name="segmentation",
        headline=N_("TCP cuts its stream into segments of at most the MSS."),
        text=(
            N_(
                "Each has a TCP header and numbers of its own and can be repeated alone. With offload the network card "
                "does the cutting, and a capture on the sender shows super-packets no wire carries."
            ),
        ),
        aliases=("TSO", "GSO", "offload", "segmentation offload", "segment", "分段", "报文段"),
        reference="RFC 9293 section 3.7",
        demos=("segmentation",),
        see=("MSS", "fragmentation", "capture.super-packet"),
    ),
    Entry(
        name="path MTU discovery",
        headline=N_("Finding the smallest MTU on the way: send with DF set, and believe the ICMP that comes back."),
        text=(
            N_(
                "Where a firewall drops that ICMP, small packets pass and large ones vanish: the connection stands and "
                "hangs at the first full segment."
            ),
        ),
        aliases=("PMTU", "PMTUD", "path MTU", "路径MTU", "路径MTU发现"),
        reference="RFC 1191, RFC 8201",
        demos=("pmtu",),
        see=("DF", "IP_MTU_DISCOVER", "icmp.fragmentation-needed"),
    ),
    Entry(
        name="blocking",
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
    Entry(
        name="connection",
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
        name="client and server",
        headline=N_("The server waits at a known address, the client begins; after that the two ends are equals."),
        aliases=("client", "server", "client/server", "C/S", "客户端", "服务器", "服务端"),
        demos=("handshake", "udp-echo"),
        see=("connect", "listen", "bind"),
    ),
    Entry(
        name="loopback",
        headline=N_("127.0.0.1 and ::1: the machine talks to itself; packets pass the kernel, no card and no wire."),
        text=(
            N_(
                "TCP does everything as on a network, checksums apart. A server bound to it cannot be reached from "
                "elsewhere."
            ),
        ),
        aliases=("localhost", "127.0.0.1", "::1", "lo", "回环", "本地回环"),
        reference="RFC 1122 section 3.2.1.3",
        demos=("handshake",),
        see=("bind", "capture.loopback-mtu"),
    ),
    Entry(
        name="ARP",
        headline=N_("Who has this IP address? The question to all on the link that finds the Ethernet address."),
        text=(
            N_(
                "Asked by broadcast, answered directly, then remembered. For a host outside the subnet the gateway is "
                "asked for instead. IPv6 does it with ICMPv6 (neighbour discovery)."
            ),
        ),
        aliases=("neighbour discovery", "neighbor discovery", "NDP", "地址解析协议"),
        reference="RFC 826, RFC 4861",
        demos=("arp", "routing"),
        see=("EHOSTUNREACH", "addresses"),
    ),
    Entry(
        name="DNS",
        headline=N_("Names into addresses, by a question and an answer over UDP port 53."),
        aliases=("domain name system", "域名解析", "域名"),
        reference="RFC 1035",
        demos=("dns",),
        see=("getaddrinfo",),
    ),
    Entry(
        name="DHCP",
        headline=N_("How a host without an address gets one: discover, offer, request, acknowledge, over UDP."),
        aliases=("动态主机配置",),
        reference="RFC 2131",
        demos=("dhcp",),
        see=("broadcast",),
    ),
    Entry(
        name="raw socket",
        headline=N_("A socket below TCP and UDP: the program reads and writes the headers itself."),
        text=(
            N_(
                "It needs the right to it (CAP_NET_RAW). The kernel does not know of conversations made so: it answers "
                "a SYN,ACK that nobody asked for with RST."
            ),
        ),
        aliases=("SOCK_RAW", "原始套接字"),
        reference="raw(7)",
        demos=("ping", "by-hand"),
        see=("socket", "EPERM"),
    ),
    Entry(
        name="multicast",
        headline=N_("One datagram to a group address, for everybody who joined the group."),
        text=(
            N_(
                "Receivers join with IP_ADD_MEMBERSHIP, and their kernel tells the routers by IGMP (IPv6: MLD). A "
                "sender need not join. Addresses 224.0.0.0 to 239.255.255.255, in IPv6 ff00::/8; UDP only."
            ),
        ),
        aliases=("IGMP", "group address", "组播", "多播"),
        reference="RFC 1112, RFC 3376",
        demos=("multicast",),
        see=("IP_ADD_MEMBERSHIP", "broadcast"),
    ),
    Entry(
        name="broadcast",
        headline=N_("One datagram to everybody on the link: 255.255.255.255, or the subnet's last address."),
        text=(N_("Routers do not pass it on. IPv6 has none and uses multicast instead. TCP cannot broadcast."),),
        aliases=("broadcast address", "广播", "广播地址"),
        reference="RFC 919, RFC 922",
        demos=("broadcast", "dhcp"),
        see=("SO_BROADCAST", "multicast"),
    ),
    Entry(
        name="subnet",
        headline=N_("Address and mask together say which hosts are on the same link; all others need a router."),
        text=(
            N_(
                "10.0.1.2/24 reaches 10.0.1.0 to 10.0.1.255 directly: it asks by ARP for the host itself. For any "
                "other address it asks for the gateway and sends the packet there, with the far host's IP address in "
                "it."
            ),
        ),
        aliases=(
            "mask",
            "netmask",
            "subnet mask",
            "gateway",
            "routing",
            "default route",
            "子网",
            "子网掩码",
            "网关",
            "路由",
        ),
        reference="RFC 950, RFC 4632, RFC 1122 section 3.3.1",
        demos=("routing", "arp"),
        see=("ARP", "addresses", "ENETUNREACH"),
    ),
    Entry(
        name="ping",
        headline=N_("ICMP echo request and reply: the kernel of the other host answers, no program does."),
        text=(
            N_(
                "It proves that packets reach the host and come back, not that a server runs there. No answer proves "
                "little: many firewalls drop it."
            ),
        ),
        aliases=("ICMP echo", "echo request"),
        reference="RFC 792, RFC 1122 section 3.2.2.6",
        demos=("ping",),
        see=("ICMP type", "raw socket", "icmp.echo"),
    ),
    Entry(
        name="traceroute",
        headline=N_("Packets with TTL 1, 2, 3 ...: each router on the way reports the one that ends at it."),
        reference="RFC 1812 section 5.3.1",
        text=(N_("The last host answers otherwise: with port unreachable to a UDP datagram, for instance."),),
        aliases=("tracert", "路由跟踪"),
        demos=("ttl",),
        see=("TTL", "IP_TTL", "icmp.time-exceeded"),
    ),
    Entry(
        name="unix socket",
        headline=N_("A socket between two programs of one machine: the same calls and not one packet."),
        text=(
            N_(
                "Its address is a path in the file system. Bytes go from one program's buffer to the other's; TCP and "
                "IP have no part in it, so a capture sees nothing."
            ),
        ),
        aliases=("AF_UNIX", "unix domain socket", "local socket", "UNIX域套接字"),
        reference="unix(7)",
        demos=("unix",),
        see=("socket", "loopback"),
    ),
)
