"""What is withdrawn while a model writes does not come back, and what operators and readers are told is true."""

import json
import re

import httpx
import pytest

from conftest import SAMPLE_BOOK, Stack, make_book, poll_text, problem, running, wait_for, write_lesson

SLUG = "ch01-lesson-1"


def script(provider, *behaviours):
    httpx.post(f"{provider}/script", json={"behaviours": behaviours, "repeat": True}).raise_for_status()


def requests(provider):
    return httpx.get(f"{provider}/requests").json()


@pytest.fixture
def slow(fresh_stack, tmp_path):
    """A small book, a provider that takes its time, and a learner."""
    provider = fresh_stack.scripted_provider()
    fresh_stack.environment |= {"CHAT_BASE_URL": provider, "CHAT_MODEL": "scripted"}
    script(provider, "slow,ms=2000,of=section")
    fresh_stack.start("storage", "vectordal", "sync-worker", "embed-worker")
    fresh_stack.start("api", "personalize-worker")
    fresh_stack.sync(make_book(tmp_path / "book", lessons=1))
    with fresh_stack.learner(programming_experience="advanced") as learner:
        yield fresh_stack, provider, learner


def begin(stack, provider, learner):
    """Asks for the lesson and returns when the model is writing."""
    answer = learner.post("/api/personalize", json={"lesson_slug": SLUG})
    assert answer.status_code == 202
    wait_for("the model to be asked", lambda: requests(provider), pause=0.01)
    assert learner.get(f"/api/personalize/{SLUG}").status_code == 202
    return answer.headers["location"]


def require_nothing_comes(stack, learner):
    stack.wait_until_ended("personalize_lesson")
    problem(learner.get(f"/api/personalize/{SLUG}"), 404)
    assert stack.database.value("SELECT count(*) FROM lectern.personalized_lesson") == 0


def test_a_cache_deleted_amid_the_writing_stays_empty(slow):
    stack, provider, learner = slow
    operation = begin(stack, provider, learner)
    assert learner.delete("/api/personalize/cache").json() == {"deleted_count": 1}
    problem(learner.get(f"/api/personalize/{SLUG}"), 404)
    require_nothing_comes(stack, learner)
    assert learner.get(operation).json()["state"] == "cancelled"


def test_answers_changed_amid_the_writing_get_no_text_of_the_former_ones(slow):
    stack, provider, learner = slow
    begin(stack, provider, learner)
    tag = learner.get("/api/user/preferences").headers["etag"]
    changed = learner.put(
        "/api/user/preferences", json={"programming_experience": "none", "learning_goals": ["research"]},
        headers={"If-Match": tag})
    assert changed.status_code == 200
    problem(learner.get(f"/api/personalize/{SLUG}"), 404)
    require_nothing_comes(stack, learner)
    assert learner.post("/api/personalize", json={"lesson_slug": SLUG}).status_code in (200, 202)
    hashes = {poll_text(learner, SLUG)["preferences_hash"]}
    assert stack.database.query("SELECT preferences_hash FROM lectern.preferences") == [(*hashes,)]


def test_a_lesson_changed_amid_the_writing_is_shown_in_its_new_form_alone(slow, tmp_path):
    stack, provider, learner = slow
    begin(stack, provider, learner)
    place = next((tmp_path / "book").rglob("*.md"))
    write_lesson(place, 77)
    place.write_text(place.read_text().replace("Lesson 77", "Lesson 1"))
    stack.sync(tmp_path / "book")
    stack.wait_until_ended("personalize_lesson")
    problem(learner.get(f"/api/personalize/{SLUG}"), 404)
    script(provider, "ok,of=section")
    assert learner.post("/api/personalize", json={"lesson_slug": SLUG}).status_code == 202
    text = poll_text(learner, SLUG)
    assert "topic77" in text["personalized_content"] and "topic1 " not in text["personalized_content"]


# What operators and readers are told

@pytest.fixture(scope="module")
def installation(cluster, tmp_path_factory):
    """The sample book, written by the rules, in a database of this file's own."""
    with running(Stack(tmp_path_factory.mktemp("upkeep"), cluster.create("upkeep"))) as stack:
        stack.start_all()
        stack.sync()
        yield stack


def told(stack, *arguments):
    return json.loads(stack.command("cache", *arguments, "--output", "json").stdout)


def test_the_cache_commands_say_what_is_there_and_do_what_they_say(installation):
    stack, slug = installation, "ch01-digital-vs-physical-ai"
    nothing = told(stack, "stats")
    assert (nothing["ready"], nothing["sections"], nothing["generators"]) == (0, 0, {})
    with stack.learner() as first, stack.learner() as second:
        for learner in (first, second):
            learner.post("/api/personalize", json={"lesson_slug": slug}, headers={"Prefer": "wait=20"})
            poll_text(learner, slug)
        kept = told(stack, "stats")
        count, size = stack.database.query(
            "SELECT count(*), sum(octet_length(content)) FROM lectern.generation")[0]
        assert (kept["ready"], kept["shared"], kept["pending"], kept["failed"]) == (2, 1, 0, 0)
        assert (kept["sections"], kept["bytes"], kept["sections_served"]) == (count, size, 2 * count)
        assert kept["generators"] == {"embedded/rules-v2": count} and kept["cost_micros"] == 0

        plan = told(stack, "prewarm", "--plan")
        assert (plan["lessons"], plan["slices"]) == (12, 1)
        assert len(plan["steps"]) == 11 and slug not in {step["lesson_slug"] for step in plan["steps"]}
        assert stack.database.value("SELECT count(*) FROM lectern.generation") == count
        done = told(stack, "prewarm")
        assert done["sections"] == plan["sections"]
        stack.wait_until_ended("personalize_lesson")
        assert told(stack, "prewarm", "--plan")["steps"] == []
        assert told(stack, "stats")["sections"] == count + plan["sections"]
        # What was written ahead is there at once.
        other = plan["steps"][0]["lesson_slug"]
        answer = first.post("/api/personalize", json={"lesson_slug": other})
        assert answer.status_code == 200 and answer.json()["shared"] is True and answer.json()["cached"] is True

        dry = told(stack, "purge", "--lesson", slug)
        assert dry == {"rows": 2, "sections": count}
        assert first.get(f"/api/personalize/{slug}").status_code == 200
        assert told(stack, "purge", "--lesson", slug, "--yes") == dry
        problem(first.get(f"/api/personalize/{slug}"), 404)
        assert first.get(f"/api/personalize/{other}").status_code == 200
        assert told(stack, "stats")["sections"] == plan["sections"]


def test_the_evaluation_needs_no_database_and_measures_every_section(fresh_stack):
    done = fresh_stack.command(
        "personalize", "eval", "--book", SAMPLE_BOOK, "--slices", 2, "--lessons", 1, "--output", "json")
    report = json.loads(done.stdout)
    assert report["broken"] == [] and len(report["rows"]) == 2
    assert {row["slice"].split()[0] for row in report["rows"]} <= {"language=en", "language=ur"}
    lesson = next(SAMPLE_BOOK.rglob("01-digital-vs-physical-ai.md")).read_text()
    prose = re.sub(r"^```.*?^```", "", lesson, flags=re.M | re.S)
    count = len(re.findall(r"^##? ", prose, re.M))
    assert [row["sections"] for row in report["rows"]] == [count, count]
    assert len(report["sections"]) == 2 * count
    assert {section["generator"] for section in report["sections"]} == {"embedded/rules-v2"}
    assert all(row["tokens"] == 0 and row["by_model"] == 0 for row in report["rows"])


def test_readers_see_what_was_changed_and_say_what_they_think(installation):
    slug = "ch02-how-robots-sense"
    with installation.learner(programming_experience="none") as learner:
        problem(learner.get(f"/api/personalize/{slug}/diff"), 404)
        problem(learner.post(f"/api/personalize/{slug}/feedback", json={"rating": "up"}), 404)
        learner.post("/api/personalize", json={"lesson_slug": slug}, headers={"Prefer": "wait=20"})
        text = poll_text(learner, slug)
        difference = learner.get(f"/api/personalize/{slug}/diff").json()
        assert difference["generator"] == text["generator"]
        kept = [line for hunk in difference["hunks"] if hunk["kind"] != "delete" for line in hunk["lines"]]
        former = [line for hunk in difference["hunks"] if hunk["kind"] != "insert" for line in hunk["lines"]]
        assert "\n".join(kept).strip() == text["personalized_content"].strip()
        source = learner.get(f"/api/content/lessons/{slug}/content").json()["content"]
        assert "\n".join(former).strip() == source.split("\n---\n", 1)[1].strip()
        assert any(hunk["kind"] == "insert" for hunk in difference["hunks"])

        refusal = learner.post(f"/api/personalize/{slug}/feedback", json={"rating": "meh"})
        problem(refusal, 422)
        for rating, reason in (("down", "too_hard"), ("up", None)):
            answer = learner.post(
                f"/api/personalize/{slug}/feedback",
                json={"rating": rating, "comment": "a word"} | ({"reason": reason} if reason else {}))
            assert answer.status_code == 204, answer.text
        statistics = told(installation, "stats")
        assert (statistics["thumbs_up"], statistics["thumbs_down"]) == (1, 0)
