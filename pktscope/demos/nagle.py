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

PROMISE = "the same five writes make two segments with Nagle, five with TCP_NODELAY, one with MSG_MORE or TCP_CORK"
SHOWS = (
    "tcp.nagle-hold", "tcp.delayed-ack", "tcp.nagle-coalesced", "tcp.bytes-delivered", "tcp.nodelay",
    "tcp.held-by-option", "tcp.uncorked",
)  # fmt: skip
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 1.0

WORDS = (b"one.......", b"two.......", b"three.....", b"four......", b"five......")


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    for _ in range(4):
        connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 0)  # delay ACKs as on a connection that has been used a while
        pause()  # until all five writes are here
        connection.recv(1024)
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)

    pause()  # until the server is ready; then as every new socket is: Nagle's algorithm
    for word in WORDS:
        sock.send(word)

    pause()  # until the server has read them; then without delay
    sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    for word in WORDS:
        sock.send(word)

    pause()  # the same again; then saying that more is to come
    for word in WORDS[:-1]:
        sock.send(word, MSG_MORE)
    sock.send(WORDS[-1])

    pause()  # the same again; then with a cork
    sock.setsockopt(IPPROTO_TCP, TCP_CORK, 1)
    for word in WORDS:
        sock.send(word)
    sock.setsockopt(IPPROTO_TCP, TCP_CORK, 0)

    pause()  # until the server waits in recv()
    sock.close()
