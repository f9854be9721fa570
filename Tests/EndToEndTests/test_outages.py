"""What the processes stand on goes away and comes back: a clear 503 or a retry meanwhile, never a wrong success."""

import concurrent.futures
import signal
import threading

import httpx
import pytest

from conftest import FIRST_LESSON, Stack, make_book, poll_text, problem, running, wait_for, write_lesson


def require_unavailable(answer):
    body = problem(answer, 503)
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.elapsed.total_seconds() < 5, "whoever waits is told quickly"
    return body["error"]


def require_all_ready(stack, pids):
    """Every process works again, and it is the same process."""
    for name in pids:
        wait_for(f"{name} to recover", lambda name=name: stack.is_ready(name), 30)
    assert stack.pids() == pids


class Livez:
    """Asks the API again and again whether it lives, and keeps every answer that was not yes."""

    def __init__(self, stack):
        self.url = f"{stack.api}/livez"
        self.faults = []
        self.asked = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(0.1):
            self.asked += 1
            try:
                answer = httpx.get(self.url, timeout=3)
                if answer.status_code != 200:
                    self.faults.append(answer.status_code)
            except httpx.HTTPError as error:
                self.faults.append(repr(error))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        assert self.asked > 0 and self.faults == []


def test_a_restart_of_postgres_under_load_loses_no_accepted_request(own_cluster, tmp_path):
    clients, lessons = 8, 12
    with running(Stack(tmp_path, own_cluster.create("lectern"))) as stack:
        stack.start_all()
        stack.sync(make_book(tmp_path / "book", lessons))
        stack.wait_until_embedded()
        slugs = [f"ch01-lesson-{number}" for number in range(1, lessons + 1)]
        learners = [stack.learner() for _ in range(clients)]
        pids = stack.pids()
        statuses, accepted, over = [], set(), threading.Event()

        def ask(index):
            """Asks for every lesson in turn, and clears the cache at the end of a round, so that work never ends."""
            learner = learners[index]
            while not over.is_set():
                for slug in slugs:
                    if over.is_set():
                        return
                    answer = learner.post("/api/personalize", json={"lesson_slug": slug})
                    statuses.append(answer.status_code)
                    if answer.is_success:
                        accepted.add((index, slug))
                    else:
                        require_unavailable(answer)
                        over.wait(0.05)
                if learner.delete("/api/personalize/cache").is_success:
                    accepted.difference_update({(index, slug) for slug in slugs})

        with concurrent.futures.ThreadPoolExecutor(clients) as pool, Livez(stack):
            futures = [pool.submit(ask, index) for index in range(clients)]
            try:
                wait_for("requests to be accepted", lambda: len(statuses) > 100)
                for _ in range(2):
                    own_cluster.stop()
                    refused = statuses.count(503)
                    wait_for("the API to refuse", lambda refused=refused: statuses.count(503) > refused + 10)
                    own_cluster.start()
                    answered = len(statuses)
                    wait_for(
                        "requests to be accepted again",
                        lambda answered=answered: 202 in statuses[answered:] or 200 in statuses[answered:])
                    settled = len(statuses)
                    wait_for("the load to go on", lambda settled=settled: len(statuses) > settled + 50)
            finally:
                over.set()
            for future in futures:
                future.result()
        assert set(statuses) <= {200, 202, 503}

        require_all_ready(stack, pids)
        assert accepted
        for index, slug in accepted:
            poll_text(learners[index], slug, 40)
        stack.wait_until_ended("personalize_lesson")
        assert stack.database.query("SELECT kind, code, message FROM lectern.dead") == []
        assert stack.database.value(
            "SELECT count(*) FROM (SELECT job_id FROM lectern.done GROUP BY job_id HAVING count(*) > 1) AS twice") == 0
        # Wake-ups are heard again: without them a job waits for the next poll of the queue.
        stack.command("doctor")


def test_while_postgres_is_away_nothing_is_answered_wrongly(own_cluster, tmp_path):
    with running(Stack(tmp_path, own_cluster.create("lectern"))) as stack:
        stack.start_all()
        book = make_book(tmp_path / "book", 2)
        stack.sync(book)
        stack.wait_until_embedded()
        learner = stack.learner()
        pids = stack.pids()
        own_cluster.stop()
        with Livez(stack), stack.client() as client:
            for answer in (client.get("/api/content/book"), client.get("/api/content/lessons/ch01-lesson-1/content"),
                           client.post("/api/search", json={"query": "topic1"}), client.post("/api/user/create"),
                           learner.get("/api/user/preferences"), learner.get("/api/personalize/ch01-lesson-1"),
                           learner.delete("/api/personalize/cache")):
                require_unavailable(answer)
            assert client.get("/readyz").status_code == 503
            done = stack.command("resync", "--path", book, check=False)
            assert done.returncode == 5 and done.stdout == "", (done.returncode, done.stderr)
            own_cluster.start()
            require_all_ready(stack, pids)
            assert client.get("/api/content/book").status_code == 200
        assert stack.sync(book)["outcome"] == "unchanged"


@pytest.fixture
def published(fresh_stack, tmp_path):
    """A running installation with a book of three lessons, and the book's folder."""
    fresh_stack.start("storage", "vectordal")
    fresh_stack.start("api", "sync-worker", "embed-worker", "personalize-worker")
    book = make_book(tmp_path / "book", 3)
    fresh_stack.sync(book)
    fresh_stack.wait_until_embedded()
    return fresh_stack, book


def test_storage_away_is_a_503_and_a_retry_and_work_goes_on_when_it_returns(published):
    stack, book = published
    with stack.client() as client, stack.learner() as learner:
        # Read before the outage, so that the API has it.
        assert client.get("/api/content/lessons/ch01-lesson-1/content").status_code == 200
        pids = stack.pids()
        stack.kill("storage")
        with Livez(stack):
            error = require_unavailable(client.get("/api/content/lessons/ch01-lesson-2/content"))
            assert error == "storage_unavailable"
            assert client.get("/api/content/lessons/ch01-lesson-1/content").status_code == 200
            assert client.get("/api/content/book").status_code == 200

            write_lesson(book / FIRST_LESSON, 77)
            job = stack.enqueue_sync(book)
            # A lesson that only the bucket holds: the worker has read none of them.
            assert learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-3"}).status_code == 202
            wait_for("both jobs to have failed once", lambda: stack.database.value(
                "SELECT count(DISTINCT job_id) FROM lectern.event WHERE what = 'retry'") == 2)
            assert learner.get("/api/personalize/ch01-lesson-3").status_code == 202
            assert stack.database.value("SELECT count(*) FROM lectern.release") == 1
            stack.start("storage")
            stack.wait_until_published(job)
            poll_text(learner, "ch01-lesson-3", 60)
            assert client.get("/api/content/lessons/ch01-lesson-2/content").status_code == 200
            text = client.get("/api/content/lessons/ch01-lesson-1/content").json()["content"]
            assert "topic77" in text
        stack.wait_until_embedded()
        stack.command("verify")
        assert {name: pid for name, pid in stack.pids().items() if name != "storage"} == {
            name: pid for name, pid in pids.items() if name != "storage"}


def test_vectordal_away_leaves_the_words_and_the_answer_says_so(published):
    stack, book = published
    with stack.client() as client, Livez(stack):
        def search(query):
            return client.post("/api/search", json={"query": query})

        assert search("topic2").json()["results"]
        stack.kill("vectordal")
        for _ in range(3):
            answer = search("topic2")
            assert answer.status_code == 200
            assert answer.json()["degraded"] is True
            assert answer.json()["results"]
        assert "only words" in stack.command("search", "topic2").stderr

        # What is new is shown when all of it is in place; until then readers have what they had.
        write_lesson(book / FIRST_LESSON, 88)
        resync = stack.enqueue_sync(book)
        wait_for("the embedding to have failed once", lambda: stack.database.value(
            "SELECT count(*) FROM lectern.event WHERE what = 'retry'"))
        assert "topic88" not in client.get("/api/content/lessons/ch01-lesson-1/content").json()["content"]
        stack.start("vectordal")
        answer = wait_for("the search to work again",
                          lambda: not (found := search("topic2").json())["degraded"] and found)
        assert answer["results"][0]["lesson_slug"] == "ch01-lesson-2"
        stack.wait_until_published(resync, 100)
        assert "topic88" in client.get("/api/content/lessons/ch01-lesson-1/content").json()["content"]
        assert search("topic88").json()["results"][0]["lesson_slug"] == "ch01-lesson-1"
        stack.command("verify")


def test_a_vectordal_that_lost_its_data_leaves_the_words(published):
    stack, _ = published
    stack.kill("vectordal")
    (stack.folder / "vectordal").rename(stack.folder / "vectordal.lost")
    stack.start("vectordal")
    with stack.client() as client:
        answer = client.post("/api/search", json={"query": "topic2"}).json()
        assert answer["degraded"] is True
        assert answer["results"][0]["lesson_slug"] == "ch01-lesson-2"
    assert stack.command("verify", check=False).returncode != 0


def test_a_model_that_is_away_is_replaced_by_a_writer_that_says_so(published):
    stack, _ = published
    assert stack.kill("personalize-worker", signal.SIGTERM) == 0
    stack.environment |= {"CHAT_BASE_URL": "http://127.0.0.1:1/v1", "CHAT_MODEL": "scripted"}
    stack.start("personalize-worker")
    with stack.learner() as learner, Livez(stack):
        assert learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-1"}).status_code == 202
        assert poll_text(learner, "ch01-lesson-1", 60)["generator"].startswith("embedded/")


@pytest.fixture(scope="module")
def provided(cluster, tmp_path_factory):
    """An installation with a model whose provider does what a test says, and the book's folder."""
    folder = tmp_path_factory.mktemp("provided")
    with running(Stack(folder, cluster.create("provided"))) as stack:
        stack.migrate()
        provider = stack.scripted_provider()
        stack.environment |= {"CHAT_BASE_URL": f"{provider}/v1", "CHAT_MODEL": "scripted"}
        stack.start("storage", "vectordal")
        stack.start("api", "sync-worker", "embed-worker", "personalize-worker")
        book = make_book(folder / "book", 1)
        stack.sync(book)
        yield stack, book, provider


def test_a_model_that_comes_back_writes_the_text_it_was_asked_for(provided):
    stack, _, provider = provided
    httpx.delete(f"{provider}/requests").raise_for_status()
    httpx.post(f"{provider}/script", json={"behaviours": ["503", "reset"]}).raise_for_status()
    httpx.post(f"{provider}/script", json={
        "behaviours": ["ok,of=section"], "repeat": True, "clear": False}).raise_for_status()
    with stack.learner() as learner, Livez(stack):
        assert learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-1"}).status_code == 202
        text = poll_text(learner, "ch01-lesson-1", 60)
        assert "/scripted/prompt-" in text["generator"] and "embedded" not in text["generator"]
        assert "one step at a time" in text["personalized_content"]
        asked = httpx.get(f"{provider}/requests").json()
        sections = stack.database.value("SELECT count(*) FROM lectern.generation WHERE attempts > 0")
        assert len(asked) == sections + 2 and learner.headers["X-User-ID"] not in str(asked)

@pytest.mark.parametrize("behaviour", [
    "ok", "wrong_json", "empty", "truncated", "preamble", "injected", "altered_numbers", "altered_headings", "401",
    "huge"])
def test_a_model_that_answers_badly_is_never_passed_off_as_a_text(provided, behaviour):
    stack, _, provider = provided
    # A refusal is remembered for a while.
    stack.command("cache", "purge", "--all", "--yes")
    httpx.post(f"{provider}/script", json={"behaviours": [behaviour], "repeat": True}).raise_for_status()
    with stack.learner() as learner:
        learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-1"})
        text = poll_text(learner, "ch01-lesson-1", 60)
        assert text["generator"].startswith("embedded/")
        assert "<script>" not in text["personalized_content"] and "Sure!" not in text["personalized_content"]
