import socket

from framing import recv_msg, send_msg

with socket.create_connection(('127.0.0.1', 8001)) as s:
    for msg in (b'first', b'', b'a much longer third message'):
        send_msg(s, msg)
        print(recv_msg(s))
