"""A server that stops itself in the middle, as Ctrl-Z would."""

import os
import signal
import socket

with socket.create_server(("127.0.0.1", 8000)) as server:
    connection, _ = server.accept()
    os.kill(os.getpid(), signal.SIGSTOP)
