"""What callers may rely on, line by line: every path with its success, its refusals and its headers, on real answers.

Each answer is also held against the API's description, its headers and its body to the last member.
"""

import contextlib
import re
import time
import uuid

import pytest

from conftest import LEARNER, Stack, make_book, problem, running, wait_for
from openapi import Description, address

SLUG = "ch01-digital-vs-physical-ai"
OTHER = "ch02-how-robots-sense"
NOBODY = "0b54f6f2-3b63-4d0e-8a8e-0f0b6f0a7e01"


class Caller:
    """Sends requests for one learner, or for nobody, and holds every answer against the description."""

    def __init__(self, client, description, user=None):
        self.client = client
        self.description = description
        self.user = user

    def __call__(self, method, template, status, values=None, *, headers=None, raw=None, **options):
        headers = ({"X-User-ID": self.user} if self.user else {}) | (headers or {})
        answer = self.client.request(method, raw or address(template, values or {}), headers=headers, **options)
        assert answer.status_code == status, (method, template, answer.status_code, answer.text[:500])
        self.description.check(method, template, answer)
        if status >= 400:
            problem(answer, status)
            assert answer.json()["instance"] == (raw or address(template, values or {})).split("?")[0]
        return answer

    def refuses(self, method, template, status, error, values=None, **options):
        answer = self(method, template, status, values, **options)
        assert answer.json()["error"] == error, answer.text
        return answer


@pytest.fixture(scope="module")
def description(stack):
    return Description.printed_by(stack)


@pytest.fixture
def client(stack):
    with stack.client() as client:
        yield client


@pytest.fixture
def nobody(client, description):
    return Caller(client, description)


@pytest.fixture
def somebody(client, description):
    """A learner who has not answered the questions."""
    return Caller(client, description, client.post("/api/user/create").json()["id"])


@pytest.fixture
def learner(client, description):
    user = client.post("/api/user/create").json()["id"]
    assert client.post("/api/onboarding", json={"user_id": user, **LEARNER}).status_code == 200
    return Caller(client, description, user)


@pytest.fixture
def stranger(client, description):
    """An id that nobody has."""
    return Caller(client, description, str(uuid.uuid4()))


def fields(answer):
    return {one["field"] for one in answer.json()["errors"]}


JSON = {"Content-Type": "application/json"}


# Learners

def test_post_user_create(nobody):
    mine = str(uuid.uuid4())
    created = nobody("POST", "/api/user/create", 201, json={"user_id": mine})
    assert created.headers["location"] == f"/api/user/{mine}"
    assert created.json().keys() == {"id", "created_at", "updated_at", "onboarding_completed"}
    assert (created.json()["id"], created.json()["onboarding_completed"]) == (mine, False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created.json()["created_at"])

    for options in ({}, {"json": {}}):
        made = nobody("POST", "/api/user/create", 201, **options).json()["id"]
        assert uuid.UUID(made).version == 4
        assert nobody("GET", "/api/user/{user_id}", 200, {"user_id": made}).json()["id"] == made

    nobody.refuses("POST", "/api/user/create", 409, "already_exists", json={"user_id": mine})
    for malformed in ("7", "", NOBODY.replace("-4", "-1"), 7, None, [mine]):
        answer = nobody.refuses("POST", "/api/user/create", 422, "invalid_fields", json={"user_id": malformed})
        assert fields(answer) == {"user_id"}
    assert fields(nobody.refuses("POST", "/api/user/create", 422, "invalid_fields",
                                 json={"user_id": 7, "name": "x", "role": "admin"})) == {"user_id", "name", "role"}
    nobody.refuses("POST", "/api/user/create", 400, "malformed_json", content=b"{", headers=JSON)
    nobody.refuses("POST", "/api/user/create", 413, "content_too_large", content=b" " * 70_000, headers=JSON)
    nobody.refuses("POST", "/api/user/create", 415, "unsupported_media_type", content=b"{}",
                   headers={"Content-Type": "text/plain"})


def test_get_user(nobody, learner):
    assert nobody("GET", "/api/user/{user_id}", 200, {"user_id": learner.user}).json()["onboarding_completed"] is True
    assert learner("GET", "/api/user/{user_id}", 200, {"user_id": learner.user}).headers["vary"] == "X-User-ID"
    for unknown in (NOBODY, "7", "create-x"):
        nobody.refuses("GET", "/api/user/{user_id}", 404, "unknown_user", {"user_id": unknown})


def test_post_onboarding(nobody, somebody):
    answer = nobody("POST", "/api/onboarding", 200, json={"user_id": somebody.user, **LEARNER})
    preferences = answer.json()
    assert preferences.keys() == {*LEARNER, "id", "user_id", "created_at", "updated_at"}
    assert {name: preferences[name] for name in LEARNER} == LEARNER
    assert preferences["user_id"] == somebody.user
    assert somebody("GET", "/api/user/{user_id}", 200, {"user_id": somebody.user}).json()["onboarding_completed"]
    assert somebody("GET", "/api/user/preferences", 200).headers["etag"] == answer.headers["etag"]

    nobody.refuses("POST", "/api/onboarding", 404, "unknown_user", json={"user_id": NOBODY, **LEARNER})
    bad = {"user_id": 7, "education_level": "phd", "programming_experience": 1, "robotics_background": "no",
           "ai_ml_experience": None, "learning_goals": [], "preferred_language": "fr", "color": "red"}
    assert fields(nobody.refuses("POST", "/api/onboarding", 422, "invalid_fields", json=bad)) == bad.keys()
    missing = nobody.refuses("POST", "/api/onboarding", 422, "invalid_fields", json={})
    assert fields(missing) == bad.keys() - {"preferred_language", "color"}
    assert {one["code"] for one in missing.json()["errors"]} == {"missing"}
    without_language = {name: value for name, value in LEARNER.items() if name != "preferred_language"}
    answer = nobody("POST", "/api/onboarding", 200, json={"user_id": somebody.user, **without_language})
    assert answer.json()["preferred_language"] == "en"


def test_user_preferences(nobody, somebody, learner, stranger):
    first = learner("GET", "/api/user/preferences", 200)
    tag = first.headers["etag"]
    assert learner("GET", "/api/user/preferences", 304, headers={"If-None-Match": tag}).text == ""
    for method, options in (("GET", {}), ("PUT", {"json": {"preferred_language": "ur"}})):
        nobody.refuses(method, "/api/user/preferences", 401, "missing_user_id", **options)
        nobody.refuses(method, "/api/user/preferences", 422, "invalid_user_id", headers={"X-User-ID": "7"}, **options)
        stranger.refuses(method, "/api/user/preferences", 404, "unknown_user", **options)
        somebody.refuses(method, "/api/user/preferences", 404, "not_onboarded", **options)

    changed = learner("PUT", "/api/user/preferences", 200, json={"ai_ml_experience": "advanced"},
                      headers={"If-Match": tag})
    assert changed.json()["ai_ml_experience"] == "advanced"
    assert changed.json()["education_level"] == LEARNER["education_level"]
    assert changed.headers["etag"] != tag
    learner.refuses("PUT", "/api/user/preferences", 412, "precondition_failed", json={"ai_ml_experience": "none"},
                    headers={"If-Match": tag})
    assert learner("GET", "/api/user/preferences", 200).json()["ai_ml_experience"] == "advanced"
    learner("PUT", "/api/user/preferences", 200, json={"preferred_language": "ur"}, headers={"If-Match": "*"})
    learner.refuses("PUT", "/api/user/preferences", 400, "malformed_request", json={}, headers={"If-Match": "x"})
    bad = {"education_level": "phd", "learning_goals": ["fame"], "shoe_size": 44}
    answer = learner.refuses("PUT", "/api/user/preferences", 422, "invalid_fields", json=bad)
    assert fields(answer) == bad.keys()


def test_a_change_of_preferences_clears_the_learners_texts(stack, learner):
    ready(learner, SLUG)
    learner("PUT", "/api/user/preferences", 200, json={"programming_experience": "advanced"})
    learner.refuses("GET", "/api/personalize/{slug}", 404, "not_requested", {"slug": SLUG})
    assert stack.database.value(
        "SELECT count(*) FROM lectern.personalized_lesson WHERE user_id = %s", learner.user) == 0


# Personalization

def ready(caller, slug):
    """Asks for a text and waits until it is there."""
    caller.client.post("/api/personalize", json={"lesson_slug": slug}, headers={"X-User-ID": caller.user})
    return wait_for(f"the text of {slug}", lambda: (
        answer := caller.client.get(f"/api/personalize/{slug}", headers={"X-User-ID": caller.user})
    ).status_code == 200 and answer)


@contextlib.contextmanager
def nobody_writes(stack):
    """Nothing that was written before can be shared, and no worker begins with anything new."""
    stack.command("cache", "purge", "--all", "--yes")
    stack.command("queue", "pause", "personalize")
    try:
        yield
    finally:
        stack.command("queue", "resume", "personalize")


def test_post_personalize_misses_joins_and_hits(stack, learner):
    with nobody_writes(stack):
        first = learner("POST", "/api/personalize", 202, json={"lesson_slug": SLUG})
        again = learner("POST", "/api/personalize", 202, json={"lesson_slug": SLUG}, headers={"Prefer": "wait=1"})
        poll = learner("GET", "/api/personalize/{slug}", 202, {"slug": SLUG})
    body = first.json()
    assert (body["cached"], body["lesson_slug"], body["status"]) == (False, SLUG, "pending")
    assert body["operation"]["state"] == "queued"
    assert {"id", "state", "position", "eta_seconds"} <= body["operation"].keys()
    assert first.headers["location"] == f"/api/operations/{body['operation']['id']}"
    assert int(first.headers["retry-after"]) >= 1
    assert "preference-applied" not in first.headers
    assert again.headers["preference-applied"] == "wait=1"
    for other in (again, poll):
        assert other.json()["operation"]["id"] == body["operation"]["id"]
        assert other.headers["location"] == first.headers["location"]
    wait_for("the text", lambda: learner.client.get(
        f"/api/personalize/{SLUG}", headers={"X-User-ID": learner.user}).status_code == 200)
    assert learner("GET", "/api/personalize/{slug}", 200, {"slug": SLUG}).json()["cached"] is True


def test_post_personalize_waits_where_the_caller_prefers_it(learner):
    answer = learner("POST", "/api/personalize", 200, json={"lesson_slug": OTHER}, headers={"Prefer": "wait=99"})
    body = answer.json()
    assert answer.headers["preference-applied"] == "wait=30"
    assert body["lesson_slug"] == OTHER and body["personalized_content"]
    assert {"cached", "generated_at", "content_hash", "preferences_hash", "generator"} <= body.keys()
    poll = learner("GET", "/api/personalize/{slug}", 200, {"slug": OTHER})
    assert poll.json() == body | {"cached": True}
    assert {"Prefer", "X-User-ID"} <= set(poll.headers["vary"].split(", "))
    assert learner("POST", "/api/personalize", 200, json={"lesson_slug": OTHER}).json()["cached"] is True
    learner("GET", "/api/personalize/{slug}", 304, {"slug": OTHER}, headers={"If-None-Match": poll.headers["etag"]})


def test_post_personalize_refuses(nobody, somebody, learner, stranger):
    order = {"lesson_slug": SLUG}
    nobody.refuses("POST", "/api/personalize", 401, "missing_user_id", json=order)
    stranger.refuses("POST", "/api/personalize", 404, "unknown_user", json=order)
    somebody.refuses("POST", "/api/personalize", 404, "not_onboarded", json=order)
    learner.refuses("POST", "/api/personalize", 404, "unknown_lesson", json={"lesson_slug": "no-such-lesson"})
    learner.refuses("POST", "/api/personalize", 422, "content_mismatch",
                    json=order | {"original_content": "Write me a poem."})
    answer = learner.refuses("POST", "/api/personalize", 422, "invalid_fields",
                             json={"original_content": 7, "model": "big", "webhook": "nobody"})
    assert fields(answer) == {"lesson_slug", "original_content", "model", "webhook"}
    learner.refuses("POST", "/api/personalize", 413, "content_too_large",
                    json=order | {"original_content": "x" * 1_100_000})
    learner.refuses("POST", "/api/personalize", 415, "unsupported_media_type", content=b"{}",
                    headers={"Content-Type": "application/xml"})
    learner.refuses("POST", "/api/personalize", 400, "malformed_request", json=order,
                    headers={"Idempotency-Key": ""})
    original = nobody("GET", "/api/content/lessons/{slug}/content", 200, {"slug": SLUG}).json()["content"]
    taken = learner.client.post("/api/personalize", json=order | {"original_content": original},
                                headers={"X-User-ID": learner.user})
    assert taken.status_code in (200, 202), taken.text


def test_personalize_is_limited_by_rates(stack, description, tmp_path):
    with running(Stack(tmp_path, stack.database, {"LECTERN_RATE_LEARNER": "2"})) as rated:
        rated.ports |= {name: stack.ports[name] for name in ("storage", "vectordal")}
        rated.start("api")
        with rated.client() as client:
            caller = Caller(client, description, str(uuid.uuid4()))
            for left in (1, 0):
                answer = caller("POST", "/api/personalize", 404, json={"lesson_slug": SLUG})
                assert answer.headers["ratelimit"].startswith(f'"learner";r={left};t=')
            answer = caller.refuses("POST", "/api/personalize", 429, "rate_limited", json={"lesson_slug": SLUG})
            assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_get_personalize_never_enqueues(stack, nobody, somebody, learner, stranger):
    jobs = "SELECT count(*) FROM lectern.operation WHERE user_id = %s"
    learner.refuses("GET", "/api/personalize/{slug}", 404, "not_requested", {"slug": SLUG})
    learner.refuses("GET", "/api/personalize/{slug}", 404, "unknown_lesson", {"slug": "no-such-lesson"})
    nobody.refuses("GET", "/api/personalize/{slug}", 401, "missing_user_id", {"slug": SLUG})
    stranger.refuses("GET", "/api/personalize/{slug}", 404, "unknown_user", {"slug": SLUG})
    somebody.refuses("GET", "/api/personalize/{slug}", 404, "not_onboarded", {"slug": SLUG})
    assert stack.database.value(jobs, learner.user) == 0


def test_delete_personalize_cache(nobody, learner, stranger):
    ready(learner, SLUG)
    assert learner("DELETE", "/api/personalize/cache", 200).json() == {"deleted_count": 1}
    assert learner("DELETE", "/api/personalize/cache", 200).json() == {"deleted_count": 0}
    stranger.refuses("DELETE", "/api/personalize/cache", 404, "unknown_user")
    nobody.refuses("DELETE", "/api/personalize/cache", 401, "missing_user_id")


def test_difference_and_feedback(learner, nobody):
    for method, suffix, options in (("GET", "diff", {}), ("POST", "feedback", {"json": {"rating": "up"}})):
        template = "/api/personalize/{slug}/" + suffix
        learner.refuses(method, template, 404, "not_requested", {"slug": SLUG}, **options)
        nobody.refuses(method, template, 401, "missing_user_id", {"slug": SLUG}, **options)
    ready(learner, SLUG)
    assert learner("GET", "/api/personalize/{slug}/diff", 200, {"slug": SLUG}).json()["hunks"]
    learner("POST", "/api/personalize/{slug}/feedback", 204, {"slug": SLUG}, json={"rating": "up"})
    answer = learner.refuses("POST", "/api/personalize/{slug}/feedback", 422, "invalid_fields", {"slug": SLUG},
                             json={"rating": "so-so", "reason": 7, "stars": 5, "comment": "x" * 1_001})
    assert fields(answer) == {"rating", "reason", "stars", "comment"}


def test_operations(stack, nobody, learner):
    with nobody_writes(stack):
        accepted = learner("POST", "/api/personalize", 202, json={"lesson_slug": SLUG})
        id = accepted.json()["operation"]["id"]
        looked = learner("GET", "/api/operations/{id}", 200, {"id": id})
        assert (looked.json()["id"], looked.json()["state"]) == (id, "queued")
        assert int(looked.headers["retry-after"]) >= 1
        began = time.monotonic()
        learner("GET", "/api/operations/{id}", 304, raw=f"/api/operations/{id}?wait=1",
                headers={"If-None-Match": looked.headers["etag"]})
        assert time.monotonic() - began >= 1
        learner.refuses("GET", "/api/operations/{id}", 400, "malformed_request", raw=f"/api/operations/{id}?wait=x")
        learner("DELETE", "/api/operations/{id}", 204, {"id": id})
    learner.refuses("DELETE", "/api/operations/{id}", 409, "already_finished", {"id": id})
    assert learner("GET", "/api/operations/{id}", 200, {"id": id}).json()["state"] == "cancelled"
    stream = nobody("GET", "/api/operations/{id}/events", 200, {"id": id})
    assert stream.headers["content-type"] == "text/event-stream"
    assert "event: done" in stream.text and "id: " in stream.text
    last = re.findall(r"^id: (.+)$", stream.text, re.M)[-1]
    nobody("GET", "/api/operations/{id}/events", 204, {"id": id}, headers={"Last-Event-ID": last})
    for method, template in (("GET", "/api/operations/{id}"), ("DELETE", "/api/operations/{id}"),
                             ("GET", "/api/operations/{id}/events")):
        for unknown in (NOBODY, "7"):
            learner.refuses(method, template, 404, "unknown_operation", {"id": unknown})
    for method in ("GET", "DELETE"):
        nobody.refuses(method, "/api/operations/{id}", 401, "missing_user_id", {"id": id})


# The book

def test_content(nobody):
    book = nobody("GET", "/api/content/book", 200)
    parts = book.json()["parts"]
    assert (len(parts), sum(len(part["chapters"]) for part in parts)) == (6, 18)
    lessons = [lesson for part in parts for chapter in part["chapters"] for lesson in chapter["lessons"]]
    assert len(lessons) == 12 and lessons[0]["slug"] == SLUG
    assert lessons[0]["bucket_path"].startswith("books/robo-genesis-ai/parts/01-Physical-AI-Foundations/chapters/")
    assert nobody("GET", "/api/content/parts", 200).json()["parts"] == parts
    assert nobody("GET", "/api/content/parts/{number}", 200, {"number": 2}).json() == parts[1]
    assert nobody("GET", "/api/content/chapters/{number}", 200, {"number": 2}).json() == parts[0]["chapters"][1]
    assert nobody("GET", "/api/content/lessons/{slug}", 200, {"slug": SLUG}).json() == lessons[0]
    for template, values in (("/api/content/book", {}), ("/api/content/parts", {}),
                             ("/api/content/parts/{number}", {"number": 1}),
                             ("/api/content/chapters/{number}", {"number": 1}),
                             ("/api/content/lessons/{slug}", {"slug": SLUG})):
        tag = nobody("GET", template, 200, values).headers["etag"]
        assert nobody("GET", template, 304, values, headers={"If-None-Match": tag}).text == ""
    for template in ("/api/content/parts/{number}", "/api/content/chapters/{number}"):
        for unknown in (0, 99, "x", "1.5", "-1"):
            nobody.refuses("GET", template, 404, "not_found", {"number": unknown})
    nobody.refuses("GET", "/api/content/lessons/{slug}", 404, "unknown_lesson", {"slug": "no-such-lesson"})


def test_lesson_content(nobody):
    template, values = "/api/content/lessons/{slug}/content", {"slug": SLUG}
    answer = nobody("GET", template, 200, values)
    body = answer.json()
    assert answer.headers["etag"] == f'"{body["content_hash"]}"' and answer.headers["vary"] == "Accept"
    plain = nobody("GET", template, 200, values, headers={"Accept": "text/markdown"})
    assert plain.text == body["content"] and plain.headers["content-type"].startswith("text/markdown")
    for accept in ("*/*", "text/markdown"):
        nobody("GET", template, 304, values, headers={"If-None-Match": answer.headers["etag"], "Accept": accept})
    nobody.refuses("GET", template, 404, "unknown_lesson", {"slug": "no-such-lesson"})


def test_lesson_content_without_its_storage(stack, description, tmp_path):
    """503 names the storage; nothing of the book's tree depends on it."""
    with running(Stack(tmp_path, stack.database)) as torn:
        torn.start("api")
        with torn.client() as client:
            caller = Caller(client, description)
            answer = caller.refuses("GET", "/api/content/lessons/{slug}/content", 503, "storage_unavailable",
                                    {"slug": "ch03-lab"})
            assert int(answer.headers["retry-after"]) >= 1
            caller("GET", "/api/content/book", 200)


def test_search(nobody):
    body = nobody("POST", "/api/search", 200, json={
        "query": "how do robots sense", "limit": 3, "filters": {"chapter": 2}}).json()
    assert 0 < len(body["results"]) <= 3
    assert {"lesson_slug", "section_title", "chunk_index", "text", "score"} <= body["results"][0].keys()
    assert all(one["lesson_slug"].startswith("ch02-") for one in body["results"])
    for query in ("", "   "):
        answer = nobody.refuses("POST", "/api/search", 422, "invalid_fields", json={"query": query})
        assert fields(answer) == {"query"}
    bad = {"limit": 0, "filters": {"part": 0, "type": "song", "shelf": 1}, "page": 2}
    assert fields(nobody.refuses("POST", "/api/search", 422, "invalid_fields", json=bad)) == {
        "query", "limit", "filters.part", "filters.type", "filters.shelf", "page"}


def test_before_anything_is_published(fresh_stack, description):
    """An empty installation answers every path as described, and nothing with success that is not there."""
    fresh_stack.start("api")
    with fresh_stack.client() as client:
        user = client.post("/api/user/create").json()["id"]
        client.post("/api/onboarding", json={"user_id": user, **LEARNER})
        caller = Caller(client, description, user)
        for template, values in (("/api/content/book", {}), ("/api/content/parts", {}),
                                 ("/api/content/parts/{number}", {"number": 1}),
                                 ("/api/content/chapters/{number}", {"number": 1})):
            caller.refuses("GET", template, 404, "not_found", values)
        for template in ("/api/content/lessons/{slug}", "/api/content/lessons/{slug}/content",
                         "/api/personalize/{slug}", "/api/progress/lessons/{slug}"):
            caller.refuses("GET", template, 404, "unknown_lesson", {"slug": SLUG})
        caller.refuses("POST", "/api/personalize", 404, "unknown_lesson", json={"lesson_slug": SLUG})
        assert caller("POST", "/api/search", 200, json={"query": "robots"}).json()["results"] == []
        for template in ("/api/progress", "/api/progress/recommendations"):
            caller.refuses("GET", template, 404, "not_found")


# Progress

def test_progress(nobody, learner, stranger):
    lesson = {"slug": SLUG}
    template = "/api/progress/lessons/{slug}"
    first = learner("GET", template, 200, lesson).json()
    assert (first["status"], first["started_at"], first["completed_at"], first["time_spent_seconds"]) == (
        "not_started", None, None, 0)
    assert learner("GET", "/api/progress", 200).json()["overall"]["in_progress"] == 0

    added = learner("PUT", template + "/time", 200, lesson, json={"time_spent_seconds": 86_400}).json()
    assert learner("PUT", template + "/time", 200, lesson, json={"time_spent_seconds": 0}).json() | {
        "last_at": None} == added | {"last_at": None}
    assert added["time_spent_seconds"] == 86_400

    started = learner("POST", template + "/start", 200, lesson).json()
    assert started["status"] == "in_progress" and started["started_at"]
    assert learner("POST", template + "/start", 200, lesson).json()["started_at"] == started["started_at"]
    completed = learner("POST", template + "/complete", 200, lesson).json()
    assert (completed["status"], completed["started_at"]) == ("completed", started["started_at"])
    for verb in ("complete", "start"):
        again = learner("POST", f"{template}/{verb}", 200, lesson).json()
        assert (again["status"], again["completed_at"]) == ("completed", completed["completed_at"])
    direct = learner("POST", template + "/complete", 200, {"slug": OTHER}).json()
    assert direct["started_at"] and direct["completed_at"]

    summary = learner("GET", "/api/progress", 200).json()
    assert summary["overall"] == {"total": 12, "in_progress": 0, "completed": 2, "percent": 16, "seconds": 86_400}
    assert summary["parts"][0]["chapters"][0]["completed"] == 1

    for method, suffix, options in (("GET", "", {}), ("POST", "/start", {}), ("POST", "/complete", {}),
                                    ("PUT", "/time", {"json": {"time_spent_seconds": 1}})):
        nobody.refuses(method, template + suffix, 401, "missing_user_id", lesson, **options)
        stranger.refuses(method, template + suffix, 404, "unknown_user", lesson, **options)
        learner.refuses(method, template + suffix, 404, "unknown_lesson", {"slug": "no-such-lesson"}, **options)
    stranger.refuses("GET", "/api/progress", 404, "unknown_user")
    for seconds in (-1, 86_401, 1.5, "7", None):
        answer = learner.refuses("PUT", template + "/time", 422, "invalid_fields", lesson,
                                 json={"time_spent_seconds": seconds, "minutes": 1})
        assert fields(answer) == {"time_spent_seconds", "minutes"}


def test_recommendations(nobody, somebody, learner, stranger):
    template = "/api/progress/recommendations"
    body = learner("GET", template, 200).json()
    assert 0 < len(body["recommendations"]) <= 5 and body["total"] >= len(body["recommendations"])
    assert {"lesson", "chapter_title", "part_title", "reason", "priority"} <= body["recommendations"][0].keys()
    assert len(learner("GET", template, 200, raw=f"{template}?limit=1").json()["recommendations"]) == 1
    asked = learner("GET", template, 200, raw=f"{template}?why_not=ch03-lab").json()["why_not"]
    assert asked["code"] and asked["text"]
    assert somebody("GET", template, 200).json()["state"] == "no_profile"
    for limit in ("0", "51", "x", "-1", "1.5", ""):
        answer = learner.refuses("GET", template, 422, "invalid_fields", raw=f"{template}?limit={limit}")
        assert fields(answer) == {"limit"}
    learner.refuses("GET", template, 404, "unknown_lesson", raw=f"{template}?why_not=no-such-lesson")
    stranger.refuses("GET", template, 404, "unknown_user")
    nobody.refuses("GET", template, 401, "missing_user_id")
    learner("POST", template + "/shown", 204, json={"lesson_slugs": [SLUG]})
    answer = learner.refuses("POST", template + "/shown", 422, "invalid_fields", json={"lesson_slugs": 7, "x": 1})
    assert fields(answer) == {"lesson_slugs", "x"}


def test_own_data(nobody, learner):
    learner("POST", "/api/progress/lessons/{slug}/start", 200, {"slug": SLUG})
    ready(learner, SLUG)
    mine = {"user_id": learner.user}
    data = learner("GET", "/api/user/{user_id}/export", 200, mine)
    assert data.json()["user"]["id"] == learner.user and data.json()["personalized_lessons"][0]["text"]
    assert data.headers["content-disposition"].startswith("attachment")
    for method, suffix in (("GET", "/export"), ("DELETE", "")):
        template = "/api/user/{user_id}" + suffix
        nobody.refuses(method, template, 401, "missing_user_id", mine)
        learner.refuses(method, template, 404, "unknown_user", {"user_id": NOBODY})
    learner("DELETE", "/api/user/{user_id}", 204, mine)
    learner.refuses("GET", "/api/user/{user_id}", 404, "unknown_user", mine)


# Every path

def test_every_path_says_what_it_allows(stack, client, description):
    values = {"user_id": NOBODY, "id": NOBODY, "slug": SLUG, "number": 1, "word": "not_found", "name": "embed"}
    paths = {}
    for method, template, _ in description.operations():
        paths.setdefault(template, set()).add(method)
    for template, methods in paths.items():
        path = address(template, {name: value for name, value in values.items() if "{%s}" % name in template})
        allowed = methods | ({"HEAD"} if "GET" in methods else set())
        if template.startswith("/api/") or template in ("/openapi.json", "/openapi.yaml", "/llms.txt",
                                                        "/.well-known/security.txt"):
            allowed |= {"OPTIONS"}
            answer = client.options(path)
            assert answer.status_code == 204 and set(answer.headers["allow"].split(", ")) == allowed, template
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"):
            if method in allowed:
                continue
            answer = client.request(method, path)
            assert answer.status_code == 405, (method, path, answer.status_code)
            assert set(answer.headers["allow"].split(", ")) == allowed, (method, path)
            if method != "HEAD":
                assert problem(answer, 405)["error"] == "method_not_allowed"
        if "GET" in methods and template != "/api/operations/{id}/events":
            head, get = client.head(path), client.get(path)
            assert (head.status_code, head.text) == (get.status_code, ""), path
            assert head.headers["content-type"] == get.headers["content-type"]


def test_user_create_is_no_learner(client):
    answer = client.get("/api/user/create")
    assert answer.status_code == 405 and answer.headers["allow"] == "OPTIONS, POST"


def test_what_is_no_path_is_not_found(client):
    for path in ("/api", "/api/", "/api/nothing", "/api//user/create", "/api/user/create/", "/api/content",
                 "/api/progress/lessons", "/api/ops/v1/nothing", "/nothing"):
        for method in ("GET", "POST"):
            assert problem(client.request(method, path), 404)["error"] == "not_found"


def test_slugs_with_slashes_stand_raw_or_encoded_before_every_suffix(cluster, tmp_path, description):
    """A lesson `field/deep/dive`, and one `start/here` that begins with a word of addresses."""
    with running(Stack(tmp_path / "stack", cluster.create("slashes"))) as stack:
        stack.folder.mkdir()
        stack.start_all()
        book = make_book(tmp_path / "book", lessons=2)
        lessons = sorted((book / "parts/01-First/chapters/01-Chapter/lessons").iterdir())
        for file, slug in zip(lessons, ("field/deep/dive", "start/here")):
            file.write_text(file.read_text().replace("---\n", f"---\nslug: {slug}\n", 1))
        stack.sync(book)
        with stack.client() as client:
            user = client.post("/api/user/create").json()["id"]
            client.post("/api/onboarding", json={"user_id": user, **LEARNER})
            caller = Caller(client, description, user)
            deep, encoded = "field/deep/dive", "field%2Fdeep%2Fdive"
            for slug in (deep, encoded, "field%2fdeep/dive"):
                lesson = caller("GET", "/api/content/lessons/{slug}", 200, raw=f"/api/content/lessons/{slug}")
                assert lesson.json()["slug"] == deep
                text = caller("GET", "/api/content/lessons/{slug}/content", 200,
                              raw=f"/api/content/lessons/{slug}/content")
                assert "Lesson 1" in text.json()["content"]
                template = "/api/progress/lessons/{slug}"
                for method, suffix, options in (("POST", "/start", {}), ("POST", "/complete", {}), ("GET", "", {}),
                                                ("PUT", "/time", {"json": {"time_spent_seconds": 1}})):
                    answer = caller(method, template + suffix, 200, raw=f"/api/progress/lessons/{slug}{suffix}",
                                    **options)
                    assert answer.json()["lesson_slug"] == deep
            order = caller("POST", "/api/personalize", 200, json={"lesson_slug": deep}, headers={"Prefer": "wait=30"})
            assert order.json()["lesson_slug"] == deep
            for slug in (deep, encoded):
                caller("GET", "/api/personalize/{slug}", 200, raw=f"/api/personalize/{slug}")
                caller("GET", "/api/personalize/{slug}/diff", 200, raw=f"/api/personalize/{slug}/diff")
                caller("POST", "/api/personalize/{slug}/feedback", 204, raw=f"/api/personalize/{slug}/feedback",
                       json={"rating": "up"})
            started = caller("POST", "/api/progress/lessons/{slug}/start", 200,
                             raw="/api/progress/lessons/start/here/start").json()
            assert (started["lesson_slug"], started["status"]) == ("start/here", "in_progress")
            refused = client.get("/api/progress/lessons/field/deep/dive/start", headers={"X-User-ID": user})
            assert refused.status_code == 405 and refused.headers["allow"] == "OPTIONS, POST"

            # What would be another address is no slug, whoever asks for it to be published.
            for slug in ("field/start", "field/diff", "cache"):
                text = lessons[1].read_text()
                lessons[1].write_text(re.sub(r"slug: .*", f"slug: {slug}", text))
                done = stack.command("resync", "--path", book, "--wait", "--timeout", "100", check=False)
                assert done.returncode == 7 and "reserved" in done.stderr, done.stderr


def test_every_answer_carries_what_browsers_and_logs_need(client):
    for path in ("/api/content/book", "/api/nothing", "/openapi.json"):
        headers = client.get(path, headers={"X-Request-ID": "mine-1"}).headers
        assert headers["x-request-id"] == "mine-1"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cache-control"]
