"""Connected, and nobody has called accept(): the kernel shakes hands, up to a number.

The server listens and is then busy with something else. Clients connect all the same: the kernel completes their
handshakes by itself, takes their data and acknowledges it. accept() only fetches what has long been there. The finished
connections wait in a queue, and listen(1) bounds it: on Linux one more than that number may wait, here two. The third
client's SYN meets a full queue and is dropped, without a word. Its kernel asks again after a second, and since a place
is free by then, nobody but the clock notices; connect() took a second.

listen(1) does not mean one client, nor two: who has been accepted is in no queue. Tutorials draw one "half-open pool";
there are two queues, and the other one, of handshakes that are not finished yet, has a size of its own.

To try next: listen(5); let the server be busy for two seconds, and see how long the third client waits; close the
listener instead of calling accept().
"""

import time
from socket import AF_INET, SOCK_STREAM, socket

PROMISE = (
    "without any accept(), data is acknowledged, two connections fill the queue of listen(1), and a third has to wait"
)
SHOWS = ("tcp.listen", "tcp.acked-before-accept", "tcp.queue-full", "tcp.syn-again", "tcp.accept-returned")
NEEDS = {"topology": "lo"}
SECONDS = 1.8


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(1)
    time.sleep(0.7)  # busy: meanwhile two clients are connected, one has sent something, and a third finds no place
    connections = [listener.accept()[0] for _ in range(3)]
    for connection in connections:
        connection.recv(1024)
        connection.recv(1024)  # b"": the client has closed
        connection.close()
    listener.close()


def client(address, pause):
    first, second, third = (socket(AF_INET, SOCK_STREAM) for _ in range(3))
    first.connect(address)
    first.send(b"is anybody there?")
    second.connect(address)
    third.connect(address)  # blocks for a second
    for sock in second, third:
        sock.send(b"hello")
    pause()  # until the server waits
    for sock in first, second, third:
        sock.close()
        pause()
