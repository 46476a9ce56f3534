"""Two people talk, a line at a time.

Type at either end, in turn. Each line becomes bytes, the bytes a segment, the segment wakes the recv() at the other
end, and the kernel there acknowledges it, whether or not its program ever reads it. An empty line, which send() would
not send at all, ends the talk: whoever typed it closes, and the other's recv() returns b"".

It goes in turn, as in most tutorials, because each of these programs does one thing at a time: while it waits in
input() it cannot also wait in recv(). What is sent out of turn is not lost, it waits in the kernel. Programs that
listen and talk at once have a thread for each, or ask select() which of the two has something.

To try next: type umlauts or Chinese, and count the bytes; type a line while it is not your turn; give the lines with
--say instead.
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "each typed line is one send(), one segment and one recv() at the other end, and an empty line ends the talk"
SHOWS = ("talk.typed", "tcp.data", "tcp.bytes-delivered", "tcp.fin", "tcp.end-of-stream", "tcp.closed")
NEEDS = {
    "shared": True,
    "says": ("client: hello", "server: hello, who is there?", "client: me", "server: what a surprise", "client: "),
}
SECONDS = 1.5


def listen_to(sock):
    """What the other end says; an empty line when it has left."""
    line = sock.recv(1024).decode()
    if line:
        print(f"they say: {line}")
    return line


def talk_to(sock):
    """Say what is typed here; an empty line leaves, and so does the end of input."""
    try:
        line = input("you say: ")
    except EOFError:
        line = ""
    if line:
        sock.sendall(line.encode())
    return line


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(1)
    connection, _ = listener.accept()
    while listen_to(connection) and talk_to(connection):
        pass
    pause()  # until everything has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    while talk_to(sock) and listen_to(sock):
        pass
    sock.close()
