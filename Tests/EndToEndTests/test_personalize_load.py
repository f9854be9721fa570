"""Many learners ask at once, and workers die amid it: every section is paid for once, and everybody gets a text."""

import collections
import itertools
import re
import time

import httpx
import pytest

from conftest import Stack, poll_text, running, wait_for
from crowd import ask_at_once, clone_learners
from markdown import body, code, headings, require_promises

SLUG = "ch01-digital-vs-physical-ai"
CLIENTS = 1_000


def script(provider, *behaviours):
    httpx.post(f"{provider}/script", json={"behaviours": behaviours, "repeat": True}).raise_for_status()


def questions(provider):
    """Every question the provider got, the section's own text without the boundaries, which differ each time."""
    texts = [request["body"]["messages"][1]["content"] for request in httpx.get(f"{provider}/requests").json()]
    return [re.sub(r"^=====[0-9A-Z]+=+$", "", text, flags=re.M) for text in texts]


def heading_of(question):
    return re.search(r"^\| this section: (.*)$", question, re.MULTILINE)[1]


def original(stack, slug):
    with stack.client() as client:
        return client.get(f"/api/content/lessons/{slug}/content").json()["content"]


def generated(stack):
    return {key: content for key, content in stack.database.query("SELECT key, content FROM lectern.generation")}


@pytest.fixture
def fleet(cluster, tmp_path, request):
    """Two API processes and three workers over the sample book."""
    name = re.sub(r"\W", "", request.node.name)[-40:].lower()
    with running(Stack(tmp_path, cluster.create(name))) as stack:
        stack.migrate()
        stack.start("storage", "vectordal", "sync-worker", "embed-worker")
        stack.sync()
        yield stack


def start_fleet(stack):
    stack.start("api", "api-2", "personalize-worker", "personalize-worker-2", "personalize-worker-3")
    return [stack.ports["api"], stack.ports["api-2"]]


def test_a_thousand_who_ask_for_one_text_at_once_pay_for_each_section_once(fleet):
    provider = fleet.scripted_provider()
    fleet.environment |= {"CHAT_BASE_URL": provider, "CHAT_MODEL": "scripted"}
    script(provider, "ok,of=section")
    ports = start_fleet(fleet)
    template = fleet.learner(programming_experience="advanced")
    users = clone_learners(fleet.database, template.headers["X-User-ID"], CLIENTS)
    source = original(fleet, SLUG)

    conversations = ask_at_once(ports, users, [SLUG])

    asked = collections.Counter(questions(provider))
    assert set(asked.values()) == {1}, [(heading_of(text), count) for text, count in asked.items() if count > 1]
    sections = len([line for line in headings(source) if line.startswith(("# ", "## "))])
    assert 0 < len(asked) <= sections
    assert fleet.database.value("SELECT count(*) FROM lectern.generation") == sections
    texts = set()
    for answers, refusals in conversations:
        (first, _, opening), (last, _, closing) = answers[0], answers[-1]
        assert last == 200 and all(status == 202 for status, _, _ in answers[:-1])
        if first == 202:
            assert opening["cached"] is False and opening["status"] == "pending"
        elif not refusals:
            # Whoever was refused may have been entered all the same.
            assert opening["shared"] is True
        assert closing["cached"] is True
        assert "scripted" in closing["generator"]
        texts.add(closing["personalized_content"])
    (text,) = texts
    require_promises(body(source), text)
    assert fleet.database.query(
        "SELECT state, count(*) FROM lectern.personalized_lesson GROUP BY state") == [("ready", CLIENTS)]
    again = ask_at_once(ports, users[:50], [SLUG])
    assert {(len(answers), answers[0][0], answers[0][2]["cached"]) for answers, _ in again} == {(1, 200, True)}
    assert len(questions(provider)) == len(asked)


def slices():
    """Answers of learners in each of the 24 slices, who differ in what a slice leaves out, too."""
    fields = itertools.product(
        ("beginner", "intermediate", "advanced"), (False, True), ("basic", "advanced"), ("en", "ur"))
    educations = itertools.cycle(("high_school", "undergraduate", "graduate", "professional"))
    goals = itertools.cycle((["career_change"], ["research", "hobby"], ["teaching", "building_projects"]))
    for programming, robotics, ai, language in fields:
        yield {
            "programming_experience": programming, "robotics_background": robotics, "ai_ml_experience": ai,
            "preferred_language": language, "education_level": next(educations), "learning_goals": next(goals)}


def test_a_thousand_learners_of_all_slices_need_no_more_texts_than_there_are_slices(fleet):
    ports = start_fleet(fleet)
    templates = [fleet.learner(**answers).headers["X-User-ID"] for answers in slices()]
    assert len(templates) == 24
    groups = [clone_learners(fleet.database, template, -(-CLIENTS // 24)) for template in templates]
    # One after the other from each slice, so that all slices are asked for from the first moment on.
    users = [user for users in zip(*groups) for user in users][:CLIENTS]
    source = original(fleet, SLUG)
    sections = len([line for line in headings(source) if line.startswith(("# ", "## "))])

    conversations = ask_at_once(ports, users, [SLUG])

    rows = fleet.database.value("SELECT count(*) FROM lectern.generation")
    assert rows <= 24 * sections
    # Many sections say nothing about robotics, or hold no code: they are shared among slices, too.
    kinds = fleet.database.value("SELECT count(DISTINCT (ordinal, slice)) FROM lectern.generation")
    assert rows == kinds < 24 * sections
    assert len(conversations) == CLIENTS
    for answers, _ in conversations:
        status, _, closing = answers[-1]
        assert status == 200 and closing["cached"] is True, closing
        assert code(closing["personalized_content"]) == code(source)
    assert fleet.database.query(
        "SELECT state, count(*) FROM lectern.personalized_lesson GROUP BY state") == [("ready", CLIENTS)]


def test_workers_killed_amid_a_lesson_pay_for_no_stored_section_again(fleet):
    provider = fleet.scripted_provider()
    fleet.environment |= {"CHAT_BASE_URL": provider, "CHAT_MODEL": "scripted"}
    script(provider, "slow,ms=1500,of=section")
    workers = ("personalize-worker", "personalize-worker-2")
    fleet.start("api", *workers)
    learner = fleet.learner(programming_experience="advanced")
    source = original(fleet, SLUG)
    assert learner.post("/api/personalize", json={"lesson_slug": SLUG}).status_code == 202

    def is_amid():
        stored = fleet.database.value("SELECT count(*) FROM lectern.generation")
        return stored if stored >= 4 and len(questions(provider)) > stored else None

    wait_for("some sections, while others are being written", is_amid, 30)
    for name in workers:
        fleet.kill(name)
    killed = time.monotonic()
    stored = {heading for (heading,) in fleet.database.query("SELECT heading FROM lectern.generation")}
    before = len(questions(provider))
    assert 4 <= len(stored) < before
    assert fleet.database.value("SELECT count(*) FROM lectern.generation_claim") > 0

    fleet.start(*workers)
    text = poll_text(learner, SLUG, 60)
    assert time.monotonic() - killed <= 60
    asked = collections.Counter(map(heading_of, questions(provider)))
    assert {heading: asked[heading] for heading in stored if asked[heading] != 1} == {}
    assert max(asked.values()) == 2, "what was being written when the workers died is asked for once more"
    require_promises(body(source), text["personalized_content"])
    assert "scripted" in text["generator"]
    assert fleet.database.value("SELECT count(*) FROM lectern.generation_claim") == 0
