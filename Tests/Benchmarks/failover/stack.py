"""Two API processes, six workers and the two MCP servers: one half reaches PostgreSQL by all hosts in its address, the
other half through PgBouncer and HAProxy."""

import json
import os
import signal
import time
import urllib.request

from failover.places import free_port
from processes import BenchError, last_lines, wait_until

SERVERS = ("storage", "vectordal")
WORKERS = ("sync-worker", "embed-worker", "personalize-worker")
# No two of a kind follow one another, so that each is back before its like leaves.
REPLACED_IN_TURN = ("api", *WORKERS, "storage", "api-2", *(f"{name}-2" for name in WORKERS), "vectordal")
# How long an API process still answers after it said that it leaves; HAProxy asks twice a second.
SHUTDOWN_DELAY = 3


class Stack:
    """The processes by their names; `-2` is the second of its kind, behind PgBouncer."""

    def __init__(self, place, cluster, binaries):
        self.place = place
        self.cluster = cluster
        self.binaries = binaries
        self.names = REPLACED_IN_TURN
        self.ports = {name: free_port() for name in self.names}
        self.processes = {}
        self.data = {name: place.make_folder(f"{name}-data") for name in SERVERS}

    def join(self, front):
        """Tells the addresses of HAProxy and PgBouncer, which know the ports of the API."""
        self.front = front

    def environment(self, name=""):
        prefixes = ("DATABASE_", "MCP_", "CHAT_", "EMBEDDING_", "LECTERN_", "PG")
        direct = self.cluster.url
        return {key: value for key, value in os.environ.items() if not key.startswith(prefixes)} | {
            "DATABASE_URL": self.front.pooled_url if name.endswith("-2") else direct,
            "DATABASE_DIRECT_URL": direct,
            "MCP_STORAGE_URL": f"http://127.0.0.1:{self.ports['storage']}/sse",
            "MCP_VECTOR_URL": f"http://127.0.0.1:{self.ports['vectordal']}/sse",
            "LECTERN_RATE_LEARNER": "0", "LECTERN_LOG_LEVEL": "warning",
            "LECTERN_SHUTDOWN_DELAY_SECONDS": str(SHUTDOWN_DELAY),
        }

    def command(self, *arguments, timeout=120):
        """Runs `lectern` and returns what it printed."""
        return self.place.children.run(
            [*self.place.prefix, self.binaries / "lectern", *arguments], timeout=timeout, env=self.environment())

    def start(self, name):
        kind = name.removesuffix("-2")
        command = [self.binaries / f"lectern-{kind}", "--host", "127.0.0.1", "--port", self.ports[name]]
        if name in SERVERS:
            command += ["--data", self.data[name]]
        self.processes[name] = self.place.start(name, command, env=self.environment(name))

    def start_all(self, book):
        """Makes the schema, starts everything, publishes the book and waits until it can be searched."""
        self.command("migrate", "up")
        for name in self.names:
            self.start(name)
        wait_until("every process to be ready", self.all_ready, 90, pause=0.2)
        self.command("resync", "--path", book, "--wait", "--timeout", 120, timeout=150)
        wait_until("every lesson to be embedded", lambda: self._count(
            "SELECT count(*) FROM lectern.flight WHERE key LIKE 'embed_lesson:%'") == 0, 120, pause=0.2)

    def _count(self, sql):
        with self.cluster.connect() as connection:
            return connection.execute(sql).fetchone()[0]

    def is_ready(self, name):
        if self.processes[name].poll() is not None:
            log = self.place.log(name).read_text(errors="replace")
            raise BenchError(f"{name} ended with {self.processes[name].returncode}: {last_lines(log)}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def all_ready(self):
        return all(self.is_ready(name) for name in self.names)

    def replace(self, name):
        """Ends a process by SIGTERM and starts another in its place; returns the seconds until that is ready."""
        began = time.monotonic()
        code = self.place.children.stop(self.processes[name], how=signal.SIGTERM, patience=60)
        if code != 0:
            raise BenchError(f"{name} answered SIGTERM with {code}; see {self.place.log(name)}")
        self.start(name)
        wait_until(f"{name} to be ready again", lambda: self.is_ready(name), 60)
        return time.monotonic() - began

    def slugs(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['api']}/api/content/book", timeout=10) as answer:
            book = json.load(answer)
        return [lesson["slug"] for part in book["parts"] for chapter in part["chapters"]
                for lesson in chapter["lessons"]]
