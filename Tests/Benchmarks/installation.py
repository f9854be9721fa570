"""The processes that personalize, over the sample book."""

import http.client
import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

from processes import BenchError, last_lines, wait_until

SERVERS = ("storage", "vectordal")
WRITERS = ("sync-worker", "embed-worker")
READERS = ("api", "personalize-worker")
ROOT = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLES = ("lectern", *(f"lectern-{name}" for name in (*SERVERS, *WRITERS, *READERS)), "plain-route")
ANSWERS = {
    "education_level": "undergraduate", "programming_experience": "beginner", "robotics_background": False,
    "ai_ml_experience": "none", "learning_goals": ["building_projects"], "preferred_language": "en"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_binaries():
    """LECTERN_BIN, or a release build of the executables that are needed."""
    if named := os.environ.get("LECTERN_BIN"):
        return pathlib.Path(named)
    for product in EXECUTABLES:
        subprocess.run(
            ["swift", "build", "-c", "release", "--product", product], cwd=ROOT, check=True, stdout=sys.stderr)
    shown = subprocess.run(
        ["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(shown.stdout.strip())


class Installation:
    """One API process and one personalize worker, with the embedded rules."""

    def __init__(self, children, server, binaries, folder, database="personalize"):
        self.children = children
        self.server = server
        self.binaries = binaries
        self.folder = folder
        self.database = database
        self.processes = {}
        self.ports = {name: free_port() for name in (*SERVERS, *WRITERS, *READERS)}
        prefixes = ("DATABASE_", "MCP_", "CHAT_", "EMBEDDING_", "LECTERN_", "PG")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)} | {
            "DATABASE_URL": f"postgresql://lectern@127.0.0.1:{server.port}/{database}",
            "MCP_STORAGE_URL": f"http://127.0.0.1:{self.ports['storage']}/sse",
            "MCP_VECTOR_URL": f"http://127.0.0.1:{self.ports['vectordal']}/sse",
            "LECTERN_RATE_LEARNER": "0",
            # A line for each request costs as much on any server; the plain route writes none.
            "LECTERN_LOG_LEVEL": "warning",
        }
        self.connection = None

    @property
    def api(self):
        return f"http://127.0.0.1:{self.ports['api']}"

    def start(self, book, patience=120):
        """Publishes the book within so many seconds; afterwards only what answers and personalizes runs."""
        self.server.create(self.database)
        self.children.run([self.binaries / "lectern", "migrate", "up"], timeout=120, env=self.environment)
        for name in (*SERVERS, *WRITERS):
            self._start(name)
        self.children.run(
            [self.binaries / "lectern", "resync", "--path", book, "--wait", "--timeout", patience],
            timeout=patience + 60,
            env=self.environment)
        for name in WRITERS:
            self.children.stop(self.processes[name])
        for name in READERS:
            self._start(name)
        book = json.loads(self.call("GET", "/api/content/book"))
        self.slugs = [lesson["slug"] for part in book["parts"] for chapter in part["chapters"]
                      for lesson in chapter["lessons"]]
        self.slices = [self.learner(answers) for answers in slices()]

    def _start(self, name):
        command = [self.binaries / f"lectern-{name}", "--host", "127.0.0.1", "--port", self.ports[name]]
        if name in SERVERS:
            command += ["--data", self.folder / name]
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = self.children.start(command, env=self.environment, stdout=log, stderr=log)
        wait_until(f"{name} to be ready", lambda: self._is_ready(name), 60)

    def _is_ready(self, name):
        if self.processes[name].poll() is not None:
            log = (self.folder / f"{name}.log").read_text(errors="replace")
            raise BenchError(f"lectern-{name} ended with {self.processes[name].returncode}: {last_lines(log)}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def connect(self):
        return self.server.connect(self.database)

    # Learners

    def call(self, method, path, user=None, body=None, headers=None):
        """One request on a connection that is kept; the answer's bytes."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.ports["api"], timeout=60)
        self.connection.request(
            method, path, None if body is None else json.dumps(body),
            {"Content-Type": "application/json"} | ({"X-User-ID": user} if user else {}) | (headers or {}))
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise BenchError(f"{method} {path}: {answer.status} {content[:300]}")
        return content

    def learner(self, answers):
        """A learner who has answered the six questions."""
        user = json.loads(self.call("POST", "/api/user/create"))["id"]
        self.call("POST", "/api/onboarding", body={"user_id": user, **ANSWERS, **answers})
        return user

    def clone(self, template, count):
        """As many learners as asked for who answered as one did."""
        with self.connect() as connection:
            return [str(user) for (user,) in connection.execute(_CLONE, [count, template]).fetchall()]

    def lesson(self, user, slug):
        """Asks for a lesson and waits for it: the answer and the seconds it took."""
        began = time.monotonic()
        answer = json.loads(self.call(
            "POST", "/api/personalize", user, {"lesson_slug": slug}, {"Prefer": "wait=30"}))
        seconds = time.monotonic() - began
        if "personalized_content" not in answer:
            raise BenchError(f"{slug} was not written: {answer}")
        return answer, seconds


def slices():
    """Answers of a learner in each of the 24 slices."""
    for programming, robotics, ai, language in itertools.product(
            ("beginner", "intermediate", "advanced"), (False, True), ("none", "advanced"), ("en", "ur")):
        yield {"programming_experience": programming, "robotics_background": robotics, "ai_ml_experience": ai,
               "preferred_language": language}


_CLONE = """
    WITH made AS (
        INSERT INTO lectern.learner (id, onboarding_completed)
        SELECT gen_random_uuid(), true FROM generate_series(1, %s) RETURNING id)
    INSERT INTO lectern.preferences (user_id, education_level, programming_experience, robotics_background,
        ai_ml_experience, learning_goals, preferred_language, preferences_hash)
    SELECT made.id, p.education_level, p.programming_experience, p.robotics_background, p.ai_ml_experience,
        p.learning_goals, p.preferred_language, p.preferences_hash
    FROM made, lectern.preferences p WHERE p.user_id = %s RETURNING user_id"""
