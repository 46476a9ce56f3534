"""Messages with a length in front: what TCP does not have, four bytes give.

The client packs each message behind its length, as four bytes, and sends three of them at once. All of it arrives as
one run of bytes, as ever. But the server knows how to read: exactly four bytes, which say how many follow, and then
exactly so many. The messages come out whole, one by one, however TCP has cut or joined them. And one of them is empty:
a length of 0 with nothing behind it. Without a frame there is no such thing, for send(b"") sends nothing, and a recv()
that returns b"" means that the other end has closed.

recv(n) returns at most n bytes, so "exactly" needs a loop (or MSG_WAITALL). The end of the stream in the middle of a
message is an error the loop must tell from the end between two.

To try next: send the length and the message in two calls, with and without TCP_NODELAY; put "\\n" behind each message
instead; send a length of 4,000,000,000 and think about what a server should do then.
"""

import struct
from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "each message comes out whole, the empty one too, although all came in one stream"
SHOWS = ("stream.length-prefix", "stream.message-whole", "stream.message-empty", "tcp.bytes-delivered")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 0.6

MESSAGES = (b"hello", b"", b"a longer message")


def send_message(sock, message):
    sock.sendall(struct.pack("!I", len(message)) + message)


def receive_exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError("the other end closed in the middle of a message")
        data += more
    return data


def receive_message(sock):
    (length,) = struct.unpack("!I", receive_exactly(sock, 4))
    return receive_exactly(sock, length)


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    pause()  # until all messages are here
    for _ in MESSAGES:
        print(f"a message of {len(receive_message(connection))} bytes")
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until accept() has returned
    for message in MESSAGES:
        send_message(sock, message)
    pause()  # until the server has read them and waits again
    sock.close()
