"""Deploy/ci/resync.sh turns what a server says into exit codes, annotations, outputs and a summary.

The server here speaks the protocol of /api/ops/v1/resyncs and misbehaves where a test asks for it.
"""

import contextlib
import http.server
import io
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tarfile
import threading
import time

import pytest
import yaml
from conftest import ROOT, SAMPLE_BOOK

CI = ROOT / "Deploy/ci"
SCRIPT = CI / "resync.sh"
TOKEN = "a-token-nobody-may-see"
COUNTS = {"created": 2, "updated": 1, "deleted": 0, "unchanged": 9, "errors": 0, "warnings": 0}
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]


def status(state="done", done=True, outcome="published", findings=(), error=None, failed=0, **counts):
    report = {"outcome": outcome, "book": "b", **COUNTS, **counts, "findings": list(findings)}
    body = {"id": "77", "state": state, "done": done, "release": 5, "report": report}
    if failed:
        body["progress"] = {"done": 1, "total": 1 + failed, "failed": failed}
    return body | ({"error": error} if error else {})


def waiting(state="storing"):
    return {"id": "77", "state": state, "done": False, "progress": {"done": 3, "total": 12, "failed": 0}}


class Fake:
    """Answers POST and GET from two lists; the last answer of a list is given again and again."""

    def __init__(self):
        self.posts = [(202, {"id": "77", "state": "queued", "done": False}, {"Location": "/api/ops/v1/resyncs/77"})]
        self.gets = [(200, status(), {})]
        self.seen = []
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                self.answer(fake.posts, body)

            def do_GET(self):
                self.answer(fake.gets, b"")

            def answer(self, answers, body):
                fake.seen.append((self.command, self.path, dict(self.headers), body))
                code, content, headers = answers.pop(0) if len(answers) > 1 else answers[0]
                if code == "drop":
                    self.close_connection = True
                    return
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def fake():
    with contextlib.closing(Fake()) as fake:
        yield fake


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    lessons = folder / "book/parts/01-A/chapters/01-b/lessons"
    lessons.mkdir(parents=True)
    (folder / "book/book.yaml").write_text("slug: b\n")
    (lessons / "01-c.md").write_text("---\ntitle: C\n---\n\n# C\n")
    (folder / "book/.git").mkdir()
    (folder / "book/.git/config").write_text("secret\n")
    return folder


class Run:
    def __init__(self, done, folder):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        read = {name: folder / name for name in ("outputs", "summary.md", "quality.json")}
        self.outputs = dict(line.split("=", 1) for line in text(read["outputs"]).splitlines())
        self.summary = text(read["summary.md"])
        self.quality = json.loads(text(read["quality.json"]) or "null")


def text(path):
    return path.read_text() if path.exists() else ""


@pytest.fixture
def resync(fake, repository, tmp_path):
    def run(shell=("sh",), arguments=(), **environment):
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LECTERN_URL": fake.url,
            "LECTERN_TOKEN": TOKEN, "RESYNC_PATH": "book", "RESYNC_COMMIT": "abc123", "RESYNC_TIMEOUT": "20",
            "RESYNC_ANNOTATE": "github", "RESYNC_COMMAND": "curl", "RESYNC_SUMMARY": str(tmp_path / "summary.md"),
            "RESYNC_OUTPUTS": str(tmp_path / "outputs"), "RESYNC_CODE_QUALITY": str(tmp_path / "quality.json"),
        } | environment
        done = subprocess.run(
            [*shell, SCRIPT, *arguments], cwd=repository, env={k: v for k, v in environ.items() if v is not None},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert TOKEN not in done.stdout + done.stderr
        return Run(done, tmp_path)

    return run


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_published_book(fake, resync, shell, tmp_path):
    fake.gets = [(200, waiting(), {"Retry-After": "1"}), (200, status(), {})]
    run = resync(shell)
    assert run.code == 0, run.err
    assert run.outputs == {
        "status": "published", "operation": "77", "release": "5", "created": "2", "updated": "1", "deleted": "0",
        "unchanged": "9"}
    assert "### Lectern resync: published" in run.summary
    assert "| 5 | 2 | 1 | 0 | 9 | 0 | 0 |" in run.summary
    method, path, headers, body = fake.seen[0]
    assert (method, path) == ("POST", "/api/ops/v1/resyncs?plan=false&commit=abc123")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/x-tar"
    names = {name.removeprefix("./") for name in tarfile.open(fileobj=io.BytesIO(body)).getnames()}
    assert {"book.yaml", "parts/01-A/chapters/01-b/lessons/01-c.md"} <= names
    assert not any(name.startswith(".git") for name in names)
    assert [path for _, path, _, _ in fake.seen[1:]] == ["/api/ops/v1/resyncs/77"] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs", "repository", "summary.md"]


def test_the_settings_reach_the_server(fake, resync):
    fake.gets = [(200, status(outcome="planned"), {})]
    run = resync(RESYNC_PLAN="true", RESYNC_MAX_DELETE="3")
    assert (run.code, run.outputs["status"]) == (0, "planned")
    assert fake.seen[0][1] == "/api/ops/v1/resyncs?plan=true&commit=abc123&max_delete=3"


def test_a_replay_that_is_done_asks_for_nothing_more(fake, resync):
    fake.posts = [(200, status(outcome="unchanged"), {"Location": "/api/ops/v1/resyncs/77"})]
    assert (run := resync()).code == 0 and run.outputs["status"] == "unchanged"
    assert len(fake.seen) == 1
    assert resync(RESYNC_ERROR_ON_NO_CHANGE="true").code == 9


@pytest.mark.parametrize(
    ("answer", "code", "word"),
    [
        (status("failed", error={"code": "too_many_deletes", "message": "9 of 12"}), 8, "guarded"),
        (status("failed", error={"code": "older_revision", "message": "older"}), 8, "guarded"),
        (status("failed", error={"code": "not_stored", "message": "2 of 12"}, failed=2), 6, "partial"),
        (status("failed", error={"code": "book_has_errors", "message": "1 error"}), 7, "failed"),
        (status("failed", error={"code": "release_moved", "message": "again"}), 5, "temporary"),
        (status("cancelled", error={"code": "superseded", "message": "newer"}), 11, "cancelled"),
    ],
)
def test_ends_become_exit_codes(fake, resync, answer, code, word):
    fake.gets = [(200, answer, {})]
    run = resync()
    assert (run.code, run.outputs["status"]) == (code, word), run.err
    assert answer["error"]["message"] in run.out
    assert f"### Lectern resync: {word}" in run.summary


@pytest.mark.parametrize(
    ("http_code", "code", "word"),
    [(401, 4, "refused"), (403, 4, "refused"), (404, 3, "not_found"), (413, 7, "failed"), (422, 7, "failed"),
     (418, 1, "error"), (307, 1, "error")],
)
def test_refusals_become_exit_codes(fake, resync, http_code, code, word):
    fake.posts = [(http_code, {"title": "No", "detail": "because\n::warning::no", "error": "x"}, {"Location": "/else"})]
    run = resync()
    assert (run.code, run.outputs["status"]) == (code, word), run.err
    assert [line for line in run.out.splitlines() if line.startswith("::warning")] == []
    assert len(fake.seen) == 1


def test_a_guard_may_stand_at_the_door(fake, resync):
    fake.posts = [(409, {"title": "Conflict", "detail": "not that plan", "error": "plan_changed"}, {})]
    assert resync().code == 8


def test_a_server_that_is_away_for_a_while(fake, resync):
    fake.posts = [(503, {}, {"Retry-After": "1"}), ("drop", b"", {}), *fake.posts]
    fake.gets = [(502, b"<html>", {}), ("drop", b"", {}), (200, b"{", {"Retry-After": "1"}), (200, status(), {})]
    run = resync()
    assert run.code == 0, run.err
    assert [method for method, *_ in fake.seen] == ["POST"] * 3 + ["GET"] * 4
    assert len({body for method, _, _, body in fake.seen if method == "POST"}) == 1


def test_a_server_that_stays_away(fake, resync):
    fake.posts = [(503, {"title": "Away"}, {"Retry-After": "1"})]
    began = time.monotonic()
    run = resync(RESYNC_TIMEOUT="3")
    assert (run.code, run.outputs["status"]) == (5, "temporary")
    assert time.monotonic() - began < 10


def test_retry_after_is_honoured(fake, resync):
    fake.gets = [(200, waiting(), {"Retry-After": "3"}), (200, status(), {})]
    began = time.monotonic()
    assert resync().code == 0
    assert time.monotonic() - began >= 3


def test_a_resync_that_takes_too_long(fake, resync):
    fake.gets = [(200, waiting(), {"Retry-After": "1"})]
    run = resync(RESYNC_TIMEOUT="3")
    assert (run.code, run.outputs["status"], run.outputs["operation"]) == (10, "timeout", "77")
    assert "resync 77: storing 3/12" in run.err


def test_a_number_that_is_none(fake, resync):
    fake.posts = [(202, {}, {"Location": "https://elsewhere.example/?x=$(id)"})]
    assert resync().code == 1
    assert len(fake.seen) == 1


HOSTILE = {
    "severity": "error", "code": "broken,link:x", "file": "parts/50%, a:b.md", "line": 7,
    "message": "100% wrong\n::set-output name=status::published\r\nend", "advice": "mend | it <b>"}


def test_annotations_cannot_be_forged(fake, resync):
    findings = [HOSTILE] + [{"severity": "error", "code": "e", "file": f"{n}.md", "message": "m"} for n in range(20)]
    findings += [{"severity": "warning", "code": "w", "file": f"{n}.md", "line": 1, "message": "m"} for n in range(20)]
    answer = status("failed", findings=findings, error={"code": "book_has_errors", "message": "21 errors\n::error::x"})
    fake.gets = [(200, answer, {})]
    run = resync()
    assert run.code == 7
    lines = run.out.splitlines()
    assert lines[0] == (
        "::error file=book/parts/50%25%2C a%3Ab.md,line=7,title=broken%2Clink%3Ax::"
        "100%25 wrong%0A::set-output name=status::published%0D%0Aend: mend | it <b>")
    assert lines[1] == "::error file=book/0.md,title=e::m"
    # Ten of a kind are shown; the last error is the verdict.
    assert [sum(line.startswith(f"::{kind} ") for line in lines) for kind in ("error", "warning")] == [10, 10]
    assert lines[-1].endswith("21 errors%0A::error::x")
    assert all(line.startswith("::") for line in lines)
    rows = [line for line in run.summary.splitlines() if line.startswith("| error") or line.startswith("| warning")]
    assert len(rows) == 41
    assert "mend \\| it &lt;b>" in rows[0] and "book/parts/50%, a:b.md:7" in rows[0]


def test_gitlab_gets_a_code_quality_report(fake, resync):
    fake.gets = [(200, status("failed", findings=[HOSTILE], error={"code": "book_has_errors", "message": "1"}), {})]
    run = resync(RESYNC_ANNOTATE="gitlab")
    assert run.code == 7 and run.out == ""
    assert run.outputs["RESYNC_STATUS"] == "failed" and run.outputs["RESYNC_RELEASE"] == "5"
    (issue,) = run.quality
    assert issue["location"] == {"path": "book/parts/50%, a:b.md", "lines": {"begin": 7}}
    assert issue["severity"] == "major" and issue["fingerprint"] and issue["description"].startswith("100% wrong")


def test_the_repository_itself_may_be_the_book(fake, resync, repository):
    fake.gets = [(200, status(findings=[{"severity": "warning", "code": "w", "file": "a.md", "message": "m"}]), {})]
    (repository / "book.yaml").write_text("slug: b\n")
    for path in (".", "./", str(repository)):
        assert "::warning file=a.md,title=w::m" in resync(RESYNC_PATH=path, GITHUB_WORKSPACE=str(repository)).out


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"LECTERN_URL": None}, "LECTERN_URL is not set"),
        ({"LECTERN_URL": "http://books.example"}, "https://"),
        ({"LECTERN_URL": "ftp://books.example"}, "https://"),
        ({"LECTERN_URL": "https://a.example/?x=1"}, "plain address"),
        ({"LECTERN_URL": "https://user@a.example"}, "plain address"),
        ({"LECTERN_URL": "https://a.example\n--config=x"}, "plain address"),
        ({"LECTERN_TOKEN": None}, "LECTERN_TOKEN"),
        ({"LECTERN_TOKEN_FILE": "/nowhere"}, "no readable file"),
        ({"RESYNC_PATH": "nowhere"}, "not a folder"),
        ({"RESYNC_PATH": "book/parts"}, "no book.yaml"),
        ({"RESYNC_COMMIT": "$(touch x)"}, "RESYNC_COMMIT"),
        ({"RESYNC_COMMIT": "a&plan=false"}, "RESYNC_COMMIT"),
        ({"RESYNC_TIMEOUT": "soon"}, "RESYNC_TIMEOUT"),
        ({"RESYNC_TIMEOUT": "08"}, "RESYNC_TIMEOUT"),
        ({"RESYNC_MAX_DELETE": "-1"}, "RESYNC_MAX_DELETE"),
        ({"RESYNC_PLAN": "yes"}, "RESYNC_PLAN"),
        ({"RESYNC_ANNOTATE": "paper"}, "RESYNC_ANNOTATE"),
    ],
)
def test_wrong_settings_send_nothing(fake, resync, environment, word):
    run = resync(**environment)
    assert run.code == 2 and word in run.err, run.err
    assert fake.seen == []


def test_arguments_are_refused(resync):
    assert resync(arguments=["--help"]).code == 2


def test_the_token_may_stand_in_a_file(fake, resync, tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    assert resync(LECTERN_TOKEN=None, LECTERN_TOKEN_FILE=str(tmp_path / "token")).code == 0
    assert fake.seen[0][2]["Authorization"] == f"Bearer {TOKEN}"


COMMAND = """#!/bin/sh
printf '%s\\n' "$@" >"$FAKE/arguments"
env >"$FAKE/environment"
while [ "$1" != --token-file ]; do shift; done
cp "$2" "$FAKE/token"
echo 'lectern: it goes on' >&2
echo '  ::stop-commands::x' >&2
echo 'said ##[stop-commands]x' >&2
echo '::add-mask::published'
echo '::error file=book/a.md,line=3::wrong'
echo 'a line that is no JSON'
cat "$FAKE/lines"
exit "$(cat "$FAKE/code")"
"""


@pytest.mark.parametrize("code", [0, 7, 8, 9, 10])
def test_with_the_command(fake, resync, tmp_path, code):
    place = tmp_path / "command"
    place.mkdir()
    (place / "lectern").write_text(COMMAND)
    (place / "lectern").chmod(0o755)
    (place / "lines").write_text(json.dumps(waiting()) + "\n" + json.dumps(status()) + "\n")
    (place / "code").write_text(str(code))
    run = resync(RESYNC_COMMAND=str(place / "lectern"), FAKE=str(place), RESYNC_MAX_DELETE="4", RESYNC_PLAN="true")
    assert run.code == code, run.err
    arguments = (place / "arguments").read_text().split("\n")
    token_file = arguments[arguments.index("--token-file") + 1]
    assert arguments[:-1] == [
        "resync", "--url", fake.url, "--token-file", token_file, "--path", "book", "--wait", "--timeout", "20",
        "--output", "jsonl", "--commit", "abc123", "--max-delete", "4", "--plan", "--annotate", "github", "--summary",
        str(pathlib.Path(token_file).with_name("summary"))]
    assert (place / "token").read_text() == TOKEN
    assert TOKEN not in (place / "arguments").read_text() + (place / "environment").read_text()
    words = {0: "published", 7: "failed", 8: "guarded", 9: "unchanged", 10: "timeout"}
    assert run.outputs["status"] == words[code] and run.outputs["created"] == "2"
    assert run.out == "| ::add-mask::published\n::error file=book/a.md,line=3::wrong\n"
    assert run.err == "lectern: it goes on\n|   ::stop-commands::x\nsaid # #[stop-commands]x\n"
    assert not os.path.exists(token_file)
    assert fake.seen == []


def test_a_cancelled_run_leaves_no_token_behind(fake, repository, tmp_path):
    fake.gets = [(200, waiting(), {"Retry-After": "1"})]
    environ = {
        "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "LECTERN_URL": fake.url, "LECTERN_TOKEN": TOKEN,
        "RESYNC_PATH": "book", "RESYNC_COMMAND": "curl"}
    process = subprocess.Popen(["sh", SCRIPT], cwd=repository, env=environ, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while len(fake.seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    assert process.wait(20) == 143
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


def test_the_sample_book_can_be_sent(fake, resync):
    assert resync(RESYNC_PATH=str(SAMPLE_BOOK)).code == 0
    names = tarfile.open(fileobj=io.BytesIO(fake.seen[0][3])).getnames()
    assert sum(name.endswith(".md") for name in names) == 12


# What calls the script

def actions(document):
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "uses":
                yield value
            yield from actions(value)
    elif isinstance(document, list):
        for value in document:
            yield from actions(value)


def runs(document):
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "run":
                yield value
            yield from runs(value)
    elif isinstance(document, list):
        for value in document:
            yield from runs(value)


@pytest.mark.parametrize("name", ["action.yml", "resync.yml"])
def test_no_input_is_ever_read_as_a_command(name):
    document = yaml.safe_load((CI / "github" / name).read_text())
    assert list(runs(document))
    assert all("${{" not in script for script in runs(document))
    for used in actions(document):
        name, _, commit = used.partition("@")
        assert len(commit) == 40 and set(commit) <= set("0123456789abcdef"), used


def test_the_workflow_may_read_and_nothing_else():
    workflow = yaml.safe_load((CI / "github/resync.yml").read_text())
    assert workflow["permissions"] == {}
    assert [job["permissions"] for job in workflow["jobs"].values()] == [{"contents": "read"}]
    assert workflow["concurrency"] == {"group": "resync-${{ github.ref }}", "cancel-in-progress": False}


def test_every_caller_offers_the_script_s_outputs_and_settings():
    head = SCRIPT.read_text().split("set -eu")[0]
    settings = {word for word in head.split() if word.startswith(("LECTERN_", "RESYNC_"))}
    assert "RESYNC_MAX_DELETE" in settings
    header, job = yaml.safe_load_all((CI / "gitlab/templates/resync.yml").read_text())
    action = yaml.safe_load((CI / "github/action.yml").read_text())
    workflow = yaml.safe_load((CI / "github/resync.yml").read_text())
    (component,) = job.values()
    given = [
        set(action["runs"]["steps"][0]["env"]), set(workflow["jobs"]["resync"]["steps"][-1]["env"]),
        set(component["variables"]) - {"RESYNC_SCRIPT"}]
    for names in given:
        assert names <= settings
        assert {"LECTERN_URL", "RESYNC_PATH", "RESYNC_TIMEOUT", "RESYNC_MAX_DELETE", "RESYNC_PLAN",
                "RESYNC_ERROR_ON_NO_CHANGE", "RESYNC_ANNOTATE"} <= names
    wanted = {"status", "release", "created", "updated", "deleted", "unchanged"}
    assert wanted <= set(action["outputs"]) and wanted <= set(workflow[True]["workflow_call"]["outputs"])
    used = set(str(job)[start:].partition(" ]]")[0] for start in
               (i + len("$[[ inputs.") for i in range(len(str(job))) if str(job).startswith("$[[ inputs.", i)))
    assert used == set(header["spec"]["inputs"])


def test_the_script_can_be_run():
    assert SCRIPT.stat().st_mode & stat.S_IXUSR
