import select, socket, sys
s = socket.create_connection(('127.0.0.1', 8000))
while True:
    ready, _, _ = select.select([sys.stdin, s], [], [])
    if s in ready:
        data = s.recv(1024)
        if not data:
            break
        sys.stdout.write('<' + data.decode() + '>\n'); sys.stdout.flush()
    if sys.stdin in ready:
        line = sys.stdin.readline()
        if not line:
            break
        s.send(line.encode())
s.close()
