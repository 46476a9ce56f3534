"""The calls that move bytes and datagrams."""

from __future__ import annotations

from pktscope.explain.calls import NOTHING_SENT
from pktscope.explain.entry import Call, Failure
from pktscope.words import N_

BROKEN = Failure(
    error="EPIPE",
    when=N_(
        "This end was shut down for writing, the socket was never connected, a RST came after the other end's FIN, or "
        "the error that ended the connection was reported already. In Python: BrokenPipeError; in C the signal SIGPIPE "
        "ends the program unless it is ignored."
    ),
    remedy=N_(
        "Stop sending; the other end will not read it. The first send() after the peer closed still succeeds: its RST "
        "comes back later."
    ),
    demo="reset",
)
RESET = Failure(
    error="ECONNRESET",
    when=N_("A RST came: the other end closed with unread bytes, has gone, or never knew this connection."),
    remedy=N_("The connection is over in both directions: close the socket."),
    demo="reset",
)
FULL = Failure(
    error="EAGAIN",
    when=N_("The socket must not wait and the send buffer is full. In Python: BlockingIOError."),
    remedy=N_("Wait with select() until it is writable, then send the rest."),
    demo="flow-control",
)
EMPTY = Failure(
    error="EAGAIN",
    when=N_(
        "The socket must not wait and nothing is there to read. In Python: BlockingIOError. It is not the end of the "
        "stream."
    ),
    remedy=N_("Wait with select() until it is readable."),
)
UNCONNECTED = Failure(
    error="ENOTCONN",
    when=N_("The TCP socket is not connected: often the listener was used instead of what accept() returned."),
    remedy=N_("Use the connected socket."),
)
NO_PEER = Failure(
    error="EDESTADDRREQ",
    when=N_("A UDP socket without a peer."),
    remedy=N_("Use sendto(), or connect() before."),
)
VANISHED = Failure(
    error="ETIMEDOUT",
    when=N_("The other end stopped answering: retransmissions or keep-alive probes ran out. That can take 15 minutes."),
    remedy=N_("Set TCP_USER_TIMEOUT or SO_KEEPALIVE where that is too long."),
    demo="keepalive",
)
RAN_OUT = Failure(
    error=N_("timed out"),
    when=N_("settimeout() was set and ran out. In Python: TimeoutError, and no errno. Nothing was sent on the wire."),
    remedy=N_("Try again or give up; the connection still stands."),
    demo="timeout",
)
TOO_LONG = Failure(
    error="EMSGSIZE",
    when=N_(
        "The datagram is longer than any may be (65,507 bytes over IPv4, 65,527 over IPv6), or DF is set and it is "
        "longer than the path's MTU."
    ),
    remedy=N_("Send less at once."),
    demo="fragmentation",
)
NOBODY = Failure(
    error="ECONNREFUSED",
    when=N_("A connected UDP socket only: an earlier datagram was answered by ICMP port unreachable."),
    remedy=N_("Nobody has that port open; an unconnected socket would not even learn it."),
    demo="refused",
)

CALLS: tuple[Call, ...] = (
    Call(
        name="send",
        headline=N_("Hands bytes to the kernel, which sends them when it may; returns how many it took."),
        python='taken = s.send(b"hello")',
        c='ssize_t taken = send(s, "hello", 5, 0);',
        wire=N_(
            "TCP: the bytes in one segment, in several, or together with those of other calls; perhaps later. UDP: one "
            "datagram."
        ),
        waits=N_(
            "Only while the send buffer is full, that is while the other end's window or the network is slower; not "
            "for the ACK."
        ),
        returns=N_(
            "How many bytes were taken: at least 1, perhaps fewer than given. Nothing is lost; the rest is yours to "
            "send."
        ),
        text=(
            N_(
                "That send() returned proves that the kernel has the bytes, not that the other end has them. Only an "
                "answer of the other program proves that."
            ),
            N_("TCP keeps no boundaries: three send() can be one recv(), and one send() many."),
        ),
        errors=(BROKEN, RESET, FULL, NO_PEER, VANISHED, RAN_OUT, TOO_LONG, NOBODY),
        reference="send(2), RFC 9293 section 3.9.1.2",
        demos=("echo", "sticky", "nagle", "flow-control"),
        see=("sendall", "byte stream", "Nagle", "TCP_NODELAY"),
    ),
    Call(
        name="sendall",
        headline=N_("send() in a loop until everything is taken."),
        python="s.sendall(data)",
        c="while (left > 0) { n = send(s, p, left, 0); if (n < 0) break; p += n; left -= n; }",
        wire=N_("As send(): segments of at most the MSS, as the window allows."),
        waits=N_("Whenever the send buffer is full, until the last byte is taken by the kernel; not for its ACK."),
        returns=N_("None when all bytes are taken. After an error nobody knows how many were."),
        text=(N_("Use it for anything longer than a few bytes: a plain send() may take only part."),),
        errors=(BROKEN, RESET, VANISHED, RAN_OUT),
        reference="Python: socket.sendall(), send(2)",
        demos=("segmentation", "flow-control"),
        see=("send", "sliding window"),
    ),
    Call(
        name="sendto",
        headline=N_("Sends one datagram to an address."),
        python='s.sendto(b"hello", ("127.0.0.1", 8000))',
        c='sendto(s, "hello", 5, 0, (struct sockaddr *)&to, sizeof to);',
        wire=N_(
            "One UDP datagram; IP cuts it into fragments where it is longer than the MTU allows (1,472 bytes over IPv4 "
            "with 1500)."
        ),
        waits=N_("Hardly ever: only while the send buffer is full."),
        returns=N_("The length of the datagram. It succeeds with nobody there, too."),
        text=(N_("There is no handshake before it and no acknowledgement after it. An empty datagram is a datagram."),),
        errors=(
            TOO_LONG,
            Failure(
                error="EACCES",
                when=N_("The address is a broadcast address and SO_BROADCAST is not set."),
                remedy=N_("setsockopt(SOL_SOCKET, SO_BROADCAST, 1)."),
                demo="broadcast",
            ),
            Failure(
                error="ENETUNREACH",
                when=N_("This machine has no route to that network."),
                remedy=N_("Look at ip route."),
                demo="routing",
            ),
            FULL,
        ),
        reference="sendto(2), RFC 768",
        demos=("udp", "udp-echo", "udp-boundaries", "fragmentation"),
        see=("recvfrom", "datagram", "MTU"),
    ),
    Call(
        name="sendmsg",
        headline=N_("send() of several buffers in one call, with control messages beside the data."),
        python="s.sendmsg([header, body])",
        c="struct iovec parts[2] = {...};\nstruct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};\nsendmsg(s, &m, 0);",
        wire=N_(
            "As one send() of all buffers together: a cure for write-write-read, for header and body leave together."
        ),
        waits=N_("As send()."),
        returns=N_("How many bytes of all of them were taken."),
        errors=(BROKEN, RESET, FULL, TOO_LONG),
        reference="sendmsg(2)",
        demos=("write-write-read",),
        see=("send", "recvmsg"),
    ),
    Call(
        name="recv",
        headline=N_("Takes bytes that have arrived: at least one, at most as many as asked for."),
        python="data = s.recv(1024)",
        c="ssize_t got = recv(s, buffer, sizeof buffer, 0);",
        wire=N_(
            "Nothing as a rule. Reading makes room, and where the window was small the kernel then sends a window "
            "update."
        ),
        waits=N_("TCP: until at least one byte, the FIN or a RST is here. UDP: until a datagram is."),
        returns=N_(
            'Bytes; b"" (in C 0) once the other end\'s FIN is reached: it has no more to send, and that is no error. '
            "In C -1 for errors."
        ),
        text=(
            N_(
                "The number is bytes, not kB, and a limit, not a wish: recv(1024) returns what is there. Loop until "
                "your message is whole."
            ),
            N_('A server that ignores b"" spins for ever: each recv() after it returns b"" again at once.'),
            N_('On UDP b"" is an empty datagram, and what does not fit into the number is thrown away.'),
        ),
        errors=(RESET, VANISHED, EMPTY, RAN_OUT, UNCONNECTED, NOBODY),
        reference="recv(2), RFC 9293 section 3.9.1.3",
        demos=("echo", "sticky", "framing", "teardown"),
        see=("send", "byte stream", "sticky packets", "FIN"),
        aliases=("read",),
    ),
    Call(
        name="recv_into",
        headline=N_("recv() into a buffer of your own instead of a new bytes object."),
        python="buffer = bytearray(4096)\ngot = s.recv_into(buffer)",
        c="ssize_t got = recv(s, buffer, sizeof buffer, 0);",
        wire=N_("As recv()."),
        waits=N_("As recv()."),
        returns=N_("How many bytes of the buffer were filled; 0 at the end of the stream."),
        text=(N_("What stands in the buffer behind that number is old."),),
        errors=(RESET, EMPTY, RAN_OUT),
        reference="Python: socket.recv_into(), recv(2)",
        see=("recv",),
    ),
    Call(
        name="recvfrom",
        headline=N_("Takes the next datagram, and says who sent it."),
        python="data, address = s.recvfrom(2048)",
        c="socklen_t size = sizeof from;\nrecvfrom(s, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);",
        wire=NOTHING_SENT,
        waits=N_("Until a datagram is here, whole: fragments are put together first."),
        returns=N_('Exactly one datagram and its sender; b"" is an empty datagram, not an end. UDP has no end.'),
        text=(
            N_(
                "One sendto() is one recvfrom(). With a number smaller than the datagram the rest of that datagram is "
                "thrown away; the next one is not touched."
            ),
            N_(
                "Datagrams that nobody reads in time are dropped when the receive buffer is full, without a word to "
                "their sender."
            ),
        ),
        errors=(EMPTY, RAN_OUT, NOBODY),
        reference="recvfrom(2), RFC 768, RFC 1122 section 4.1.4",
        demos=("udp-echo", "udp-boundaries", "udp-loss"),
        see=("sendto", "datagram", "MSG_TRUNC"),
    ),
    Call(
        name="recvfrom_into",
        headline=N_("recvfrom() into a buffer of your own."),
        python="got, address = s.recvfrom_into(buffer)",
        c="recvfrom(s, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);",
        wire=NOTHING_SENT,
        waits=N_("As recvfrom()."),
        returns=N_("How many bytes were filled, and the sender."),
        errors=(EMPTY, RAN_OUT),
        reference="Python: socket.recvfrom_into(), recvfrom(2)",
        see=("recvfrom",),
    ),
    Call(
        name="recvmsg",
        headline=N_("recv() with everything that came beside the data: flags, control messages, sender."),
        python="data, ancillary, flags, address = s.recvmsg(2048)",
        c="recvmsg(s, &message, 0);",
        wire=N_("As recv()."),
        waits=N_("As recv()."),
        returns=N_(
            "Data, control messages, flags and address. MSG_TRUNC in the flags says that the datagram was longer."
        ),
        errors=(EMPTY, RAN_OUT, RESET),
        reference="recvmsg(2)",
        demos=("udp-boundaries",),
        see=("recvfrom", "MSG_TRUNC", "recvmsg_into"),
    ),
    Call(
        name="recvmsg_into",
        headline=N_("recvmsg() into several buffers of your own."),
        python="got, ancillary, flags, address = s.recvmsg_into([head, body])",
        c="recvmsg(s, &message, 0);",
        wire=N_("As recv()."),
        waits=N_("As recv()."),
        returns=N_("How many bytes were filled, control messages, flags and address."),
        errors=(EMPTY, RAN_OUT, RESET),
        reference="recvmsg(2)",
        see=("recvmsg",),
    ),
    Call(
        name="makefile",
        headline=N_("A file object over the socket: readline(), write(), for line in ..."),
        python='f = s.makefile("rwb")\nline = f.readline()',
        c='FILE *f = fdopen(s, "r+");',
        wire=N_("Nothing; write() fills a buffer, and only flush() (or a full buffer) sends."),
        waits=N_("readline() until a whole line, or the end of the stream, is here."),
        returns=N_("A file object."),
        text=(
            N_("A line is a message with its end marked: one of the ways to find messages in a stream."),
            N_(
                "close() of the socket does not send FIN while the file object is open. A forgotten flush() looks like "
                "a server that does not answer."
            ),
        ),
        reference="Python: socket.makefile()",
        demos=("framing",),
        see=("recv", "close", "framing"),
    ),
)
