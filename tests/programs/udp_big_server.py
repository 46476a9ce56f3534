import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 9999))
for _ in range(3):
    data, addr = s.recvfrom(65535)
    print(len(data), 'bytes')
s.close()
