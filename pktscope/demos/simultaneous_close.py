"""Both close at the same time: neither has seen the other's FIN when it sends its own.

The client says that it is going to close, and waits until its words have arrived but no answer can be back. So the
server closes when it has read them, the client a moment later, and the two FINs cross on the wire. Each end expected an
ACK of its FIN and gets a FIN instead. That is no mistake: each acknowledges it and waits in CLOSING for the ACK of its
own. When that is here, both are in TIME_WAIT, since both have closed first.

It takes a wire on which a segment is under way for a while: on loopback one FIN is there before the other can leave.

To try next: let the client wait ten times as long, and count the states; a wire that is ten times as slow.
"""

import time
from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "the two FINs cross, both ends pass through CLOSING, and both wait in TIME_WAIT"
SHOWS = ("tcp.fin", "tcp.simultaneous-close", "tcp.closed", "tcp.time-wait-both")
NEEDS = {"topology": "wire", "delay": 0.1}
SECONDS = 1.5


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.send(b"let us close now")
    time.sleep(0.15)  # our words take 100 ms, and the server's FIN will take as long: ours leaves in between
    sock.close()
