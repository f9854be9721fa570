"""Deploy/bench api: what readers and learners ask for, beside a plain route that sends the same bytes."""

import argparse
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import random
import tempfile
import time
import urllib.request

from content.make_book import make_book
from installation import Installation, find_binaries
from load import PLAIN, Ask, Load
from processes import BenchError, Children
from report import Result, emit, machine, progress
from server import Server

CONNECTIONS = 64
LESSONS = 300
BOOK_BYTES = 3_000_000
PERSONALIZED = 4
STARTED = 12
SEED = 1


@dataclasses.dataclass(frozen=True)
class Operation:
    """What is asked for, how long it may take by contract.md, section 5, and our own target for it, in milliseconds.

    The target is held at a pace that leaves the machine time, in requests a second of all connections together.
    """

    name: str
    promised: int
    target: int
    pace: int = 320
    least_ratio: float | None = None


OPERATIONS = (
    Operation("book", 500, 5),
    Operation("lesson", 500, 5),
    Operation("content", 2_000, 20),
    Operation("progress_write", 200, 5),
    Operation("recommendations", 1_000, 10),
    Operation("search", 1_000, 50, pace=32),
    Operation("cached_personalization", 1_000, 10, least_ratio=0.5),
)


@dataclasses.dataclass(frozen=True)
class Sizes:
    rounds: int
    seconds: int
    learners: int = 10_000
    lessons: int = LESSONS


FULL = Sizes(rounds=5, seconds=8)
QUICK = Sizes(rounds=3, seconds=2)


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench api", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, under 5 minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often everything is measured")
    parser.add_argument("--seconds", type=int, metavar="N", help="of each measurement")
    parser.add_argument("--only", metavar="NAME", choices=[operation.name for operation in OPERATIONS],
                        help="measure one operation")
    options = parser.parse_args(arguments)
    sizes = QUICK if options.quick else FULL
    for name in ("rounds", "seconds"):
        if (value := getattr(options, name)) is not None:
            if value < 1:
                parser.error(f"--{name} must be positive")
            sizes = dataclasses.replace(sizes, **{name: value})
    binaries = find_binaries()
    began = time.monotonic()
    facts = machine(quick=options.quick, sizes=dataclasses.asdict(sizes), connections=CONNECTIONS)
    children = Children()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lectern-bench-")))
        server = Server(children)
        stack.callback(server.remove)
        stack.callback(children.stop_all)
        server.start()
        facts["postgresql"] = server.version()
        make_book(folder / "book", sizes.lessons, sizes.lessons * BOOK_BYTES // LESSONS, SEED)
        lectern = Installation(children, server, binaries, folder, "api")
        lectern.start(folder / "book", patience=600)
        progress(f"the book is published: {time.monotonic() - began:.0f} s")
        people = People(lectern, sizes.learners)
        facts["rows"] = people.rows()
        progress(f"the learners are there: {time.monotonic() - began:.0f} s")
        wanted = [operation for operation in OPERATIONS if options.only in (None, operation.name)]
        benchmark = Benchmark(lectern, binaries, folder, sizes, Requests(lectern, people), wanted)
        results = benchmark.run()
        facts["answer_bytes"] = benchmark.answer_bytes
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return emit("api", facts, time.monotonic() - began, results, options.json)


class People:
    """Learners of all 24 slices with profiles, progress and lessons that were written for them."""

    def __init__(self, lectern, count):
        self.lectern = lectern
        pick = random.Random(SEED)
        self.lessons = pick.sample(lectern.slugs, PERSONALIZED)
        for learner, slug in itertools.product(lectern.slices, self.lessons):
            lectern.lesson(learner, slug)
        with lectern.connect() as connection:
            connection.execute(_TEMPLATES, [lectern.slices])
            connection.execute(_MADE, [count])
            for statement in (_LEARNERS, _PREFERENCES, _LESSONS, _PROGRESS):
                connection.execute(statement, {"started": STARTED, "lessons": len(lectern.slugs)})
            self.ids = [str(user) for (user,) in connection.execute("SELECT id FROM made ORDER BY n").fetchall()]
        with lectern.connect() as connection:
            connection.execute("VACUUM ANALYZE")

    def rows(self):
        tables = ("learner", "preferences", "lesson_progress", "personalized_lesson", "generation", "release_lesson")
        with self.lectern.connect() as connection:
            return {table: connection.execute(f"SELECT count(*) FROM lectern.{table}").fetchone()[0]
                    for table in tables}


class Requests:
    """For each operation the requests that take turns, by other learners and about other lessons."""

    COUNT = 2_000

    def __init__(self, lectern, people):
        self.lectern = lectern
        self.pick = random.Random(SEED)
        self.people = people
        lesson = json.loads(lectern.call("GET", f"/api/content/lessons/{lectern.slugs[0]}/content"))
        words = sorted({word for word in lesson["content"].split() if word.isascii() and word.isalpha()})
        self.words = [word for word in words if len(word) > 4]

    def of(self, operation):
        return [getattr(self, f"_{operation.name}")() for _ in range(self.COUNT)]

    def _slug(self):
        return self.pick.choice(self.lectern.slugs)

    def _learner(self):
        return self.pick.choice(self.people.ids)

    def _book(self):
        return Ask("GET", "/api/content/book")

    def _lesson(self):
        return Ask("GET", f"/api/content/lessons/{self._slug()}")

    def _content(self):
        return Ask("GET", f"/api/content/lessons/{self._slug()}/content")

    def _progress_write(self):
        body = json.dumps({"time_spent_seconds": self.pick.randint(1, 60)})
        return Ask("PUT", f"/api/progress/lessons/{self._slug()}/time", self._learner(), body)

    def _recommendations(self):
        return Ask("GET", "/api/progress/recommendations?limit=5", self._learner())

    def _search(self):
        query = " ".join(self.pick.sample(self.words, 3))
        return Ask("POST", "/api/search", body=json.dumps({"query": query, "limit": 10}))

    def _cached_personalization(self):
        body = json.dumps({"lesson_slug": self.pick.choice(self.people.lessons)})
        return Ask("POST", "/api/personalize", self._learner(), body)


class Benchmark:
    """All measurements; every round measures everything once, ours and plain one after the other."""

    def __init__(self, lectern, binaries, folder, sizes, requests, operations):
        self.lectern = lectern
        self.sizes = sizes
        self.operations = operations
        self.load = Load(lectern.children, folder, CONNECTIONS)
        self.asks = {operation.name: requests.of(operation) for operation in operations}
        self.results = {}
        self.plain = {}
        self.answer_bytes = {}
        for name, asks in self.asks.items():
            file = folder / f"{name}.answer"
            file.write_bytes(self._answer(asks[0]))
            self.answer_bytes[name] = file.stat().st_size
            self.plain[name] = self.load.plain_route(binaries, file)

    def _answer(self, ask):
        """The bytes that the plain route sends, and proof that the request is a good one."""
        headers = {"Content-Type": "application/json"} | ({"X-User-ID": ask.user} if ask.user else {})
        request = urllib.request.Request(
            self.lectern.api + ask.path, ask.body.encode() or None, headers, method=ask.method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        if answer.status != 200 or json.loads(content).get("cached") is False:
            raise BenchError(f"{ask.method} {ask.path} is not answered as it should: {content[:300]}")
        return content

    def run(self):
        for number in range(1, self.sizes.rounds + 1):
            began = time.monotonic()
            for operation in self.operations:
                # Odd rounds measure ours first, even ones last: a drift of the machine favours neither.
                self._measure(operation, number % 2 == 1)
            progress(f"round {number} of {self.sizes.rounds}: {time.monotonic() - began:.0f} s")
        return list(self.results.values())

    def _measure(self, operation, ours_first):
        name, asks = operation.name, self.asks[operation.name]
        # The plain route reads a body where ours does.
        bytes_asks = [Ask("POST" if ask.body else "GET", "/bytes", ask.user, ask.body) for ask in asks]
        sides = {
            "ours": lambda: self.load.run(name, self.lectern.api, asks, self.sizes.seconds),
            "paced": lambda: self.load.run(
                name, self.lectern.api, asks, self.sizes.seconds, pause=1_000 * CONNECTIONS // operation.pace),
            "plain": lambda: self.load.run(name, self.plain[name], bytes_asks, self.sizes.seconds),
        }
        figures = {side: sides[side]() for side in (list(sides) if ours_first else reversed(sides))}
        ours, paced, plain = figures["ours"], figures["paced"], figures["plain"]
        self._result(name, "requests/s", baseline_name=PLAIN, target=operation.least_ratio).add(ours.rate, plain.rate)
        latency = {"lower_is_better": True, "baseline_name": PLAIN}
        self._result(f"{name}_p50", "ms", **latency).add(ours.p50, plain.p50)
        self._result(f"{name}_p99", "ms", **latency, target=operation.promised, absolute=True).add(ours.p99, plain.p99)
        self._result(f"{name}_paced_p50", "ms", lower_is_better=True).add(paced.p50)
        self._result(f"{name}_paced_p99", "ms", lower_is_better=True, target=operation.target).add(paced.p99)

    def _result(self, name, unit, **options):
        return self.results.setdefault(name, Result(name, unit, **options))


_TEMPLATES = """
    CREATE TEMPORARY TABLE template AS
    SELECT user_id, row_number() OVER (ORDER BY user_id) - 1 AS slice
    FROM lectern.preferences WHERE user_id = ANY (%s::uuid[])"""

_MADE = """
    CREATE TEMPORARY TABLE made AS
    SELECT n, gen_random_uuid() AS id, t.user_id AS template
    FROM generate_series(1, %s) AS n JOIN template t ON t.slice = n %% (SELECT count(*) FROM template)"""

_LEARNERS = "INSERT INTO lectern.learner (id, onboarding_completed) SELECT id, true FROM made"

_PREFERENCES = """
    INSERT INTO lectern.preferences (user_id, education_level, programming_experience, robotics_background,
        ai_ml_experience, learning_goals, preferred_language, preferences_hash)
    SELECT m.id, p.education_level, p.programming_experience, p.robotics_background, p.ai_ml_experience,
        p.learning_goals, p.preferred_language, p.preferences_hash
    FROM made m JOIN lectern.preferences p ON p.user_id = m.template"""

_LESSONS = """
    INSERT INTO lectern.personalized_lesson (user_id, lesson_slug, content_hash, preferences_hash, state, operation_id,
        job_id, recipe, sections, opening, closing, text_hash, generator, prompt_version, generated_at, is_shared)
    SELECT m.id, c.lesson_slug, c.content_hash, c.preferences_hash, c.state, gen_random_uuid(), 0, c.recipe, c.sections,
        c.opening, c.closing, c.text_hash, c.generator, c.prompt_version, c.generated_at, c.is_shared
    FROM made m JOIN lectern.personalized_lesson c ON c.user_id = m.template"""

# A learner has begun a dozen lessons that follow each other, and completed all but the last two.
_PROGRESS = """
    INSERT INTO lectern.lesson_progress (user_id, lesson_id, state, started_at, completed_at, last_at,
        time_spent_seconds, content_hash, read_chunks, reviewed_at, stability_days)
    SELECT m.id, l.lesson_id, CASE WHEN d.is_done THEN 'completed' ELSE 'in_progress' END, d.at - interval '20 min',
        CASE WHEN d.is_done THEN d.at END, d.at, 900, CASE WHEN d.is_done THEN l.content_hash END,
        CASE WHEN d.is_done THEN '{}'::integer[] END, CASE WHEN d.is_done THEN d.at END,
        CASE WHEN d.is_done THEN 7.0 END
    FROM made m
    CROSS JOIN LATERAL (
        SELECT place, place < %(started)s - 2 AS is_done, now() - (%(started)s - place) * interval '1 day' AS at
        FROM generate_series(0, %(started)s - 1) AS place) d
    JOIN lectern.book b ON b.active_release IS NOT NULL
    JOIN lectern.release_lesson l ON l.release_id = b.active_release
        AND l.position = (m.n + d.place) %% %(lessons)s"""
