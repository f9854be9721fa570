"""The processes the end-to-end tests run against: real executables, a real PostgreSQL, free ports of 127.0.0.1."""

import json
import os
import pathlib
import pwd
import secrets
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
BIN = pathlib.Path(os.environ.get("LECTERN_BIN", ROOT / ".build/debug"))
SAMPLE_BOOK = ROOT / "Deploy/sample-book"

LEARNER = {
    "education_level": "undergraduate",
    "programming_experience": "beginner",
    "robotics_background": False,
    "ai_ml_experience": "none",
    "learning_goals": ["building_projects"],
    "preferred_language": "en",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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


def postgres_binaries():
    candidates = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    named = os.environ.get("LECTERN_PG_BIN")
    if named:
        candidates.append(pathlib.Path(named))
    assert candidates, "no PostgreSQL server is installed"
    return candidates[-1]


class Postgres:
    """A throwaway cluster."""

    def __init__(self, folder):
        self.bin = postgres_binaries()
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-e2e-pg-", dir="/tmp"))
        self.log = open(folder / "postgres.log", "ab")
        self.prefix = []
        if os.geteuid() == 0:
            account = next(name for name in ("postgres", "nobody") if self._exists(name))
            entry = pwd.getpwnam(account)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self.prefix = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--"]
        data = self.folder / "data"
        subprocess.run(
            [*self.prefix, self.bin / "initdb", "-D", data, "-U", "lectern", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True, stdout=self.log, stderr=self.log)
        self.process = None
        self.start()

    @staticmethod
    def _exists(name):
        try:
            pwd.getpwnam(name)
            return True
        except KeyError:
            return False

    def start(self):
        self.process = subprocess.Popen(
            [*self.prefix, self.bin / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder,
             "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"],
            stdout=self.log, stderr=self.log)
        wait_for("PostgreSQL", lambda: self.query("SELECT 1"))

    def stop(self, how=signal.SIGQUIT):
        """SIGQUIT is an immediate shutdown: no client is told good-bye."""
        self.process.send_signal(how)
        self.process.wait(30)

    def remove(self):
        if self.process.poll() is None:
            self.stop()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        return f"postgresql://lectern@127.0.0.1:{self.port}/postgres"

    def query(self, sql, *arguments):
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(sql, arguments or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql, *arguments):
        return self.query(sql, *arguments)[0][0]


class Stack:
    """All executables of one installation; each can be killed and started again."""

    def __init__(self, folder, environment=None):
        self.folder = pathlib.Path(folder)
        self.environment = environment or {}
        self.postgres = Postgres(self.folder)
        self.ports = {}
        self.processes = {}
        self.extra = []
        for name in ("api", "storage", "vectordal", "sync-worker", "embed-worker", "personalize-worker"):
            self.ports[name] = free_port()

    @property
    def api(self):
        return f"http://127.0.0.1:{self.ports['api']}"

    @property
    def environ(self):
        return {
            **os.environ,
            "DATABASE_URL": self.postgres.url,
            "MCP_STORAGE_URL": f"http://127.0.0.1:{self.ports['storage']}/sse",
            "MCP_VECTOR_URL": f"http://127.0.0.1:{self.ports['vectordal']}/sse",
            **self.environment,
        }

    def command(self, *arguments, check=True, **options):
        return subprocess.run(
            [BIN / "lectern", *arguments], env=self.environ, check=check, capture_output=True, text=True, timeout=180,
            **options)

    def start(self, *names, ready=True):
        for name in names:
            arguments = [BIN / f"lectern-{name}", "--host", "127.0.0.1", "--port", str(self.ports[name])]
            if name in ("storage", "vectordal"):
                arguments += ["--data", self.folder / name]
            log = open(self.folder / f"{name}.log", "ab")
            self.processes[name] = subprocess.Popen(arguments, env=self.environ, stdout=log, stderr=log)
            log.close()
        if ready:
            for name in names:
                wait_for(f"{name} to be ready (see {self.folder}/{name}.log)", lambda name=name: self.is_ready(name))

    def is_ready(self, name):
        return httpx.get(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5).status_code == 200

    def start_all(self):
        self.command("migrate", "up")
        self.start("storage", "vectordal")
        self.start("api", "sync-worker", "embed-worker", "personalize-worker")

    def kill(self, name, how=signal.SIGKILL):
        self.processes[name].send_signal(how)
        self.processes[name].wait(60)

    def stop(self):
        running = [process for process in self.processes.values() if process.poll() is None]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(45)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for process in self.extra:
            process.kill()
            process.wait()
        self.postgres.remove()

    def sync(self, book=SAMPLE_BOOK, wait=True):
        arguments = ["resync", "--path", str(book), "--output", "json"] + (["--wait", "--timeout", "120"] if wait else [])
        return json.loads(self.command(*arguments).stdout)

    def wait_until_embedded(self, seconds=60):
        wait_for(
            "every lesson to be embedded",
            lambda: self.postgres.value("SELECT count(*) FROM lectern.flight WHERE key LIKE 'embed_lesson:%%'") == 0,
            seconds)

    def learner(self, **answers):
        """A new learner who has answered the six questions."""
        client = httpx.Client(base_url=self.api, timeout=40)
        user = client.post("/api/user/create").json()["id"]
        client.headers["X-User-ID"] = user
        answer = client.post("/api/onboarding", json={"user_id": user, **LEARNER, **answers})
        assert answer.status_code == 200, answer.text
        return client

    def script_provider(self):
        """Starts the scripted model provider and returns its base URL."""
        process = subprocess.Popen(
            [sys.executable, ROOT / "Tests/Support/scripted_provider.py", "--port", "0"], stdout=subprocess.PIPE,
            text=True)
        self.extra.append(process)
        line = process.stdout.readline()
        port = int("".join(character for character in line.split(":")[-1] if character.isdigit()))
        return f"http://127.0.0.1:{port}"


@pytest.fixture
def fresh_stack(tmp_path):
    """A migrated installation of one test's own; nothing but what the test starts runs."""
    stack = Stack(tmp_path)
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """One installation with the sample book published and embedded, for tests that break nothing."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        stack.start_all()
        stack.sync()
        stack.wait_until_embedded()
        yield stack
    finally:
        stack.stop()


def make_book(folder, lessons, words=200):
    """A book of one part and one chapter with as many lessons as asked for."""
    place = pathlib.Path(folder) / "parts/01-First/chapters/01-Chapter/lessons"
    place.mkdir(parents=True)
    (pathlib.Path(folder) / "book.yaml").write_text(
        "slug: made-book\ntitle: A made book\nlanguage: en\nparts:\n"
        "  - number: 1\n    title: First\n    layer: L1\n    tier: A2\n    folder: 01-First\n    weeks: [1, 2]\n"
        "    chapters:\n      - {number: 1, title: Chapter, folder: 01-Chapter, prerequisites: []}\n")
    for number in range(1, lessons + 1):
        text = " ".join(f"word{number}x{index}" for index in range(words))
        (place / f"{number:03d}-lesson-{number}.md").write_text(
            f"---\ntitle: Lesson {number}\n---\n\n# Lesson {number}\n\n## About {secrets.token_hex(4)}\n\n{text}\n")
    return pathlib.Path(folder)
