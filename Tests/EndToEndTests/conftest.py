"""The processes the end-to-end tests run against: real executables, a real PostgreSQL, free ports of 127.0.0.1."""

import contextlib
import itertools
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import httpx
import psycopg
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.setdefault("LECTERN_BIN", str(ROOT / ".build/debug")))
SAMPLE_BOOK = ROOT / "Deploy/sample-book"
SUPPORT = ROOT / "Tests/Support"

WORKERS = ("sync-worker", "embed-worker", "personalize-worker")
SERVERS = ("storage", "vectordal")

LEARNER = {
    "education_level": "undergraduate",
    "programming_experience": "beginner",
    "robotics_background": False,
    "ai_ml_experience": "none",
    "learning_goals": ["building_projects"],
    "preferred_language": "en",
}

_ports = itertools.cycle(random.sample(range(20_000, 32_000), 12_000))


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port():
    """A port below those the system lends to outgoing connections: a server killed and started again finds it free."""
    return next(port for port in _ports if is_free(port))


def wait_for(what, condition, seconds=30.0, pause=0.05):
    """Asks again and again until the condition holds, and returns what it returned."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
        except (httpx.HTTPError, psycopg.Error) as error:
            last = error
        time.sleep(pause)
    raise AssertionError(f"waited {seconds} s in vain for {what}" + (f" ({last})" if last else ""))


def clean_environment(**more):
    """This environment without anything that configures Lectern, so that only what a test says counts."""
    prefixes = ("DATABASE_", "MCP_", "CHAT_", "EMBEDDING_", "LECTERN_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    if "LECTERN_PG_BIN" in os.environ:
        kept["LECTERN_PG_BIN"] = os.environ["LECTERN_PG_BIN"]
    return kept | more


def tail(path, lines=15):
    try:
        return "\n".join(pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"({error})"


class Cluster:
    """A throwaway PostgreSQL server."""

    def __init__(self, binaries=None, settings=()):
        """`binaries`: the folder of another PostgreSQL; `settings`: `name=value`, stronger than those of every test."""
        self.bin = binaries or self._binaries()
        self.settings = settings
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-e2e-", dir="/tmp"))
        self.process = None
        self.prefix = []
        if os.geteuid() == 0:
            account = next(entry for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody"))
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self.prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]
        self.log = open(self.folder / "server.log", "ab")
        try:
            subprocess.run(
                [*self.prefix, self.bin / "initdb", "-D", self.folder / "data", "-U", "lectern", "-A", "trust",
                 "-E", "UTF8", "--no-sync"],
                check=True, stdout=self.log, stderr=self.log, timeout=60)
            self.start()
        except BaseException:
            self.remove()
            raise

    @staticmethod
    def _binaries():
        if named := os.environ.get("LECTERN_PG_BIN"):
            return pathlib.Path(named)
        installed = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        assert installed, "no PostgreSQL server is installed"
        return installed[-1]

    def start(self):
        settings = ("listen_addresses=127.0.0.1", "fsync=off", "max_connections=300", *self.settings)
        self.process = subprocess.Popen(
            [*self.prefix, self.bin / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder,
             *(part for setting in settings for part in ("-c", setting))],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)

        def answers():
            assert self.process.poll() is None, f"PostgreSQL ended:\n{tail(self.folder / 'server.log')}"
            return Database(self, "postgres").query("SELECT 1")

        wait_for("PostgreSQL", answers)

    def stop(self, how=signal.SIGQUIT):
        """SIGQUIT is an immediate shutdown: no client is told good-bye."""
        self.process.send_signal(how)
        self.process.wait(30)

    def create(self, name):
        Database(self, "postgres").query(f'CREATE DATABASE "{name}"')
        return Database(self, name)

    def remove(self):
        if self.process and self.process.poll() is None:
            self.stop()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Database:
    """One database of a cluster."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name

    @property
    def url(self):
        return f"postgresql://lectern@127.0.0.1:{self.cluster.port}/{self.name}"

    def connect(self):
        return psycopg.connect(self.url, autocommit=True, connect_timeout=5)

    def query(self, sql, *arguments):
        with self.connect() as connection:
            cursor = connection.execute(sql, arguments or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql, *arguments):
        return self.query(sql, *arguments)[0][0]


def kind_of(name):
    """The executable that a process runs: `api-2` is another `api`."""
    return re.sub(r"-\d+$", "", name)


class Stack:
    """All executables of one installation; each can be killed and started again.

    Several of a kind are told apart by a number: `api`, `api-2`.
    """

    def __init__(self, folder, database, environment=None):
        self.folder = pathlib.Path(folder)
        self.environment = environment or {}
        self.database = database
        self.processes = {}
        self.extra = []
        self.ports = {name: free_port() for name in ("api", *SERVERS, *WORKERS)}

    @property
    def api(self):
        return f"http://127.0.0.1:{self.ports['api']}"

    @property
    def environ(self):
        return clean_environment(
            DATABASE_URL=self.database.url,
            MCP_STORAGE_URL=f"http://127.0.0.1:{self.ports['storage']}/sse",
            MCP_VECTOR_URL=f"http://127.0.0.1:{self.ports['vectordal']}/sse",
        ) | self.environment

    # Commands

    def command(self, *arguments, check=True, timeout=120):
        done = subprocess.run(
            [BIN / "lectern", *map(str, arguments)], env=self.environ, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=timeout)
        assert not check or done.returncode == 0, f"lectern {' '.join(map(str, arguments))}: {done.stderr}"
        return done

    def migrate(self):
        self.command("migrate", "up")

    def sync(self, book=SAMPLE_BOOK):
        """Publishes a book and returns the report, with the release that readers see."""
        done = self.command("resync", "--path", book, "--wait", "--timeout", "100", "--output", "json")
        status = json.loads(done.stdout)
        assert status["state"] == "done", status
        return status["report"] | {"release": status["release"]}

    def enqueue_sync(self, book):
        """Asks for a resync and returns its number, which is that of its first job."""
        return int(json.loads(self.command("resync", "--path", book, "--output", "json").stdout)["id"])

    def wait_until_published(self, resync, seconds=60):
        """Waits until a resync has ended well."""
        # Before its job was first claimed, a resync has no row.
        wait_for(f"the end of resync {resync}", lambda: self.database.query(
            "SELECT ended_at IS NOT NULL FROM lectern.resync WHERE job_id = %s", resync) == [(True,)], seconds)
        assert self.database.query(
            "SELECT state, error_code FROM lectern.resync WHERE job_id = %s", resync) == [("done", None)]

    # Processes

    def arguments(self, name):
        """The command line of a process."""
        arguments = [BIN / f"lectern-{kind_of(name)}", "--host", "127.0.0.1", "--port", str(self.ports[name])]
        return arguments + (["--data", self.folder / name] if name in SERVERS else [])

    def environment_of(self, name):
        return self.environ

    def start(self, *names, ready=True):
        for name in names:
            self.ports.setdefault(name, free_port())
            with open(self.log(name), "ab") as log:
                self.processes[name] = subprocess.Popen(
                    self.arguments(name), env=self.environment_of(name), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True)
        if ready:
            for name in names:
                wait_for(f"{name} to be ready, see {self.log(name)}", lambda name=name: self.is_ready(name))

    def log(self, name):
        return self.folder / f"{name}.log"

    def is_ready(self, name):
        process = self.processes[name]
        assert process.poll() is None, f"{name} ended with {process.returncode}:\n{tail(self.log(name))}"
        return httpx.get(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5).status_code == 200

    def start_all(self):
        self.migrate()
        self.start(*SERVERS)
        self.start("api", *WORKERS)

    def pids(self):
        return {name: process.pid for name, process in self.processes.items()}

    def kill(self, name, how=signal.SIGKILL):
        """Sends the signal, waits for the end and returns the exit code."""
        self.processes[name].send_signal(how)
        return self.processes[name].wait(60)

    def stop(self):
        """Ends every process with SIGTERM; one that does not drain within its time is an error."""
        faults = []
        for group in (WORKERS, ("api", *SERVERS)):
            running = {name: process for name, process in self.processes.items()
                       if kind_of(name) in group and process.poll() is None}
            for process in running.values():
                process.terminate()
            for name, process in running.items():
                try:
                    code = process.wait(45)
                except subprocess.TimeoutExpired:
                    process.kill()
                    code = f"nothing within 45 s ({process.wait()})"
                if code != 0:
                    faults.append(f"{name} answered SIGTERM with {code}:\n{tail(self.log(name))}")
        for process in self.extra:
            process.kill()
            process.wait()
            process.stdin.close()
        self.extra.clear()
        return faults

    def peer(self, script, *arguments):
        """Starts a Python server of Tests/Support and returns its address without a path."""
        process = subprocess.Popen(
            [sys.executable, SUPPORT / script, *map(str, arguments)], env=clean_environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.extra.append(process)
        return f"http://127.0.0.1:{int(process.stdout.readline())}"

    def scripted_provider(self):
        return self.peer("scripted_provider.py", "--exit-with-stdin")

    # What stands in the database

    def wait_until_embedded(self, seconds=60):
        """Waits until no text waits for its embedding; one that was given up is an error."""

        def nothing_waits():
            dead = self.database.query("SELECT message FROM lectern.dead WHERE kind = 'embed_lesson'")
            assert not dead, dead
            return self.database.value("SELECT count(*) FROM lectern.flight WHERE key LIKE 'embed_lesson:%'") == 0

        wait_for("every lesson to be embedded", nothing_waits, seconds)

    def wait_until_ended(self, kind, seconds=60):
        """Waits until no job of the kind is left over in any table of the queue."""
        unfinished = """
            SELECT count(*) FROM lectern.job j WHERE j.kind = %s AND (
              EXISTS (SELECT FROM lectern.ready r WHERE r.job_id = j.id)
              OR EXISTS (SELECT FROM lectern.scheduled s WHERE s.job_id = j.id)
              OR EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = j.id)
              OR EXISTS (SELECT FROM lectern.flight f WHERE f.job_id = j.id))"""
        wait_for(f"the end of every {kind}", lambda: self.database.value(unfinished, kind) == 0, seconds)

    # Clients

    def client(self, **options):
        return httpx.Client(base_url=self.api, timeout=40, trust_env=False, **options)

    def learner(self, **answers):
        """A client that speaks for a new learner who has answered the six questions."""
        with self.client() as nobody:
            user = nobody.post("/api/user/create").json()["id"]
            answer = nobody.post("/api/onboarding", json={"user_id": user, **LEARNER, **answers})
        assert answer.status_code == 200, answer.text
        return self.client(headers={"X-User-ID": user})


def poll_text(client, slug, seconds=30):
    """Polls the cache as a client does until the text is there, and returns the answer's body."""

    def text():
        answer = client.get(f"/api/personalize/{slug}")
        assert answer.status_code in (200, 202, 503), (answer.status_code, answer.text)
        body = answer.json()
        assert body.get("status") != "failed", body
        return body if answer.status_code == 200 else None

    return wait_for(f"the text of {slug}", text, seconds)


def problem(answer, status):
    """Checks that an answer is a refusal in the contract's form and returns its members."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance", "error", "message"} <= body.keys(), body
    assert body["status"] == status
    assert body["error"] and body["message"] and body["title"]
    return body


FIRST_LESSON = "parts/01-First/chapters/01-Chapter/lessons/001-lesson-1.md"


def make_book(folder, lessons, words=200, slug="made-book"):
    """A book of one part and one chapter with as many lessons as asked for."""
    folder = pathlib.Path(folder)
    place = folder / "parts/01-First/chapters/01-Chapter/lessons"
    place.mkdir(parents=True)
    (folder / "book.yaml").write_text(
        f"slug: {slug}\ntitle: A made book\nlanguage: en\nparts:\n"
        "  - number: 1\n    title: First\n    layer: L1\n    tier: A2\n    folder: 01-First\n    weeks: [1, 2]\n"
        "    chapters:\n      - {number: 1, title: Chapter, folder: 01-Chapter, prerequisites: []}\n")
    for number in range(1, lessons + 1):
        write_lesson(place / f"{number:03d}-lesson-{number}.md", number, words)
    return folder


def write_lesson(path, number, words=200):
    """A lesson of plain prose that shares no word with any other."""
    sentences = [
        f"Fact {index} of topic{number} tells how part{number}x{index} holds the frame{number}x{index}."
        for index in range(max(1, words // 10))
    ]
    path.write_text(f"---\ntitle: Lesson {number}\n---\n\n# Lesson {number}\n\n## About topic{number}\n\n"
                    + " ".join(sentences) + f"\n\nThe frame weighs {number}.5 kg.\n")


_names = itertools.count(1)


@contextlib.contextmanager
def running(stack):
    """Yields the stack; afterwards nothing of it runs, and what did not drain is an error."""
    try:
        yield stack
    except BaseException:
        stack.stop()
        raise
    faults = stack.stop()
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="session")
def cluster():
    """One PostgreSQL server for all tests that do not stop it; each installation has a database of its own."""
    server = Cluster()
    yield server
    server.remove()


@pytest.fixture
def own_cluster():
    """A PostgreSQL server that the test may stop."""
    server = Cluster()
    yield server
    server.remove()


@pytest.fixture
def fresh_stack(cluster, tmp_path):
    """A migrated installation of one test's own; nothing but what the test starts runs."""
    with running(Stack(tmp_path, cluster.create(f"fresh{next(_names)}"))) as stack:
        stack.migrate()
        yield stack


@pytest.fixture(scope="session")
def stack(cluster, tmp_path_factory):
    """One installation with the sample book published and embedded, for tests that break nothing."""
    with running(Stack(tmp_path_factory.mktemp("stack"), cluster.create("shared"))) as stack:
        stack.start_all()
        stack.sync()
        stack.wait_until_embedded()
        yield stack


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the ends of the processes' logs to a failure."""
    report = yield
    if report.failed:
        for stack in (value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Stack)):
            report.sections.extend((f"end of {name}.log", tail(stack.log(name))) for name in stack.processes)
    return report
