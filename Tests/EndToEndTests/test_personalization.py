"""A learner asks for a lesson of their own and comes back for it: the contract's sections 2 and 3."""

import concurrent.futures
import re
import threading
import uuid

import pytest

from conftest import LEARNER, poll_text, problem, wait_for

SLUG = "ch01-digital-vs-physical-ai"
OTHER = "ch02-how-robots-sense"


@pytest.fixture(autouse=True)
def nothing_written(stack):
    """Learners share what others had written; each test begins without any of it."""
    stack.command("cache", "purge", "--all", "--yes")


@pytest.fixture
def learner(stack):
    with stack.learner() as client:
        yield client


def original(client, slug):
    answer = client.get(f"/api/content/lessons/{slug}/content")
    assert answer.status_code == 200, answer.text
    return answer.json()


def blocks(markdown):
    """Every fenced block with its fences, byte for byte."""
    return [match.group() for match in
            re.finditer(r"^(`{3,}|~{3,})[^\n]*\n.*?^\1[ \t]*$", markdown, re.MULTILINE | re.DOTALL)]


def test_a_miss_is_accepted_polled_for_and_then_a_hit(learner):
    first = learner.post("/api/personalize", json={"lesson_slug": SLUG})
    assert first.status_code == 202
    body = first.json()
    assert body["cached"] is False and body["lesson_slug"] == SLUG and body["status"] == "pending"
    operation = body["operation"]
    assert uuid.UUID(operation["id"]) and operation["state"] in ("queued", "running")
    assert first.headers["location"] == f"/api/operations/{operation['id']}"
    assert 1 <= int(first.headers["retry-after"]) <= 60

    text = poll_text(learner, SLUG)
    assert text["cached"] is True and text["lesson_slug"] == SLUG
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text["generated_at"])
    lesson = original(learner, SLUG)
    assert text["content_hash"] == lesson["content_hash"]
    assert re.fullmatch(r"[0-9a-f]{32}", text["preferences_hash"])
    assert text["generator"].startswith("embedded/")
    assert text["personalized_content"] != lesson["content"]

    second = learner.post("/api/personalize", json={"lesson_slug": SLUG})
    assert second.status_code == 200
    assert second.json() == text


def test_a_poll_never_starts_anything(learner, stack):
    problem(learner.get(f"/api/personalize/{OTHER}"), 404)
    user = learner.headers["X-User-ID"]
    assert stack.database.value("SELECT count(*) FROM lectern.operation WHERE user_id = %s", user) == 0


def test_a_caller_that_prefers_to_wait_gets_the_text_at_once(learner):
    answer = learner.post("/api/personalize", json={"lesson_slug": SLUG}, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200
    assert answer.json()["cached"] is False and answer.json()["personalized_content"]
    assert answer.headers["preference-applied"] == "wait=20"
    again = learner.post("/api/personalize", json={"lesson_slug": SLUG}, headers={"Prefer": "wait=20"})
    assert again.status_code == 200 and again.json()["cached"] is True
    long = learner.post("/api/personalize", json={"lesson_slug": SLUG}, headers={"Prefer": "wait=86400"})
    assert long.headers["preference-applied"] == "wait=30"


def test_fifty_callers_at_once_share_one_job(stack, learner):
    user = learner.headers["X-User-ID"]
    start = threading.Barrier(50)

    def ask(_):
        with stack.client(headers={"X-User-ID": user}) as client:
            start.wait(30)
            return client.post("/api/personalize", json={"lesson_slug": OTHER})

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, range(50)))
    assert {answer.status_code for answer in answers} <= {200, 202}, {a.status_code: a.text for a in answers}
    operations = {answer.json()["operation"]["id"] for answer in answers if answer.status_code == 202}
    assert len(operations) == 1
    poll_text(learner, OTHER)
    jobs = "SELECT count(*) FROM lectern.job WHERE kind = 'personalize_lesson' AND id >= %s"
    job = stack.database.value("SELECT job_id FROM lectern.operation WHERE user_id = %s", user)
    assert stack.database.value(jobs, job) == 1
    assert stack.database.value("SELECT count(*) FROM lectern.operation WHERE user_id = %s", user) == 1


def test_other_answers_make_another_text_and_clear_the_former_one(learner, stack):
    learner.post("/api/personalize", json={"lesson_slug": SLUG})
    before = poll_text(learner, SLUG)
    preferences = learner.get("/api/user/preferences")
    assert preferences.status_code == 200 and preferences.headers["etag"]
    changed = learner.put(
        "/api/user/preferences", json={"programming_experience": "advanced", "robotics_background": True},
        headers={"If-Match": preferences.headers["etag"]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["learning_goals"] == LEARNER["learning_goals"]
    problem(learner.put("/api/user/preferences", json={"robotics_background": False},
                        headers={"If-Match": preferences.headers["etag"]}), 412)

    problem(learner.get(f"/api/personalize/{SLUG}"), 404)
    assert learner.post("/api/personalize", json={"lesson_slug": SLUG}).status_code == 202
    after = poll_text(learner, SLUG)
    assert after["preferences_hash"] != before["preferences_hash"]
    assert after["personalized_content"] != before["personalized_content"]
    assert stack.database.value(
        "SELECT count(*) FROM lectern.personalized_lesson WHERE user_id = %s", learner.headers["X-User-ID"]) == 1


def test_the_cache_is_deleted_with_its_count(learner):
    for slug in (SLUG, OTHER):
        learner.post("/api/personalize", json={"lesson_slug": slug})
        poll_text(learner, slug)
    assert learner.delete("/api/personalize/cache").json() == {"deleted_count": 2}
    assert learner.delete("/api/personalize/cache").json() == {"deleted_count": 0}
    problem(learner.get(f"/api/personalize/{SLUG}"), 404)
    # The sections are there still, and nothing has to be written for the learner to have the text again.
    answer = learner.post("/api/personalize", json={"lesson_slug": SLUG})
    assert answer.status_code == 200 and answer.json()["cached"] is answer.json()["shared"] is True


def test_a_request_right_after_the_cache_was_deleted_ends_in_a_text_as_any_other(stack):
    def rounds(index):
        with stack.learner() as learner:
            for number in range(10):
                learner.post("/api/personalize", json={"lesson_slug": SLUG})
                if (index + number) % 3:
                    learner.get(f"/api/personalize/{SLUG}")
                assert learner.delete("/api/personalize/cache").status_code == 200
                # The former job may be about to find that nobody waits for it.
                answer = learner.post("/api/personalize", json={"lesson_slug": SLUG})
                assert answer.status_code == 202 or answer.json()["shared"] is True
                poll_text(learner, SLUG)
                learner.delete("/api/personalize/cache")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(rounds, range(8)))


def test_what_belongs_to_another_learner_is_not_found(learner, stack):
    first = learner.post("/api/personalize", json={"lesson_slug": SLUG})
    operation = first.headers["location"]
    poll_text(learner, SLUG)
    with stack.learner() as stranger:
        problem(stranger.get(operation), 404)
        problem(stranger.delete(operation), 404)
        problem(stranger.get(f"/api/personalize/{SLUG}"), 404)
        problem(stranger.get(f"/api/user/{learner.headers['X-User-ID']}"), 404)
        # The sections are the same for both, who do not differ in them; the rows are each learner's own.
        answer = stranger.post("/api/personalize", json={"lesson_slug": SLUG})
        assert answer.status_code == 200 and answer.json()["cached"] is answer.json()["shared"] is True
    assert learner.get(operation).status_code == 200


def test_an_operation_tells_how_it_stands_until_it_is_done(learner):
    location = learner.post("/api/personalize", json={"lesson_slug": SLUG}).headers["location"]
    seen = set()

    def finished():
        answer = learner.get(location)
        assert answer.status_code == 200
        body = answer.json()
        seen.add(body["state"])
        assert ("retry-after" in answer.headers) == (not body["done"])
        return body if body["done"] else None

    body = wait_for("the operation to end", finished)
    assert body["state"] == "succeeded" and seen <= {"queued", "running", "succeeded"}
    assert learner.get(body["result"]).json()["cached"] is True
    assert problem(learner.delete(location), 409)["error"] == "already_finished"
    problem(learner.get(f"/api/operations/{uuid.uuid4()}"), 404)
    problem(learner.get("/api/operations/nonsense"), 404)


def test_who_is_unknown_or_not_onboarded_and_what_is_unpublished_is_not_found(stack):
    body = {"lesson_slug": SLUG}
    with stack.client() as client:
        problem(client.post("/api/personalize", json=body, headers={"X-User-ID": str(uuid.uuid4())}), 404)
        user = client.post("/api/user/create").json()["id"]
        problem(client.post("/api/personalize", json=body, headers={"X-User-ID": user}), 404)
        problem(client.get("/api/user/preferences", headers={"X-User-ID": user}), 404)
    with stack.learner() as learner:
        problem(learner.post("/api/personalize", json={"lesson_slug": "no-such-lesson"}), 404)


def test_the_endpoint_rewrites_no_text_but_the_lessons_own(learner):
    text = original(learner, SLUG)["content"]
    for foreign in ("Write me a poem.", text + " ", text[:-1], ""):
        refusal = problem(
            learner.post("/api/personalize", json={"lesson_slug": SLUG, "original_content": foreign}), 422)
        assert refusal["error"] == "content_mismatch"
    answer = learner.post("/api/personalize", json={"lesson_slug": SLUG, "original_content": text})
    assert answer.status_code == 202
    poll_text(learner, SLUG)


def test_a_user_is_created_once_and_keeps_the_id_it_brought(stack):
    user = str(uuid.uuid4())
    with stack.client() as client:
        created = client.post("/api/user/create", json={"user_id": user})
        assert created.status_code == 201 and created.headers["location"] == f"/api/user/{user}"
        body = created.json()
        assert body["id"] == user and body["onboarding_completed"] is False
        problem(client.post("/api/user/create", json={"user_id": user}), 409)
        onboarded = client.post("/api/onboarding", json={"user_id": user, **LEARNER})
        assert onboarded.status_code == 200
        assert {**LEARNER, "user_id": user}.items() <= onboarded.json().items()
        assert client.get(f"/api/user/{user}").json()["onboarding_completed"] is True


@pytest.mark.parametrize("answers", [
    {"programming_experience": "none", "education_level": "high_school"},
    {"programming_experience": "advanced", "robotics_background": True, "ai_ml_experience": "advanced"},
    {"preferred_language": "ur"},
])
def test_the_authors_code_is_left_byte_for_byte(stack, answers):
    with stack.learner(**answers) as learner:
        book = learner.get("/api/content/book").json()
        slugs = [lesson["slug"] for part in book["parts"] for chapter in part["chapters"]
                 for lesson in chapter["lessons"]]
        assert len(slugs) == 12
        for slug in slugs:
            answer = learner.post("/api/personalize", json={"lesson_slug": slug}, headers={"Prefer": "wait=20"})
            assert answer.status_code == 200, answer.text
            source = blocks(original(learner, slug)["content"])
            assert blocks(answer.json()["personalized_content"]) == source, slug
            assert slug.endswith("-current-platforms") or source, f"{slug} has no code to compare"


def test_a_learner_who_reads_urdu_gets_urdu_script(stack):
    with stack.learner(preferred_language="ur") as learner:
        answer = learner.post("/api/personalize", json={"lesson_slug": SLUG}, headers={"Prefer": "wait=20"})
        urdu = re.findall(r"[\u0600-\u06ff]{2,}", answer.json()["personalized_content"])
        assert len(urdu) > 30 and any("ے" in word or "ہ" in word for word in urdu)
    with stack.learner() as learner:
        answer = learner.post("/api/personalize", json={"lesson_slug": SLUG}, headers={"Prefer": "wait=20"})
        assert not re.search(r"[\u0600-\u06ff]", answer.json()["personalized_content"])


def test_a_text_has_a_tag_that_spares_the_second_download(learner):
    learner.post("/api/personalize", json={"lesson_slug": SLUG})
    poll_text(learner, SLUG)
    answer = learner.get(f"/api/personalize/{SLUG}")
    again = learner.get(f"/api/personalize/{SLUG}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


def test_no_log_holds_a_learners_id(learner, stack):
    learner.post("/api/personalize", json={"lesson_slug": SLUG})
    poll_text(learner, SLUG)
    user = learner.headers["X-User-ID"]
    for name in stack.processes:
        text = stack.log(name).read_text(errors="replace").lower()
        assert user not in text, f"{name}.log holds a learner's id"
