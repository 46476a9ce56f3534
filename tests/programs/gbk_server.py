# -*- coding: gbk -*-
import socket
s = socket.socket()
s.bind(("127.0.0.1", 8000))
s.listen(1)
print("服务器")
c, a = s.accept()
c.send(b"ok")
c.close()
