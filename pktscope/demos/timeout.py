"""A server that gives its client five seconds: the right word, a wrong word, too late.

The server limits its patience with settimeout(). That is a matter between the program and its own kernel: no packet
says so, no header has a field for it, and the client cannot know. If the word comes in time, recv() returns it, right
or wrong; TCP does not care what it says. If it does not, recv() raises TimeoutError, and the connection stands as if
nothing had happened. It is the server that says "too late" and closes. What the client sends after that meets a socket
nobody has any more, and is answered with RST.

Here the clock is scaled: the server's five seconds are half a second.

To try next: let the server recv() once more instead of closing, and the late word arrives after all; set a timeout at
the client, too.
"""

import time
from socket import AF_INET, SOCK_STREAM, socket

VARIANTS = {"right": "the right word", "wrong": "a wrong word", "late": "too late"}
PROMISE = {
    "right": "the word comes in time, and the time limit has put nothing on the wire",
    "wrong": "a wrong word is a word in time: for TCP it is the same exchange",
    "late": "settimeout() ends the recv() without a packet, the server closes, and the late word is answered with RST",
}
SHOWS = {
    "right": ("call.time-limit", "call.in-time", "tcp.data", "tcp.bytes-delivered"),
    "wrong": ("call.time-limit", "call.in-time", "tcp.data", "tcp.bytes-delivered"),
    "late": ("call.time-limit", "call.timeout", "tcp.fin", "tcp.reset-data-after-close", "tcp.bytes-delivered"),
}
NEEDS = {"shared": True}
SECONDS = 1.5

SCALE = 10  # the clock runs ten times as fast as in the story
PATIENCE = 5 / SCALE


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.settimeout(PATIENCE)
    try:
        word = connection.recv(1024)
        answer = b"welcome" if word == b"sesame" else b"wrong word"
    except TimeoutError:
        answer = b"too late"
    connection.send(answer)
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    time.sleep((8 if variant == "late" else 2) / SCALE)  # somebody looks for the word, for two seconds or for eight
    sock.send(b"sesamum" if variant == "wrong" else b"sesame")
    pause()  # until the answer is here
    sock.recv(1024)
    sock.close()
