"""Half a connection: "that was my whole question", and the answer still comes.

The client sends its question and calls shutdown(SHUT_WR). Its kernel sends FIN: no more bytes will come from here. The
socket stays open, though, and can still receive. For the server, recv() returns b"", the end of the question, whatever
its length was; nothing else had to mark it. Then the server answers, piece after piece, on a connection of which one
direction is closed, and the client acknowledges every piece. When the server closes, the other direction ends too.

close() would not do: it gives the whole socket back, and an answer would meet a RST.

To try next: close() instead of shutdown(), and see who sends the RST; shutdown(SHUT_RD), and see that it sends nothing;
send something after shutdown(SHUT_WR).
"""

from socket import AF_INET, SHUT_WR, SOCK_STREAM, socket

PROMISE = "after shutdown(SHUT_WR) the client has sent its FIN, and the server's answer still comes"
SHOWS = (
    "tcp.shutdown", "tcp.fin", "tcp.end-of-stream", "tcp.fin-acked", "tcp.half-close", "tcp.bytes-delivered",
    "tcp.fin-second", "tcp.closed",
)  # fmt: skip
NEEDS = {"shared": True}
SECONDS = 0.8


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    question = b""
    while piece := connection.recv(1024):  # until b"": the question is complete
        question += piece
    pause()  # until the client's FIN has been acknowledged: one direction is closed
    connection.send(b"You asked: ")
    pause()  # until that has arrived
    connection.send(question)
    pause()
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.send(b"how long is a piece of string?")
    pause()
    sock.shutdown(SHUT_WR)
    while sock.recv(1024):  # until b"": the answer is complete, too
        pass
    sock.close()
