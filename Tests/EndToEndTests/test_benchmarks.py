"""What drives the queue for benchmarks, ours and others', keeps to its verbs and lines."""

import itertools
import json
import os
import signal
import subprocess
import sys

import pytest
from conftest import BIN, ROOT, clean_environment, wait_for

sys.path.insert(0, str(ROOT / "Tests/Benchmarks"))
import report  # noqa: E402

_names = itertools.count(1)


class Bench:
    """queue-bench on a database of its own."""

    def __init__(self, cluster):
        self.database = cluster.create(f"bench{next(_names)}")
        self.environ = clean_environment(
            PGHOST="127.0.0.1", PGPORT=str(cluster.port), PGUSER="lectern", PGDATABASE=self.database.name)

    def run(self, *arguments):
        done = subprocess.run(
            [BIN / "queue-bench", *map(str, arguments)], env=self.environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def worker(self, *arguments):
        return subprocess.Popen(
            [BIN / "queue-bench", "worker", "--concurrency", "4", *map(str, arguments)], env=self.environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def bench(cluster):
    bench = Bench(cluster)
    bench.run("setup")
    return bench


def test_meta_needs_no_database():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"PGPORT": "1"}
    done = subprocess.run([BIN / "queue-bench", "meta"], env=environ, capture_output=True, text=True, timeout=30)
    meta = json.loads(done.stdout)
    assert meta.keys() >= {"modes", "concurrency", "remaining_sql", "versions", "notes"}
    assert set(meta["modes"]) == {"single", "concurrent", "bulk"}


@pytest.mark.parametrize("mode", ["single", "concurrent", "bulk"])
def test_every_mode_stores_the_jobs_it_says(bench, mode):
    last = json.loads(bench.run("enqueue", "--mode", mode, "--n", 40).splitlines()[-1])
    assert last.keys() == {"n", "seconds", "cpu_s"}
    assert last["n"] == 40
    rows = bench.database.query("SELECT (args->>'n')::int, length(args->>'payload') FROM lectern.job")
    assert sorted(rows) == [(n, 100) for n in range(1, 41)]


def test_a_worker_drains_and_traces_each_start(bench, tmp_path):
    remaining = json.loads(bench.run("meta"))["remaining_sql"]
    assert not bench.database.query(remaining)
    bench.run("enqueue", "--mode", "bulk", "--n", 500)
    assert bench.database.query(remaining)
    worker = bench.worker("--trace", tmp_path / "trace")
    try:
        wait_for("the drain", lambda: not bench.database.query(remaining))
        bench.run("probe", "--n", 3, "--gap-ms", 5, "--out", tmp_path / "probe")
        wait_for("the probes", lambda: not bench.database.query(remaining))
        # Lines reach a reader while the worker still runs.
        wait_for("the trace", lambda: (tmp_path / "trace").read_text().count("\n") == 503, seconds=5)
    finally:
        worker.send_signal(signal.SIGTERM)
        output, _ = worker.communicate(timeout=40)
    assert worker.returncode == 0
    starts = [tuple(map(int, line.split())) for line in (tmp_path / "trace").read_text().splitlines()]
    assert sorted(n for n, _ in starts) == sorted([*range(1, 501), 1, 2, 3])
    lines = output.split("\n")
    assert "READY" in lines
    assert f"FIRST {min(at for _, at in starts)}" in lines
    latest = dict(starts)
    for line in (tmp_path / "probe").read_text().splitlines():
        n, before, after = map(int, line.split())
        assert before < after
        assert before < latest[n]


def test_duplicates_of_a_key_are_one_job(bench):
    bench.run("duplicates", "--n", 50)
    assert bench.database.value("SELECT count(*) FROM lectern.job") == 1


@pytest.mark.parametrize(
    ("options", "rounds", "ok"),
    [
        ({"target": 0.9, "baseline_name": "raw"}, [(90, 100), (10, 100), (95, 100)], True),
        ({"target": 0.9, "baseline_name": "raw"}, [(89, 100), (1000, 100), (80, 100)], False),
        ({"target": 100}, [(99, None), (100, None), (101, None)], True),
        ({"target": 100}, [(99, None)], False),
        ({"target": 5, "lower_is_better": True}, [(5, None)], True),
        ({"target": 5, "lower_is_better": True, "combine": max}, [(1, None), (6, None), (1, None)], False),
        ({"target": 5, "lower_is_better": True, "baseline_name": "raw", "absolute": True}, [(5, 1)], True),
        ({"target": 5, "lower_is_better": True, "baseline_name": "raw", "absolute": True}, [(6, 100)], False),
        ({}, [(0, None)], True),
    ])
def test_a_target_is_judged_by_the_median_round(capsys, options, rounds, ok):
    result = report.Result("name", "jobs/s", **options)
    for ours, baseline in rounds:
        result.add(ours, baseline)
    assert report.emit("queue", {}, 1.0, [result], as_json=True) == (0 if ok else 1)
    printed = json.loads(capsys.readouterr().out)
    assert printed["bench"] == "queue"
    assert printed["results"][0]["ok"] is ok
    assert len(printed["results"][0]["rounds"]) == len(rounds)


def test_a_percentile_is_one_of_the_values():
    values = list(range(1, 101))
    assert (report.percentile(values, 50), report.percentile(values, 99), report.percentile([7], 99)) == (50, 99, 7)


def test_an_unknown_benchmark_is_a_mistake_of_usage():
    done = subprocess.run([ROOT / "Deploy/bench", "nothing"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "queue" in done.stderr
    assert not done.stdout
