"""Deploy/bench personalize: cached lessons beside a plain route and a plain row, and how long a new lesson takes."""

import argparse
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import re
import tempfile
import time

from installation import ROOT, Installation, find_binaries
from load import PLAIN, Ask, Load
from processes import BenchError, Children
from report import Result, emit, machine, percentile, progress
from server import Server

SLUG = "ch01-digital-vs-physical-ai"
ROW = "one indexed row with the same bytes, by pgbench"
CONNECTIONS = 64


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


class Benchmark:
    """All measurements; every round measures everything once, ours and plain one after the other."""

    def __init__(self, lectern, binaries, folder, sizes):
        self.lectern = lectern
        self.sizes = sizes
        self.results = {}
        self.load = Load(lectern.children, folder, CONNECTIONS)
        self.script = folder / "row.sql"
        self.answer = folder / "answer.json"
        self.plain = self._prepare(binaries)

    def _prepare(self, binaries):
        """Learners who all have the lesson, the yardstick with its bytes, and a table with them."""
        self.learners = self.lectern.clone(self.lectern.learner({}), self.sizes.learners)
        for learner in self.learners:
            body, _ = self.lectern.lesson(learner, SLUG)
        # Of all answers the last one, as a poll gives it.
        self.answer.write_bytes(self.lectern.call("GET", f"/api/personalize/{SLUG}", learner))
        assert json.loads(self.answer.read_bytes())["personalized_content"] == body["personalized_content"]
        with self.lectern.connect() as connection:
            connection.execute("CREATE TABLE plain_row (id integer PRIMARY KEY, content text NOT NULL)")
            connection.execute(
                "INSERT INTO plain_row SELECT n, %s FROM generate_series(1, %s) AS n",
                [self.answer.read_text(), self.sizes.learners])
            connection.execute("ANALYZE plain_row")
        return self.load.plain_route(binaries, self.answer)

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
            "ours_poll": lambda: self._wrk(self.lectern.api, "GET", f"/api/personalize/{SLUG}"),
            "plain_post": lambda: self._wrk(self.plain, "POST", "/bytes", body),
            "plain_poll": lambda: self._wrk(self.plain, "GET", "/bytes"),
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

    def _wrk(self, url, method, path, body=""):
        asks = [Ask(method, path, learner, body) for learner in self.learners]
        return self.load.run("personalize", url, asks, self.sizes.seconds)

    def _pgbench(self):
        """Rows by their key a second."""
        self.script.write_text(
            f"\\set id random(1, {self.sizes.learners})\nSELECT content FROM plain_row WHERE id = :id;\n")
        server = self.lectern.server
        output = self.lectern.children.run(
            [server.bin / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={CONNECTIONS}", "--jobs=1",
             f"--time={self.sizes.seconds}", f"--file={self.script}"],
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
