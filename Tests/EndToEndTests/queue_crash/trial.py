"""One run of one scenario: its own database, its own processes, a seed that decides every random choice."""

import collections
import itertools
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import time

import psycopg

from conftest import Database, wait_for

from . import audit
from .audit import Finding
from .processes import PROGRAM, Enqueuer, Worker

RECOVERY_PROMISE = 20.0
_numbers = itertools.count(1)


class Trial:
    """Holds the parts together; a scenario acts on it, `conclude` waits for the last job and audits.

    `haste` divides the intervals of the workers' lives (heartbeat 3 s, silence 12 s, rescue 2 s); 1 is production.
    """

    def __init__(self, server, seed, folder, pooled=False, haste=4):
        self.server = server
        self.seed = seed
        self.random = random.Random(seed)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.haste = haste
        self.database = server.cluster.create(f"crash{next(_numbers)}")
        self.direct_url = self.database.url
        self.pooled = pooled
        self.url = server.pooler.url(self.database.name) if pooled else self.direct_url
        self.worker_options = {}
        self.workers = []
        self.past_workers = []
        self.enqueuers = []
        self.kills = []
        self.recoveries = []
        self.may_lose = False
        self.may_bury = False
        self.patience = 60
        self.findings = []
        self.figures = {}
        self.started = time.monotonic()
        self.watch = None

    def set_up(self):
        subprocess.run(
            [PROGRAM, "setup", "--url", self.direct_url], check=True, capture_output=True, timeout=60,
            stdin=subprocess.DEVNULL)
        self.places = audit.places_sql(self.database)
        self.watch = audit.Watch(self.database, self.folder)

    # Processes

    def start_worker(self, clock_error=0, **options):
        options = {"slots": 8, "pool": 4} | self.worker_options | options
        arguments = ["--url", self.url, "--direct-url", self.direct_url, "--haste", self.haste]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", value]
        name = f"worker{len(self.workers) + len(self.past_workers) + 1}"
        worker = Worker(self.folder, name, arguments, clock_error)
        self.workers.append(worker)
        return worker

    def start_workers(self, count, **options):
        for worker in [self.start_worker(**options) for _ in range(count)]:
            worker.wait_until_ready()

    def enqueue(self, count, clock_error=0, **options):
        arguments = ["--url", self.url, "--count", count, "--seed", self.random.getrandbits(63)]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", value]
        enqueuer = Enqueuer(self.folder, f"enqueuer{len(self.enqueuers) + 1}", arguments, clock_error)
        self.enqueuers.append(enqueuer)
        return enqueuer

    def kill_worker(self, worker):
        """SIGKILL; remembers when, to find out what was lost and when it ran again."""
        number = self.worker_id(worker)
        self.kills.append((number, worker.kill()))
        self.workers.remove(worker)
        self.past_workers.append(worker)

    def pause(self, shortest, longest):
        """Lets the processes work for a random time."""
        time.sleep(self.random.uniform(shortest, longest))

    @property
    def is_fed(self):
        """True while an enqueuer still has something to do."""
        return any(enqueuer.is_running for enqueuer in self.enqueuers)

    # What there is

    def worker_id(self, worker):
        """The number of a worker's newest row."""
        return self.database.value("SELECT max(id) FROM lectern.worker WHERE name = %s", worker.name)

    def leases(self, worker_id):
        return {(job, token) for job, token in self.database.query(
            "SELECT job_id, token FROM lectern.lease WHERE worker = %s", worker_id)}

    def are_leased(self, leases):
        """Whether others hold these jobs now, or all of them are over."""
        jobs = [job for job, _ in leases]
        places = collections.Counter(place for place, in self.database.query(
            f"SELECT place FROM ({self.places}) p WHERE job_id = ANY(%s)", jobs))
        return places["lease"] or not set(places) - set(audit.ENDED)

    def unended(self):
        """How many jobs stand in each place that is not an end."""
        return dict(self.database.query(
            f"SELECT place, count(*) FROM ({self.places}) p WHERE place <> ALL(%s) GROUP BY place",
            list(audit.ENDED)))

    def wait_until_ended(self, seconds=None):
        wait_for("the end of every job", lambda: not self.unended(), seconds or self.patience, pause=0.3)

    def lines(self):
        return [line for worker in self.past_workers + self.workers for line in worker.lines()]

    def find(self, name, text):
        self.findings.append(Finding(name, text))

    # The end

    def conclude(self):
        """Waits until every job has ended, ends the workers and audits everything."""
        for enqueuer in self.enqueuers:
            if enqueuer.is_running:
                enqueuer.wait(self.patience)
        try:
            self.wait_until_ended()
        except AssertionError:
            self.find("never_ended", f"after {self.patience} s there are still {self.unended()}")
        self._drain()
        self.findings += self.watch.stop()
        accepted = [line for enqueuer in self.enqueuers for line in enqueuer.accepted()]
        lines = self.lines()
        self.findings += audit.audit_ends(self.database, {line.job for line in accepted})
        self.findings += audit.audit_dead(self.database, self.may_bury)
        self.findings += audit.audit_journals(self.database, lines)
        lost = self.database.value("SELECT count(*) FROM lectern.event WHERE what = 'lost'")
        if lost and not self.may_lose:
            self.find("given_up", f"{lost} runs were taken from workers that lived")
        self._recoveries(lines)
        words = collections.Counter(line.what for line in lines)
        self.figures |= {
            "accepted": len({line.job for line in accepted}), "runs": words["begin"], "refused_ends": words["refused"],
            "stopped_runs": words["stopped"], "lost_runs": lost, "kills": len(self.kills), "looks": self.watch.looks,
            "lost_jobs": sum(finding.name == "lost" for finding in self.findings),
            "buried": self.database.value("SELECT count(*) FROM lectern.dead WHERE code = 'worker_killed'"),
            "seconds": round(time.monotonic() - self.started, 1),
        }

    def _drain(self):
        for worker in self.workers:
            worker.wait_until_ready()
        for worker in self.workers:
            worker.signal(signal.SIGTERM)
        for worker in self.workers:
            try:
                code = worker.process.wait(40)
            except subprocess.TimeoutExpired:
                code = "nothing within 40 s"
            if code != 0:
                self.find("drain", f"{worker.name} answered SIGTERM with {code}, see {worker.log}")

    def _recoveries(self, lines):
        """From each kill to the next start of every job that was leased then, or to its quarantine."""
        starts = collections.defaultdict(list)
        for line in lines:
            if line.what == "lease":
                starts[line.job].append(line)
        buried = dict(self.database.query(
            "SELECT job_id, (extract(epoch FROM died_at) * 1000000000)::int8 FROM lectern.dead"))
        lost = self.database.query("SELECT job_id, token, worker FROM lectern.event WHERE what = 'lost'")
        killed = dict(self.kills)
        times = []
        for job, token, worker in lost:
            if worker not in killed:
                continue
            later = [line.at for line in starts[job] if line.token > token]
            if not later and job in buried:
                later = [buried[job]]
            if later:
                times.append((min(later) - killed[worker]) / 1e9)
            else:
                self.find("recovery", f"job {job}, lost with worker {worker}, never started again")
        if times:
            self.recoveries = times
            self.figures["recovered_runs"] = len(times)
            self.figures["recovery_median_s"] = round(statistics.median(times), 2)
            self.figures["recovery_max_s"] = round(max(times), 2)
            if max(times) > RECOVERY_PROMISE:
                self.find("recovery", f"a lost job started {max(times):.1f} s after the kill")

    def remove(self):
        """Ends whatever still runs."""
        if self.watch and not self.watch.stopped.is_set():
            list(self.watch.stop())
        for subject in self.workers + self.past_workers + self.enqueuers:
            if subject.is_running:
                subject.signal(signal.SIGCONT)
                subject.kill()

    def forget(self):
        """Drops the database and the journals of a trial that has nothing to tell."""
        Database(self.server.cluster, "postgres").query(f'DROP DATABASE "{self.database.name}" WITH (FORCE)')
        shutil.rmtree(self.folder)

    def terminate(self, applications, at_most=1):
        """Ends random server sessions of the trial's database and says how many."""
        try:
            pids = [row[0] for row in self.database.query(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = ANY(%s) ORDER BY pid", list(applications))]
            chosen = self.random.sample(pids, min(at_most, len(pids)))
            return sum(self.database.value("SELECT pg_terminate_backend(%s)", pid) for pid in chosen)
        except psycopg.OperationalError:
            return 0
