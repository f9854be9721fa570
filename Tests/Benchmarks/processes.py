"""Child processes with deadlines: whatever a benchmark starts ends with it, by process id."""

import os
import pathlib
import signal
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """The benchmark could not be carried out; the text is the cause, for people."""


class Children:
    """Every process that was started and has not been seen to end."""

    def __init__(self):
        self._running = []

    def start(self, command, **options):
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, start_new_session=True, **options)
        self._running.append(process)
        return process

    def run(self, command, timeout, env=None):
        """Runs a command to its end and returns its standard output."""
        process = self.start(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        name = pathlib.Path(str(command[0])).name
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.stop(process, how=signal.SIGKILL)
            raise BenchError(f"{name} {command[1] if len(command) > 1 else ''} took longer than {timeout} s") from None
        self._running.remove(process)
        if process.returncode != 0:
            raise BenchError(f"{name} ended with {process.returncode}: {last_lines(errors)}")
        return output

    def stop(self, process, how=signal.SIGTERM, patience=40):
        """Ends a process and returns its exit code; one that does not answer the signal is killed."""
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        if process in self._running:
            self._running.remove(process)
        return process.returncode

    def stop_all(self):
        """The last started first, so that clients end before their server."""
        for process in reversed(list(self._running)):
            self.stop(process, patience=10)


class Lines:
    """The lines a process prints, as they come."""

    def __init__(self, process):
        self._process = process
        self._lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line.rstrip("\n"))

    def first(self):
        """The first line; None as long as there is none."""
        return next(iter(list(self._lines)), None)

    def find(self, word):
        """The first line that starts with the word; None as long as there is none."""
        return next((line for line in list(self._lines) if line.split(" ")[0] == word), None)

    def expect(self, word, timeout):
        """Waits for a line that starts with the word."""

        def found():
            is_over = not self._reader.is_alive()
            line = self.find(word)
            if line is None and is_over:
                raise BenchError(f"the process ended with {self._process.wait(10)} before it said {word}")
            return line

        return wait_until(word, found, timeout)


def last_lines(text, count=5):
    return "; ".join(text.strip().splitlines()[-count:]) or "no message"


def cpu_seconds(pid):
    """User and system time of a process and of its ended children; 0 where it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(value) for value in fields[11:15]) / TICKS


def children_of(pid):
    """The ids of a process's children."""
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def resident_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise BenchError(f"/proc/{pid}/status tells no resident memory")


def wait_until(what, condition, timeout, pause=0.02):
    """Asks until the condition holds and returns what it returned."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise BenchError(f"waited {timeout} s in vain for {what}")
        time.sleep(pause)
