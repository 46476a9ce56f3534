"""One bit is wrong: the checksum does not match, and the segment is as good as lost.

On its way one octet of the client's segment is changed. The server's kernel adds up what came, compares it with the
checksum in the header, and throws the segment away without a word: it could not even be sure whom to complain to, since
the wrong octet may be in the address. So nobody acknowledges it, and the client's timer sends it again.

The checksum is 16 bits and finds most errors, not all. Links have stronger ones of their own, which is why this is
rare; who needs certainty against more than noise, uses TLS.

To try next: damage the SYN; compare with the demo retransmission, which looks the same to both programs.
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "a damaged segment is thrown away in silence, and the timer sends it again"
SHOWS = ("lab.damaged", "tcp.retransmission", "tcp.bytes-delivered")
NEEDS = {"topology": "wire", "delay": 0.005, "impair": ("damage data 1 from client",)}
SECONDS = 1.2


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.send(b"x" * 100)
    pause()  # until a copy has arrived that is whole
    sock.close()
