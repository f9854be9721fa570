"""The faults of the server and of the way to it."""

import contextlib
import signal
import time

import psycopg

from .relay import Relay

SUBJECTS = ("queue-crash-worker", "lectern")


def killed_backends(trial, seconds=15):
    """pg_terminate_backend of random sessions of workers and enqueuers, the listening ones too."""
    trial.start_workers(2)
    trial.enqueue(seconds * 10, pause_ms=100)
    killed = 0
    while trial.is_fed:
        trial.pause(0.1, 0.5)
        killed += trial.terminate(SUBJECTS)
    trial.figures["killed_backends"] = killed
    if killed < 5:
        trial.find("idle", f"only {killed} sessions were ended")


def lost_answers(trial, seconds=12):
    """The server does what workers and enqueuers ask for, and the line breaks before they hear of it."""
    relay = Relay(trial.server.pooler.port if trial.pooled else trial.server.cluster.port)
    trial.url = f"postgresql://lectern@127.0.0.1:{relay.port}/{trial.database.name}"
    try:
        trial.start_workers(2)
        trial.enqueue(seconds * 10, pause_ms=100)
        while trial.is_fed:
            trial.pause(0.05, 0.4)
            # Half of the time only claims that lease something: their answers name the jobs' kinds.
            relay.deafen(trial.random.randint(1, 3), trial.random.choice([b"", b"crash_"]))
        relay.deafen(0)
        trial.wait_until_ended()
        for worker in list(trial.workers):
            if code := worker.drain():
                trial.find("drain", f"{worker.name} answered SIGTERM with {code}, see {worker.log}")
            trial.workers.remove(worker)
            trial.past_workers.append(worker)
    finally:
        relay.close()
    put_back = sum(
        "never heard" in line for worker in trial.past_workers for line in worker.log.read_text().splitlines())
    trial.figures |= {"lost_answers": relay.lost, "claims_put_back": put_back}
    if relay.lost < 20 or not put_back:
        trial.find("idle", f"{relay.lost} answers were lost, {put_back} of claims that leased something")


def restarted_server(trial, restarts=3):
    """Immediate shutdowns of PostgreSQL, with recovery at each start; the last outage outlasts the silence limit."""
    trial.start_workers(3)
    trial.enqueue(150, pause_ms=100)
    for number in range(restarts):
        trial.pause(1.5, 4)
        trial.server.cluster.stop(signal.SIGQUIT)
        trial.pause(0, 3)
        if number == restarts - 1:
            time.sleep(12 / trial.haste)
        trial.server.cluster.start()
    trial.figures["restarts"] = restarts


def exhausted_pool(trial):
    """Many slots share one connection or two; nobody may seem dead for that."""
    trial.start_workers(1, slots=32, pool=1)
    trial.start_workers(1, slots=32, pool=2)
    trial.enqueue(300, pause_ms=15, pool=1)
    trial.enqueue(300, pause_ms=15, pool=1)


def exhausted_server(trial):
    """Somebody takes every connection the server has, while the workers have lost theirs."""
    trial.may_lose = trial.may_bury = True
    trial.start_workers(2)
    trial.enqueue(120, pause_ms=100)
    refusals = 0
    with trial.database.connect() as mine:
        for _ in range(3):
            trial.pause(1, 2)
            taken = []
            until = time.monotonic() + trial.random.uniform(2, 5)
            while time.monotonic() < until:
                mine.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = ANY(%s)", [list(SUBJECTS)])
                # Until the server refuses one more.
                with contextlib.suppress(psycopg.OperationalError):
                    while True:
                        taken.append(trial.database.connect())
                refusals += 1
                time.sleep(0.1)
            for connection in taken:
                connection.close()
    trial.figures["refusals"] = refusals
    if refusals < 3:
        trial.find("idle", f"the server was full {refusals} times only")


def pinned_horizon(trial):
    """A transaction with a snapshot stays open, so that nothing dead can be cleaned up; a worker is killed, too."""
    trial.may_lose = trial.may_bury = True
    trial.start_workers(2)
    with psycopg.connect(trial.direct_url) as pin:
        pin.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        pin.execute("SELECT pg_current_xact_id(), count(*) FROM lectern.job")
        trial.enqueue(3_000, mixture="plain")
        trial.enqueue(100, pause_ms=60)
        trial.pause(2, 4)
        trial.kill_worker(trial.random.choice(trial.workers))
        trial.start_worker()
        for enqueuer in trial.enqueuers:
            enqueuer.wait(60)
        trial.wait_until_ended()
        horizon = pin.execute(
            "SELECT backend_xmin::text::int8 FROM pg_stat_activity WHERE pid = pg_backend_pid()").fetchone()[0]
        now = trial.database.value("SELECT pg_current_xact_id()::text::int8")
        trial.figures["transactions_behind"] = now - horizon
        if now - horizon < 1_000:
            trial.find("idle", f"the horizon was pinned for {now - horizon} transactions only")
