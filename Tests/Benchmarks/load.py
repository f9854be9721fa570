"""Requests by wrk, and the plain route that ours are held against."""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import urllib.request

from installation import free_port
from processes import BenchError, wait_until

SCRIPT = pathlib.Path(__file__).with_suffix(".lua")
PLAIN = "a plain Hummingbird route that sends the same bytes"


@dataclasses.dataclass(frozen=True)
class Ask:
    """One request as the load sends it; the learner is an id or nothing."""

    method: str
    path: str
    user: str = ""
    body: str = ""

    def line(self):
        return "\t".join((self.method, self.path, self.user, self.body)) + "\n"


@dataclasses.dataclass(frozen=True)
class Figures:
    """Requests a second, and milliseconds."""

    rate: float
    p50: float
    p99: float


class Load:
    """What sends requests, from a folder for its files."""

    def __init__(self, children, folder, connections):
        if shutil.which("wrk") is None:
            raise BenchError("wrk is not installed; run apt-get install wrk")
        self.children = children
        self.folder = folder
        self.connections = connections

    def run(self, name, url, asks, seconds, pause=0):
        """All connections send the requests in turns for a while.

        `pause` is the rest between two requests of a connection, in milliseconds on average.
        """
        file = self.folder / f"{name}.requests"
        file.write_text("".join(ask.line() for ask in asks))
        output = self.children.run(
            ["wrk", "--threads", 1, "--connections", self.connections, "--duration", f"{seconds}s", "--timeout", "10s",
             "--script", SCRIPT, url, "--", file, pause], timeout=seconds + 30)
        figures = re.search(r"^figures (\d+) ([0-9.]+) ([0-9.]+) ([0-9.]+) (\d+)$", output, re.MULTILINE)
        if not figures or int(figures[5]) or not int(figures[1]):
            raise BenchError(f"{name} at {url} failed under load: {output.strip()[-300:]}")
        return Figures(int(figures[1]) / float(figures[2]), float(figures[3]), float(figures[4]))

    def plain_route(self, binaries, file):
        """Starts a server that does nothing but send a file's bytes at /bytes; its address."""
        port = free_port()
        self.children.start(
            [binaries / "plain-route", "--port", port, "--file", file],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}"

        def answers():
            try:
                with urllib.request.urlopen(f"{url}/bytes", timeout=5) as answer:
                    return answer.read() == file.read_bytes()
            except OSError:
                return False

        wait_until("the plain route", answers, 30)
        return url
