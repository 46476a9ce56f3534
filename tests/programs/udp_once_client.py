import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"hello udp", ("127.0.0.1", 9000))
s.close()
