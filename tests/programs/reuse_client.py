import socket
import time

for i in range(2):
    s = socket.socket()
    try:
        s.connect(('127.0.0.1', 7000))
        print(s.recv(100))
        s.recv(100)
    except ConnectionRefusedError as e:
        print('refused:', e)
    s.close()
    time.sleep(0.3)
