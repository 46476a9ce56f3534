import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for size in 1472, 1473, 4000:
    s.sendto(b'x' * size, ('127.0.0.1', 9999))
try:
    s.sendto(b'x' * 65508, ('127.0.0.1', 9999))
except OSError as e:
    print('error:', e)
s.close()
