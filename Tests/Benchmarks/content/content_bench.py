"""Deploy/bench content: what a resync of a large book costs, the first time, unchanged, and with one edited word."""

import argparse
import asyncio
import contextlib
import ctypes
import ctypes.util
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from mcp import Client

from content.make_book import edit_one_word, lessons_of, make_book
from processes import BenchError, Children, last_lines, resident_megabytes, wait_until
from report import Result, emit, machine, progress
from server import Server

ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVERS = ("storage", "vectordal")
WORKERS = ("sync-worker", "embed-worker")
BUCKET = "books_main"
KINDS = ("sync_book", "advance_resync", "store_object", "embed_lesson", "place_aliases")
REPEATS = 3


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench content", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="300 files of 3 MB together instead of 3,000 of 30 MB")
    parser.add_argument("--files", type=int, metavar="N", help="lessons of the book")
    parser.add_argument("--bytes", type=int, metavar="N", help="of all lessons together")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="each on a new installation; 1 without it")
    parser.add_argument("--seed", type=int, default=1, help="of the made book")
    parser.add_argument("--timeout", type=int, default=1_800, metavar="S", help="for one resync")
    parser.add_argument("--keep", action="store_true", help="leave the folder with logs and data")
    options = parser.parse_args(arguments)
    files = options.files or (300 if options.quick else 3_000)
    total = options.bytes or files * 10_000
    if min(files, total, options.rounds, options.timeout) < 1:
        parser.error("numbers must be positive")

    began = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-bench-content-"))
    children = Children()
    server = Server(children)
    try:
        binaries = find_binaries()
        progress(f"a book of {files} lessons and {total:,} bytes")
        facts = machine(files=files, seed=options.seed, binaries=str(binaries))
        figures = Figures()
        server.start()
        for number in range(options.rounds):
            place = folder / f"round-{number}"
            book = place / "book"
            facts["bytes"] = make_book(book, files, total, options.seed)
            with contextlib.closing(Installation(children, server, binaries, place, f"content{number}")) as lectern:
                lectern.start()
                measure(lectern, book, figures, options.timeout)
    finally:
        children.stop_all()
        server.remove()
        if options.keep:
            progress(f"logs and data: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return emit("content", facts, time.monotonic() - began, figures.results(), options.json)


def find_binaries():
    """LECTERN_BIN, or a release build of the executables that are needed."""
    if named := os.environ.get("LECTERN_BIN"):
        return pathlib.Path(named)
    for product in ("lectern", *(f"lectern-{name}" for name in (*SERVERS, *WORKERS))):
        subprocess.run(
            ["swift", "build", "-c", "release", "--product", product], cwd=ROOT, check=True, stdout=sys.stderr)
    shown = subprocess.run(
        ["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(shown.stdout.strip())


# What is measured

@dataclasses.dataclass
class Run:
    """One resync: to its verdict, and to the moment when nothing of it is left to do."""

    verdict: float
    settled: float
    report: dict
    objects: int
    vectors: int
    vector_bytes: int


class Figures:
    """The report's lines."""

    def __init__(self):
        self.first = Result("first_resync", "s")
        self.verdict = Result("first_verdict", "s")
        self.file_rate = Result("files", "files/s")
        self.chunk_rate = Result("chunks", "chunks/s")
        self.unchanged = Result(
            "unchanged_resync", "s", baseline_name="the first resync", target=0.05, lower_is_better=True)
        self.hashed = Result("unchanged_hashed", "MB/s", baseline_name="read, XXH3-128 and SHA-256 of the same files")
        self.edited = Result("edited_resync", "s", baseline_name="the first resync")
        self.objects = Result("first_objects", "objects")
        self.vectors = Result("first_vectors", "vectors")
        nothing = {"target": 0, "lower_is_better": True, "combine": max}
        self.idle_objects = Result("unchanged_objects", "objects", **nothing)
        self.idle_vectors = Result("unchanged_vectors", "vectors", **nothing)
        self.idle_bytes = Result("unchanged_vector_bytes", "bytes", **nothing)
        # The text under its hash, and under the name that people read.
        self.edited_objects = Result("edited_objects", "objects", target=2, lower_is_better=True, combine=max)
        # The chunk with the word, and the one that overlaps it where a long block is split.
        self.edited_vectors = Result("edited_vectors", "vectors", target=2, lower_is_better=True, combine=max)
        self.memory = [Result(f"memory_{name}", "MB", combine=max) for name in (*SERVERS, *WORKERS)]

    def results(self):
        return [
            self.first, self.verdict, self.file_rate, self.chunk_rate, self.unchanged, self.hashed, self.edited,
            self.objects, self.vectors, self.idle_objects, self.idle_vectors, self.idle_bytes, self.edited_objects,
            self.edited_vectors, *self.memory,
        ]


def measure(lectern, book, figures, timeout):
    """One round on a new installation."""
    paths = [book / "book.yaml", *lessons_of(book)]
    size = sum(path.stat().st_size for path in paths)
    # The first pass brings the files into memory; what is compared later is in memory too.
    read_and_hash(paths)

    first = lectern.resync(book, timeout)
    progress(f"first: {first.verdict:.1f} s to the verdict, {first.settled:.1f} s in all")
    expect(first.report, "published")
    figures.first.add(first.settled)
    figures.verdict.add(first.verdict)
    figures.file_rate.add((len(paths) - 1) / first.settled)
    figures.chunk_rate.add(first.vectors / first.settled)
    figures.objects.add(first.objects)
    figures.vectors.add(first.vectors)

    again, limits = [], []
    for _ in range(REPEATS):
        limits.append(read_and_hash(paths))
        again.append(lectern.resync(book, timeout))
        expect(again[-1].report, "unchanged")
    seconds = statistics.median(run.settled for run in again)
    progress(f"unchanged: {seconds:.2f} s, read and hashed plainly in {statistics.median(limits):.3f} s")
    figures.unchanged.add(seconds, first.settled)
    figures.hashed.add(size / seconds / 1e6, size / statistics.median(limits) / 1e6)
    figures.idle_objects.add(max(run.objects for run in again))
    figures.idle_vectors.add(max(run.vectors for run in again))
    figures.idle_bytes.add(max(run.vector_bytes for run in again))

    edits = []
    for number in range(REPEATS):
        edit_one_word(book, number)
        edits.append(lectern.resync(book, timeout))
        expect(edits[-1].report, "published")
    progress(f"one edited word: {statistics.median(run.settled for run in edits):.2f} s")
    figures.edited.add(statistics.median(run.settled for run in edits), first.settled)
    figures.edited_objects.add(max(run.objects for run in edits))
    figures.edited_vectors.add(max(run.vectors for run in edits))
    for result in figures.memory:
        result.add(lectern.resident(result.name.removeprefix("memory_")))


def expect(report, outcome):
    if report.get("outcome") != outcome:
        raise BenchError(f"the resync ended as {report.get('outcome')}, not as {outcome}: {json.dumps(report)[:300]}")


class _XXH128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def _xxh3():
    name = ctypes.util.find_library("xxhash")
    if name is None:
        raise BenchError("libxxhash is not installed; run Deploy/install")
    function = ctypes.CDLL(name).XXH3_128bits
    function.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    function.restype = _XXH128
    return function


def read_and_hash(paths):
    """Seconds for reading every file and hashing it as the sync has to: a checksum, and a key for the bucket."""
    xxh3 = _xxh3()
    began = time.monotonic()
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        xxh3(data, len(data))
        hashlib.sha256(data).digest()
    return time.monotonic() - began


# What is measured on

class Installation:
    """The two servers, the two workers and a database of their own."""

    def __init__(self, children, server, binaries, folder, database):
        self.children = children
        self.server = server
        self.binaries = binaries
        self.folder = folder
        self.database = database
        self.processes = {}
        self.ports = {name: free_port() for name in (*SERVERS, *WORKERS)}
        prefixes = ("DATABASE_", "MCP_", "CHAT_", "EMBEDDING_", "LECTERN_", "PG")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)} | {
            "DATABASE_URL": f"postgresql://lectern@127.0.0.1:{server.port}/{database}",
            "MCP_STORAGE_URL": f"http://127.0.0.1:{self.ports['storage']}/sse",
            "MCP_VECTOR_URL": f"http://127.0.0.1:{self.ports['vectordal']}/sse",
        }

    def start(self):
        self.server.create(self.database)
        self.children.run([self.binaries / "lectern", "migrate", "up"], timeout=120, env=self.environment)
        for name in (*SERVERS, *WORKERS):
            command = [self.binaries / f"lectern-{name}", "--host", "127.0.0.1", "--port", self.ports[name]]
            if name in SERVERS:
                command += ["--data", self.folder / name]
            with open(self.folder / f"{name}.log", "ab") as log:
                self.processes[name] = self.children.start(command, env=self.environment, stdout=log, stderr=log)
            wait_until(f"{name} to be ready", lambda name=name: self.is_ready(name), 60)

    def close(self):
        for name in reversed(list(self.processes)):
            self.children.stop(self.processes[name])

    def is_ready(self, name):
        if self.processes[name].poll() is not None:
            log = (self.folder / f"{name}.log").read_text(errors="replace")
            raise BenchError(f"lectern-{name} ended with {self.processes[name].returncode}: {last_lines(log)}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def resident(self, name):
        return resident_megabytes(self.processes[name].pid)

    def resync(self, book, timeout):
        """Publishes the book and tells what that wrote."""
        before = self.stock()
        began = time.monotonic()
        output = self.children.run(
            [self.binaries / "lectern", "resync", "--path", book, "--wait", "--timeout", timeout, "--output", "json"],
            timeout=timeout + 60, env=self.environment)
        verdict = time.monotonic() - began
        self.wait_until_settled(timeout)
        settled = time.monotonic() - began
        after = self.stock()
        status = json.loads(output.strip().splitlines()[-1])
        return Run(
            verdict, settled, status.get("report", status), after.objects_written_since(before),
            after.vectors - before.vectors, after.vector_bytes - before.vector_bytes)

    def wait_until_settled(self, timeout):
        """Waits until no job that belongs to a resync is left; one that was given up is an error."""
        with self.server.connect(self.database) as connection:

            def nothing_is_left():
                dead = connection.execute(
                    "SELECT kind, code, message FROM lectern.dead WHERE kind = ANY(%s) LIMIT 3",
                    [list(KINDS)]).fetchall()
                if dead:
                    raise BenchError(f"jobs were given up: {dead}")
                return connection.execute(_LEFT, [list(KINDS)]).fetchone()[0] == 0

            wait_until("the end of every job", nothing_is_left, timeout)

    def stock(self):
        return asyncio.run(self._stock())

    async def _stock(self):
        objects = {}
        async with Client(f"http://127.0.0.1:{self.ports['storage']}/mcp") as storage:
            token = None
            while True:
                arguments = {"bucket": BUCKET} | ({"page_token": token} if token else {})
                page = await call(storage, "object_list", arguments)
                objects |= {each["key"]: (each["sha256"], each["modified_at"]) for each in page["objects"]}
                token = page["next_page_token"]
                if token is None:
                    break
        async with Client(f"http://127.0.0.1:{self.ports['vectordal']}/mcp") as vectors:
            collections = (await call(vectors, "vector_list_collections", {}))["collections"]
        return Stock(
            objects, sum(each["count"] for each in collections), sum(each["disk_bytes"] for each in collections))


_LEFT = """
    SELECT count(*) FROM lectern.job j WHERE j.kind = ANY(%s) AND (
      EXISTS (SELECT FROM lectern.ready r WHERE r.job_id = j.id)
      OR EXISTS (SELECT FROM lectern.scheduled s WHERE s.job_id = j.id)
      OR EXISTS (SELECT FROM lectern.blocked b WHERE b.job_id = j.id)
      OR EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = j.id))"""


async def call(client, tool, arguments):
    answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        # A bucket that nothing was put into is no error of the run.
        error = (answer.structured_content or {}).get("error")
        if tool == "object_list" and error in ("not_found", "bucket_not_found"):
            return {"objects": [], "next_page_token": None}
        raise BenchError(f"{tool}: {answer.content}")
    return answer.structured_content


@dataclasses.dataclass
class Stock:
    """What the two servers hold."""

    objects: dict
    vectors: int
    vector_bytes: int

    def objects_written_since(self, before):
        """Keys that are new or were put again, with the same text too."""
        return sum(before.objects.get(key) != fact for key, fact in self.objects.items())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
