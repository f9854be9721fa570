"""Which scenario runs on which server, and several at a time."""

import concurrent.futures
import contextlib
import itertools
import pathlib
import random
import threading
import time
import traceback
from typing import NamedTuple

from .scenarios import NEEDS_A_SERVER, SCENARIOS
from .servers import Server
from .trial import Trial


class Case(NamedTuple):
    """A scenario on a server: PostgreSQL of a major version (None: the newest installed), direct or pooled."""

    scenario: str
    version: int | None = None
    pooled: bool = False
    haste: int = 4
    variant: object = None

    def __str__(self):
        words = [self.scenario]
        if self.version:
            words.append(f"postgresql{self.version}")
        if self.pooled:
            words.append("pooled")
        if self.haste == 1:
            words.append("production_timings")
        if self.variant:
            words.append(self.variant.__name__)
        return "-".join(words)


# The longest first: they set the time of the whole.
SHORT_FORM = [
    Case("killed_workers", haste=1),
    Case("killed_fleet", haste=1),
    Case("stopped_worker"),
    Case("stopped_worker", pooled=True),
    Case("restarted_server"),
    Case("restarted_server", version=16),
    Case("killed_backends"),
    Case("killed_backends", pooled=True),
    Case("lost_answers"),
    Case("lost_answers", pooled=True),
    Case("wrong_clocks"),
    Case("exhausted_server"),
    Case("exhausted_pool"),
    Case("pinned_horizon"),
    Case("killed_workers", version=18),
    Case("killed_backends", version=18),
    Case("stopped_worker", version=16),
    Case("killed_enqueuers"),
    Case("backlog"),
    Case("idle_starts", haste=1),
]


# Every scenario everywhere, worker lives in haste and as in production.
LONG_FORM = [
    Case(scenario, version, pooled, haste)
    for scenario in SCENARIOS
    for version, pooled in ((None, False), (None, True), (16, False), (18, False))
    for haste in (4, 1)
]


class Report(NamedTuple):
    case: Case
    seed: int
    findings: list
    figures: dict

    def __str__(self):
        figures = ", ".join(f"{name} {value}" for name, value in self.figures.items())
        faults = "".join(f"\n  {finding.name}: {finding.text}" for finding in self.findings[:30])
        return f"{self.case} with seed {self.seed}: {figures}{faults}"


class Servers:
    """The servers that trials share, made when the first trial asks."""

    def __init__(self):
        self.shared = {}
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def lend(self, case):
        if case.scenario in NEEDS_A_SERVER:
            server = Server(case.version, NEEDS_A_SERVER[case.scenario])
            try:
                if case.pooled:
                    server.pool()
                yield server
            finally:
                server.remove()
            return
        with self.lock:
            if case.version not in self.shared:
                self.shared[case.version] = Server(case.version)
            server = self.shared[case.version]
            if case.pooled and not server.pooler:
                server.pool()
        yield server

    def remove(self):
        for server in self.shared.values():
            server.remove()


def run_case(case, seed, folder, servers):
    """Runs one trial to its end and reports, whatever happens in it."""
    with servers.lend(case) as server:
        trial = Trial(server, seed, folder, pooled=case.pooled, haste=case.haste)
        try:
            trial.set_up()
            if case.variant:
                case.variant(trial.database)
            try:
                SCENARIOS[case.scenario](trial)
            except Exception:
                trial.find("scenario", traceback.format_exc(limit=4))
            trial.conclude()
        except Exception:
            trial.find("trial", traceback.format_exc(limit=4))
        finally:
            trial.remove()
        if not trial.findings:
            trial.forget()
    return Report(case, seed, trial.findings, trial.figures)


class Campaign:
    """Runs cases on threads of its own; whoever wants a report waits for it."""

    def __init__(self, cases, seed, folder, at_once=6):
        self.servers = Servers()
        self.pool = concurrent.futures.ThreadPoolExecutor(at_once)
        self.futures = {}
        for number, case in enumerate(cases):
            # A trial's seed does not depend on which other trials run.
            own = random.Random(f"{seed} {case}").getrandbits(32)
            self.futures[case] = self.pool.submit(
                run_case, case, own, pathlib.Path(folder) / f"{number}-{case}", self.servers)

    def report(self, case):
        return self.futures[case].result()

    def close(self):
        self.pool.shutdown(cancel_futures=True)
        self.servers.remove()


def run_until(deadline, cases, seed, folder, servers, tell, at_once=3):
    """The long form: random cases, a few at a time, until the time is over or somebody interrupts."""
    order, lock, numbers, stopped = random.Random(seed), threading.Lock(), itertools.count(1), threading.Event()
    reports = []

    def work():
        while time.monotonic() < deadline and not stopped.is_set():
            with lock:
                case, own, number = order.choice(cases), order.getrandbits(32), next(numbers)
            report = run_case(case, own, pathlib.Path(folder) / f"{number}-{case}", servers)
            with lock:
                reports.append(report)
                tell(report)

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        try:
            for future in [pool.submit(work) for _ in range(at_once)]:
                future.result()
        finally:
            stopped.set()
    return reports
