"""What operators do in the console, in a browser: they sign in, look, pause, resume, and run again what had died."""

import pytest
from playwright.sync_api import expect

from browser import PHONE, chromium, readers  # noqa: F401

DEAD = 7
PAGES = [
    ("queues", "/ops", 200),
    ("queue", "/ops/queue?name=embed", 200),
    ("jobs", "/ops/jobs", 200),
    ("jobs-dead", "/ops/jobs?state=dead", 200),
    ("job", f"/ops/jobs/{DEAD}", 200),
    ("redrive", "/ops/redrive", 200),
    ("workers", "/ops/workers", 200),
    ("content", "/ops/content", 200),
    ("limits", "/ops/limits", 200),
    ("audit", "/ops/audit", 200),
    ("sign-in", "/ops/sign-in", 200),
    ("not-found", "/ops/jobs/5", 404),
]


def bury(stack, number, queue="webhook"):
    stack.database.query(
        """INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, attempt, crashes, code,
               message)
           VALUES (%s, %s, 'deliver_webhook', '{"type": "operation.done", "operation_id": "17"}', 10, 3, 1000, 3, 0,
               'unreachable', 'The receiver did not answer.')
           ON CONFLICT DO NOTHING""", number, queue)


@pytest.fixture(scope="module")
def keys(stack):
    """A key for every role that opens the console."""
    return {
        role: stack.command("key", "create", f"console {role}", "--role", role).stdout.strip()
        for role in ("viewer", "operator")}


@pytest.fixture(scope="module")
def history(stack):
    """An hour in which something happened, a worker among others, and a dead letter."""
    stack.database.query(
        """INSERT INTO lectern.stat_minute (minute, queue, kind, source, part, started, succeeded, wait_ms, run_ms)
           SELECT date_trunc('minute', now()) - n * interval '1 minute', q, 'k', 'test', 1, mod(n * 7, 50), mod(n * 13, 50),
                  ARRAY[mod(n * 17, 900) + 1, 3, mod(n * 29, 2000) + 1, 1], ARRAY[mod(n * 31, 900) + 1, 3]
           FROM generate_series(1, 59) AS n, unnest('{embed,sync}'::text[]) AS q ON CONFLICT DO NOTHING""")
    bury(stack, DEAD)
    stack.database.query(
        """INSERT INTO lectern.budget (scope, period, cap_micros, origin)
           VALUES ('console', 'day', 5000000, 'operator') ON CONFLICT DO NOTHING""")


def sign_in(reader, key):
    reader.open("/ops/sign-in")
    reader.page.get_by_label("Key").fill(key)
    reader.page.get_by_role("button", name="Sign in").click()
    reader.page.wait_for_url("**/ops")


@pytest.mark.parametrize("name, address, status", PAGES, ids=[page[0] for page in PAGES])
def test_a_page_of_the_console_is_sound(stack, readers, keys, history, name, address, status):  # noqa: F811
    reader = readers(stack.api)
    sign_in(reader, keys["operator"])
    reader.open(address, status)
    reader.require_light()
    assert reader.page.get_by_role("heading", level=1).count() == 1
    reader.examine(f"console-{name}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_an_operator_signs_in_pauses_resumes_and_runs_a_dead_letter_again(
        stack, readers, keys, history, scripts):  # noqa: F811
    number = 11 if scripts else 12
    bury(stack, number)
    reader = readers(stack.api, scripts=scripts, width=PHONE)
    page = reader.page
    reader.open("/ops/sign-in")
    reader.expected.add(401)
    page.get_by_label("Key").fill("lectern_1_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("no key that opens the console")
    sign_in(reader, keys["operator"])
    expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_have_text("Queues")

    page.get_by_role("link", name="webhook").first.click()
    page.get_by_label("Minutes").fill("30")
    page.get_by_label("Reason").fill("the receiver is away")
    page.get_by_role("button", name="Pause the queue").click()
    expect(page.get_by_text("The queue is paused.")).to_be_visible()
    expect(page.get_by_text("because: the receiver is away")).to_be_visible()
    assert "webhook" in stack.command("queue", "list").stdout
    page.get_by_role("button", name="Resume the queue").click()
    expect(page.get_by_text("The queue goes on.")).to_be_visible()

    page.get_by_role("link", name="Its dead letters").click()
    page.get_by_role("link", name=str(number), exact=True).click()
    expect(page.get_by_text("The receiver did not answer.").first).to_be_visible()
    page.get_by_role("button", name="Run it again").click()
    expect(page.get_by_text("The job runs again")).to_be_visible()
    assert stack.database.value(
        "SELECT count(*) FROM lectern.event WHERE job_id = %s AND what = 'redriven'", number) == 1

    page.get_by_role("link", name="Audit").click()
    acts = page.get_by_role("region").get_by_role("row")
    for act in ("queue.pause", "queue.resume", "job.retry"):
        expect(acts.filter(has_text=act).filter(has_text="console operator").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/ops/sign-in")


def test_a_viewer_finds_no_buttons(stack, readers, keys, history):  # noqa: F811
    reader = readers(stack.api)
    sign_in(reader, keys["viewer"])
    for _, address, status in PAGES:
        if status == 200 and address != "/ops/sign-in":
            reader.open(address)
            assert reader.page.locator("main form[method=post]").count() == 0, address
    reader.open(f"/ops/jobs/{DEAD}")
    expect(reader.page.locator("#arguments")).to_contain_text("operation.done")
    expect(reader.page.locator("#arguments")).not_to_contain_text("17")


def test_an_open_page_is_told_the_numbers(stack, readers, keys, history):  # noqa: F811
    reader = readers(stack.api)
    sign_in(reader, keys["viewer"])
    page = reader.page
    dead = page.locator("[data-queue=webhook] [data-number=dead]")
    before = int(dead.inner_text())
    bury(stack, 21)
    expect(dead).to_have_text(str(before + 1), timeout=20_000)
    expect(page.get_by_role("region", name="Dead letters").get_by_role("link", name="21", exact=True)).to_be_visible(
        timeout=20_000)
    page.get_by_role("checkbox", name="live").uncheck()
    stack.database.query("DELETE FROM lectern.dead WHERE job_id = 21")
