# does not notice that recv() returned b'': a loop without end
import socket

s = socket.socket()
s.bind(('127.0.0.1', 8000))
s.listen(1)
conn, addr = s.accept()
while True:
    data = conn.recv(1024)
    print('received', data)
