"""Slow start: ten segments, then twice as many each round trip.

Nobody has told the client how much the network can bear. So its kernel sends ten segments and waits. Each one that is
acknowledged lets two more leave, and after one round trip of 200 ms there are twenty under way, after the next forty.
That grows fast; it is called slow because one could send everything at once. It goes on until something is lost, or
until the receiver's window or the program's data ends it. The number is the congestion window, which no header carries:
only the sending kernel knows it, and TCP_INFO tells it.

Here the program puts 200,000 bytes into the send buffer at once, and then looks at that window once in a round trip.

To try next: lose the 30th segment; a delay of 5 ms or of 20 ms; send the same again at once on the same connection,
which starts where this one ended.
"""

import struct
import time
from socket import AF_INET, IPPROTO_TCP, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET, TCP_INFO, socket

PROMISE = "10 segments in the first round trip, then 20, then 40: the congestion window doubles, as TCP_INFO says"
SHOWS = ("growth.flight", "growth.doubled", "growth.window", "tcp.bytes-delivered")
NEEDS = {
    "topology": "wire", "delay": 0.100, "spacing": 0.0,  # a flight arrives as it left
    "sysctls": {"net.ipv4.tcp_rmem": "4096 4194304 6291456"},  # so much room that only the network is in question
}  # fmt: skip
SECONDS = 3.0

SIZE = 200_000
ROUND_TRIP = 0.200


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    pause()  # until all of it is here
    while connection.recv(SIZE):  # b"": the client has closed
        pause()
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.setsockopt(SOL_SOCKET, SO_SNDBUF, 2 * SIZE)
    sock.connect(address)
    pause()  # until accept() has returned
    sock.send(b"x" * SIZE)
    time.sleep(0.75 * ROUND_TRIP)  # so that all ACKs of a flight are here when we look
    for _ in range(4):
        time.sleep(ROUND_TRIP)  # meanwhile a flight leaves and is acknowledged
        info = sock.getsockopt(IPPROTO_TCP, TCP_INFO, 104)
        (window,) = struct.unpack_from("I", info, 80)  # tcpi_snd_cwnd
        print(f"congestion window: {window} segments")
    pause()  # until all of it has been acknowledged and read
    sock.close()
