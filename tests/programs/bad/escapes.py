import socket

s = socket.socket()
s.bind(('127.0.0.1', 8000))
s.listen(1)
print('\x1b[2J\x1b[31mred\x1b]0;title\x07 \u202egnirts\r')
conn, addr = s.accept()
conn.send(b'\x1b[2Jhello')
conn.close()
