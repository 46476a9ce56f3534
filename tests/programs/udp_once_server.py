import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 9000))
data, addr = s.recvfrom(1024)
print("received", data, "from", addr)
s.close()
