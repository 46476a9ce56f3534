"""The calls that wait for several sockets, look up names and write addresses."""

from __future__ import annotations

from pktscope.explain.calls import NO_WAIT, NOTHING_SENT
from pktscope.explain.entry import Call, Failure
from pktscope.words import N_

CALLS: tuple[Call, ...] = (
    Call(
        name="select",
        headline=N_("Waits until one of several sockets is ready, so that no call on it would wait."),
        python="readable, writable, failed = select.select([listener, *clients], [], [], 5.0)",
        c="fd_set ready; FD_ZERO(&ready); FD_SET(s, &ready);\nselect(s + 1, &ready, NULL, NULL, &limit);",
        wire=NOTHING_SENT,
        waits=N_(
            "Until a socket is readable (a connection to accept, bytes or a datagram to read, FIN, an error), writable "
            "(room in the send buffer, connect() has ended) or the time is over."
        ),
        returns=N_("Which are ready. Empty lists when the time was over."),
        text=(
            N_('Readable at the FIN means that recv() will return b"".'),
            N_("select() cannot watch descriptors from 1024 on; poll() and selectors can."),
        ),
        errors=(
            Failure(
                error="EBADF",
                when=N_(
                    "One of the sockets was closed, by this program. In Python mostly ValueError, for a closed "
                    "socket's descriptor is -1."
                ),
                remedy=N_("Take a socket out of your lists when you close it."),
            ),
        ),
        reference="select(2)",
        see=("poll", "selectors", "setblocking"),
    ),
    Call(
        name="poll",
        headline=N_("select() without its limit of 1024 descriptors."),
        python=N_("p = select.poll()\np.register(s, select.POLLIN)\nevents = p.poll(5000)     # milliseconds"),
        c="struct pollfd p = {.fd = s, .events = POLLIN};\npoll(&p, 1, 5000);",
        wire=NOTHING_SENT,
        waits=N_("As select(); the time is in milliseconds."),
        returns=N_("Pairs of descriptor and events: POLLIN, POLLOUT, POLLHUP (both directions ended), POLLERR."),
        reference="poll(2)",
        see=("select", "selectors"),
        aliases=("epoll",),
    ),
    Call(
        name="selectors",
        headline=N_("Python's one form of select(), poll() and epoll: the best the system has."),
        python=(
            "choice = selectors.DefaultSelector()\n"
            "choice.register(s, selectors.EVENT_READ)\n"
            "for key, events in choice.select(timeout=5): ..."
        ),
        c="",
        wire=NOTHING_SENT,
        waits=N_("As select()."),
        returns=N_("Pairs of key (with the socket) and events."),
        reference="Python: selectors",
        see=("select", "poll"),
        aliases=("DefaultSelector",),
    ),
    Call(
        name="getaddrinfo",
        headline=N_("Host name and service into addresses to connect or bind to, IPv4 and IPv6."),
        python='for family, kind, protocol, _, address in socket.getaddrinfo("localhost", 8000): ...',
        c='struct addrinfo *found;\ngetaddrinfo("localhost", "8000", &hints, &found);',
        wire=N_("DNS questions over UDP port 53, where the name is neither an address nor in /etc/hosts."),
        waits=N_("For the name server: several seconds for each that does not answer."),
        returns=N_("A list; try its addresses in order, as create_connection() does."),
        errors=(
            Failure(
                error="gaierror",
                when=N_(
                    "The name is unknown, or no name server answered. Not an errno: socket.gaierror with a code of its "
                    "own."
                ),
                remedy=N_("Check the name; an address as text needs no name server."),
                demo="dns",
            ),
        ),
        reference="getaddrinfo(3), RFC 3493 section 6.1",
        demos=("dns",),
        see=("gethostbyname", "create_connection"),
    ),
    Call(
        name="gethostbyname",
        headline=N_("Host name into one IPv4 address: the old form of getaddrinfo()."),
        python='address = socket.gethostbyname("localhost")      # "127.0.0.1"',
        c='struct hostent *h = gethostbyname("localhost");',
        wire=N_("As getaddrinfo(): DNS questions where needed."),
        waits=N_("For the name server."),
        returns=N_("One IPv4 address as text. IPv6 it does not know."),
        errors=(
            Failure(
                error="gaierror",
                when=N_("The name is unknown, or no name server answered."),
                remedy=N_("Use getaddrinfo() in new programs."),
                demo="dns",
            ),
        ),
        reference="gethostbyname(3)",
        demos=("dns",),
        see=("getaddrinfo",),
    ),
    Call(
        name="inet_pton",
        headline=N_("An address as text into its 4 or 16 octets, as headers carry it."),
        python='octets = socket.inet_pton(socket.AF_INET, "127.0.0.1")      # b"\\x7f\\x00\\x00\\x01"',
        c='inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);',
        wire=NOTHING_SENT,
        waits=NO_WAIT,
        returns=N_("The octets, in network byte order; inet_ntop() goes the other way."),
        text=(
            N_(
                'inet_aton() is the old form for IPv4 only, and takes short forms too: "127.1". In Python bind() and '
                "connect() take the text; no conversion is needed."
            ),
        ),
        errors=(
            Failure(
                error="OSError",
                when=N_("The text is no address of that family. No errno."),
                remedy=N_("A name needs getaddrinfo()."),
            ),
        ),
        reference="inet_pton(3), RFC 3493 section 6.3",
        see=("getaddrinfo", "htons"),
        aliases=("inet_aton", "inet_ntoa", "inet_ntop", "inet_addr"),
    ),
    Call(
        name="htons",
        headline=N_("A 16-bit number from this machine's byte order into the network's, which is big-endian."),
        python=N_("socket.htons(8000)      # 16415 on a little-endian machine"),
        c="address.sin_port = htons(8000);",
        wire=N_("Nothing; it decides how a port lies in a header: most significant octet first."),
        waits=NO_WAIT,
        returns=N_("The number with its octets swapped on a little-endian machine, the same on a big-endian one."),
        text=(
            N_(
                "ntohs() goes back; htonl() and ntohl() do it for 32 bits. Python's bind() and connect() do it "
                "themselves: htons() there would be wrong."
            ),
            N_('For numbers in your own messages, a length prefix for instance, use struct.pack("!I", n).'),
        ),
        reference="htons(3), RFC 791 appendix B",
        demos=("framing",),
        see=("inet_pton", "ports"),
        aliases=("htonl", "ntohs", "ntohl", "byte order", "network byte order", "big-endian", "字节序", "网络字节序"),
    ),
)
