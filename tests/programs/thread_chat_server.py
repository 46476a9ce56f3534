"""Chat with a thread per client: everything one says goes to all others."""
import socket
import threading

clients = []


def handle(conn, addr):
    while True:
        try:
            data = conn.recv(1024)
            if not data:
                break
            for other in clients:
                if other is not conn:
                    other.sendall(data)
        except ConnectionResetError:
            break
    clients.remove(conn)
    conn.close()
    print(addr, 'left')


if __name__ == '__main__':
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('0.0.0.0', 5555))
    server.listen()
    print('[STARTING] server is starting...')
    while True:
        conn, addr = server.accept()
        clients.append(conn)
        thread = threading.Thread(target=handle, args=(conn, addr))
        thread.daemon = True
        thread.start()
        print(f'[ACTIVE CONNECTIONS] {threading.active_count() - 1}')
