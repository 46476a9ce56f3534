import socket

from framing import recv_msg, send_msg

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.bind(('127.0.0.1', 8001))
    s.listen()
    conn, addr = s.accept()
    with conn:
        while (msg := recv_msg(conn)) is not None:
            print('got', msg)
            send_msg(conn, msg[::-1])
