"""The engine under test, driven by the executable queue-bench."""

import contextlib
import json
import pathlib
import signal
import subprocess
import time

from processes import BenchError, Lines, cpu_seconds, resident_megabytes, wait_until


class Engine:
    """The verbs of queue-bench on the databases of one server."""

    def __init__(self, binary, server, children, scratch):
        self.binary = pathlib.Path(binary)
        if not self.binary.is_file():
            raise BenchError(f"{binary} is missing; build it with swift build -c release --product queue-bench")
        self.server = server
        self.children = children
        self.scratch = scratch
        self.meta = json.loads(children.run([self.binary, "meta"], timeout=30))

    def setup(self, database):
        self._run(database, "setup")

    def enqueue(self, database, mode, n):
        return self._report(database, "enqueue", "--mode", mode, "--n", n)

    def duplicates(self, database, n):
        return self._report(database, "duplicates", "--n", n)

    def probe(self, database, n, gap_ms):
        """Pairs of nanoseconds, before the call and after the commit, by job number."""
        out = self.scratch / "probe.txt"
        self._run(database, "probe", "--n", n, "--gap-ms", gap_ms, "--out", out)
        rows = [list(map(int, line.split())) for line in out.read_text().splitlines()]
        return {number: (before, after) for number, before, after in rows}

    @contextlib.contextmanager
    def worker(self, database, trace=None):
        """A worker process, ready; it drains at the end, and one that fails at that is an error."""
        arguments = [self.binary, "worker", "--concurrency", self.meta["concurrency"]]
        if trace is not None:
            trace.unlink(missing_ok=True)
            arguments += ["--trace", trace]
        with open(self.scratch / "worker.log", "ab") as log:
            process = self.children.start(
                arguments, env=self.server.environment(database), stdout=subprocess.PIPE, stderr=log, text=True)
        worker = WorkerProcess(process)
        try:
            yield worker
        except BaseException:
            self.children.stop(process, how=signal.SIGKILL)
            raise
        code = self.children.stop(process)
        if code != 0:
            raise BenchError(f"a worker answered SIGTERM with {code}; see {log.name}")

    def is_drained(self, connection):
        return connection.execute(self.meta["remaining_sql"]).fetchone() is None

    def _run(self, database, *arguments):
        return self.children.run(
            [self.binary, *arguments], timeout=600, env=self.server.environment(database))

    def _report(self, database, *arguments):
        return json.loads(self._run(database, *arguments).splitlines()[-1])


class WorkerProcess:
    def __init__(self, process):
        self.pid = process.pid
        self._lines = Lines(process)

    def wait_ready(self):
        self._lines.expect("READY", 30)

    @property
    def first_start(self):
        """Nanoseconds since 1970 at which the first handler started; None before. May come before READY."""
        line = self._lines.find("FIRST")
        return None if line is None else int(line.split()[1])

    def wait_first_start(self):
        self._lines.expect("FIRST", 60)

    @property
    def cpu_seconds(self):
        return cpu_seconds(self.pid)

    @property
    def resident_megabytes(self):
        return resident_megabytes(self.pid)


class Trace:
    """The starts that a worker noted."""

    def __init__(self, path):
        self.path = path

    def starts(self):
        """Nanoseconds by job number."""
        starts = {}
        for line in self._lines():
            number, at = line.split()
            starts.setdefault(int(number), int(at))
        return starts

    def wait_for(self, count, timeout):
        """Waits until so many starts are written."""
        seen = 0
        with open(self.path, "rb") as file:
            def enough():
                nonlocal seen
                seen += file.read().count(b"\n")
                return seen >= count

            wait_until(f"{count} starts", enough, timeout, pause=0.1)

    def rate(self, count):
        """Starts per second over the first so many."""
        at = sorted(int(line.split()[1]) for line in self._lines())[:count]
        return (len(at) - 1) / ((at[-1] - at[0]) / 1e9)

    def count(self):
        return len(self._lines())

    def _lines(self):
        # The last line may be half written while the worker runs.
        return self.path.read_text().rpartition("\n")[0].splitlines()


def drain(engine, connection, database, workers):
    """Starts worker processes on a filled queue and returns what it took until nothing was left."""
    server = engine.server
    with contextlib.ExitStack() as stack:
        wal, cpu = server.wal_bytes(connection), server.cpu_seconds()
        processes = [stack.enter_context(engine.worker(database)) for _ in range(workers)]
        wait_until("the end of the queue", lambda: engine.is_drained(connection), 300)
        ended = time.time()
        processes[0].wait_ready()
        # On a short queue the second process may come too late to start anything.
        first = min(process.first_start for process in processes if process.first_start is not None)
        seconds = ended - first / 1e9
        return {
            "seconds": seconds,
            "worker_cpu": sum(process.cpu_seconds for process in processes),
            "server_cpu": server.cpu_seconds() - cpu,
            "wal": server.wal_bytes(connection) - wal,
            "resident_mb": max(process.resident_megabytes for process in processes),
        }
