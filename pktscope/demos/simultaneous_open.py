"""Both connect, nobody listens: two SYNs cross, and there is one connection.

There is no listen() and no accept() here. Both programs bind a port and call connect() to the other's. If each SYN
leaves before the other arrives, each end has asked and is asked: it goes from SYN_SENT to SYN_RECEIVED and answers with
SYN,ACK. Then both are ESTABLISHED, and it is one connection, not two, since the same four numbers make it up. Somebody
has to tell the other when, and from which address: here it is a datagram. Programs behind address translators do the
same, to get through to each other ("hole punching").

If one is too late, its SYN meets a port where nobody is yet, and RST ends it.

To try next: leave the pauses out, and see connect() refused; connect a socket to its own address, where one SYN is
enough.
"""

from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket

PROMISE = "two SYNs cross and make one connection, without a listener"
SHOWS = ("tcp.syn", "tcp.simultaneous-open", "tcp.connect-returned", "tcp.bytes-delivered")
NEEDS = {"topology": "wire", "delay": 0.25}  # so slow that both connect meanwhile, on a busy machine too
SECONDS = 3.5


def server(address, pause):
    letters, sock = socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_STREAM)
    sock.bind(address)
    letters.bind(address)
    _, other = letters.recvfrom(1024)  # "now", and where it came from
    pause(together=True)  # until both have come here
    sock.connect(other)
    sock.recv(1024)
    sock.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    sock.close()


def client(address, pause):
    letters, sock = socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_STREAM)
    letters.connect(address)  # sends nothing; now the kernel has chosen an address and a port
    sock.bind(letters.getsockname())
    letters.send(b"now")
    pause(together=True)  # until the server has read it; they go on together
    sock.connect(address)
    pause()  # until both ends are connected
    sock.send(b"we never listened")
    pause()
    sock.close()
