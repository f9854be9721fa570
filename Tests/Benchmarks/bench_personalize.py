"""Deploy/bench personalize: cached lessons beside a plain route and a plain row, and how long a new lesson takes."""

import argparse
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from personalize.installation import SERVERS, Installation, free_port
from processes import BenchError, Children, wait_until
from report import Result, emit, machine, percentile, progress
from server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOAD = pathlib.Path(__file__).parent / "personalize/load.lua"
SLUG = "ch01-digital-vs-physical-ai"
PLAIN = "a plain Hummingbird route that sends the same bytes"
ROW = "one indexed row with the same bytes, by pgbench"
CONNECTIONS = 64
EXECUTABLES = ("lectern", *(f"lectern-{name}" for name in (
    *SERVERS, "sync-worker", "embed-worker", "personalize-worker", "api")), "plain-route")


@dataclasses.dataclass(frozen=True)
class Sizes:
    rounds: int
    seconds: int
    misses: int
    learners: int = 256


FULL = Sizes(rounds=5, seconds=10, misses=288)
QUICK = Sizes(rounds=3, seconds=4, misses=72)


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench personalize", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, under 5 minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often everything is measured")
    options = parser.parse_args(arguments)
    sizes = QUICK if options.quick else FULL
    if options.rounds is not None:
        if options.rounds < 1:
            parser.error("--rounds must be positive")
        sizes = dataclasses.replace(sizes, rounds=options.rounds)
    if shutil.which("wrk") is None:
        raise BenchError("wrk is not installed; run apt-get install wrk")
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
        lectern = Installation(children, server, binaries, folder)
        lectern.start(ROOT / "Deploy/sample-book")
        benchmark = Benchmark(lectern, binaries, folder, sizes)
        results = benchmark.run()
        facts["answer_bytes"] = benchmark.answer.stat().st_size
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return emit("personalize", facts, time.monotonic() - began, results, options.json)


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


class Benchmark:
    """All measurements; every round measures everything once, ours and plain one after the other."""

    def __init__(self, lectern, binaries, folder, sizes):
        self.lectern = lectern
        self.sizes = sizes
        self.results = {}
        self.users = folder / "users"
        self.answer = folder / "answer.json"
        self.plain = self._prepare(binaries)

    def _prepare(self, binaries):
        """Learners who all have the lesson, the yardstick with its bytes, and a table with them."""
        learners = self.lectern.clone(self.lectern.learner({}), self.sizes.learners)
        for learner in learners:
            body, _ = self.lectern.lesson(learner, SLUG)
        # Of all answers the last one, as a poll gives it.
        self.answer.write_bytes(self.lectern.call("GET", f"/api/personalize/{SLUG}", learner))
        assert json.loads(self.answer.read_bytes())["personalized_content"] == body["personalized_content"]
        self.users.write_text("\n".join(learners) + "\n")
        with self.lectern.connect() as connection:
            connection.execute("CREATE TABLE plain_row (id integer PRIMARY KEY, content text NOT NULL)")
            connection.execute(
                "INSERT INTO plain_row SELECT n, %s FROM generate_series(1, %s) AS n",
                [self.answer.read_text(), self.sizes.learners])
            connection.execute("ANALYZE plain_row")
        port = free_port()
        self.lectern.children.start(
            [binaries / "plain-route", "--port", port, "--file", self.answer],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}"

        def answers():
            try:
                with urllib.request.urlopen(f"{url}/bytes", timeout=5) as answer:
                    return answer.read() == self.answer.read_bytes()
            except OSError:
                return False

        wait_until("the plain route", answers, 30)
        return url

    def run(self):
        for number in range(1, self.sizes.rounds + 1):
            began = time.monotonic()
            # Odd rounds measure ours first, even ones last: a drift of the machine favours neither.
            self._hits(number % 2 == 1)
            self._misses()
            progress(f"round {number} of {self.sizes.rounds}: {time.monotonic() - began:.0f} s")
        return list(self.results.values())

    def _result(self, name, unit, **options):
        return self.results.setdefault(name, Result(name, unit, **options))

    # Hits

    def _hits(self, ours_first):
        body = json.dumps({"lesson_slug": SLUG})
        sides = {
            "ours_post": lambda: self._wrk(self.lectern.api, "POST", "/api/personalize", body),
            "ours_poll": lambda: self._wrk(self.lectern.api, "GET", f"/api/personalize/{SLUG}", ""),
            "plain_post": lambda: self._wrk(self.plain, "POST", "/bytes", body),
            "plain_poll": lambda: self._wrk(self.plain, "GET", "/bytes", ""),
            "row": self._pgbench,
        }
        order = list(sides) if ours_first else list(reversed(sides))
        figures = {side: sides[side]() for side in order}
        for verb in ("post", "poll"):
            ours, plain = figures[f"ours_{verb}"], figures[f"plain_{verb}"]
            self._result(f"cached_{verb}", "hits/s", baseline_name=PLAIN, target=0.5).add(ours.rate, plain.rate)
            self._result(f"cached_{verb}_p50", "ms", baseline_name=PLAIN, lower_is_better=True).add(ours.p50, plain.p50)
            self._result(f"cached_{verb}_p99", "ms", baseline_name=PLAIN, lower_is_better=True).add(ours.p99, plain.p99)
        self._result("cached_poll_beside_a_row", "hits/s", baseline_name=ROW).add(
            figures["ours_poll"].rate, figures["row"])

    @dataclasses.dataclass
    class Figures:
        rate: float
        p50: float
        p99: float

    def _wrk(self, url, method, path, body):
        output = self.lectern.children.run(
            ["wrk", "--threads", 1, "--connections", CONNECTIONS, "--duration", f"{self.sizes.seconds}s",
             "--timeout", "10s", "--script", LOAD, url, "--", method, path, body, self.users],
            timeout=self.sizes.seconds + 30)
        figures = re.search(r"^figures (\d+) ([0-9.]+) ([0-9.]+) ([0-9.]+) (\d+)$", output, re.MULTILINE)
        if not figures or int(figures[5]) or not int(figures[1]):
            raise BenchError(f"{method} {url}{path} failed under load: {output.strip()[-300:]}")
        return self.Figures(int(figures[1]) / float(figures[2]), float(figures[3]), float(figures[4]))

    def _pgbench(self):
        """Rows by their key a second."""
        script = self.users.with_name("row.sql")
        script.write_text(
            f"\\set id random(1, {self.sizes.learners})\nSELECT content FROM plain_row WHERE id = :id;\n")
        server = self.lectern.server
        output = self.lectern.children.run(
            [server.bin / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={CONNECTIONS}", "--jobs=1",
             f"--time={self.sizes.seconds}", f"--file={script}"],
            timeout=self.sizes.seconds + 60, env=server.environment(self.lectern.database))
        speed = re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE)
        if not speed:
            raise BenchError(f"pgbench did not finish: {output.strip()[-300:]}")
        return float(speed[1])

    # Misses

    def _misses(self):
        """One learner after the other asks for a lesson none of whose sections is there, and waits for it."""
        pairs = itertools.product(self.lectern.slugs, self.lectern.slices)
        step = max(1, len(self.lectern.slugs) * len(self.lectern.slices) // self.sizes.misses)
        samples = []
        with self.lectern.connect() as connection:
            for slug, template in itertools.islice(pairs, 0, None, step):
                (learner,) = self.lectern.clone(template, 1)
                connection.execute("DELETE FROM lectern.generation WHERE lesson_slug = %s", [slug])
                body, seconds = self.lectern.lesson(learner, slug)
                if body["cached"]:
                    raise BenchError(f"{slug} was there before it was asked for")
                samples.append(seconds * 1000)
        self._result("miss_to_ready_p50", "ms", lower_is_better=True).add(percentile(samples, 50))
        self._result("miss_to_ready_p99", "ms", lower_is_better=True).add(percentile(samples, 99))
