"""The first packet is lost: how long connect() tries, and what its time limit means.

A SYN that gets no answer is sent again, after 1 second, then 2, then 4: every wait is twice the one before, since a
network that loses packets should not be given more of them. connect() just takes longer. A lost SYN,ACK looks the same
from the client's end, which cannot know which of the two it was. Then the server waits as well, for the third segment,
and has a timer of its own: it sends its SYN,ACK again without being asked. (Since version 6.5 Linux repeats a SYN four
times a second apart before the waits begin to double; here it is told not to.)

Without any answer connect() fails with ETIMEDOUT, on Linux after six repeats and more than two minutes; here the kernel
is told to stop after two. A program that cannot wait so long sets a time limit of its own, settimeout(). When that runs
out, the program stops waiting, but nothing is sent, and the server, if the SYN arrived after all, never learns why.

A closed port is not like this at all: there RST comes at once (see the demo refused).

To try next: `--drop` other frames; TCP_SYNCNT, which sets the number of repeats for one socket.
"""

from socket import AF_INET, SOCK_STREAM, socket

VARIANTS = {
    "syn": "two SYNs are lost",
    "syn-ack": "the SYN,ACK is lost, and the next SYN too",
    "unanswered": "no answer at all",
    "time-limit": "a time limit of the program's own",
}
PROMISE = {
    "syn": "the SYN leaves again after 1 s and after 2 s more, and connect() returns after 3 s as if nothing were",
    "syn-ack": "the SYN,ACK is lost; after 1 s each end sends its own again, and the server's arrives",
    "unanswered": "the SYN leaves again after 1 s and 2 s, and 4 s after that connect() fails with ETIMEDOUT",
    "time-limit": "connect() stops waiting after 1.5 s, in the middle of the kernel's attempts",
}
SHOWS = {
    "syn": ("lab.dropped", "tcp.syn-again", "tcp.handshake-done", "tcp.connect-returned"),
    "syn-ack": ("lab.dropped", "tcp.syn-again", "tcp.syn-ack-again", "tcp.handshake-done", "tcp.connect-returned"),
    "unanswered": ("lab.dropped", "tcp.syn-again", "tcp.call-failed"),
    "time-limit": ("lab.dropped", "tcp.syn-again", "call.timeout"),
}
NEEDS = {
    "syn": {"topology": "wire", "impair": ("drop syn 1-2 from client",)},
    "syn-ack": {
        # On a slow wire it is certain that the client's timer is the first.
        "topology": "wire", "delay": 0.1, "impair": ("drop syn-ack 1 from server", "drop syn 2 from client"),
    },
    "unanswered": {
        "topology": "wire", "impair": ("drop syn all from client",), "sysctls": {"net.ipv4.tcp_syn_retries": "2"},
    },
    "time-limit": {"topology": "wire", "impair": ("drop syn all from client",)},
}  # fmt: skip
SECONDS = {"syn": 3.8, "syn-ack": 2.2, "unanswered": 7.8, "time-limit": 2.2}


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    if variant in ("syn", "syn-ack"):
        connection, _ = listener.accept()
        connection.recv(1024)  # b"": the client has closed
        pause()  # until its FIN has been acknowledged
        connection.close()
    else:
        pause()  # nobody will come
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    if variant == "time-limit":
        sock.settimeout(1.5)
    try:
        sock.connect(address)
        pause()  # until the server waits in recv()
    except TimeoutError:  # ETIMEDOUT is the kernel's, "timed out" the program's own limit
        pass
    sock.close()
