"""Providers that fail in every way: the learner's text keeps its promises, and says who wrote it."""

import collections
import datetime

import httpx
import pytest

from conftest import Stack, free_port, make_book, poll_text, running
from markdown import body, require_promises

RULES = "embedded/rules-v2"
LESSON = """---
title: Case {number}
---

# Case {number}

The robot of case {number} drives 2.5 m and reads its [sensor](https://docs.example.com/case{number}) every 10 ms. It
stops before the wall, since the control loop knows how far away the wall is.

```python
distance = {number}
print("case", distance)
```

The program prints what it has measured.
"""

# name: what the provider does, how often it is asked, whether its text is believed, and the attempts' outcomes.
CASES = {
    "answers": (["ok"], 1, True, {"ok"}),
    "slow": (["slow,ms=1500"], 1, True, {"ok"}),
    "slow-pieces": (["drip,ms=20"], 1, True, {"ok"}),
    "no-usage": (["no_usage"], 1, True, {"ok"}),
    "whole-instead-of-stream": (["json_instead_of_stream"], 1, True, {"ok"}),
    "cut-once": (["stream_cut,after=5", "ok"], 2, True, None),
    "cut-always": (["stream_cut,after=5"], 3, False, None),
    "limited-once": (["429,retry_after=1", "ok"], 2, True, {"ok", "rate_limited"}),
    "limited-always": (["429,retry_after=1"], 3, False, {"rate_limited"}),
    "broken-once": (["500", "ok"], 2, True, {"ok", "server_error"}),
    "broken-always": (["500"], 3, False, {"server_error"}),
    "no-json": (["not_json"], 3, False, {"malformed_answer"}),
    "key-refused": (["401"], 1, False, {"unauthorized"}),
    "declined": (["refusal"], 1, False, None),
    "filtered": (["content_filter"], 1, False, None),
    "empty": (["empty"], None, False, None),
    "preamble-once": (["preamble", "ok"], 2, True, {"ok"}),
    "preamble": (["preamble"], 3, False, {"ok"}),
    "fenced": (["fenced"], 3, False, {"ok"}),
    "altered-code": (["altered_code"], 3, False, {"ok"}),
    "dropped-code": (["dropped_code"], 3, False, {"ok"}),
    "altered-headings": (["altered_headings"], 3, False, {"ok"}),
    "dropped-headings": (["dropped_headings"], 3, False, {"ok"}),
    "altered-links": (["altered_links"], 3, False, {"ok"}),
    "altered-numbers": (["altered_numbers"], 3, False, {"ok"}),
    "script": (["injected"], 3, False, {"ok"}),
    "html": (["injected,text=<iframe src=x></iframe>"], 3, False, {"ok"}),
    "leak-once": (["prompt_leak", "ok"], 2, True, {"ok"}),
    "leak": (["prompt_leak"], 3, False, {"ok"}),
    "cut-short": (["truncated,words=6"], None, False, None),
}
# The check that each answer breaks.
CHECKS = {
    "preamble-once": "V8", "preamble": "V8", "fenced": "V8", "altered-code": "V1", "dropped-code": "V1",
    "altered-headings": "V2", "dropped-headings": "V2", "altered-links": "V3", "altered-numbers": "V4",
    "script": "V11", "html": "V11",
    # The question back holds the placeholder, and what it stands for, twice.
    "leak-once": "V1", "leak": "V1"}
SPECIAL = ("second-writes", "budget-first", "budget-second", "canary")
NUMBERS = {name: number for number, name in enumerate((*CASES, *SPECIAL), 1)}


class Desk:
    """An installation whose worker is started anew for each case, with a provider of the case's name."""

    def __init__(self, stack, book):
        self.stack = stack
        self.book = book
        self.server = stack.scripted_provider()
        self.file = stack.folder / "providers.yaml"

    def slug(self, name):
        return f"ch01-case-{NUMBERS[name]}"

    def source(self, name):
        return body(LESSON.format(number=NUMBERS[name]))

    def provide(self, *providers, head=""):
        """Starts the worker with these providers: pairs of name and further lines."""
        text = head + "providers:\n" + "".join(
            f"  - name: {name}\n    base_url: {more.pop('base_url', self.server)}\n    model: scripted\n"
            + "".join(f"    {key}: {value}\n" for key, value in more.items()) for name, more in providers)
        self.file.write_text(text)
        self.stack.start("personalize-worker")

    def script(self, *behaviours, of="section"):
        """All but the last once, the last from then on."""
        entries = [f"{behaviour},of={of}" for behaviour in behaviours]
        httpx.delete(f"{self.server}/requests").raise_for_status()
        for clear, steps, repeat in ((True, entries[:-1], False), (False, entries[-1:], True)):
            httpx.post(f"{self.server}/script", json={
                "behaviours": steps, "repeat": repeat, "clear": clear}).raise_for_status()

    def requests(self):
        return httpx.get(f"{self.server}/requests").json()

    def text(self, name, **answers):
        """What a new learner gets for the case's lesson."""
        with self.stack.learner(**answers) as learner:
            assert learner.post("/api/personalize", json={"lesson_slug": self.slug(name)}).status_code == 202
            answer = poll_text(learner, self.slug(name), 60)
            self.require_anonymous(learner.headers["X-User-ID"], *answers.get("learning_goals", ()))
        assert answer["cached"] is True
        require_promises(self.source(name), answer["personalized_content"])
        return answer

    def require_anonymous(self, *words):
        for request in self.requests():
            for word in words:
                assert word not in str(request["body"]) and word not in str(request["headers"]), word

    def ledger(self, provider):
        """The outcomes of a provider's attempts, in order."""
        return [outcome for (outcome,) in self.stack.database.query(
            "SELECT outcome FROM lectern.model_attempt WHERE provider = %s ORDER BY id", provider)]

    def broken_checks(self, provider):
        return [checks for (checks,) in self.stack.database.query(
            "SELECT failed_checks FROM lectern.model_attempt WHERE provider = %s AND failed_checks IS NOT NULL",
            provider)]

    def stop_worker(self):
        if "personalize-worker" in self.stack.processes:
            assert self.stack.kill("personalize-worker", 15) == 0


@pytest.fixture(scope="module")
def installation(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("providers")
    with running(Stack(folder, cluster.create("providers"))) as stack:
        book = make_book(folder / "book", 0)
        lessons = book / "parts/01-First/chapters/01-Chapter/lessons"
        for number in NUMBERS.values():
            (lessons / f"{number:03d}-case-{number}.md").write_text(LESSON.format(number=number))
        stack.migrate()
        stack.start("storage", "vectordal", "sync-worker", "embed-worker")
        stack.sync(book)
        desk = Desk(stack, book)
        desk.file.write_text(f"providers:\n  - {{name: any, base_url: \"{desk.server}\", model: scripted}}\n")
        stack.environment |= {"LECTERN_PROVIDERS_FILE": str(desk.file), "LECTERN_DRAIN_SECONDS": "5"}
        stack.start("api")
        yield desk


@pytest.fixture
def desk(installation):
    yield installation
    installation.stop_worker()


@pytest.mark.parametrize("name", CASES)
def test_whatever_a_provider_does_the_text_keeps_its_promises(desk, name):
    behaviours, asked, is_believed, outcomes = CASES[name]
    desk.script(*behaviours)
    desk.provide((name, {}))
    answer = desk.text(name)
    assert answer["generator"] == (f"{name}/scripted/prompt-v2" if is_believed else RULES)
    requests, filed = desk.requests(), desk.ledger(name)
    assert len(filed) == len(requests), (filed, len(requests))
    if asked is not None:
        assert len(requests) == asked, filed
    if outcomes is not None:
        assert set(filed) == outcomes
    if name in CHECKS:
        # Every answer that is not believed goes back with the reason, and the ledger keeps it.
        broken = desk.broken_checks(name)
        assert len(broken) == len(requests) - is_believed
        assert all(CHECKS[name] in checks for checks in broken), broken


def test_the_second_provider_writes_where_the_first_is_down(desk):
    desk.script("ok")
    desk.provide(("down", {"base_url": f"http://127.0.0.1:{free_port()}"}), ("second", {}))
    assert desk.text("second-writes")["generator"] == "second/scripted/prompt-v2"
    assert desk.ledger("down") == ["unreachable"] and desk.ledger("second") == ["ok"]


def test_where_the_budget_is_spent_nobody_is_asked(desk):
    desk.script("ok")
    price = "{input_usd_per_million: 10000, output_usd_per_million: 10000}"
    desk.provide(("dear", {"price": price, "daily_usd": "1.00"}))
    assert desk.text("budget-first")["generator"] == "dear/scripted/prompt-v2"
    today = datetime.datetime.now(datetime.timezone.utc).date()
    spent = desk.stack.database.query(
        "SELECT day, cost_micros >= 1000000, attempts FROM lectern.model_spend WHERE scope = 'provider:dear'")
    assert spent == [(today, True, 1)]
    # A process remembers the sums for a second; a new one looks.
    desk.stop_worker()
    desk.provide(("dear", {"price": price, "daily_usd": "1.00"}))
    assert desk.text("budget-second")["generator"] == RULES
    assert len(desk.requests()) == 1 and desk.ledger("dear") == ["ok"]


def test_no_question_tells_who_the_learner_is(desk):
    desk.script("ok")
    desk.provide(("canary", {}))
    desk.text("canary", education_level="high_school", learning_goals=["career_change", "teaching"])
    (request,) = desk.requests()
    text = str(request)
    for word in ("high_school", "high school", "career", "teaching", "undergraduate"):
        assert word not in text, word
    payers = {payer for (payer,) in desk.stack.database.query("SELECT DISTINCT payer FROM lectern.model_attempt")}
    users = {str(user) for (user,) in desk.stack.database.query("SELECT id FROM lectern.learner")}
    assert not any(user in str(payer) for user in users for payer in payers)
    counts = collections.Counter(desk.ledger("canary"))
    assert counts == {"ok": 1}
