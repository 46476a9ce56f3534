"""The calls that set sockets up and ask about them, and Python's short forms."""

from __future__ import annotations

from pktscope.explain.calls import BAD_DESCRIPTOR, NO_WAIT, NONE, NOTHING_SENT
from pktscope.explain.entry import Call, Failure
from pktscope.words import N_

CALLS: tuple[Call, ...] = (
    Call(
        name="detach",
        headline=N_("Takes the descriptor out of the Python object without closing it."),
        python="descriptor = s.detach()",
        c="",
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=N_("The descriptor's number. The object is as good as closed; the connection stands."),
        text=(N_("Whoever has the number must close it (os.close), or give it to socket.socket(fileno=...)."),),
        reference="Python: socket.detach()",
        see=("close",),
    ),
    Call(
        name="setsockopt",
        headline=N_("Sets an option of a socket."),
        python="s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
        c="int on = 1;\nsetsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);",
        wire=N_("Nothing, as a rule. TCP_NODELAY, uncorking and TCP_QUICKACK can let what was held leave at once."),
        waits=NO_WAIT,
        returns=NONE,
        text=(
            N_(
                "Some options must be set early: SO_REUSEADDR before bind(), SO_RCVBUF before listen() or connect(), "
                "because the window scale is fixed in the SYN."
            ),
        ),
        errors=(
            Failure(
                error="ENOPROTOOPT",
                when=N_("The option does not exist at that level, for that socket or in this kernel."),
                remedy=N_("SO_ options need SOL_SOCKET, TCP_ options IPPROTO_TCP, IP_ options IPPROTO_IP."),
            ),
            Failure(
                error="EINVAL",
                when=N_("The value is out of range or has the wrong size."),
                remedy=N_("SO_LINGER takes two integers: struct.pack('ii', 1, 0)."),
            ),
        ),
        reference="setsockopt(2), socket(7), tcp(7), ip(7)",
        demos=("nagle", "time-wait"),
        see=("getsockopt", "SO_REUSEADDR", "TCP_NODELAY"),
    ),
    Call(
        name="getsockopt",
        headline=N_("Reads an option of a socket, or what the kernel knows of it."),
        python="size = s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)",
        c="socklen_t length = sizeof size;\ngetsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, &length);",
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=N_("The value as an integer, or as bytes where a length was given."),
        text=(
            N_("Linux reports twice the buffer size that was set: it counts its own bookkeeping too."),
            N_(
                "SO_ERROR returns a waiting error and clears it; TCP_INFO returns the state, the round-trip time, the "
                "congestion window and more."
            ),
        ),
        errors=(
            Failure(
                error="ENOPROTOOPT",
                when=N_("The option does not exist at that level, for that socket or in this kernel."),
                remedy=N_("Check the level: SOL_SOCKET, IPPROTO_TCP or IPPROTO_IP."),
            ),
        ),
        reference="getsockopt(2), tcp(7)",
        demos=("slow-start",),
        see=("setsockopt", "SO_ERROR", "congestion window"),
    ),
    Call(
        name="settimeout",
        headline=N_("Bounds how long calls of this socket may wait."),
        python=N_("s.settimeout(5.0)     # None: wait for ever; 0: never wait"),
        c=("struct timeval limit = {.tv_sec = 5};\nsetsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);"),
        wire=N_("Nothing, neither when it is set nor when it runs out: the other end learns nothing of it."),
        waits=NO_WAIT,
        returns=NONE,
        text=(
            N_(
                "A call that runs out raises TimeoutError; the connection still stands, and bytes that come later can "
                "be read later."
            ),
            N_(
                "It bounds each wait of a call anew (sendall() as a whole), not the connection. Inside, Python makes "
                "the socket non-blocking and waits with poll()."
            ),
        ),
        reference="Python: socket.settimeout(), socket(7)",
        demos=("timeout",),
        see=("setblocking", "blocking", "ETIMEDOUT"),
        aliases=("timeout", "time limit"),
    ),
    Call(
        name="setblocking",
        headline=N_("Says whether calls may wait: setblocking(False) makes them fail at once instead."),
        python="s.setblocking(False)",
        c="fcntl(s, F_SETFL, fcntl(s, F_GETFL) | O_NONBLOCK);",
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=NONE,
        text=(
            N_(
                "A call that would wait then raises BlockingIOError (EAGAIN; connect(): EINPROGRESS). select() says "
                "when to try again."
            ),
        ),
        reference="fcntl(2), Python: socket.setblocking()",
        see=("settimeout", "select", "EAGAIN", "blocking"),
    ),
    Call(
        name="getsockname",
        headline=N_("The socket's own address and port."),
        python="address, port = s.getsockname()",
        c="socklen_t size = sizeof own;\ngetsockname(s, (struct sockaddr *)&own, &size);",
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=N_('Address and port; ("0.0.0.0", 0) while it is not bound.'),
        text=(
            N_("This is how a client learns its ephemeral port, and a server the port it got for bind() to port 0."),
        ),
        errors=(BAD_DESCRIPTOR,),
        reference="getsockname(2)",
        demos=("handshake",),
        see=("getpeername", "ephemeral port"),
    ),
    Call(
        name="getpeername",
        headline=N_("The address and port of the other end."),
        python="address, port = s.getpeername()",
        c="socklen_t size = sizeof peer;\ngetpeername(s, (struct sockaddr *)&peer, &size);",
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=N_("Address and port: what accept() also handed over."),
        errors=(
            Failure(
                error="ENOTCONN",
                when=N_(
                    "The socket is not connected: a listener, an unconnected UDP socket, or a connection that was "
                    "reset."
                ),
                remedy=N_("Ask the socket that accept() returned, not the listener."),
            ),
        ),
        reference="getpeername(2)",
        see=("getsockname", "accept"),
    ),
    Call(
        name="create_connection",
        headline=N_("getaddrinfo(), socket() and connect() in one; tries every address of the name."),
        python='s = socket.create_connection(("localhost", 8000), timeout=5)',
        c="",
        wire=N_(
            "The questions to DNS, if the name needs any; then as connect(): SYN and ACK, for each address that is "
            "tried."
        ),
        waits=N_("As connect(), for each address in turn; the timeout holds for each."),
        returns=N_("A connected TCP socket, which keeps the timeout."),
        errors=(
            Failure(
                error="ECONNREFUSED",
                when=N_("The last address that was tried refused."),
                remedy=N_(
                    '"localhost" may be ::1 first and 127.0.0.1 second: a refused SYN before the good one is no fault.'
                ),
                demo="refused",
            ),
            Failure(
                error=N_("timed out"),
                when=N_("No answer within the timeout."),
                remedy=N_("Is the server there, is a firewall between?"),
                demo="syn-lost",
            ),
        ),
        reference="Python: socket.create_connection()",
        demos=("handshake",),
        see=("connect", "getaddrinfo"),
    ),
    Call(
        name="create_server",
        headline=N_("socket(), SO_REUSEADDR, bind() and listen() in one."),
        python='listener = socket.create_server(("", 8000))',
        c="",
        wire=N_("Nothing; from now on SYNs to this port are answered."),
        waits=NO_WAIT,
        returns=N_("A TCP socket that listens."),
        text=(N_("On POSIX systems it sets SO_REUSEADDR, so a server can be restarted while TIME_WAIT lasts."),),
        errors=(
            Failure(
                error="EADDRINUSE",
                when=N_("Another socket listens on that port."),
                remedy=N_("Find it with ss -ltnp and end it, or take another port."),
                demo="time-wait",
            ),
        ),
        reference="Python: socket.create_server()",
        demos=("time-wait",),
        see=("bind", "listen", "SO_REUSEADDR"),
    ),
)
