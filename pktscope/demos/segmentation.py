"""A hundred kilobytes in one sendall(): TCP cuts the stream to fit.

The client hands 100,000 bytes to the kernel in one call. No packet can be that long. So TCP cuts them into segments of
as many bytes as the server's MSS allows (1,460, less 12 for the timestamps), and a last one with the rest. Each has a
header and a number of its own; IP need not cut anything, since no packet is larger than the link's MTU of 1500. That
is the difference: segmentation is TCP's, fragmentation is IP's. The last segment carries PSH: that is all there was.
So do some before it, since a kernel also sets it now and then in a long run: PSH marks no message.
The server acknowledges many segments with one ACK; an ACK means everything below its number.

With offload, as on most machines, TCP hands "super-packets" of up to 64 kB to the network card, which does the
cutting. A sniffer sits in between and shows packets that no link could carry. On loopback nobody ever cuts them.

To try next: sendall(1448) and sendall(1449); an MTU of 9000; look at your own machine's loopback with `pktscope live -i
lo`.
"""

from socket import AF_INET, IPPROTO_TCP, SO_RCVBUF, SOCK_STREAM, SOL_SOCKET, TCP_QUICKACK, socket

VARIANTS = {"cut": "TCP cuts", "offload": "cutting left to the network card"}
PROMISE = {
    "cut": "one sendall(100 kB) leaves in segments of the MSS and a rest, and far fewer ACKs come back",
    "offload": "with offload the sniffer sees super-packets, longer than the MSS and the MTU",
}
SHOWS = {
    "cut": ("tcp.segmented", "stream.push", "tcp.ack-cumulative", "tcp.bytes-delivered"),
    "offload": ("capture.super-packet", "tcp.ack", "tcp.bytes-delivered"),
}
NEEDS = {
    "cut": {
        "topology": "lo",
        "mtu": 1500,
        "offload": False,
        "shared": False,
        "sysctls": {"net.ipv4.tcp_tso_win_divisor": "100"},  # send at once what may be sent
    },
    "offload": {
        "topology": "lo",
        "mtu": 1500,
        "offload": True,
        "shared": False,
        # As large as may be sent, at once, however long the last round trip took.
        "sysctls": {"net.ipv4.tcp_min_tso_segs": "45", "net.ipv4.tcp_tso_win_divisor": "100"},
    },
}
SECONDS = 0.6

SIZE = 100_000


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 2 * SIZE)  # room for all of it, before anybody reads
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    if variant == "cut":
        connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 0)  # fewer ACKs, as on a connection used a while
    pause()  # until all of it is here
    while connection.recv(SIZE):  # b"": the client has closed
        pause()
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until accept() has returned
    sock.sendall(b"x" * SIZE)
    pause()  # until the server has read it
    sock.close()
