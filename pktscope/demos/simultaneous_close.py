"""Both close at the same time: neither has seen the other's FIN when it sends its own.

Both programs call close() within less time than a segment needs over the wire, so the two FINs cross. Each end expected
an ACK of its FIN and gets a FIN instead. That is no mistake: each acknowledges it and waits in CLOSING for the ACK of
its own. When that is here, both are in TIME_WAIT, since both have closed first.

It takes a wire on which a segment is under way for a while: on loopback one FIN is there before the other can leave.

To try next: let the client call recv() before it closes, and count the states; a wire that is ten times as fast.
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "the two FINs cross, both ends pass through CLOSING, and both wait in TIME_WAIT"
SHOWS = ("tcp.fin", "tcp.simultaneous-close", "tcp.closed", "tcp.time-wait-both")
NEEDS = {"topology": "wire", "delay": 0.25}  # so slow that both close meanwhile, on a busy machine too
SECONDS = 2.5


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)
    pause(together=True)  # until both have come here; they go on together
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.send(b"let us close now")
    pause(together=True)  # until both have come here; they go on together
    sock.close()
