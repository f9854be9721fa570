"""What the HTTP surface adds to the work: events, long polls, idempotency keys, origins, rates and webhooks."""

import base64
import http.server
import json
import os
import secrets
import threading
import time
import uuid

import pytest
from standardwebhooks.webhooks import Webhook

from conftest import Stack, poll_text, problem, running, wait_for

SLUG = "ch01-digital-vs-physical-ai"
OTHER = "ch02-how-robots-sense"


@pytest.fixture(autouse=True)
def nothing_written(stack):
    """Learners share what others had written; each test begins without any of it."""
    stack.command("cache", "purge", "--all", "--yes")


class Receiver:
    """A webhook's receiver that remembers what came and answers what it is told to."""

    def __init__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with receiver.lock:
                    receiver.messages.append((dict(self.headers.items()), body))
                    status, headers = receiver.script.pop(0) if receiver.script else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.lock = threading.Lock()
        self.messages = []
        self.script = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


def events(response):
    """The events of a stream, as `(id, event, data)`, while they arrive."""
    fields = {"id": None, "event": "message", "data": []}
    for line in response.iter_lines():
        if not line:
            if fields["data"]:
                yield fields["id"], fields["event"], json.loads("\n".join(fields["data"]))
            fields = {"id": fields["id"], "event": "message", "data": []}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            fields["data"].append(value)
        elif name in fields:
            fields[name] = value


def ask(client, slug=SLUG, headers=None, **more):
    return client.post("/api/personalize", json={"lesson_slug": slug, **more}, headers=headers or {})


@pytest.fixture
def learner(stack):
    with stack.learner() as client:
        yield client


def test_a_stream_brings_every_section_and_then_the_end(stack, learner):
    operation = ask(learner).json()["operation"]["id"]
    # As EventSource asks: without the learner's id.
    with stack.client() as browser, browser.stream("GET", f"/api/operations/{operation}/events") as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        seen = list(events(response))
    assert seen[-1][1] == "done"
    assert seen[-1][2]["state"] == "succeeded" and seen[-1][2]["result"] == f"/api/personalize/{SLUG}"
    sections = {data["ordinal"]: data["content"] for _, name, data in seen if name == "section"}
    text = poll_text(learner, SLUG)["personalized_content"]
    assert sorted(sections) == list(range(len(sections))) and len(sections) > 1
    # What is said to the learner alone stands below the first heading.
    heading, rest = sections.pop(0).split("\n", 1)
    for content in (heading, rest, *sections.values()):
        assert content.strip() in text


def test_a_stream_that_breaks_is_taken_up_without_loss_or_repetition(stack, learner):
    operation = ask(learner, OTHER).json()["operation"]["id"]
    path = f"/api/operations/{operation}/events"
    received, last, rounds = [], None, 0
    with stack.client() as browser:
        while not received or received[-1][1] != "done":
            rounds += 1
            assert rounds < 100
            with browser.stream("GET", path, headers={"Last-Event-ID": last} if last else {}) as response:
                for event in events(response):
                    received.append(event)
                    last = event[0]
                    # Away after every event.
                    break
        assert browser.get(path, headers={"Last-Event-ID": last}).status_code == 204
    ordinals = [data["ordinal"] for _, name, data in received if name == "section"]
    assert len(ordinals) == len(set(ordinals))
    with stack.client() as browser, browser.stream("GET", path) as response:
        whole = [data["ordinal"] for _, name, data in events(response) if name == "section"]
    assert sorted(ordinals) == sorted(whole)


def test_a_stream_opens_for_its_owner_only(stack, learner):
    operation = ask(learner).json()["operation"]["id"]
    with stack.learner() as stranger:
        problem(stranger.get(f"/api/operations/{operation}/events"), 404)
    problem(learner.get(f"/api/operations/{uuid.uuid4()}/events"), 404)


def test_a_long_poll_returns_with_the_end(learner):
    miss = ask(learner)
    path = miss.headers["location"]
    tag, deadline = None, time.monotonic() + 60
    while True:
        answer = learner.get(path, params={"wait": 30}, headers={"If-None-Match": tag} if tag else {}, timeout=60)
        assert answer.status_code in (200, 304)
        assert time.monotonic() < deadline
        if answer.status_code == 200:
            tag = answer.headers["etag"]
            body = answer.json()
            assert body["status"] == body["state"]
            if body["done"]:
                break
    assert body["status"] == "succeeded" and body["progress"]["stage"] == "finished"
    problem(learner.get(path, params={"wait": "soon"}), 400)


def test_a_key_counts_once(stack, learner):
    key = {"Idempotency-Key": '"%s"' % uuid.uuid4()}
    first = ask(learner, headers=key)
    assert first.status_code == 202
    again = ask(learner, headers=key)
    assert again.status_code in (200, 202)
    problem(ask(learner, OTHER, headers=key), 422)
    poll_text(learner, SLUG)
    assert ask(learner, headers=key).status_code == 200
    user = learner.headers["X-User-ID"]
    assert stack.database.value("SELECT count(*) FROM lectern.operation WHERE user_id = %s", user) == 1
    problem(ask(learner, headers={"Idempotency-Key": "two words"}), 400)


def test_the_policy_of_the_rate_stands_in_the_answer(learner):
    answer = ask(learner)
    assert answer.headers["ratelimit-policy"] == '"learner";q=600;w=60'
    assert answer.headers["ratelimit"].startswith('"learner";r=')


def test_no_other_origin_is_let_in_by_default(learner):
    answer = learner.get("/api/content/book", headers={"Origin": "https://app.example.org"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.fixture(scope="module")
def hooked(tmp_path_factory, cluster):
    """A stack of its own whose operator entered two receivers; a rate and an origin, too."""
    folder = tmp_path_factory.mktemp("webhooks")
    receiver = Receiver()
    texts = ["whsec_" + base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2)]
    for name, text in zip(("new", "old"), texts):
        (folder / name).write_text(text + "\n")
        os.chmod(folder / name, 0o600)
    file = folder / "webhooks.yaml"
    file.write_text(
        f"endpoints:\n  - {{name: app, url: '{receiver.url}', secret_file: {folder}/new, "
        f"previous_secret_file: {folder}/old}}\n")
    environment = {
        "LECTERN_WEBHOOKS_FILE": str(file), "LECTERN_RATE_LEARNER": "5",
        "LECTERN_CORS_ORIGINS": "https://app.example.org",
    }
    try:
        with running(Stack(folder, cluster.create("webhooks"), environment)) as stack:
            stack.start_all()
            stack.sync()
            yield stack, receiver, texts
    finally:
        receiver.stop()


def test_a_webhook_is_told_once_and_signed(hooked):
    stack, receiver, texts = hooked
    with stack.learner() as learner:
        problem(ask(learner, webhook="nobody"), 422)
        receiver.script = [(503, {"Retry-After": "1"})]
        miss = ask(learner, webhook="app")
        assert miss.status_code == 202
        operation = miss.json()["operation"]["id"]
        wait_for("the message and its repetition", lambda: len(receiver.messages) >= 2, seconds=60)
        (first_headers, first), (headers, body) = receiver.messages[:2]
        assert first == body and first_headers["webhook-id"] == headers["webhook-id"]
        for text in texts:
            message = Webhook(text).verify(body, {name.lower(): value for name, value in headers.items()})
        assert message["type"] == "personalization.succeeded"
        assert message["data"] == {"operation_id": operation, "lesson_slug": SLUG}
        assert learner.headers["X-User-ID"].encode() not in body
        # A hit tells nobody.
        assert ask(learner, webhook="app").status_code == 200
        stack.wait_until_ended("deliver_webhook")
        assert len(receiver.messages) == 2


def test_a_learner_beyond_the_rate_is_told_when_to_come_back(hooked):
    stack, _, _ = hooked
    with stack.learner() as learner:
        book = learner.get("/api/content/book").json()
        lessons = [lesson["slug"] for part in book["parts"] for chapter in part["chapters"]
                   for lesson in chapter["lessons"]]
        # Only what has to be written counts.
        answers = [ask(learner, slug) for slug in lessons]
        accepted = [answer for answer in answers if answer.status_code == 202]
        refused = [answer for answer in answers if answer.status_code == 429]
        there = [answer for answer in answers if answer.status_code == 200]
        assert len(accepted) == 5 and refused and len(accepted) + len(refused) + len(there) == len(answers)
        assert problem(refused[0], 429)["error"] == "rate_limited"
        assert 1 <= int(refused[0].headers["retry-after"]) <= 12


def test_a_listed_origin_may_call(hooked):
    stack, _, _ = hooked
    origin = {"Origin": "https://app.example.org"}
    with stack.client() as browser:
        preflight = browser.request(
            "OPTIONS", "/api/personalize", headers=origin | {"Access-Control-Request-Method": "POST"})
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "https://app.example.org"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        answer = browser.get("/api/content/book", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "https://app.example.org"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
