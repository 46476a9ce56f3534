import socket

sk = socket.socket()
sk.bind(('127.0.0.1', 8088))
sk.listen()
conn, addr = sk.accept()
import time
time.sleep(0.2)
ret1 = conn.recv(1024)
print('first:', ret1)
ret2 = conn.recv(1024)
print('second:', ret2)
conn.close()
sk.close()
