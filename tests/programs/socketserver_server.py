import socketserver


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.strip().upper() + b'\r\n')


if __name__ == '__main__':
    with socketserver.ThreadingTCPServer(('127.0.0.1', 9090), Handler) as server:
        server.daemon_threads = True
        server.serve_forever()
