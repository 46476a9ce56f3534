"""Three send(), one recv(); one send(), many recv(): the stream has no boundaries.

The client sends three words, and only then does the server look. One recv() returns all three. People call that
"sticky packets" and take it for a fault, or blame Nagle's algorithm. It is neither. TCP delivers a stream of bytes:
each byte once, in order, and nothing about which send() it came from. Here every word even travelled in a segment of
its own, and was acknowledged by itself; it is in the receiving kernel's buffer that they stand one behind the other,
without a mark between. With TCP_NODELAY, which switches Nagle's algorithm off, exactly the same happens.

Then the other way round: one send(), and a recv(1) for every byte of it. No segment is sent again and the client does
not notice.

To try next: recv(7); let the server read as fast as it can, and run it a hundred times; see the demo framing for what
to do about it.
"""

from socket import AF_INET, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket

VARIANTS = {"plain": "a socket as it comes", "nodelay": "with TCP_NODELAY"}
PROMISE = {
    "plain": "three send() in three segments come out of one recv(), and one send() comes out of many recv(1)",
    "nodelay": "the same with TCP_NODELAY, so Nagle's algorithm has nothing to do with it",
}
SHOWS = ("stream.joined", "stream.not-nagle", "stream.crumbs", "tcp.bytes-delivered")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 0.8


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    pause()  # until all three words are here
    connection.recv(1024)

    pause()  # until the fourth is here
    for _ in range(5):
        connection.recv(1)
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    if variant == "nodelay":
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    pause("Three send(), one recv()")  # until accept() has returned
    for word in (b"hello ", b"world ", b"again "):
        sock.send(word)

    pause("One send(), many recv(1)")  # until the server has read them
    sock.send(b"12345")
    pause()  # until the server waits in its last recv()
    sock.close()
