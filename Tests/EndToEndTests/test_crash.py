"""Workers die in the middle of a job: the job runs again within 20 s and its effect stands once."""

import json
import re
import signal
import time

import httpx
import pytest

from conftest import make_book, poll_text, tail, wait_for

RESCUE = 20.0


def leases(stack):
    """Jobs under way with the worker that holds each."""
    return dict(stack.database.query("SELECT job_id, worker FROM lectern.lease"))


def kill_while_working(stack, name, is_amid):
    """Kills a worker at a moment when it holds leases, and returns these and the time."""
    with stack.database.connect() as connection:
        def is_working():
            held = dict(connection.execute("SELECT job_id, worker FROM lectern.lease").fetchall())
            return held if held and is_amid() else None

        wait_for(f"{name} to hold a lease", is_working, 30, pause=0.005)
    stack.kill(name)
    killed = time.monotonic()
    held = leases(stack)
    assert held, f"{name} had ended its work before it was killed"
    return held, killed


def require_taken_over(stack, held, killed):
    """Every job is running elsewhere or done within the promised time."""

    def is_taken_over():
        waiting = {job for (job,) in stack.database.query("SELECT job_id FROM lectern.ready")}
        running = leases(stack)
        return all(job not in waiting and running.get(job) != worker for job, worker in held.items())

    wait_for("the lost jobs to run again", is_taken_over, RESCUE + 5)
    took = time.monotonic() - killed
    assert took <= RESCUE, f"it took {took:.1f} s"


def require_ended_once(stack, kind, count):
    """Every job of the kind stands exactly once in `done`, and nothing is left in flight."""
    stack.wait_until_ended(kind)
    rows = stack.database.query(
        "SELECT outcome, count(*), count(DISTINCT job_id) FROM lectern.done WHERE kind = %s GROUP BY outcome", kind)
    assert rows == [("succeeded", count, count)]
    assert stack.database.query("SELECT job_id, code, message FROM lectern.dead") == []


def test_a_sync_worker_killed_amid_a_sync_publishes_the_book_once(fresh_stack, tmp_path):
    book = make_book(tmp_path / "book", lessons=150)
    fresh_stack.start("storage", "vectordal", "sync-worker", "embed-worker")
    job = fresh_stack.enqueue_sync(book)
    storage = fresh_stack.folder / "storage"
    held, killed = kill_while_working(
        fresh_stack, "sync-worker", lambda: sum(path.is_file() for path in storage.rglob("*")) > 20)
    assert fresh_stack.database.query("SELECT state FROM lectern.release") == [("staging",)]

    fresh_stack.start("sync-worker", ready=False)
    require_taken_over(fresh_stack, held, killed)
    fresh_stack.wait_until_published(job, 100)
    assert fresh_stack.database.query("SELECT state, count(*) FROM lectern.release GROUP BY state") == [
        ("published", 1)]
    assert fresh_stack.database.value("SELECT count(*) FROM lectern.release_lesson") == 150
    assert fresh_stack.database.value("SELECT count(*) FROM lectern.lesson") == 150
    lost = fresh_stack.database.query("SELECT DISTINCT job_id FROM lectern.event WHERE what = 'lost'")
    assert {number for (number,) in lost} == set(held)

    require_ended_once(fresh_stack, "sync_book", 1)
    require_ended_once(fresh_stack, "store_object", 150)
    require_ended_once(fresh_stack, "embed_lesson", 150)


def test_an_embed_worker_killed_amid_its_jobs_leaves_every_chunk_once(fresh_stack, tmp_path):
    book = make_book(tmp_path / "book", lessons=60, words=1_500)
    fresh_stack.start("storage", "vectordal", "sync-worker")
    resync = fresh_stack.enqueue_sync(book)
    fresh_stack.start("embed-worker", ready=False)
    held, killed = kill_while_working(
        fresh_stack, "embed-worker",
        lambda: fresh_stack.database.value("SELECT count(*) FROM lectern.done WHERE kind = 'embed_lesson'") >= 5)

    fresh_stack.start("embed-worker", ready=False)
    require_taken_over(fresh_stack, held, killed)
    fresh_stack.wait_until_published(resync, 100)
    require_ended_once(fresh_stack, "embed_lesson", 60)
    report = json.loads(fresh_stack.command("verify", "content", "--output", "json").stdout)
    assert (report["lessons"], report["indexed_lessons"]) == (60, 60)
    assert report["chunks"] == report["vectors"] > 60
    places = "SELECT count(*) FROM (SELECT DISTINCT entry_id, chunk_index FROM lectern.chunk) AS places"
    assert fresh_stack.database.value(places) == report["chunks"]


@pytest.fixture
def waiting_for_a_model(fresh_stack, tmp_path):
    """A published lesson, a provider that never answers, and a learner who was promised a text."""
    provider = fresh_stack.scripted_provider()
    fresh_stack.environment |= {
        "CHAT_BASE_URL": provider, "CHAT_MODEL": "scripted", "LECTERN_DRAIN_SECONDS": "2"}
    httpx.post(f"{provider}/script", json={"behaviours": ["hang"], "repeat": True}).raise_for_status()
    fresh_stack.start("storage", "vectordal", "sync-worker", "embed-worker")
    fresh_stack.start("api", "personalize-worker")
    fresh_stack.sync(make_book(tmp_path / "book", lessons=1))
    learner = fresh_stack.learner()
    answer = learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-1"})
    assert answer.status_code == 202
    wait_for("the worker to ask the model", lambda: httpx.get(f"{provider}/requests").json())
    return fresh_stack, provider, learner


def release_the_model(provider):
    httpx.post(f"{provider}/script", json={"behaviours": ["status,code=400"], "repeat": True}).raise_for_status()


def require_one_text(stack, learner):
    text = poll_text(learner, "ch01-lesson-1", 30)
    assert text["cached"] is True and text["personalized_content"]
    assert stack.database.query("SELECT state, count(*) FROM lectern.personalized_lesson GROUP BY state") == [
        ("ready", 1)]
    require_ended_once(stack, "personalize_lesson", 1)
    return text


def test_a_personalize_worker_killed_while_a_model_writes_gives_one_text(waiting_for_a_model):
    stack, provider, learner = waiting_for_a_model
    held, killed = kill_while_working(stack, "personalize-worker", lambda: True)
    release_the_model(provider)
    stack.start("personalize-worker", ready=False)
    require_taken_over(stack, held, killed)
    require_one_text(stack, learner)


def test_a_worker_told_to_end_hands_its_job_back_without_spending_an_attempt(waiting_for_a_model):
    stack, provider, learner = waiting_for_a_model
    (job,) = leases(stack)
    stack.processes["personalize-worker"].send_signal(signal.SIGTERM)
    started = time.monotonic()
    code = stack.processes["personalize-worker"].wait(20)
    assert code == 0, tail(stack.log("personalize-worker"))
    assert 1.5 <= time.monotonic() - started <= 10, "the drain time of 2 s was not kept"
    assert stack.database.query(
        "SELECT job_id, attempt, crashes FROM lectern.ready WHERE queue = 'personalize'") == [(job, 0, 0)]
    assert stack.database.query("SELECT * FROM lectern.worker WHERE 'personalize' = ANY (queues)") == []

    release_the_model(provider)
    stack.start("personalize-worker", ready=False)
    require_one_text(stack, learner)
    assert stack.database.value("SELECT attempt FROM lectern.done WHERE job_id = %s", job) == 1


def test_a_worker_told_to_end_finishes_what_it_can_within_its_drain_time(fresh_stack, tmp_path):
    fresh_stack.start("storage", "vectordal", "sync-worker")
    job = fresh_stack.enqueue_sync(make_book(tmp_path / "book", lessons=40))
    wait_for("the sync to run", lambda: leases(fresh_stack), pause=0.005)
    assert fresh_stack.kill("sync-worker", signal.SIGTERM) == 0, tail(fresh_stack.log("sync-worker"))
    assert leases(fresh_stack) == {}
    done = fresh_stack.command("job", "show", job)
    assert re.search(r"^state +succeeded$", done.stdout, re.MULTILINE), done.stdout


def test_a_lesson_asked_for_again_after_its_cancellation_is_written_all_the_same(waiting_for_a_model):
    stack, provider, learner = waiting_for_a_model
    first = learner.get("/api/personalize/ch01-lesson-1").headers["location"]
    assert learner.delete(first).status_code == 204
    assert learner.get(first).json()["state"] == "cancelled"
    release_the_model(provider)
    # The worker is still busy with the cancelled job, and learns of it with its next heartbeat.
    again = learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-1"})
    assert again.status_code == 202 and again.headers["location"] != first
    assert poll_text(learner, "ch01-lesson-1", 30)["cached"] is True
    assert learner.get(first).json()["state"] == "cancelled"
