"""The last ACK is lost: why there is TIME_WAIT.

The client closes, the server closes, and the client's last ACK does not arrive: the wire drops it. Nobody can notice at
once, since nothing answers an ACK. For the client's program all is over. For the server's kernel it is not: it is in
LAST_ACK, has waited long enough, and sends its FIN again. If the client's end had forgotten the connection, it would
have to answer with RST, and an orderly close would end as a failure. It has not: it is in TIME_WAIT, knows the
connection, and sends the ACK again. That is what the minute is for.

To try next: `--drop` another frame; drop the first two of the last ACKs.
"""

from socket import AF_INET, IPPROTO_TCP, SOCK_STREAM, TCP_QUICKACK, socket

PROMISE = "the last ACK is lost, the FIN comes again, and TIME_WAIT answers it"
SHOWS = ("tcp.time-wait", "lab.dropped", "tcp.fin-again", "tcp.time-wait-answers")
NEEDS = {"topology": "wire", "impair": ("drop ack 2 from client",)}
SECONDS = 1.0


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)  # b"": the client has closed
    connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)  # acknowledge its FIN now
    pause()  # until that has arrived
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.close()
