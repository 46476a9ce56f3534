"""Three messages, three datagrams: nothing sticks, what does not fit is lost, and empty is a message too.

The client sends three datagrams at once, and only then does the server look. Its buffer has room for all of them, and
still each recvfrom() returns one: UDP keeps the boundaries TCP does not have. Then ten bytes meet a recvfrom(4). Four
are returned and six are gone; the next call returns the next datagram. Python says nothing about it; recvmsg() does,
with the flag MSG_TRUNC. Last, a datagram of no bytes: recvfrom() returns b"", which with TCP would mean that the other
end has closed. Here it means that somebody sent nothing, to whom one can answer.

To try next: the same over TCP; recvfrom(0); recv(4, MSG_PEEK) before the real one.
"""

from socket import AF_INET, SOCK_DGRAM, socket

PROMISE = "three sendto() are three recvfrom(), the rest of a long datagram is thrown away, and an empty one arrives"
SHOWS = ("udp.delivered", "udp.one-at-a-time", "udp.truncated", "udp.msg-trunc", "udp.empty")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": True}
SECONDS = 0.5


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    pause()  # until all three have been sent
    for _ in range(3):
        sock.recvfrom(1024)

    sock.recvfrom(4)
    sock.recvmsg(4)
    sock.recvfrom(1024)

    _, sender = sock.recvfrom(1024)  # b"", from somebody
    sock.sendto(b"you said nothing", sender)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    for message in (b"one", b"two", b"three"):
        sock.sendto(message, address)

    pause()  # the server looks only now
    pause("A buffer too small")  # until the server waits in recvfrom(4)
    sock.sendto(b"0123456789", address)
    sock.sendto(b"abcdefghij", address)
    sock.sendto(b"next", address)

    pause("An empty datagram")  # until the server waits again
    sock.sendto(b"", address)
    sock.recvfrom(1024)
    sock.close()
