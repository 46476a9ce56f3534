"""The errors socket calls come back with."""

from __future__ import annotations

from pktscope.explain.entry import Entry
from pktscope.words import N_

ERRORS: tuple[Entry, ...] = (
    Entry(
        name="ECONNREFUSED",
        headline=N_("Somebody is there and says no: nothing listens on that port."),
        text=(
            N_(
                "TCP: RST answered the SYN. UDP: ICMP port unreachable came back for an earlier datagram, and only a "
                "connected UDP socket is told."
            ),
            N_(
                "The server is not running, has not reached listen() yet, listens on another port or only on another "
                "address (127.0.0.1 against the machine's own), or a firewall rejects."
            ),
        ),
        aliases=("connection refused", "ConnectionRefusedError", "refused", "拒绝连接", "连接被拒绝"),
        demos=("refused",),
        see=("connect", "RST", "tcp.refused", "call.refused-udp"),
    ),
    Entry(
        name="ECONNRESET",
        headline=N_("The other end ended the connection with RST."),
        text=(
            N_(
                "It closed with bytes unread, closed with SO_LINGER 0, its program crashed with bytes unread, its "
                "listener closed before accept(), or its host restarted and knows nothing of the connection."
            ),
            N_("Bytes that had arrived but were not read yet may be lost with it."),
        ),
        aliases=("connection reset by peer", "connection reset", "ConnectionResetError", "连接重置"),
        demos=("reset",),
        see=("RST", "EPIPE", "tcp.reset"),
    ),
    Entry(
        name="EPIPE",
        headline=N_("Nothing can be sent any more on this connection."),
        text=(
            N_(
                "This end did shutdown(SHUT_WR), or the peer closed, data was sent all the same, and its RST is back: "
                "the first send() after the peer's close() succeeds, the next one gets EPIPE."
            ),
            N_("In C the signal SIGPIPE kills the program first, unless it is ignored or MSG_NOSIGNAL is given."),
        ),
        aliases=("broken pipe", "BrokenPipeError", "管道破裂"),
        demos=("reset",),
        see=("send", "MSG_NOSIGNAL", "tcp.reset-data-after-close"),
    ),
    Entry(
        name="EADDRINUSE",
        headline=N_("The port is taken: by another socket, or by a connection of yours that is over."),
        text=(
            N_(
                "The second case is TIME_WAIT: the server closed first, and bind() is refused for 60 s unless "
                "SO_REUSEADDR is set before it."
            ),
            N_("If it persists, another process has the port: ss -ltnp names it."),
        ),
        aliases=("address already in use", "端口被占用", "地址已被使用"),
        demos=("time-wait",),
        see=("bind", "SO_REUSEADDR", "TIME_WAIT", "call.address-in-use"),
    ),
    Entry(
        name="EADDRNOTAVAIL",
        headline=N_("No interface of this machine has that address, or no ephemeral port is free."),
        text=(
            N_("bind() takes addresses of one's own only; the server's address belongs into the client's connect()."),
        ),
        aliases=("cannot assign requested address",),
        see=("bind", "ephemeral port"),
    ),
    Entry(
        name="ETIMEDOUT",
        headline=N_("TCP repeated what it had sent until it gave up: nobody answered."),
        text=(
            N_(
                "connect(): no answer to the SYNs. send(), recv(): no ACK for data, or for keep-alive probes; after "
                "about 15 minutes by default on Linux. The connection is gone then."
            ),
            N_(
                "Not the same as a socket's own settimeout(): that raises TimeoutError without an errno, and the "
                "connection still stands. Python raises TimeoutError for both."
            ),
        ),
        aliases=("connection timed out", "TimeoutError", "timed out", "超时", "连接超时"),
        demos=("syn-lost", "keepalive", "retransmission"),
        see=("settimeout", "RTO", "TCP_USER_TIMEOUT"),
    ),
    Entry(
        name="EMSGSIZE",
        headline=N_("The datagram is too long to be sent."),
        text=(
            N_(
                "More than 65,507 bytes over IPv4 (65,535 less 20 less 8), 65,527 over IPv6; or DF is set and the "
                "path's MTU is smaller. TCP never says so: it cuts its stream itself."
            ),
        ),
        aliases=("message too long",),
        demos=("fragmentation", "pmtu"),
        see=("sendto", "UDP length", "udp.too-big"),
    ),
    Entry(
        name="EAGAIN",
        headline=N_("Not now: the call would have to wait, and must not."),
        text=(
            N_(
                "Nothing to read, no room to write, nobody to accept. Not a fault: try again when select() says so. "
                "EWOULDBLOCK is the same number on Linux."
            ),
        ),
        aliases=("EWOULDBLOCK", "resource temporarily unavailable", "BlockingIOError"),
        demos=("timeout",),
        see=("setblocking", "select", "call.would-block"),
    ),
    Entry(
        name="EINPROGRESS",
        headline=N_("connect() on a socket that must not wait: the SYN is on its way."),
        text=(N_("Wait until the socket is writable, then ask SO_ERROR for the outcome."),),
        aliases=("operation now in progress",),
        see=("connect", "SO_ERROR", "SYN_SENT"),
    ),
    Entry(
        name="EALREADY",
        headline=N_("connect() again while the first is still under way."),
        aliases=("operation already in progress",),
        see=("connect", "EINPROGRESS"),
    ),
    Entry(
        name="EHOSTUNREACH",
        headline=N_("No way to that host: nobody answers ARP, or a router says so."),
        text=(N_("On the same link it comes after three ARP requests without an answer, about 3 s."),),
        aliases=("no route to host", "主机不可达"),
        demos=("arp",),
        see=("connect", "ENETUNREACH", "icmp.unreachable"),
    ),
    Entry(
        name="ENETUNREACH",
        headline=N_("This machine has no route to that network."),
        text=(N_("Nothing was sent. Without a default route everything outside the own subnet fails so."),),
        aliases=("network is unreachable", "网络不可达"),
        demos=("routing",),
        see=("EHOSTUNREACH",),
    ),
    Entry(
        name="EACCES",
        headline=N_("Not allowed: a port below 1024, or a broadcast without SO_BROADCAST."),
        aliases=("permission denied", "PermissionError", "权限不够"),
        text=(N_("A firewall rule of this machine can also be the reason; then it may be EPERM."),),
        demos=("broadcast",),
        see=("bind", "SO_BROADCAST", "EPERM"),
    ),
    Entry(
        name="EPERM",
        headline=N_("Not allowed: a raw socket without the right to it, or a firewall refuses to send."),
        aliases=("operation not permitted",),
        demos=("ping",),
        see=("socket", "EACCES"),
    ),
    Entry(
        name="ENOTCONN",
        headline=N_("The socket is not connected."),
        text=(
            N_(
                "recv() on the listener instead of the socket from accept(); getpeername() or shutdown() after a "
                "reset; send() on TCP without connect() gives EPIPE."
            ),
        ),
        aliases=("transport endpoint is not connected", "socket is not connected"),
        see=("accept", "connect", "shutdown"),
    ),
    Entry(
        name="EISCONN",
        headline=N_("The socket is connected already."),
        text=(N_("A TCP socket serves one connection in its life; make a new one for the next."),),
        aliases=("transport endpoint is already connected",),
        see=("connect",),
    ),
    Entry(
        name="EDESTADDRREQ",
        headline=N_("send() on a UDP socket that has no peer."),
        text=(N_("Use sendto() with an address, or connect() before."),),
        aliases=("destination address required",),
        see=("sendto", "connect"),
    ),
    Entry(
        name="EBADF",
        headline=N_("The descriptor is closed."),
        text=(
            N_(
                "Used after close() or after its with block; in Python a closed socket's descriptor is -1. Threads "
                "that close each other's sockets are the usual reason."
            ),
        ),
        aliases=("bad file descriptor",),
        see=("close",),
    ),
    Entry(
        name="ENOTSOCK",
        headline=N_("The descriptor is a file, not a socket."),
        aliases=("socket operation on non-socket",),
        see=("socket",),
    ),
    Entry(
        name="EINVAL",
        headline=N_("An argument or the order of calls is wrong."),
        text=(N_("accept() without listen(), bind() twice, an option value of the wrong size."),),
        aliases=("invalid argument",),
        see=("accept", "bind", "setsockopt"),
    ),
    Entry(
        name="EOPNOTSUPP",
        headline=N_("This kind of socket cannot do that: listen() or accept() on UDP."),
        aliases=("operation not supported", "ENOTSUP"),
        see=("listen",),
    ),
    Entry(
        name="ENOPROTOOPT",
        headline=N_("There is no such option at that level."),
        aliases=("protocol not available",),
        see=("setsockopt",),
    ),
    Entry(
        name="EAFNOSUPPORT",
        headline=N_("The address does not belong to the socket's family, or the machine lacks that family."),
        aliases=("address family not supported by protocol",),
        see=("socket",),
    ),
    Entry(
        name="ECONNABORTED",
        headline=N_("The connection ended while it waited for accept()."),
        text=(N_("Go on with the next. Linux mostly hands such a connection over, and recv() then says ECONNRESET."),),
        aliases=("software caused connection abort", "ConnectionAbortedError"),
        demos=("reset",),
        see=("accept", "backlog"),
    ),
    Entry(
        name="EMFILE",
        headline=N_("The process has as many descriptors open as it may."),
        text=(N_("A server that does not close its connections gets here; ulimit -n is the limit."),),
        aliases=("too many open files",),
        see=("close", "CLOSE_WAIT"),
    ),
    Entry(
        name="ENOBUFS",
        headline=N_("The kernel has no buffer or no room in the device's queue."),
        aliases=("no buffer space available",),
        see=("send",),
    ),
    Entry(
        name="EINTR",
        headline=N_("A signal came while the call waited."),
        text=(N_("Python calls again by itself; a C program has to."),),
        aliases=("interrupted system call", "InterruptedError"),
        see=("blocking",),
    ),
    Entry(
        name="ENETDOWN",
        headline=N_("The interface is down."),
        aliases=("network is down",),
        see=("ENETUNREACH",),
    ),
    Entry(
        name="EPROTO",
        headline=N_("A protocol error; some ICMP messages are reported so."),
        aliases=("protocol error",),
        see=("icmp.unreachable",),
    ),
)
