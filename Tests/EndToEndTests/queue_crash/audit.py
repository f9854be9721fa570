"""What must hold while a trial runs and after it. Everything that does not is a finding with a name."""

import collections
import subprocess
import threading
from typing import NamedTuple

import psycopg

from conftest import tail

from .processes import PROGRAM, Subject

WAITING = ("ready", "scheduled", "blocked", "lease")
ENDED = ("done", "dead")


class Finding(NamedTuple):
    name: str
    text: str


def places_sql(database):
    """One row per table in which a job id stands."""
    names = [name for name in WAITING + ENDED
             if database.value("SELECT to_regclass(%s) IS NOT NULL", f"lectern.{name}")]
    return " UNION ALL ".join(f"SELECT job_id, '{name}' AS place FROM lectern.{name}" for name in names)


def invariants_sql(database):
    """What `lectern verify` cannot know: what was accepted, and what was written with it and with its end.

    One statement, so that one snapshot answers: every row is a broken promise."""
    return f"""
        WITH places AS MATERIALIZED ({places_sql(database)}),
        job AS MATERIALIZED (SELECT id FROM lectern.job)
        SELECT 'I1: job ' || id || ' stands in [' || coalesce(string_agg(place, ', '), '') || ']' AS broken
        FROM job LEFT JOIN places ON job_id = id GROUP BY id HAVING count(place) <> 1
        UNION ALL
        SELECT 'I1: ' || place || ' holds ' || job_id || ', which was never accepted'
        FROM places WHERE job_id NOT IN (SELECT id FROM job)
        UNION ALL
        SELECT 'transaction: job ' || id || ' exists without what was written with it'
        FROM job WHERE NOT EXISTS (SELECT FROM crash.asked a WHERE a.job_id = id AND a.is_new)
        UNION ALL
        SELECT 'transaction: ' || job_id || ' was asked for and does not exist'
        FROM crash.asked a WHERE NOT EXISTS (SELECT FROM job WHERE id = job_id)
        UNION ALL
        SELECT 'effect: job ' || e.job_id || ' has an effect and is ' || p.place
        FROM crash.effect e JOIN places p USING (job_id) WHERE p.place <> 'done'"""


class Watch:
    """Asks again and again, during the faults too, whether the invariants hold: those of `lectern verify` by a process,
    those of the suite on a thread."""

    def __init__(self, database, folder):
        self.database = database
        self.verifier = Subject(folder, "verifier", ["verify", "--url", database.url, "--every-ms", 700])
        self.sql = invariants_sql(database)
        self.looks = 0
        self.broken = collections.Counter()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        connection = None
        while not self.stopped.wait(0.4):
            try:
                connection = connection or self.database.connect()
                self.broken.update(row[0] for row in connection.execute(self.sql).fetchall())
                self.looks += 1
            except psycopg.Error:
                # The server is away or the session was killed: that is the fault under trial.
                if connection:
                    connection.close()
                connection = None
        if connection:
            connection.close()

    def stop(self):
        self.stopped.set()
        self.thread.join(30)
        if not self.verifier.is_running:
            yield Finding("invariant", f"the verifier ended: {tail(self.verifier.log)}")
        self.verifier.kill()
        told = collections.Counter(self.verifier.output.read_text().splitlines())
        verified = told.pop("looked", 0)
        self.broken.update(told)
        yield from (Finding("invariant", f"{text} ({count} times)") for text, count in self.broken.items())
        if not self.looks or not verified:
            yield Finding("invariant", "nobody could look during the trial")
        self.looks += verified


def audit_ends(database, accepted):
    """Every accepted job ended exactly once, and the effects stand as often as they should."""
    ends = collections.defaultdict(list)
    for job, outcome, attempt, kind in database.query(
            "SELECT job_id, outcome, attempt, kind FROM lectern.done"
            " UNION ALL SELECT job_id, 'dead', attempt, kind FROM lectern.dead"):
        ends[job].append((outcome, attempt, kind))
    for job in accepted - ends.keys():
        yield Finding("lost", f"job {job} was accepted and never ended")
    effects = collections.defaultdict(list)
    for job, attempt in database.query("SELECT job_id, attempt FROM crash.effect"):
        effects[job].append(attempt)
    for job, ended in ends.items():
        if len(ended) > 1:
            yield Finding("ended_twice", f"job {job} ended {len(ended)} times: {ended}")
        outcome, attempt, kind = ended[0]
        expected = [attempt] if outcome == "succeeded" and kind != "crash_plain" else []
        if effects[job] != expected:
            yield Finding(
                "effects", f"job {job} ({kind}, {outcome}) left effects of attempts {effects[job]}, not {expected}")
    for job in effects.keys() - ends.keys():
        yield Finding("effects", f"job {job} left an effect and has not ended")
    for text, in database.query(invariants_sql(database)):
        yield Finding("invariant", text)
    verified = subprocess.run(
        [PROGRAM, "verify", "--url", database.url], capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL)
    for line in verified.stdout.splitlines():
        if line != "looked":
            yield Finding("invariant", line)
    if "looked" not in verified.stdout:
        yield Finding("invariant", f"the verifier did not answer: {verified.stderr[-500:]}")


def audit_dead(database, may_bury):
    """Only the doomed die, and what was held by two workers that died, where workers did."""
    for job, kind, code, losers in database.query(
            "SELECT job_id, kind, code, (SELECT count(DISTINCT worker) FROM lectern.event e"
            " WHERE e.job_id = d.job_id AND e.what = 'lost') FROM lectern.dead d"):
        is_doomed = kind == "crash_doomed" and code == "crash_doomed"
        is_quarantined = may_bury and code == "worker_killed" and losers >= 2
        if not is_doomed and not is_quarantined:
            yield Finding("buried", f"job {job} ({kind}) is dead of {code}, lost by {losers} workers")


def audit_journals(database, lines):
    """Tokens grow with every claim, and only the run with the last token ends a job."""
    lost = {(job, token) for job, token in database.query(
        "SELECT job_id, token FROM lectern.event WHERE what = 'lost'")}
    leases, endings = collections.defaultdict(list), collections.defaultdict(list)
    for line in lines:
        if line.what == "lease":
            leases[line.job].append(line)
        elif line.what in ("succeeded", "retried", "snoozed", "released", "discarded", "cancelled"):
            endings[line.job].append(line)
    for job, held in leases.items():
        held.sort(key=lambda line: line.token)
        for before, after in zip(held, held[1:]):
            if before.token == after.token:
                yield Finding("tokens", f"job {job}: {before.worker} and {after.worker} both hold {after.token}")
            if before.attempt > after.attempt:
                yield Finding("tokens", f"job {job}: attempt {after.attempt} has a later token than {before.attempt}")
    for job, ended in endings.items():
        for line in ended:
            if (job, line.token) in lost:
                yield Finding("stale_end", f"job {job}: {line.worker} {line.what} it with a token that was taken away")
        final = [line for line in ended if line.what in ("succeeded", "discarded", "cancelled")]
        if len(final) > 1:
            yield Finding("ended_twice", f"job {job} was ended by {[(line.worker, line.what) for line in final]}")
        for line in final:
            if any(later.token > line.token for later in leases[job]):
                yield Finding("stale_end", f"job {job}: {line.worker} {line.what} it after another had claimed it")
