"""Deploy/bench queue: the queue engine beside raw SQL, on one throwaway server, in interleaved rounds."""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import shutil
import tempfile
import time

from engine import Engine, Trace, drain
from processes import BenchError, Children, wait_until
from raw import Raw, buffers, dead_rows, empty, statement
from report import Result, emit, histogram, machine, percentile, progress
from server import SETTINGS, Server

PGBENCH = "raw SQL by pgbench"
GROUPS = ("drain", "enqueue", "latency", "duplicates", "backlog")


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much of everything is measured in one round."""

    rounds: int
    drain: int = 100_000
    bulk: int = 100_000
    single: int = 5_000
    concurrent: int = 32_000
    probes: int = 200
    gap_ms: int = 50
    duplicates: int = 50_000
    waiting: int = 1_000_000
    finished: int = 10_000_000
    backlog: int = 100_000

    @property
    def disk_gigabytes(self):
        """Room that tables and log of the largest database may take."""
        return 4 + (self.waiting + self.finished) / 500_000


FULL = Sizes(rounds=5)
# Drains stay at 100,000 jobs: the memory of a worker is promised after so many.
QUICK = Sizes(rounds=3, bulk=50_000, single=1_000, concurrent=8_000, probes=80, duplicates=10_000, waiting=200_000,
              finished=1_000_000, backlog=40_000)


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench queue", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and a smaller backlog, under 5 minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often everything is measured")
    parser.add_argument("--only", action="append", choices=GROUPS, help="measure only this group; may be repeated")
    options = parser.parse_args(arguments)
    sizes = QUICK if options.quick else FULL
    if options.rounds is not None:
        if options.rounds < 1:
            parser.error("--rounds must be positive")
        sizes = dataclasses.replace(sizes, rounds=options.rounds)
    binary = os.environ.get("LECTERN_QUEUE_BENCH")
    if not binary:
        raise BenchError("LECTERN_QUEUE_BENCH does not name the executable queue-bench; start with Deploy/bench")
    if "backlog" in (options.only or GROUPS):
        free = shutil.disk_usage(tempfile.gettempdir()).free / 1e9
        if free < sizes.disk_gigabytes:
            raise BenchError(f"{tempfile.gettempdir()} has {free:.0f} GB free, not {sizes.disk_gigabytes:.0f}")

    began = time.monotonic()
    facts = machine(quick=options.quick, sizes=dataclasses.asdict(sizes), server_settings=SETTINGS)
    children = Children()
    with contextlib.ExitStack() as stack:
        scratch = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lectern-bench-")))
        server = Server(children)
        stack.callback(server.remove)
        stack.callback(children.stop_all)
        server.start()
        engine = Engine(binary, server, children, scratch)
        facts |= {"postgresql": server.version(), "worker_concurrency": engine.meta["concurrency"]}
        results = Benchmark(engine, server, Raw(server, children), sizes, options.only or GROUPS).run()
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return emit("queue", facts, time.monotonic() - began, results, options.json)


class Benchmark:
    """All measurements; every round measures everything once, ours and raw one after the other."""

    def __init__(self, engine, server, raw, sizes, groups):
        self.engine = engine
        self.server = server
        self.raw = raw
        self.sizes = sizes
        self.groups = groups
        self.results = {}
        self.samples = []

    def run(self):
        self.connection = self._database("small")
        steps = [(group, getattr(self, f"_{group}")) for group in ("drain", "enqueue", "latency", "duplicates")
                 if group in self.groups]
        for number in range(1, self.sizes.rounds + 1):
            for group, step in steps:
                began = time.monotonic()
                # Odd rounds measure ours first, even ones last: a drift of the machine favours neither.
                step(number % 2 == 1)
                progress(f"round {number} of {self.sizes.rounds}: {group}, {time.monotonic() - began:.0f} s")
        if self.samples:
            self._judge_latency()
        if "backlog" in self.groups:
            self._backlog()
        return list(self.results.values())

    def _database(self, name):
        self.server.create(name)
        self.engine.setup(name)
        return self.server.connect(name)

    def _result(self, name, unit, **options):
        return self.results.setdefault(name, Result(name, unit, **options))

    # Drain: one and two worker processes, beside one and two clients of pgbench.

    def _drain(self, ours_first):
        jobs = self.sizes.drain
        for workers in (1, 2):
            sides = {
                "ours": lambda workers=workers: drain(self.engine, self.connection, "small", workers),
                "raw": lambda workers=workers: self.raw.drain(self.connection, "small", workers, jobs),
            }
            costs = {}
            for side in sorted(sides, reverse=not ours_first):
                empty(self.connection)
                self.raw.copy(self.connection, jobs)
                costs[side] = sides[side]()
            ours, raw = costs["ours"], costs["raw"]
            rate = jobs / ours["seconds"]
            name = f"drain_{workers}_worker{'s' if workers > 1 else ''}"
            self._result(name, "jobs/s", baseline_name=PGBENCH, target=0.9 if workers == 1 else None
                         ).add(rate, raw["rate"])
            self._result(f"{name}_floor", "jobs/s", target=23_000 if workers == 1 else 36_000).add(rate)
            if workers == 1:
                self._result("resident_memory", "MB", target=60, lower_is_better=True, combine=max
                             ).add(ours["resident_mb"])
                self._result("worker_cpu_per_job", "µs").add(ours["worker_cpu"] / jobs * 1e6)
                self._result("server_cpu_per_job", "µs", baseline_name=PGBENCH
                             ).add(ours["server_cpu"] / jobs * 1e6, raw["server_cpu"] / jobs * 1e6)
                self._result("wal_per_job", "bytes", baseline_name=PGBENCH).add(ours["wal"] / jobs, raw["wal"] / jobs)

    # Enqueue: in bulk, one at a time, and sixteen at a time.

    def _enqueue(self, ours_first):
        sizes = self.sizes
        for mode, n, target, floor, raw_name, raw in (
            ("bulk", sizes.bulk, 0.8, 60_000, "raw COPY into the same tables",
             lambda: self.raw.copy(self.connection, sizes.bulk)),
            ("single", sizes.single, 0.9, None, PGBENCH,
             lambda: self.raw.pgbench("small", "enqueue_one", 1, sizes.single)),
            ("concurrent", sizes.concurrent, None, 5_000, PGBENCH,
             lambda: self.raw.pgbench("small", "enqueue_one", 16, sizes.concurrent)),
        ):
            reports = []
            rates = self._alternate(ours_first, lambda: self._enqueued(mode, n, reports), raw)
            self._result(f"{mode}_enqueue", "jobs/s", baseline_name=raw_name, target=target).add(*rates)
            if floor is not None:
                self._result(f"{mode}_enqueue_floor", "jobs/s", target=floor).add(rates[0])
            self._result(f"{mode}_enqueue_cpu", "µs/job").add(reports[0]["cpu_s"] / n * 1e6)

    def _alternate(self, ours_first, ours, raw):
        values = {}
        for name, measure in (("ours", ours), ("raw", raw))[::1 if ours_first else -1]:
            empty(self.connection)
            values[name] = measure()
        return values["ours"], values["raw"]

    def _enqueued(self, mode, n, reports):
        report = self.engine.enqueue("small", mode, n)
        reports.append(report)
        return n / report["seconds"]

    # Latency: from the commit, and from the call before it, to the handler's start on an idle queue.

    def _latency(self, _):
        empty(self.connection)
        trace = Trace(self.engine.scratch / "latency.trace")
        with self.engine.worker("small", trace.path) as worker:
            worker.wait_ready()
            probes = self.engine.probe("small", self.sizes.probes, self.sizes.gap_ms)
            trace.wait_for(len(probes), 30)
        starts = trace.starts()
        missing = probes.keys() - starts.keys()
        if missing:
            raise BenchError(f"{len(missing)} probes were never started")
        pairs = [((starts[n] - after) / 1e6, (starts[n] - before) / 1e6) for n, (before, after) in probes.items()]
        self.samples.extend(pairs)
        from_commit, from_call = zip(*pairs)
        for share in (50, 99):
            self._latency_result(share).add(percentile(from_commit, share))
            self._result(f"call_to_start_p{share}", "ms").add(percentile(from_call, share))

    def _latency_result(self, share):
        return self._result(
            f"commit_to_start_p{share}", "ms", target=1.5 if share == 50 else 5, lower_is_better=True)

    def _judge_latency(self):
        """Percentiles and histogram of all rounds' samples together; a round alone is short for a p99."""
        for position, name in enumerate(("commit_to_start", "call_to_start")):
            values = [pair[position] for pair in self.samples]
            for share in (50, 99):
                pooled = percentile(values, share)
                self.results[f"{name}_p{share}"].combine = lambda _, pooled=pooled: pooled
            self.results[f"{name}_p99"].extra["histogram"] = histogram(
                values, [0, 0.5, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 20, 50, 100, 1000])

    # Duplicates of one hot key.

    def _duplicates(self, _):
        empty(self.connection)
        before = dead_rows(self.connection)
        report = self.engine.duplicates("small", self.sizes.duplicates)
        # A backend hands in its counts when it ends.
        wait_until("the enqueuers' connections to end", lambda: self.connection.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'queue-bench%')"
        ).fetchone()[0], 30)
        self._result("duplicates", "calls/s", target=10_000).add(self.sizes.duplicates / report["seconds"])
        self._result("duplicates_dead_rows", "rows", target=0, lower_is_better=True, combine=max
                     ).add(dead_rows(self.connection) - before)

    # Backlog: the start of a drain with much waiting and much finished, beside the same on an empty system.

    def _backlog(self):
        sizes = self.sizes
        began = time.monotonic()
        large = self._database("large")
        large.execute("SET synchronous_commit = off")
        large.execute(statement("finished"), {"n": sizes.finished})
        large.execute(statement("waiting"), {"n": sizes.waiting})
        large.execute("VACUUM ANALYZE")
        large.execute("CHECKPOINT")
        progress(f"{sizes.waiting:,} waiting and {sizes.finished:,} finished jobs, {time.monotonic() - began:.0f} s")
        self._backlog_rounds(large, "backlog")
        with self.server.connect("large") as holder:
            # A snapshot and a transaction id of its own: nothing that dies from now on can be cleared away.
            holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            holder.execute("SELECT pg_current_xact_id(), count(*) FROM lectern.worker")
            self._backlog_rounds(large, "backlog_pinned")
            holder.execute("ROLLBACK")
        large.close()

    def _backlog_rounds(self, large, name):
        for number in range(1, self.sizes.rounds + 1):
            began = time.monotonic()
            values = {}
            for side in ("large", "small")[::1 if number % 2 else -1]:
                if side == "small":
                    empty(self.connection)
                    self.raw.copy(self.connection, self.sizes.backlog)
                    # Like the large side: the difference is to be the size, not the planner's statistics.
                    self.connection.execute("VACUUM ANALYZE")
                values[side] = self._fetch_rate(side, large)
            self._result(name, "jobs/s", baseline_name="the same worker on an empty system", target=0.9
                         ).add(values["large"], values["small"])
            fetch, claim = buffers(large)
            self._result(f"{name}_fetch_buffers", "buffers", target=200, lower_is_better=True, combine=max).add(fetch)
            self._result(f"{name}_claim_buffers", "buffers", combine=max).add(claim)
            progress(f"round {number} of {self.sizes.rounds}: {name}, {time.monotonic() - began:.0f} s")

    def _fetch_rate(self, database, large):
        """Starts per second of one worker; what it took from the large queue is put back behind the rest."""
        trace = Trace(self.engine.scratch / f"{database}.trace")
        with self.engine.worker(database, trace.path) as worker:
            worker.wait_first_start()
            trace.wait_for(self.sizes.backlog, 300)
        if database == "large":
            large.execute(statement("waiting"), {"n": trace.count()})
        return trace.rate(self.sizes.backlog)
