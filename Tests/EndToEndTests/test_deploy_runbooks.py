"""The commands of the runbooks and of docs/operations.md, as they stand there, against an installation with a dead letter."""

import json
import os
import re
import subprocess

import pytest

from conftest import BIN, ROOT, Stack, running, wait_for

PAGES = [*sorted((ROOT / "Deploy/runbooks").glob("*.md")), ROOT / "docs/operations.md"]
CONSOLE = {"systemctl", "journalctl", "docker", "kubectl", "sudo", "install", "Deploy/docker/make-secrets",
           "Deploy/systemd/install", "swift", "$EDITOR"}


def blocks(path, language):
    """The lines of the blocks of one language; a line that ends with a backslash goes on in the next."""
    text = path.read_text()
    for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield from (line for line in block.replace("\\\n", " ").splitlines() if line and not line.startswith("#"))


COMMANDS = sorted({line for path in PAGES for line in blocks(path, "sh")})


@pytest.fixture(scope="module")
def troubled(cluster, tmp_path_factory):
    """An installation that works again after its vector server was away for so long that jobs were given up."""
    with running(Stack(tmp_path_factory.mktemp("troubled"), cluster.create("troubled"))) as stack:
        stack.start_all()
        stack.command("queue", "set", "--kind", "embed_lesson", "--max-attempts", "1")
        stack.kill("vectordal")
        stack.sync()
        wait_for("dead letters", lambda: stack.database.value("SELECT count(*) FROM lectern.dead") == 12)
        stack.start("vectordal")
        stack.command("queue", "set", "--kind", "embed_lesson", "--reset")
        yield stack


@pytest.fixture
def environment(troubled):
    """What the pages say a command finds: addresses, one of the dead letters, one of the workers."""
    workers = json.loads(troubled.command("worker", "list", "--output", "json").stdout)
    return troubled.environ | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "API": troubled.api,
        "METRICS": f"http://127.0.0.1:{troubled.ports['embed-worker']}",
        "JOB": str(troubled.database.value("SELECT max(job_id) FROM lectern.dead")),
        "WORKER": str(workers[0]["id"]),
    }


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_of_the_pages_work(environment, line):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout or done.stderr


def test_the_metrics_tell_of_jobs_that_were_given_up(troubled):
    page = subprocess.run(
        ["curl", "-sS", f"http://127.0.0.1:{troubled.ports['embed-worker']}/metrics"], capture_output=True, text=True).stdout
    assert 'lectern_jobs_finished_total{kind="embed_lesson",outcome="discarded",queue="embed"} 12' in page


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_show_no_other_languages_and_name_files_that_exist(path):
    text = path.read_text()
    assert set(re.findall(r"^```(\w+)$", text, re.MULTILINE)) <= {"sh", "console"}
    for line in blocks(path, "console"):
        assert line.split()[0] in CONSOLE, line
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / target).exists(), target
    for name in re.findall(r"\b(?:Deploy|docs|Jobs|Tests)/[\w./-]*\w", text):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_inside_sentences_exist(path):
    for words in re.findall(r"`lectern ([a-z]+(?: [a-z]+)?)", path.read_text()):
        done = subprocess.run([BIN / "lectern", "help", *words.split()], capture_output=True, text=True)
        assert done.returncode == 0 and "USAGE: lectern" in done.stdout, words
