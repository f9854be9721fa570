"""A line to the server that breaks at the worst moment: the server has done what it was asked, and the answer is lost."""

import contextlib
import socket
import threading


class Relay:
    """Passes bytes on between clients and a server; `deafen` has it swallow answers and hang up."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.wanted = 0
        self.about = b""
        self.lost = 0
        self.sockets = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def deafen(self, answers, about=b""):
        """The next so many answers in which these bytes stand are lost, on whatever line they come."""
        with self.lock:
            self.wanted, self.about = answers, about

    def close(self):
        self.listener.close()
        with self.lock:
            for end in self.sockets:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self.lock:
                self.sockets |= {client, server}
            for source, sink, is_answer in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass_on, args=(source, sink, is_answer), daemon=True).start()

    def _pass_on(self, source, sink, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self._swallows(data):
                    break
                sink.sendall(data)
        with self.lock:
            self.sockets -= {source, sink}
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _swallows(self, data):
        with self.lock:
            if not self.wanted or self.about not in data:
                return False
            self.wanted -= 1
            self.lost += 1
            return True
