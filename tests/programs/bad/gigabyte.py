import socket
import sys

s = socket.socket()
s.bind(('127.0.0.1', 8000))
s.listen(1)
chunk = 'x' * 1023 + '\n'
for _ in range(1024):
    sys.stdout.write(chunk * 1024)
sys.stdout.write('y' * 200_000_000)
conn, addr = s.accept()
conn.send(b'done')
conn.close()
