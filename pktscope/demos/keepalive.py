"""Is anybody there? An idle connection sends nothing, unless SO_KEEPALIVE asks.

Two ends that have nothing to say send nothing, for hours and days. So neither can know whether the other is still
there. With SO_KEEPALIVE the kernel asks after some silence: it sends a segment with the number *below* the next one,
which the other end has long had and must answer with an ACK. No program notices. If the answer does not come, it asks
again; after the last try it gives the connection up: a RST leaves, in case somebody is there after all, and recv()
fails with ETIMEDOUT.

Linux asks after two hours, every 75 seconds, nine times. Here a second must do for each, and three times.

To try next: leave SO_KEEPALIVE out and vanish: recv() waits as long as you do; set TCP_USER_TIMEOUT as well.
"""

import time
from socket import (
    AF_INET,
    IPPROTO_TCP,
    SO_KEEPALIVE,
    SOCK_STREAM,
    SOL_SOCKET,
    TCP_KEEPCNT,
    TCP_KEEPIDLE,
    TCP_KEEPINTVL,
    socket,
)

VARIANTS = {"idle": "the other end is there", "vanished": "the other end cannot be reached any more"}
PROMISE = {
    "idle": "after each second of silence a keep-alive, one below the next number, and its answer",
    "vanished": "three keep-alives get no answer, and recv() fails with ETIMEDOUT",
}
SHOWS = {
    "idle": ("socket.keep-alive", "tcp.keep-alive", "tcp.keep-alive-answer"),
    "vanished": ("socket.keep-alive", "tcp.keep-alive", "lab.dropped", "tcp.reset", "tcp.call-failed"),
}
NEEDS = {
    "idle": {"topology": "lo"},
    "vanished": {"topology": "wire", "impair": ("drop ack 2-4 from client",)},
}
SECONDS = {"idle": 3.0, "vanished": 4.8}


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    try:
        connection.recv(1024)  # nothing will come
    except ConnectionResetError:  # the client has given up
        pass
    pause()  # until the client's FIN has been acknowledged, if that is what came
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    sock.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 1)  # seconds of silence before the first question
    sock.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 1)  # seconds from one to the next, if no answer comes
    sock.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, 3)
    sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
    if variant == "idle":
        time.sleep(2.5)  # two keep-alives and their answers; the program does nothing
    else:
        try:
            sock.recv(1024)
        except TimeoutError:  # ETIMEDOUT: nobody answered the kernel
            pass
    sock.close()
