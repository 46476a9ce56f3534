"""Five small writes, four ways: who decides how many segments they make.

The client writes ten bytes, five times over. Nagle's algorithm (RFC 896) lets a small segment leave only when nothing
is waiting for its acknowledgement: the first write leaves at once, the other four wait together for its ACK. The
server, for its part, delays that ACK by 40 ms, hoping to send it along with data. Each of them is sensible; together
they cost 40 ms. With TCP_NODELAY the client sends every write at once, in five segments. With MSG_MORE it tells the
kernel that more is to come, and with TCP_CORK it holds everything back until it pulls the cork: one segment of fifty
bytes each time.

To try next: take the server's TCP_QUICKACK line out, and Nagle's algorithm costs nothing on a new connection, because
Linux acknowledges the first segments at once; write all fifty bytes in one send(), the best cure of all.
"""

from socket import AF_INET, IPPROTO_TCP, MSG_MORE, SOCK_STREAM, TCP_CORK, TCP_NODELAY, TCP_QUICKACK, socket

VARIANTS = {
    "nagle": "Nagle's algorithm", "nodelay": "TCP_NODELAY", "more": "MSG_MORE", "cork": "TCP_CORK",
}  # fmt: skip
PROMISE = {
    "nagle": "five writes make two segments: the first leaves alone, four wait for its delayed ACK and leave together",
    "nodelay": "with TCP_NODELAY the same five writes make five segments, none of which waits",
    "more": "with MSG_MORE the same five writes make one segment",
    "cork": "with TCP_CORK the same five writes make one segment, when the cork is pulled",
}
SHOWS = {
    "nagle": ("tcp.nagle-hold", "tcp.delayed-ack", "tcp.nagle-coalesced", "tcp.bytes-delivered"),
    "nodelay": ("tcp.nodelay", "tcp.ack-cumulative", "tcp.bytes-delivered"),
    "more": ("tcp.held-by-option", "tcp.uncorked", "tcp.bytes-delivered"),
    "cork": ("tcp.held-by-option", "tcp.uncorked", "tcp.bytes-delivered"),
}
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 0.6

WORDS = (b"one.......", b"two.......", b"three.....", b"four......", b"five......")


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 0)  # delay ACKs as on a connection that has been used a while
    pause()  # until all five writes are here
    connection.recv(1024)
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server is ready
    if variant == "nodelay":
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    if variant == "cork":
        sock.setsockopt(IPPROTO_TCP, TCP_CORK, 1)

    for word in WORDS[:-1]:
        sock.send(word, MSG_MORE if variant == "more" else 0)
    sock.send(WORDS[-1])

    if variant == "cork":
        sock.setsockopt(IPPROTO_TCP, TCP_CORK, 0)
    pause()  # until the server has read them and waits again
    sock.close()
