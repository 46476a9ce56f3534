"""The calls that make, name, connect and end sockets."""

from __future__ import annotations

from pktscope.explain.entry import Call, Failure
from pktscope.words import N_

NOTHING_SENT = N_("Nothing.")
NO_WAIT = N_("Nothing; it returns at once.")
NONE = N_("None.")
BAD_DESCRIPTOR = Failure(
    error="EBADF",
    when=N_("The socket was closed before; often by another thread, or by leaving a with block."),
    remedy=N_("Close a socket where its last use is over, and nowhere else."),
)

CALLS: tuple[Call, ...] = (
    Call(
        name="socket",
        headline=N_("Makes a socket: one end, not yet bound to a port and connected to nobody."),
        python=N_("s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)   # SOCK_DGRAM for UDP"),
        c="int s = socket(AF_INET, SOCK_STREAM, 0);",
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=N_("A socket object around a file descriptor; in C the descriptor, or -1."),
        text=(
            N_("A socket is one end. A connection is two of them: the protocol, two addresses and two ports."),
            N_(
                "AF_INET and AF_INET6 choose IPv4 or IPv6, SOCK_STREAM a TCP stream, SOCK_DGRAM UDP datagrams, "
                "SOCK_RAW packets whose headers the program reads or writes itself, AF_UNIX two programs of one "
                "machine."
            ),
        ),
        errors=(
            Failure(
                error="EPERM",
                when=N_("SOCK_RAW without the right to it (CAP_NET_RAW)."),
                remedy=N_("Run as root, or use a demo: its private room has that right."),
                demo="ping",
            ),
            Failure(
                error="EMFILE",
                when=N_("The process has as many files and sockets open as it may (ulimit -n)."),
                remedy=N_("Close what is no longer used: a server that forgets to close connections ends here."),
            ),
            Failure(
                error="EAFNOSUPPORT",
                when=N_("The machine has no such address family, often IPv6."),
                remedy=N_("Take the family that getaddrinfo() returns."),
            ),
        ),
        reference="socket(2), RFC 9293 section 3.9.1",
        demos=("handshake", "udp", "unix"),
        see=("bind", "connect", "blocking"),
    ),
    Call(
        name="bind",
        headline=N_("Gives a socket its own address and port."),
        python='s.bind(("127.0.0.1", 8000))',
        c=(
            "struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(8000)};\n"
            'inet_pton(AF_INET, "127.0.0.1", &a.sin_addr);\n'
            "bind(s, (struct sockaddr *)&a, sizeof a);"
        ),
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=NONE,
        text=(
            N_(
                "A server binds so that clients know where to find it. A client need not: the kernel chooses an "
                "ephemeral port when it connects or first sends."
            ),
            N_(
                'The address "" or "0.0.0.0" means every address of this machine, "127.0.0.1" only programs on the '
                "machine itself. Port 0 lets the kernel choose; getsockname() says which."
            ),
        ),
        errors=(
            Failure(
                error="EADDRINUSE",
                when=N_(
                    "Another socket has that port, or a connection of it is in TIME_WAIT after the server closed first."
                ),
                remedy=N_("Set SO_REUSEADDR before bind(): it allows the TIME_WAIT, but not a second listener."),
                demo="time-wait",
            ),
            Failure(
                error="EACCES",
                when=N_(
                    "The port is below 1024 and the program may not use those (net.ipv4.ip_unprivileged_port_start "
                    "says from where it may)."
                ),
                remedy=N_("Take a port above."),
            ),
            Failure(
                error="EADDRNOTAVAIL",
                when=N_("No interface of this machine has that address."),
                remedy=N_('Bind "" or an address of your own; the other end\'s address belongs into connect().'),
            ),
            Failure(
                error="EINVAL",
                when=N_("The socket is already bound."),
                remedy=N_("Bind once; bind before connect() and listen()."),
            ),
        ),
        reference="bind(2), ip(7)",
        demos=("handshake", "time-wait"),
        see=("listen", "SO_REUSEADDR", "ephemeral port"),
    ),
    Call(
        name="listen",
        headline=N_("Makes a TCP socket passive: from here on the kernel completes handshakes for it."),
        python="s.listen(5)",
        c="listen(s, 5);",
        wire=N_("Nothing. But from now on a SYN to this port is answered with SYN,ACK; before, it got RST."),
        waits=NO_WAIT,
        returns=NONE,
        text=(
            N_(
                "The number is not how many clients there may be. It bounds the queue of connections that stand and "
                "wait for accept(); on Linux that queue holds one more than the number, so listen(1) holds 2."
            ),
            N_(
                "Connections whose handshake is under way wait elsewhere, and net.core.somaxconn caps the number. When "
                "the queue is full Linux drops SYNs; the client sends them again and its connect() hangs."
            ),
        ),
        errors=(
            Failure(
                error="EADDRINUSE",
                when=N_("Another socket listens on that port already."),
                remedy=N_("Find it with ss -ltnp and end it, or take another port."),
            ),
            Failure(
                error="EOPNOTSUPP",
                when=N_("The socket is a UDP socket: UDP has no connections to wait for."),
                remedy=N_("A UDP server needs bind() and recvfrom() only."),
            ),
        ),
        reference="listen(2), RFC 9293 section 3.9.1.1",
        demos=("handshake", "backlog"),
        see=("accept", "backlog", "half-open queue", "LISTEN"),
    ),
    Call(
        name="accept",
        headline=N_("Takes the next finished connection from the queue, as a new socket."),
        python="connection, address = listener.accept()",
        c=(
            "struct sockaddr_in peer; socklen_t size = sizeof peer;\n"
            "int connection = accept(listener, (struct sockaddr *)&peer, &size);"
        ),
        wire=N_(
            "Nothing. SYN, SYN,ACK and ACK were the kernel's work and are over before accept() returns, even before it "
            "is called."
        ),
        waits=N_(
            "Until a connection stands in the queue that listen() made; one that is there already is returned at once."
        ),
        returns=N_(
            "A new socket for this one client, and the client's address. The listener stays as it is and can accept "
            "the next."
        ),
        text=(
            N_(
                "The new socket has the listener's port: many connections share port 8000 and differ in the client's "
                "address and port."
            ),
            N_(
                "A client may connect, send and even close before accept() is called; its bytes wait in the new "
                "socket's receive buffer."
            ),
        ),
        errors=(
            Failure(
                error="EAGAIN",
                when=N_(
                    "The listener must not wait (setblocking(False)) and the queue is empty. In Python: "
                    "BlockingIOError."
                ),
                remedy=N_("Wait with select() until the listener is readable."),
            ),
            Failure(
                error="EINVAL",
                when=N_("The socket does not listen."),
                remedy=N_("Call listen() first, and accept() on the listener, not on a connection."),
            ),
            Failure(
                error="ECONNABORTED",
                when=N_(
                    "The client ended the connection while it waited in the queue. Linux mostly hands the dead "
                    "connection over instead, and recv() fails with ECONNRESET."
                ),
                remedy=N_("Accept the next one."),
            ),
            Failure(
                error="EMFILE",
                when=N_("The process has as many files and sockets open as it may."),
                remedy=N_("Close connections that are over. The client noticed nothing: for it the connection stands."),
            ),
            Failure(
                error=N_("timed out"),
                when=N_("settimeout() was set and nobody came in that time. In Python: TimeoutError, and no errno."),
                remedy=N_("Try again, or end the server."),
                demo="timeout",
            ),
            BAD_DESCRIPTOR,
        ),
        reference="accept(2), RFC 9293 section 3.9.1.1",
        demos=("handshake", "backlog"),
        see=("listen", "backlog", "three-way handshake"),
    ),
    Call(
        name="connect",
        headline=N_("TCP: asks for a connection and waits until it stands. UDP: only notes the peer's address."),
        python='s.connect(("127.0.0.1", 8000))',
        c="connect(s, (struct sockaddr *)&server, sizeof server);",
        wire=N_("TCP: SYN; when SYN,ACK comes, the ACK. UDP: nothing."),
        waits=N_(
            "TCP: one round trip, until the SYN,ACK is here; not until accept() is called. Without an answer the SYN "
            "is sent again (after about 1, 2, 4 s ...; newer Linux begins 1, 1, 1, 1, 1, 2, 4)."
        ),
        returns=N_("None when the connection stands."),
        text=(
            N_("A socket that was not bound gets its ephemeral port and its source address here."),
            N_(
                "On a UDP socket connect() makes no connection. It fixes where send() sends, from whom recv() takes, "
                "and lets the kernel report ICMP errors to the program."
            ),
        ),
        errors=(
            Failure(
                error="ECONNREFUSED",
                when=N_("The SYN was answered with RST: the host is there, but nothing listens on that port."),
                remedy=N_("Start the server, check the port; the wrong address can look the same."),
                demo="refused",
            ),
            Failure(
                error="ETIMEDOUT",
                when=N_(
                    "No answer to any SYN: the host is off, a firewall drops it, or the listener's queue stays full. "
                    "With Linux's 6 repetitions this takes one to two minutes."
                ),
                remedy=N_("Set a timeout of your own with settimeout()."),
                demo="syn-lost",
            ),
            Failure(
                error="EHOSTUNREACH",
                when=N_("Nobody on the link answers ARP for that address, or a router reports the host unreachable."),
                remedy=N_("Check address, mask and cable."),
                demo="arp",
            ),
            Failure(
                error="ENETUNREACH",
                when=N_("This machine has no route to that network."),
                remedy=N_("Look at ip route."),
            ),
            Failure(
                error="EINPROGRESS",
                when=N_(
                    "The socket must not wait: the SYN is sent, the answer is not here. In Python: BlockingIOError."
                ),
                remedy=N_("Wait with select() until it is writable, then ask getsockopt(SO_ERROR)."),
            ),
            Failure(
                error="EISCONN",
                when=N_("The TCP socket is connected already."),
                remedy=N_("One socket, one connection: make a new socket for the next."),
            ),
            Failure(
                error="EADDRNOTAVAIL",
                when=N_("No ephemeral port is free for that peer; many connections in TIME_WAIT can do that."),
                remedy=N_("Keep connections open and use them again."),
            ),
        ),
        reference="connect(2), RFC 9293 section 3.9.1.1, RFC 6298 section 2",
        demos=("handshake", "refused", "syn-lost", "simultaneous-open"),
        see=("connect_ex", "accept", "three-way handshake", "SYN_SENT"),
    ),
    Call(
        name="connect_ex",
        headline=N_("connect() that returns the errno instead of raising it."),
        python=N_('code = s.connect_ex(("127.0.0.1", 8000))    # 0, or errno.ECONNREFUSED, ...'),
        c="if (connect(s, ...) < 0) code = errno;",
        wire=N_("As connect(): SYN and ACK with TCP, nothing with UDP."),
        waits=N_("As connect()."),
        returns=N_("0 when it worked, else the errno. An address that cannot be looked up still raises."),
        text=(
            N_(
                "Port scanners of tutorials use it: 0 is an open port, ECONNREFUSED a closed one, no answer a filtered "
                "one."
            ),
        ),
        errors=(
            Failure(
                error="ECONNREFUSED",
                when=N_("RST answered the SYN: nothing listens there."),
                remedy=N_("It is a return value here: compare it with errno.ECONNREFUSED."),
                demo="refused",
            ),
            Failure(
                error="EAGAIN",
                when=N_("settimeout() was set and ran out; no exception then."),
                remedy=N_("Treat it as no answer."),
                demo="timeout",
            ),
        ),
        reference="connect(2)",
        demos=("refused",),
        see=("connect",),
    ),
    Call(
        name="shutdown",
        headline=N_("Ends one direction of a connection, or both, for every process that has the socket."),
        python="s.shutdown(socket.SHUT_WR)",
        c="shutdown(s, SHUT_WR);",
        wire=N_("SHUT_WR and SHUT_RDWR: FIN, behind everything that still waits to be sent. SHUT_RD: nothing."),
        waits=NO_WAIT,
        returns=NONE,
        text=(
            N_(
                "After SHUT_WR this end can still receive: the connection is half closed, and the other's recv() "
                'returns b"" once it has read everything before.'
            ),
            N_("The descriptor stays open until close()."),
        ),
        errors=(
            Failure(
                error="ENOTCONN",
                when=N_("The socket is not connected, or the connection is already over (the peer reset it)."),
                remedy=N_("Nothing to end: go on to close()."),
                demo="reset",
            ),
        ),
        reference="shutdown(2), RFC 9293 section 3.6",
        demos=("half-close",),
        see=("close", "FIN", "half-close"),
    ),
    Call(
        name="close",
        headline=N_("Gives the descriptor back; the last one of a TCP connection starts its end."),
        python=N_("s.close()     # or: with socket.socket() as s: ..."),
        c="close(s);",
        wire=N_(
            "TCP: FIN, behind what waits to be sent. RST instead where unread bytes are thrown away, or SO_LINGER has "
            "the time 0. A listener: nothing, or RST to connections nobody accepted. UDP: nothing."
        ),
        waits=N_("Nothing; the kernel goes on sending and waiting in the background (unless SO_LINGER has a time)."),
        returns=N_("None. It does not say whether the other end got the bytes."),
        text=(
            N_(
                "A program that ends without close() has its sockets closed by the kernel, and that sends the same FIN."
            ),
            N_("The end that closes first will be in TIME_WAIT; for 60 s on Linux."),
            N_("After fork(), or with makefile() open, the FIN waits until the last user has closed."),
        ),
        errors=(
            Failure(
                error="EBADF",
                when=N_(
                    "C only: closed twice. By then the number may belong to another file, which is closed instead."
                ),
                remedy=N_("Close once. Python's close() may be called again without harm."),
            ),
        ),
        reference="close(2), RFC 9293 section 3.6, RFC 2525 section 2.17",
        demos=("teardown", "teardown-three", "reset"),
        see=("shutdown", "four-way teardown", "TIME_WAIT", "SO_LINGER"),
    ),
)
