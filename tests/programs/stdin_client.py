import socket, sys

s = socket.create_connection(('127.0.0.1', 8000))
print('ready> ', end='')
for line in sys.stdin:
    s.sendall(line.strip().encode())
    print(s.recv(100))
s.close()
