"""A resync from the first file to the last alias, by the command line and over HTTP: what callers and readers see."""

import io
import json
import pathlib
import random
import signal
import subprocess
import tarfile
import threading

import httpx
import pytest

from conftest import (
    BIN, FIRST_LESSON, SAMPLE_BOOK, Stack, clean_environment, make_book, problem, running, wait_for, write_lesson)

TOKEN = "a-token-of-operators"


@pytest.fixture(scope="module")
def site(cluster, tmp_path_factory):
    """An installation whose operators' API needs a token, and a book of three lessons."""
    folder = tmp_path_factory.mktemp("site")
    with running(Stack(folder, cluster.create("site"), {"LECTERN_OPS_TOKEN": TOKEN})) as stack:
        stack.migrate()
        stack.start("storage", "vectordal")
        stack.start("api", "sync-worker", "embed-worker")
        (folder / "token").write_text(TOKEN + "\n")
        yield stack, make_book(folder / "book", 3), folder / "token"


@pytest.fixture
def operator(site):
    with site[0].client(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


def remote(site, *arguments, check=True):
    stack, book, token = site
    return stack.command(
        "resync", "--url", stack.api, "--token-file", token, "--path", book, "--wait", *arguments, check=check)


def archive(*members):
    """A tar stream; a member is (name, body) or a ready header."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                header = tarfile.TarInfo(member[0])
                header.size = len(member[1])
                tar.addfile(header, io.BytesIO(member[1]))
    return stream.getvalue()


def send(operator, body, **query):
    return operator.post("/api/ops/v1/resyncs", content=body, params=query,
                         headers={"Content-Type": "application/x-tar"})


def test_a_folder_that_only_the_caller_has_is_sent_and_published(site, operator, tmp_path):
    stack, book, _ = site
    done = remote(site, "--commit", "abc", "--output", "json")
    status = json.loads(done.stdout)
    assert (status["state"], status["report"]["outcome"], status["report"]["created"]) == ("done", "published", 3)
    # The same again is the same resync.
    again = json.loads(remote(site, "--commit", "abc", "--output", "json").stdout)
    assert again["id"] == status["id"]
    with stack.client() as reader:
        text = reader.get("/api/content/lessons/ch01-lesson-2/content").json()["content"]
    assert text == (book / FIRST_LESSON.replace("1.md", "2.md").replace("001", "002")).read_text()
    assert operator.get("/api/ops/v1/releases").json()["releases"][0]["state"] == "published"
    assert stack.database.value("SELECT count(*) FROM lectern.upload") <= 1


def test_a_plan_names_its_steps_and_only_that_plan_is_carried_out_when_approved(site, tmp_path):
    stack, book, _ = site
    remote(site)
    before = (book / FIRST_LESSON).read_text()
    try:
        write_lesson(book / FIRST_LESSON, 41)
        done = remote(site, "--plan", "--output", "json")
        report = json.loads(done.stdout)["report"]
        assert report["outcome"] == "planned"
        assert [change["kind"] for change in report["changes"]] == ["update"]
        write_lesson(book / FIRST_LESSON, 42)
        refused = remote(site, "--approve", report["plan_hash"], check=False)
        assert refused.returncode == 8 and "plan_changed" in refused.stderr, refused.stderr
        write_lesson(book / FIRST_LESSON, 41)
        summary = tmp_path / "summary.md"
        remote(site, "--approve", report["plan_hash"], "--summary", summary)
        assert "| 3 | 0 | 1 | 0 | 0 | 0 | 2 | 0 |" in summary.read_text()
    finally:
        (book / FIRST_LESSON).write_text(before)


def test_findings_stand_at_their_line_for_the_ci_system(site, tmp_path):
    stack, book, _ = site
    lesson = book / FIRST_LESSON
    before = lesson.read_text()
    try:
        lesson.write_text(before + "\n```swift\nlet open = true\n")
        done = remote(site, "--annotate", "github", check=False)
        line = len(before.splitlines()) + 2
        assert done.returncode == 7
        assert f"::error file={str(book).replace(':', '%3A')}/{FIRST_LESSON},line={line},title=unclosed_fence::" in done.stderr
    finally:
        lesson.write_text(before)


def test_an_unchanged_book_is_told_by_its_own_exit_code_where_that_is_wanted(site):
    remote(site)
    assert remote(site, "--error-on-no-change", check=False).returncode == 9
    assert remote(site).returncode == 0


def test_a_rollback_takes_effect_at_once_and_old_addresses_lead_on(site, operator):
    stack, book, _ = site
    remote(site)
    lesson = book / FIRST_LESSON
    before = lesson.read_text()
    try:
        lesson.write_text(before.replace("title: Lesson 1\n", "title: Lesson 1\nslug: better-name\n"))
        remote(site)
        with stack.client(follow_redirects=False) as reader:
            moved = reader.get("/api/content/lessons/ch01-lesson-1/content")
            assert moved.status_code == 308
            assert moved.headers["location"] == "/api/content/lessons/better-name/content"
            page = reader.get("/lessons/ch01-lesson-1")
            assert (page.status_code, page.headers["location"]) == (308, "/lessons/better-name")
            done = stack.command("release", "rollback", "--output", "json")
            shown = json.loads(done.stdout)
            assert reader.get("/api/content/book").json()["release_id"] == shown["id"]
            assert reader.get("/api/content/lessons/ch01-lesson-1/content").status_code == 200
            assert reader.get("/api/content/lessons/better-name").headers["location"].endswith("ch01-lesson-1")
        releases = operator.get("/api/ops/v1/releases").json()["releases"]
        newer = next(release for release in releases if release["state"] == "rolled_back")
        diff = json.loads(stack.command("release", "diff", shown["id"], newer["id"], "--output", "json").stdout)
        assert [change["kind"] for change in diff] == ["rename"]
        assert operator.post(f"/api/ops/v1/releases/{newer['id']}/rollback").status_code == 200
        problem(operator.post(f"/api/ops/v1/releases/{newer['id']}/rollback"), 409)
        problem(operator.post("/api/ops/v1/releases/999999/rollback"), 409)
        problem(operator.get("/api/ops/v1/releases/x"), 404)
    finally:
        lesson.write_text(before)
        remote(site)


HOSTILE = {
    "no tar": (b"x" * 2_000, "no tar stream"),
    "nothing": (b"", "no files"),
    "an end within a file": (archive(("book.yaml", b"slug: x\n" * 100))[:700], "ends within"),
    "a way out of the folder": (archive(("../book.yaml", b"slug: x\n")), "book.yaml"),
    "an absolute path": (archive(("/etc/book.yaml", b"slug: x\n")), "no path below"),
    "a file twice": (archive(("book.yaml", b"a: 1\n"), ("./book.yaml", b"b: 1\n")), "twice"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_stream_that_is_no_book_is_refused_and_nothing_of_it_is_kept(site, operator, name):
    stack, _, _ = site
    uploads = stack.database.value("SELECT count(*) FROM lectern.upload")
    body, reason = HOSTILE[name]
    assert reason in problem(send(operator, body), 422)["detail"]
    assert stack.database.value("SELECT count(*) FROM lectern.upload") == uploads


def test_links_in_a_stream_are_refused(site, operator):
    link = tarfile.TarInfo("book.yaml")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    assert "no plain file" in problem(send(operator, archive(link)), 422)["detail"]


def test_only_operators_may_ask_for_a_resync(site):
    stack, _, token = site
    with stack.client() as stranger:
        for answer in (stranger.get("/api/ops/v1/releases"), send(stranger, archive(("book.yaml", b"x"))),
                       stranger.post("/api/ops/v1/releases/1/rollback")):
            problem(answer, 401)
        wrong = {"Authorization": "Bearer another-token-altogether"}
        problem(stranger.get("/api/ops/v1/resyncs", headers=wrong), 401)
        with_token = {"Authorization": f"Bearer {TOKEN}"}
        answer = stranger.delete("/api/ops/v1/resyncs", headers=with_token)
        assert problem(answer, 405) and answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
        for query in ({"plan": "maybe"}, {"max_delete": "-1"}, {"max_delete": "x"}, {"approve": "../"}, {"commit": "c" * 300}):
            answer = stranger.post("/api/ops/v1/resyncs", content=archive(("book.yaml", b"x")), params=query,
                                   headers=with_token | {"Content-Type": "application/x-tar"})
            problem(answer, 422)
        problem(stranger.get("/api/ops/v1/resyncs/1", headers=with_token), 404)


class Readers:
    """Reads the whole book again and again, and checks that all of it belongs together."""

    def __init__(self, stack, editions):
        self.stack = stack
        self.editions = editions
        self.faults, self.seen, self.reads = [], set(), 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.read) for _ in range(3)]

    def read(self):
        with self.stack.client() as client:
            while not self.over.is_set():
                try:
                    book = client.get("/api/content/book").json()
                    lessons = [lesson for part in book["parts"] for chapter in part["chapters"]
                               for lesson in chapter["lessons"]]
                    hashes = tuple(lesson["content_hash"] for lesson in lessons)
                    self.seen.add(hashes)
                    lesson = random.choice(lessons)
                    answer = client.get(f"/api/content/lessons/{lesson['slug']}/content")
                    if answer.status_code != 200:
                        self.faults.append((answer.status_code, answer.text))
                    self.reads += 1
                except httpx.HTTPError as error:
                    self.faults.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_whoever_is_killed_during_a_release_readers_see_the_one_or_the_other(fresh_stack, tmp_path):
    stack, lessons = fresh_stack, 24
    stack.start("storage", "vectordal")
    stack.start("api", "sync-worker", "embed-worker")
    book = make_book(tmp_path / "book", lessons)
    stack.sync(book)
    for number in range(1, lessons + 1, 2):
        write_lesson(book / FIRST_LESSON.replace("001-lesson-1", f"{number:03d}-lesson-{number}"), 1_000 + number)
    with Readers(stack, 2) as readers:
        wait_for("readers to read", lambda: readers.reads > 10)
        resync = stack.enqueue_sync(book)
        for name in ("sync-worker", "embed-worker", "storage", "vectordal", "sync-worker", "embed-worker"):
            over = "SELECT ended_at IS NOT NULL FROM lectern.resync WHERE job_id = %s"
            if stack.database.query(over, resync) == [(True,)]:
                break
            wait_for("a moment of the work", lambda: stack.database.value(
                "SELECT count(*) FROM lectern.lease") or stack.database.query(over, resync) == [(True,)], 30, pause=0.01)
            stack.kill(name, signal.SIGKILL)
            stack.start(name, ready=name in ("storage", "vectordal"))
        stack.wait_until_published(resync, 110)
        wait_for("readers to see the new release", lambda: len(readers.seen) == 2)
    assert len(readers.seen) == 2 and readers.reads > 50
    # A storage server that was killed may have answered nobody; what it answered belonged together.
    assert not [fault for fault in readers.faults if "503" not in str(fault) and "storage" not in str(fault)]
    texts = [path for path in (stack.folder / "storage").rglob("*") if path.is_file() and ".objects" in str(path)]
    assert len(texts) == lessons + lessons // 2, "no text is there twice"
    stack.command("verify")


def test_what_is_lost_behind_our_back_is_found_named_and_put_right(fresh_stack, tmp_path):
    stack = fresh_stack
    stack.start("storage", "vectordal", "sync-worker", "embed-worker")
    stack.sync(SAMPLE_BOOK)
    stack.command("verify", "content", "--full")
    storage = stack.folder / "storage"
    text = next(path for path in storage.rglob("*") if path.is_file() and ".objects" in str(path))
    alias = next(path for path in storage.rglob("*") if path.is_file() and "embodiment" in str(path))
    stack.kill("storage")
    text.write_bytes(text.read_bytes()[:-1])
    alias.unlink()
    stack.kill("vectordal")
    (stack.folder / "vectordal").rename(stack.folder / "vectordal.lost")
    stack.start("storage", "vectordal")
    done = stack.command("verify", "content", "--full", "--output", "json", check=False)
    assert done.returncode == 7 and done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert len(report["broken_objects"]) == 1 and "ch01-embodiment-hypothesis" in report["broken_aliases"]
    assert len(report["lost_vectors"]) == 12 and report["last_verified_at"]
    before = stack.database.value("SELECT count(*) FROM lectern.embedding")
    stack.command("verify", "content", "--full", "--repair")
    assert stack.database.value("SELECT count(*) FROM lectern.embedding") == before, "nothing was embedded anew"
    stack.command("verify", "content", "--full")


@pytest.mark.parametrize("how", ["curl", "lectern"])
def test_the_script_of_ci_systems_comes_to_its_verdict_at_the_real_api(site, tmp_path, how):
    stack, book, token = site
    script = pathlib.Path(__file__).resolve().parents[2] / "Deploy/ci/resync.sh"
    lesson = book / FIRST_LESSON
    before = lesson.read_text()

    def run(**more):
        environment = clean_environment(
            LECTERN_URL=stack.api, LECTERN_TOKEN_FILE=str(token), RESYNC_PATH=str(book), RESYNC_TIMEOUT="60",
            RESYNC_COMMAND="curl" if how == "curl" else str(BIN / "lectern"), RESYNC_ANNOTATE="github",
            RESYNC_OUTPUTS=str(tmp_path / "outputs"), RESYNC_SUMMARY=str(tmp_path / "summary.md")) | more
        (tmp_path / "outputs").write_text("")
        return subprocess.run([script], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=100, cwd=tmp_path)

    try:
        lesson.write_text(before + f"\nSent by {how}.\n")
        done = run(RESYNC_COMMIT=how)
        assert done.returncode == 0, done.stderr
        assert "updated=1" in (tmp_path / "outputs").read_text() and (tmp_path / "summary.md").read_text()
        lesson.write_text(before + "\n```\nopen\n")
        done = run(RESYNC_COMMIT=how + "2")
        assert done.returncode == 7, done.stderr
        assert f"{FIRST_LESSON},line=" in done.stdout + done.stderr
    finally:
        lesson.write_text(before)
