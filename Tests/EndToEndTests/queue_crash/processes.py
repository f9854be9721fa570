"""The processes that a trial kills, and what is left of them: journals, printed promises, logs."""

import atexit
import functools
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
from typing import NamedTuple

from conftest import BIN, SUPPORT, clean_environment, tail, wait_for

PROGRAM = BIN / "queue-crash-worker"


class Line(NamedTuple):
    """One line of a journal; `at` is the true time in nanoseconds, whatever the process took for it."""

    what: str
    job: int
    attempt: int
    token: int
    at: int
    worker: str


def read_lines(path, worker, clock_error):
    """The whole lines of a file that may end in the middle of one."""
    lines = []
    for text in pathlib.Path(path).read_text().splitlines(keepends=True):
        words = text.split()
        if text.endswith("\n") and len(words) == 5:
            what, job, attempt, token, at = words
            lines.append(Line(what, int(job), int(attempt), int(token), int(at) - clock_error, worker))
    return lines


class Subject:
    """A process of queue-crash-worker."""

    def __init__(self, folder, name, arguments, clock_error=0):
        self.name = name
        self.started = time.monotonic()
        self.clock_error = clock_error * 1_000_000_000
        self.output = pathlib.Path(folder) / f"{name}.out"
        self.log = pathlib.Path(folder) / f"{name}.log"
        environment = clean_environment() | (deceived(clock_error) if clock_error else {})
        with open(self.output, "wb") as output, open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, *map(str, arguments)], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=log,
                start_new_session=True)

    @property
    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        """Kills it at once and returns the time just before."""
        at = time.time_ns()
        self.signal(signal.SIGKILL)
        self.process.wait(30)
        return at

    def signal(self, how):
        self.process.send_signal(how)


@functools.cache
def wrong_clock():
    """The library that sets a process's clock wrong, built on first use."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-clock-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "wrong_clock.so"
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "no C compiler; the Swift toolchain brings clang"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", library, SUPPORT / "wrong_clock.c", "-ldl"], check=True, timeout=60)
    return library


def deceived(seconds):
    """The variables under which a process takes the wall clock for wrong by so many seconds."""
    return {"LD_PRELOAD": str(wrong_clock()), "WRONG_CLOCK_SECONDS": str(seconds)}


class Worker(Subject):
    def __init__(self, folder, name, arguments, clock_error=0):
        self.journal = pathlib.Path(folder) / f"{name}.journal"
        super().__init__(
            folder, name, ["work", "--name", name, "--journal", self.journal, *arguments], clock_error)

    def is_ready(self):
        assert self.is_running, f"{self.name} ended with {self.process.returncode}:\n{tail(self.log)}"
        return "READY" in self.output.read_text()

    def wait_until_ready(self, seconds=30):
        wait_for(f"{self.name} to be ready, see {self.log}", self.is_ready, seconds)
        return self

    def lines(self):
        return read_lines(self.journal, self.name, self.clock_error) if self.journal.exists() else []

    def drain(self):
        """Sends SIGTERM and returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(40)


class Enqueuer(Subject):
    def __init__(self, folder, name, arguments, clock_error=0):
        super().__init__(folder, name, ["enqueue", *arguments], clock_error)

    def accepted(self):
        """The ids it was given after a commit; `token` is 1 where the job is new and 0 where it was joined."""
        return [line for line in read_lines(self.output, self.name, self.clock_error) if line.what == "accepted"]

    def wait(self, seconds):
        code = self.process.wait(seconds)
        assert code == 0, f"{self.name} ended with {code}:\n{tail(self.log)}"
