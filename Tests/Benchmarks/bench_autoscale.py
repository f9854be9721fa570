"""Deploy/bench autoscale: a day's load and a resync burst against the autoscaling rules, by computation.

Each day is played by `lectern bench autoscale` with other random numbers: the fleet is looked at every 15 s, a process
takes 40 s to start. The baseline of the fleet's size is what the arrivals alone would keep busy.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

from processes import BenchError
from report import Result, emit, machine, progress

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench autoscale", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="three days instead of ten")
    options = parser.parse_args(arguments)
    facts = machine()
    began = time.monotonic()
    progress("building lectern")
    subprocess.run(["swift", "build", "--product", "lectern"], cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    played = subprocess.run(
        [f"{folder}/lectern", "bench", "autoscale", "--output", "json", "--seeds", "3" if options.quick else "10"],
        capture_output=True, text=True)
    if played.returncode:
        raise BenchError(f"lectern bench autoscale: {played.stderr.strip()}")
    return emit("autoscale", facts, time.monotonic() - began, results(json.loads(played.stdout)), options.json)


def results(reports):
    found = []
    for name in dict.fromkeys(report["scenario"] for report in reports):
        days = [report for report in reports if report["scenario"] == name]
        within = Result(f"{name}_within_target", "share of jobs", target=0.95, combine=min)
        wait = Result(f"{name}_wait_p99", "s", lower_is_better=True)
        fleet = Result(
            f"{name}_processes", "on average", baseline_name="processes that the jobs alone would keep busy")
        burst = Result(
            f"{name}_burst_done", "s", target=days[0]["target_wait_s"] + 55, lower_is_better=True, combine=max)
        flaps = Result(f"{name}_flaps", "a day", target=0, lower_is_better=True, combine=max)
        for day in days:
            within.add(day["within_target"])
            wait.add(day["wait99_s"])
            fleet.add(day["mean_replicas"], day["busy_replicas"])
            burst.add(day["burst_wait_s"])
            flaps.add(day["flaps"])
        # A burst is done within the target and the time that new processes need; most of it waits longer than a trickle.
        found += [wait, fleet, burst, flaps] if name == "resync_burst" else [within, wait, fleet, burst, flaps]
    return found
