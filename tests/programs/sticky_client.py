import socket

sk = socket.socket()
sk.connect(('127.0.0.1', 8088))
sk.send(b'hello')
sk.send(b'world')
sk.send(b'!')
sk.close()
