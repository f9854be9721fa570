"""Deploy/bench failover: three database hosts, two API processes and six workers under load; the primary is lost again
and again, then every process is replaced. Nothing that was accepted may be lost.

It plays the machines' supervisor: a host that was lost starts again once another one is the primary.
"""

import argparse
import contextlib
import dataclasses
import os
import signal
import time

from content.make_book import make_book
from failover import audit
from failover.clients import Load
from failover.cluster import Cluster
from failover.front import Front
from failover.places import Workplace
from failover.stack import Stack
from installation import find_binaries
from processes import Children, wait_until
from report import Result, emit, machine, progress

LESSONS = 60
BOOK_BYTES = 300_000
# The primary's place is free ttl (20 s) after its last word; another two rounds of 5 s to take it and to be found.
GAP_TARGET = 30


@dataclasses.dataclass(frozen=True)
class Sizes:
    host_losses: int
    freezes: int
    server_kills: int
    switchovers: int
    replacements: int
    threads: int = 8


FULL = Sizes(host_losses=5, freezes=2, server_kills=2, switchovers=2, replacements=3)
QUICK = Sizes(host_losses=1, freezes=1, server_kills=0, switchovers=1, replacements=1)


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench failover", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="fewer losses and replacements, some 5 minutes")
    parser.add_argument("--only", choices=("failover", "replacement"), help="one half of the benchmark")
    parser.add_argument("--keep", action="store_true", help="leave the folder with logs and data")
    options = parser.parse_args(arguments)
    sizes = QUICK if options.quick else FULL
    binaries = find_binaries()
    began = time.monotonic()
    facts = machine(quick=options.quick, sizes=dataclasses.asdict(sizes), binaries=str(binaries))
    children = Children()
    with contextlib.ExitStack() as stack:
        place = Workplace(children)
        if options.keep:
            progress(f"logs and data: {place.folder}")
        else:
            stack.callback(place.remove)
        stack.callback(children.stop_all)
        benchmark = Benchmark(place, binaries, sizes, stack)
        benchmark.start()
        if options.only != "replacement":
            benchmark.lose_primaries()
        if options.only != "failover":
            benchmark.replace_processes()
        results = benchmark.finish()
        facts |= benchmark.facts
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return emit("failover", facts, time.monotonic() - began, results, options.json)


class Benchmark:
    """The site, what happens to it, and what the clients saw."""

    def __init__(self, place, binaries, sizes, stack):
        self.place = place
        self.sizes = sizes
        self.cluster = Cluster(place)
        for host in self.cluster.hosts.values():
            stack.callback(host.stop)
        self.stack = Stack(place, self.cluster, binaries)
        self.front = Front(place, self.cluster, [self.stack.ports[name] for name in ("api", "api-2")])
        self.stack.join(self.front)
        self.results = {}
        self.facts = {}

    def _result(self, name, unit, **options):
        return self.results.setdefault(name, Result(name, unit, **options))

    def start(self):
        began = time.monotonic()
        self.cluster.start()
        self.front.start()
        book = self.place.folder / "book"
        make_book(book, LESSONS, BOOK_BYTES, 1)
        self.stack.start_all(book)
        self.load = Load(self.stack, book, self.sizes.threads)
        self.load.start()
        progress(f"everything runs after {time.monotonic() - began:.0f} s")

    # The primary is lost

    def lose_primaries(self):
        began = time.monotonic()
        since = self._database_time()
        for name, count, loss in (
                ("host_lost", self.sizes.host_losses, self._lose_host),
                ("host_frozen", self.sizes.freezes, self._freeze),
                ("server_killed", self.sizes.server_kills, self._kill_server),
                ("switchover", self.sizes.switchovers, self._switch_over)):
            for _ in range(count):
                self._round(name, loss)
        self._judge("failover", began)
        with self.cluster.connect() as connection:
            self.facts["failover_attempts_spent"] = dict(audit.spent_attempts(connection, since))

    def _round(self, name, loss):
        leader = self.cluster.leader()
        began = time.monotonic()
        loss(self.cluster.hosts[leader])
        self.load.wait_for_writes(200)
        wait_until("the database's hosts to be whole again", self.cluster.is_whole, 180, pause=0.2)
        wait_until("every process to be ready", self.stack.all_ready, 60, pause=0.2)
        recovered = time.monotonic() - began
        gap = self.load.journal.gap(began)
        answers = self.load.journal.since(began)
        self.load.require_healthy()
        self._result(f"{name}_gap", "s", target=GAP_TARGET, lower_is_better=True).add(gap)
        self._result(f"{name}_gap_max", "s", lower_is_better=True, combine=max).add(gap)
        self._result(f"{name}_recovered", "s", lower_is_better=True, combine=max).add(recovered)
        progress(f"{name}: {leader} → {self.cluster.leader()}, no write for {gap:.1f} s, all is well after "
                 f"{recovered:.0f} s, {sum(answer.is_refusal for answer in answers)} times 503 with Retry-After")

    def _another_leads(self, host):
        return self.cluster.leader() not in (None, host.name)

    def _lose_host(self, host):
        host.lose()
        wait_until("another primary", lambda: self._another_leads(host), 90, pause=0.1)
        host.start()

    def _freeze(self, host):
        """The host stands still, and no connection to it breaks; its watchdog resets it after others went on."""
        host.signal(signal.SIGSTOP)
        wait_until("another primary", lambda: self._another_leads(host), 90, pause=0.1)
        self.load.wait_for_writes(50)
        host.lose()
        host.start()

    def _kill_server(self, host):
        host.kill_server()

    def _switch_over(self, host):
        self.cluster.switch_over()
        wait_until("another primary", lambda: self._another_leads(host), 60, pause=0.1)

    # Every process is replaced

    def replace_processes(self):
        since = self._database_time()
        began = time.monotonic()
        replaced = self._result("replaced_processes", "", combine=sum)
        slowest = self._result("replacement_max", "s", lower_is_better=True, combine=max)
        for _ in range(self.sizes.replacements):
            for name in self.stack.names:
                slowest.add(self.stack.replace(name))
                replaced.add(1)
                self.load.wait_for_writes(20)
                self.load.require_healthy()
        with self.cluster.connect() as connection:
            spent = audit.spent_attempts(connection, since)
        self._judge("replacement", began)
        answers = self.load.journal.since(began)
        self._result("replacement_refused", "requests", target=0, lower_is_better=True, combine=sum).add(
            sum(answer.is_refusal for answer in answers))
        self._result("replacement_attempts_spent", "runs", target=0, lower_is_better=True, combine=sum).add(
            sum(spent.values()))
        self.facts["replacement_attempts_spent"] = dict(spent)
        progress(f"every process replaced in {time.monotonic() - began:.0f} s, {len(answers)} requests meanwhile")

    def _judge(self, part, began):
        """Counts the requests since then and those that were answered wrongly."""
        answers = self.load.journal.since(began)
        failures = audit.failures(answers)
        self._result(f"{part}_requests", "", combine=sum).add(len(answers))
        self._result(f"{part}_failed", "requests", target=0, lower_is_better=True, combine=sum).add(
            sum(failures.values()))
        if failures:
            self.facts[f"{part}_failures"] = dict(failures.most_common(20))

    # The end

    def finish(self):
        self.load.stop()
        audit.wait_until_ended(self.stack)
        lost, doubled = audit.lost_work(self.stack, self.load)
        accepted = self._result("accepted", "", combine=sum)
        accepted.add(sum(sum(learner.reported.values()) + len(learner.completed) + len(learner.asked)
                         for learner in self.load.learners) + len(self.load.author.accepted))
        accepted.extra["jobs"] = sum(len(learner.operations) for learner in self.load.learners)
        accepted.extra["resyncs"] = len(self.load.author.accepted)
        self._result("lost", "accepted", target=0, lower_is_better=True, combine=sum).add(len(lost))
        self._result("ended_twice", "", target=0, lower_is_better=True, combine=sum).add(len(doubled))
        for name, found in (("lost", lost), ("ended_twice", doubled)):
            if found:
                self.facts[name] = found[:20]
        return list(self.results.values())

    def _database_time(self):
        with self.cluster.connect() as connection:
            return connection.execute("SELECT now()").fetchone()[0]
