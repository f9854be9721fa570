"""The question that KEDA asks PostgreSQL, put to a real queue."""

import math
import sys

import pytest

from conftest import ROOT, make_book

sys.path.insert(0, str(ROOT / "Tests/Support/deployment"))
import kustomize  # noqa: E402

SCALED = {
    one["spec"]["scaleTargetRef"]["name"].removeprefix("lectern-worker-"): one["spec"]
    for one in kustomize.build(ROOT / "Deploy/kubernetes/overlays/keda") if one["kind"] == "ScaledObject"}


def workers_wanted(stack, queue):
    """What KEDA makes of the answer: value by target, rounded up, within the bounds."""
    (trigger,) = SCALED[queue]["triggers"]
    jobs = stack.database.value(trigger["metadata"]["query"].replace("%", "%%"))
    wanted = math.ceil(jobs / int(trigger["metadata"]["targetQueryValue"]))
    return jobs, min(max(wanted, SCALED[queue]["minReplicaCount"]), SCALED[queue]["maxReplicaCount"])


def add_ready(stack, queue, count):
    """Puts rows into the table of what may run at once; nothing of them is ever run here."""
    stack.database.query(
        "INSERT INTO lectern.ready (queue, lane, tag, job_id) SELECT %s, 20, n, n "
        "FROM generate_series(1, %s) AS n", queue, count)


@pytest.mark.parametrize("queue", SCALED)
def test_as_many_workers_are_wanted_as_the_due_jobs_have_need_of(fresh_stack, queue):
    least = SCALED[queue]["minReplicaCount"]
    slots = int(SCALED[queue]["triggers"][0]["metadata"]["targetQueryValue"])
    assert workers_wanted(fresh_stack, queue) == (0, least)
    add_ready(fresh_stack, queue, slots * 2 + 1)
    assert workers_wanted(fresh_stack, queue) == (slots * 2 + 1, 3)
    others = [other for other in SCALED if other != queue]
    assert all(workers_wanted(fresh_stack, other)[0] == 0 for other in others)

    fresh_stack.command("queue", "pause", queue, "--for", "10m")
    assert workers_wanted(fresh_stack, queue) == (0, least)
    fresh_stack.command("queue", "resume", queue)
    assert workers_wanted(fresh_stack, queue)[1] == 3


@pytest.mark.parametrize("queue", SCALED)
def test_a_queue_without_end_asks_for_all_workers_and_no_more(fresh_stack, queue):
    most = SCALED[queue]["maxReplicaCount"]
    slots = int(SCALED[queue]["triggers"][0]["metadata"]["targetQueryValue"])
    add_ready(fresh_stack, queue, 5_000)
    assert workers_wanted(fresh_stack, queue) == (most * slots, most)


def test_jobs_of_the_product_are_counted_while_they_wait(fresh_stack, tmp_path):
    fresh_stack.enqueue_sync(make_book(tmp_path / "book", 1))
    assert workers_wanted(fresh_stack, "sync") == (1, 1)
