"""The same calls, and not one packet: two programs on one host, through AF_UNIX.

The calls are those of any TCP tutorial: socket, bind, listen, accept, connect, send, recv, close. Only the family is
AF_UNIX, and the address is a name instead of a host and a port. The kernel copies the bytes from one program to the
other. There is no IP, no port, no segment and no handshake, so a sniffer sees nothing at all: the socket is how
programs ask for communication, TCP/IP is but one way to have it done. connect() returns even if nobody has called
accept(); recv() returns b"" when the other end has closed, and without a FIN.

A name that begins with a zero byte is no file; any other name appears in the file system, and stays there.

To try next: AF_INET and ("127.0.0.1", 8000), with not another line changed; SOCK_DGRAM; socketpair().
"""

from socket import AF_UNIX, SOCK_STREAM, socket

PROMISE = "the same calls as with TCP, and not one packet"
SHOWS = ("unix.socket", "unix.passed", "unix.end-of-stream", "unix.no-packets")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False, "wired": False, "six": False}
SECONDS = 0.5

NAME = "\0pktscope demo"


def server(address, pause):
    listener = socket(AF_UNIX, SOCK_STREAM)
    listener.bind(NAME)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.send(connection.recv(1024).upper())
    connection.recv(1024)  # b"": the client has closed
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_UNIX, SOCK_STREAM)
    sock.connect(NAME)
    pause()  # until the server waits in recv()
    sock.send(b"hello, server")
    sock.recv(1024)
    pause()  # until the server waits again
    sock.close()
