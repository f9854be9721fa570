"""A small HTTP/1.1 server that misbehaves on request, for the tests of the HTTP client.

Written on bare sockets, because a library would not let it break the rules. Prints its port when ready.
"""

import argparse
import gzip
import hashlib
import json
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

state = {}
lock = threading.Lock()
connections = 0


def note(key, value):
    with lock:
        state[key] = value


def count(key):
    with lock:
        state[key] = state.get(key, 0) + 1


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        global connections
        with lock:
            connections += 1
            self.number = connections
        self.doomed = False
        try:
            while self.one_request():
                pass
        except (OSError, ValueError):
            pass

    def one_request(self):
        line = self.rfile.readline(70000)
        if not line:
            return False
        self.method, target, _ = line.decode("latin-1").split(" ", 2)
        self.headers = {}
        while True:
            line = self.rfile.readline(70000).decode("latin-1").rstrip("\r\n")
            if not line:
                break
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.body = self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = urlsplit(target)
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if "id" in self.query and parts.path not in ("/state",):
            count(f"requests:{self.query['id']}")
        if self.doomed:
            return False
        action = getattr(self, "do_" + parts.path.strip("/").replace("-", "_"), None)
        if action is None:
            self.answer(404, b"no such page")
            return True
        return action() is not False

    def number_of(self, name, default=0):
        return int(self.query.get(name, default))

    def answer(self, status, body=b"", headers=()):
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        head = "\r\n".join(lines) + "\r\n\r\n"
        self.wfile.write(head.encode("latin-1") + (b"" if self.method == "HEAD" else body))

    def chunked_head(self, headers=()):
        lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"] + [f"{n}: {v}" for n, v in headers]
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def wait_for_close(self):
        """Notes under the request's id when the client closes."""
        self.connection.settimeout(30)
        try:
            while self.connection.recv(4096):
                pass
        except OSError:
            pass
        note(f"closed:{self.query.get('id', '')}", True)
        return False

    def do_ok(self):
        self.answer(200, b"hello", [("X-Greeting", "one"), ("x-greeting", "two"), ("Content-Type", "text/plain")])

    def do_echo(self):
        document = {
            "method": self.method,
            "headers": self.headers,
            "length": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
            "connection": self.number,
        }
        self.answer(200, json.dumps(document).encode(), [("Content-Type", "application/json")])

    def do_state(self):
        with lock:
            self.answer(200, json.dumps(state.get(self.query["key"])).encode())

    def do_status(self):
        self.answer(self.number_of("code", 200), b"body of the status")

    def do_slow_head(self):
        note(f"asked:{self.query.get('id', '')}", True)
        time.sleep(self.number_of("ms", 1000) / 1000)
        self.answer(200, b"late")

    def do_drip(self):
        self.chunked_head()
        for _ in range(self.number_of("count", 10)):
            self.chunk(b".")
            time.sleep(self.number_of("ms", 20) / 1000)
        self.wfile.write(b"0\r\n\r\n")

    def do_silent(self):
        self.chunked_head()
        self.chunk(b"first")
        return self.wait_for_close()

    def do_half_open(self):
        note(f"asked:{self.query.get('id', '')}", True)
        return self.wait_for_close()

    def do_big(self):
        size = self.number_of("bytes")
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        block = b"x" * 65536
        while size > 0:
            self.wfile.write(block[:size])
            size -= len(block)

    def do_big_chunked(self):
        self.chunked_head()
        size = self.number_of("bytes")
        while size > 0:
            self.chunk(b"x" * min(size, 65536))
            size -= 65536
        self.wfile.write(b"0\r\n\r\n")

    def do_endless(self):
        self.chunked_head()
        sent, block = 0, b"x" * 65536
        try:
            while True:
                self.chunk(block)
                sent += len(block)
                note(f"sent:{self.query['id']}", sent)
        except OSError:
            note(f"closed:{self.query['id']}", True)
        return False

    def do_reset(self):
        return self.reset()

    def do_reset_middle(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")
        time.sleep(0.05)
        return self.reset()

    def do_close_middle(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")
        return False

    def do_close_without_answer(self):
        return False

    def do_doom(self):
        """Answers, then closes without a word when the next request has come over the same connection."""
        self.answer(200, b"doomed")
        self.doomed = True

    def do_gzip(self):
        body = gzip.compress(b"\0" * self.number_of("bytes"))
        if "gzip" not in self.headers.get("accept-encoding", "") and "force" not in self.query:
            return self.answer(406, b"")
        self.answer(200, body, [("Content-Encoding", "gzip")])

    def do_big_head(self):
        fields = [(f"X-Field-{n}", "v" * 1000) for n in range(self.number_of("bytes") // 1000)]
        self.answer(200, b"ok", fields)

    def do_redirect(self):
        self.answer(self.number_of("code", 302), b"elsewhere", [("Location", self.query["to"])])

    def do_loop(self):
        self.answer(302, b"", [("Location", "/loop")])

    def do_garbage(self):
        self.wfile.write(b"\x00\x01\x02 this is no HTTP at all\r\n\r\n")
        return False

    def do_bad_status(self):
        self.wfile.write(b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n")
        return False

    def do_interim(self):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        self.answer(200, b"final", [("X-Final", "yes")])

    def do_trailer(self):
        self.chunked_head([("Trailer", "X-Trailer")])
        self.chunk(b"body")
        self.wfile.write(b"0\r\nX-Trailer: late\r\n\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512
    context = None

    def get_request(self):
        connection, address = super().get_request()
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, request, client_address):
        pass


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--certificate")
    arguments.add_argument("--key")
    arguments.add_argument("--exit-with-stdin", action="store_true")
    options = arguments.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    if options.certificate:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(options.certificate, options.key)
    if options.exit_with_stdin:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
