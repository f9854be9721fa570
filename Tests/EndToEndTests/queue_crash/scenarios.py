"""The faults of workers and enqueuers, and the list of all.

Each scenario takes a trial that is set up, does its harm while jobs run, and leaves the audit to the trial.
"""

import signal
import statistics
import time

from conftest import wait_for

from .outages import (
    exhausted_pool, exhausted_server, killed_backends, lost_answers, pinned_horizon, restarted_server)


def killed_workers(trial, seconds=30):
    """kill -9 of workers at random moments; each is replaced after a moment."""
    trial.may_lose = trial.may_bury = True
    trial.start_workers(3)
    feed = seconds * 8
    trial.enqueue(feed // 2, pause_ms=200)
    trial.enqueue(feed // 2, pause_ms=200)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        trial.pause(1.5, 6)
        trial.kill_worker(trial.random.choice(expendable(trial)))
        trial.pause(0, 1.5)
        trial.start_worker()


def expendable(trial):
    """Workers without whom somebody is left who may declare others dead: that takes a life as long as the silence
    limit, 12 s in production. Where nobody lives that long, nothing is promised."""
    oldest, second = sorted(trial.workers, key=lambda worker: worker.started)[:2]
    if time.monotonic() - second.started > 12 / trial.haste + 1:
        return trial.workers
    return [worker for worker in trial.workers if worker is not oldest]


def killed_fleet(trial):
    """kill -9 of all workers at once, as when their machine dies; others take over after a moment."""
    trial.may_lose = trial.may_bury = True
    trial.start_workers(3)
    trial.enqueue(120, pause_ms=100)
    trial.pause(3, 6)
    for worker in list(trial.workers):
        trial.kill_worker(worker)
    trial.pause(0, 1.5)
    trial.start_workers(3)


def stopped_worker(trial, rounds=3):
    """SIGSTOP of a worker until others hold its jobs, then SIGCONT: its late results must be refused, its other runs
    cancelled, and it must find back to work."""
    trial.may_lose = trial.may_bury = True
    trial.start_workers(2, slots=24)
    stale = set()
    # Work for all rounds, and runs that are longer than a stop and shorter ones.
    feed = trial.enqueue(
        rounds * (15 + 85 // trial.haste), pause_ms=180, mixture="slow", fastest_ms=500,
        slowest_ms=6_000 + 20_000 // trial.haste)
    for _ in range(rounds):
        worker = trial.random.choice(trial.workers)
        number = wait_for(f"the row of {worker.name}", lambda worker=worker: trial.worker_id(worker))
        wait_for("leases to take away", lambda number=number: len(trial.leases(number)) >= 4, 60, pause=0.2)
        worker.signal(signal.SIGSTOP)
        held = trial.leases(number)
        stale |= held
        wait_for("the leases to be taken away", lambda number=number: not trial.leases(number), 30, pause=0.1)
        # The late results come while others run the same jobs: that is when only the token tells them apart.
        wait_for("another to run a job of the stopped worker", lambda held=held: trial.are_leased(held), 30, pause=0.1)
        trial.pause(0, 0.5)
        worker.signal(signal.SIGCONT)
        wait_for(f"{worker.name} to register again",
                 lambda worker=worker, number=number: trial.worker_id(worker) not in (None, number), 30, pause=0.2)
    feed.wait(60)
    late = [line for line in trial.lines() if (line.job, line.token) in stale]
    refused = sum(line.what == "refused" for line in late)
    stopped = sum(line.what == "stopped" for line in trial.lines())
    if not stale or not refused:
        trial.find("idle", f"of {len(stale)} late results {refused} were refused")
    if not stopped:
        trial.find("not_cancelled", "no run without a lease was cancelled")
    trial.figures["leases_taken"] = len(stale)


def wrong_clocks(trial):
    """One worker lives ten minutes ahead, one ten minutes behind, so do enqueuers; the one in time is killed."""
    trial.may_lose = trial.may_bury = True
    ahead, behind, right = trial.start_worker(600), trial.start_worker(-600), trial.start_worker()
    for worker in (ahead, behind, right):
        worker.wait_until_ready()
    for clock_error in (600, -600):
        trial.enqueue(60, clock_error, pause_ms=150)
    mine = trial.worker_id(right)
    trial.pause(1, 4)
    wait_for("jobs to lose", lambda: len(trial.leases(mine)) >= 2, 30, pause=0.02)
    trial.kill_worker(right)
    for enqueuer in trial.enqueuers:
        enqueuer.wait(60)
    trial.wait_until_ended()
    for job, worker in trial.database.query(
            "SELECT job_id, worker FROM lectern.event WHERE what = 'lost' AND worker <> %s", mine):
        trial.find("given_up", f"job {job} was taken from worker {worker}, which lived")
    if not trial.database.value("SELECT count(*) FROM lectern.event WHERE what = 'lost'"):
        trial.find("idle", "nothing was lost with the killed worker")
    check_delays(trial)


def check_delays(trial):
    """Delayed jobs started when the database's clock said so, whoever asked and whoever ran them."""
    delays = dict(trial.database.query("SELECT job_id, delay_ms FROM crash.asked WHERE delay_ms > 0"))
    accepted = {line.job: line.at for enqueuer in trial.enqueuers for line in enqueuer.accepted()}
    starts = {}
    for line in sorted(trial.lines(), key=lambda line: line.at):
        if line.what == "begin":
            starts.setdefault(line.job, line.at)
    late = []
    for job in delays.keys() & accepted.keys() & starts.keys():
        waited = (starts[job] - accepted[job]) / 1e6
        late.append(waited - delays[job])
        # The clock of the delay begins with the transaction, the measured one when its end was printed.
        if late[-1] < -250:
            trial.find("early", f"job {job} was to wait {delays[job]} ms and started after {waited:.0f} ms")
        if late[-1] > 20_000:
            trial.find("late", f"job {job} was to wait {delays[job]} ms and started after {waited:.0f} ms")
    if not late:
        trial.find("idle", "there was no delayed job")
    else:
        trial.figures["delay_error_median_ms"] = round(statistics.median(late), 1)


def killed_enqueuers(trial, seconds=10):
    """kill -9 of programs that enqueue, in the middle of whatever they do."""
    trial.start_workers(2)
    until = time.monotonic() + seconds
    killed = 0
    while time.monotonic() < until:
        enqueuers = [trial.enqueue(100_000, pause_ms=40) for _ in range(3)]
        for enqueuer in enqueuers:
            trial.pause(0.1, 0.8)
            enqueuer.kill()
            killed += 1
    trial.figures["killed_enqueuers"] = killed
    if not any(enqueuer.accepted() for enqueuer in trial.enqueuers):
        trial.find("idle", "nothing was accepted before a kill")


def backlog(trial):
    """More work than slots, so that claims come back full, while rows return to places that were passed long ago:
    retries, what a leaving worker hands back, what a dead one held."""
    trial.may_lose = trial.may_bury = True
    trial.patience = 25
    trial.enqueue(300, slowest_ms=400).wait(30)
    trial.start_workers(2, slots=4, prefetch=8)
    for _ in range(2):
        trial.pause(0.5, 1.5)
        leaving = trial.random.choice(trial.workers)
        if code := leaving.drain():
            trial.find("drain", f"{leaving.name} answered SIGTERM with {code}, see {leaving.log}")
        trial.workers.remove(leaving)
        trial.past_workers.append(leaving)
        trial.start_worker(slots=4, prefetch=8).wait_until_ready()
        trial.pause(0.2, 0.8)
        trial.kill_worker(trial.random.choice(trial.workers))
        trial.start_worker(slots=4, prefetch=8).wait_until_ready()


POLL_SECONDS = 4.0


def idle_starts(trial, count=20):
    """Jobs enqueued one at a time on an idle queue start because somebody said so, not because of the next look."""
    trial.start_workers(1, poll_ms=int(POLL_SECONDS * 1000))
    trial.enqueue(count, pause_ms=500, mixture="plain").wait(60)
    trial.wait_until_ended(2 * POLL_SECONDS)
    accepted = {line.job: line.at for line in trial.enqueuers[0].accepted()}
    waits = [(line.at - accepted[line.job]) / 1e9 for line in trial.lines()
             if line.what == "begin" and line.job in accepted]
    trial.figures["start_median_s"] = round(statistics.median(waits), 4)
    trial.figures["start_max_s"] = round(max(waits), 4)
    if statistics.median(waits) > 0.5:
        trial.find("start_latency", f"half of the jobs waited longer than {statistics.median(waits):.2f} s")
    # The poll varies by 20 %, and the machine is busy.
    if max(waits) > POLL_SECONDS * 1.2 + 2:
        trial.find("start_bound", f"a job waited {max(waits):.2f} s, longer than a poll interval")


SCENARIOS = {scenario.__name__: scenario for scenario in (
    killed_workers, killed_fleet, killed_backends, lost_answers, restarted_server, stopped_worker, exhausted_pool,
    exhausted_server, pinned_horizon, wrong_clocks, killed_enqueuers, backlog, idle_starts)}
# These stop the server or take all of it, so it has to be theirs alone.
NEEDS_A_SERVER = {"restarted_server": (), "exhausted_server": ("max_connections=24",)}
