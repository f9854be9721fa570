"""Deploy/bench crash: the crash suite of the queue in random order, on several servers, until the time is over."""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from report import Result, emit, machine, progress

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/EndToEndTests"))


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench crash", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="3 minutes, where --minutes says nothing else")
    parser.add_argument("--minutes", type=float, metavar="N", help="how long trials are begun; 20 without it")
    parser.add_argument("--seed", type=int, help="repeats the order and the choices of an earlier run")
    options = parser.parse_args(arguments)
    minutes = options.minutes or (3 if options.quick else 20)
    if minutes < 0:
        parser.error("--minutes must be positive")
    if "LECTERN_BIN" not in os.environ:
        subprocess.run(["swift", "build", "--product", "queue-crash-worker"], cwd=ROOT, check=True, stdout=sys.stderr)
    # Reads LECTERN_BIN when it is imported.
    from queue_crash.plan import LONG_FORM, Servers, run_until

    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    progress(f"seed {seed}")
    began = time.monotonic()
    facts = machine(seed=seed, minutes=minutes)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-crash-"))
    servers = Servers()
    try:
        reports = run_until(began + minutes * 60, LONG_FORM, seed, folder, servers, tell)
    finally:
        servers.remove()
    if any(report.findings for report in reports):
        progress(f"journals and logs of the trials with findings: {folder}")
    else:
        folder.rmdir()
    return emit("crash", facts, time.monotonic() - began, results(reports), options.json)


def tell(report):
    progress(f"{'BROKEN ' if report.findings else ''}{report}")


def results(reports):
    """Each trial is a round. Counts are summed, of recoveries the longest counts."""
    trials = Result("trials", "trials", combine=len)
    broken = Result("broken_promises", "findings", target=0, lower_is_better=True, combine=sum)
    lost = Result("lost_jobs", "jobs", target=0, lower_is_better=True, combine=sum)
    counts = [Result(name, "", combine=sum) for name in ("accepted", "kills", "lost_runs", "refused_ends", "buried")]
    recovery = Result("recovery_max", "s", target=20, lower_is_better=True, combine=max)
    for report in reports:
        trials.add(1)
        broken.add(len(report.findings))
        lost.add(report.figures.get("lost_jobs", 0))
        for count in counts:
            count.add(report.figures.get(count.name, 0))
        if "recovery_max_s" in report.figures:
            recovery.add(report.figures["recovery_max_s"])
    trials.extra["reports"] = [
        {"case": str(report.case), "seed": report.seed, "figures": report.figures,
         "findings": [finding._asdict() for finding in report.findings]} for report in reports]
    return [trials, broken, lost, *counts] + ([recovery] if recovery.rounds else [])
