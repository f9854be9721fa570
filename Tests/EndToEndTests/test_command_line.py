"""What operators do at a terminal, by the real command against a real installation."""

import json
import re
import subprocess

import pytest

from conftest import BIN


@pytest.fixture
def letters(stack):
    """Three dead letters of one kind, and nothing left of them after."""
    for number in range(1, 4):
        stack.database.query(
            f"""INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, attempt, crashes,
                  code, message)
                VALUES ({number}, 'webhook', 'deliver_webhook', '{{}}', 10, 3, 1000, 3, 0, 'made_for_this', 'no')""")
    yield
    stack.database.query("DELETE FROM lectern.dead WHERE code = 'made_for_this'")


def test_many_jobs_are_planned_and_then_done(stack, letters):
    select = ["discard", "--queue", "webhook", "--code", "made_for_this"]
    plan = json.loads(stack.command("job", "plan", *select, "--output", "json").stdout)
    assert plan["count"] == 3 and len(plan["sample"]) == 3
    assert stack.command("job", "plan", *select).stderr.strip().startswith("lectern job apply discard --queue webhook")
    moved = stack.command("job", "apply", *select, "--hash", "0" * 64, "--reason", "none", check=False)
    assert moved.returncode == 8
    assert stack.database.value("SELECT count(*) FROM lectern.dead WHERE code = 'made_for_this'") == 3
    done = stack.command("job", "apply", *select, "--hash", plan["hash"], "--reason", "made for a test")
    assert done.stdout == "3 done, 0 had moved on\n"
    assert stack.database.value("SELECT count(*) FROM lectern.dead WHERE code = 'made_for_this'") == 0
    assert stack.command("job", "plan", "retry", "--state", "running", check=False).returncode == 2


def test_what_was_done_is_in_a_log_that_holds(stack):
    stack.command("queue", "pause", "webhook", "--for", "1m", "--reason", "a test")
    stack.command("queue", "resume", "webhook")
    lines = [json.loads(line) for line in
             stack.command("audit", "list", "--subject", "queue webhook", "--output", "jsonl").stdout.splitlines()]
    assert [(line["action"], line["outcome"]) for line in lines[:4]] == [
        ("queue.resume", "done"), ("queue.resume", "asked"), ("queue.pause", "done"), ("queue.pause", "asked")]
    assert lines[3]["reason"] == "a test" and lines[3]["actor"].startswith("cli ")
    head = json.loads(stack.command("audit", "verify", "--output", "json").stdout)["head"]
    assert re.fullmatch(r"\d+:[0-9a-f]{64}", head)
    stack.command("audit", "verify", "--head", head)
    wrong = head.split(":")[0] + ":" + "0" * 64
    refused = stack.command("audit", "verify", "--head", wrong, check=False)
    assert refused.returncode == 7 and "seen before" in refused.stderr


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(stack):
    made = stack.command("key", "create", "a test", "--role", "viewer", "--for", "1h")
    token = made.stdout.strip()
    keys = stack.command("key", "list", "--output", "json").stdout
    key = next(key for key in json.loads(keys) if key["name"] == "a test")
    assert key["role"] == "viewer" and key["state"] == "valid" and key["expires_at"]
    assert token.rsplit("_", 1)[1] not in keys
    with stack.client() as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/ops/v1/queues", headers=headers).status_code == 200
        assert client.post("/api/ops/v1/queues/webhook/resume", headers=headers).status_code == 403
        stack.command("key", "revoke", str(key["id"]))
        assert client.get("/api/ops/v1/queues", headers=headers).status_code == 401
    assert stack.command("key", "revoke", str(key["id"]), check=False).returncode == 3
    assert stack.command("key", "create", "x", "--role", "king", check=False).returncode == 2


def test_top_shows_queues_and_workers_once_where_there_is_no_terminal(stack):
    shown = stack.command("top").stdout
    assert re.search(r"^QUEUE +READY +OLDEST", shown) and "\x1b" not in shown
    assert re.search(r"^personalize +\d+ ", shown, re.MULTILINE)
    assert re.search(r"^\S+/\d+/\S*personalize\S* +\d+/\d+ +\d+ s +personalize", shown, re.MULTILINE)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_printed_for_every_shell(shell):
    done = subprocess.run([BIN / "lectern", "completion", shell], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "resync" in done.stdout and "audit" in done.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=done.stdout, text=True).returncode == 0
