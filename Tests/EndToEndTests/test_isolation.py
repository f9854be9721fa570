"""Another learner's rows are out of reach, on every path that there is."""

import secrets
import uuid

import pytest

from conftest import poll_text
from openapi import Description, address

SLUG = "ch01-digital-vs-physical-ai"
SECRET = "only the first learner wrote this"


class Victim:
    """A learner of whom there is a row in every table that knows learners."""

    def __init__(self, stack):
        self.stack = stack
        self.client = stack.learner(education_level="professional", learning_goals=["teaching"])
        self.user = self.client.headers["X-User-ID"]
        # Nothing written before can be shared, so there is an operation.
        stack.command("cache", "purge", "--all", "--yes")
        accepted = self.client.post("/api/personalize", json={"lesson_slug": SLUG},
                                    headers={"Idempotency-Key": str(uuid.uuid4())})
        assert accepted.status_code == 202, accepted.text
        self.operation = accepted.json()["operation"]["id"]
        self.text = poll_text(self.client, SLUG)
        for path, body in ((f"/api/personalize/{SLUG}/feedback", {"rating": "down", "comment": SECRET}),
                           ("/api/progress/recommendations/shown", {"lesson_slugs": ["ch02-lab"]})):
            assert self.client.post(path, json=body).status_code == 204
        assert self.client.post(f"/api/progress/lessons/{SLUG}/start").status_code == 200
        # Nobody signs in here; the row is one of an installation where learners once did.
        stack.database.query("INSERT INTO lectern.learner_identity (identity, user_id) VALUES (%s, %s) RETURNING 1",
                             secrets.token_hex(32), self.user)

    def tables(self):
        return self.stack.database.query("""
            SELECT 'lectern.' || k.relname, a.attname::text
            FROM pg_constraint c JOIN pg_class k ON k.oid = c.conrelid
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.contype = 'f' AND c.confrelid = 'lectern.learner'::regclass ORDER BY 1, 2""")

    def rows(self):
        """Everything that is kept of the learner, as text."""
        rows = {"lectern.learner": self.stack.database.query(
            "SELECT l::text FROM lectern.learner l WHERE id = %s", self.user)}
        for table, column in self.tables():
            rows[table] = sorted(self.stack.database.query(
                f"SELECT t::text FROM {table} t WHERE {column} = %s", self.user))
        return rows

    def traces(self):
        return self.user, self.operation, self.text["preferences_hash"], SECRET


@pytest.fixture(scope="module")
def victim(stack):
    return Victim(stack)


@pytest.fixture(scope="module")
def learners_operations(stack):
    """Everything but what operators may do."""
    return [one for one in Description.printed_by(stack).operations() if "Operators" not in one[2]["tags"]]


def body_of(operation, user):
    """The description's example, in the name of another learner where it names one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if not content:
        return {}
    example = content["example"]
    if "lesson_slug" in example:
        example = example | {"lesson_slug": SLUG}
    return {"json": example | ({"user_id": user} if "user_id" in example else {})}


def asked(client, method, template, operation, user, id):
    values = {"user_id": user, "id": id, "slug": SLUG, "number": 1, "word": "not_found"}
    path = address(template, {name: value for name, value in values.items() if "{%s}" % name in template})
    return client.request(method, path, **body_of(operation, user))


def test_nothing_of_another_learner_can_be_seen_or_changed_on_any_path(stack, victim, learners_operations):
    before = victim.rows()
    assert all(before.values()), {name: len(rows) for name, rows in before.items()}
    nobody, nothing = str(uuid.uuid4()), str(uuid.uuid4())
    refused = set()
    with stack.learner() as other:
        for method, template, operation in learners_operations:
            answer = asked(other, method, template, operation, victim.user, victim.operation)
            place = (method, template, answer.status_code, answer.text[:300])
            names = "{user_id}" in template or template.startswith("/api/operations/") or "user_id" in str(
                body_of(operation, ""))
            if template == "/api/user/create":
                # The contract says that the id is taken, and no more.
                assert answer.status_code == 409, place
            elif names:
                unknown = asked(other, method, template, operation, nobody, nothing)
                assert answer.status_code == unknown.status_code == 404, place
                assert said(answer) == said(unknown), place
                refused.add((method, template))
            assert not any(trace in without_instance(answer) for trace in victim.traces()), place
        assert victim.rows() == before
    assert refused == {
        ("GET", "/api/user/{user_id}"), ("DELETE", "/api/user/{user_id}"), ("GET", "/api/user/{user_id}/export"),
        ("POST", "/api/onboarding"), ("GET", "/api/operations/{id}"), ("DELETE", "/api/operations/{id}"),
        ("GET", "/api/operations/{id}/events")}
    assert poll_text(victim.client, SLUG) == victim.text


def said(answer):
    """A refusal without what names the request."""
    return {name: value for name, value in answer.json().items() if name not in ("instance", "request_id")}


def without_instance(answer):
    """The body but for the caller's own path, which comes back in problems."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return str(said(answer))
    return answer.text


def test_no_learners_path_answers_without_a_learner(stack, victim, learners_operations):
    before = victim.rows()
    with stack.client() as nobody:
        for method, template, operation in learners_operations:
            if operation.get("security") != [{"learner": []}, {"signIn": []}]:
                continue
            answer = asked(nobody, method, template, operation, victim.user, victim.operation)
            assert (answer.status_code, answer.json()["error"]) == (401, "missing_user_id"), (method, template)
            assert answer.headers["www-authenticate"]
    assert victim.rows() == before


def test_every_table_with_learners_is_looked_at(victim):
    assert {table for table, _ in victim.tables()} == {
        "lectern.preferences", "lectern.personalized_lesson", "lectern.operation", "lectern.feedback",
        "lectern.lesson_progress", "lectern.recommendation_shown", "lectern.learner_identity"}
