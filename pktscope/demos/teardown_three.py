"""A connection ends in three segments: the answer to a FIN can carry a FIN itself.

The client closes, as in the demo teardown, and the server's recv() returns b"". But this server closes at once. Its
kernel has not acknowledged the client's FIN yet: it waits up to 40 ms with an ACK, in case something is about to be
sent that can carry it. Something is: the server's own FIN. So one segment says both "I have your FIN" and "here is
mine", and three segments close what textbooks close with four. CLOSE_WAIT and FIN_WAIT_2 are over before they are seen
on the wire. This is what most connections look like, since most servers close as soon as they read b"".

To try next: put time.sleep(0.1) before the server's close(), and count again; let the server set TCP_QUICKACK to 1
after it has read b"".
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "three segments close the connection, because the delayed ACK of the first FIN rides on the second"
SHOWS = ("tcp.fin", "tcp.end-of-stream", "tcp.fin-and-ack", "tcp.closed", "tcp.time-wait")
NEEDS = {"shared": True}
SECONDS = 0.5


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.send(b"goodbye")
    connection.recv(1024)  # b"": the client's FIN is here, and its ACK is not sent yet
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.send(b"bye")
    sock.recv(1024)
    pause()  # until the server waits again
    sock.close()
