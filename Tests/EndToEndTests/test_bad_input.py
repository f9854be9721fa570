"""Whatever comes in from outside: a precise refusal with the place, and nothing half done."""

import http.client
import json
import re
import shutil
import socket
import uuid

import pytest

from conftest import LEARNER, Stack, make_book, problem, running

LEAKS = re.compile(
    r"SELECT |INSERT |lectern\.\w|postgres|sqlstate|\.swift|swift_|Fatal|stack ?trace|Traceback|/Sources/|/tmp/", re.I)


class Answer:
    """An answer read without a client library that would mend the request."""

    def __init__(self, response):
        self.status_code = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.content = response.read()
        self.text = self.content.decode(errors="replace")

    def json(self):
        return json.loads(self.content)


def send(stack, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["api"], timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if body is not None:
            try:
                connection.send(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused by its announced length, before it was read
        return Answer(connection.getresponse())
    finally:
        connection.close()


def refused(answer, *statuses):
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    body = problem(answer, answer.status_code)
    assert not LEAKS.search(answer.text), answer.text
    assert len(answer.text) < 20_000
    return body


JSON = {"Content-Type": "application/json"}
USER = "6d1f3f0e-6a53-4f0e-9c58-0f7c0a4f2a11"

BROKEN_JSON = {
    "cut off": b'{"lesson_slug": "a',
    "not JSON": b"lesson_slug=a",
    "a list": b'["lesson_slug"]',
    "a string": b'"lesson_slug"',
    "null": b"null",
    "two values": b"{} {}",
    "a trailing comma": b'{"lesson_slug": "a",}',
    "a comment": b'{"lesson_slug": "a"} // x',
    "single quotes": b"{'lesson_slug': 'a'}",
    "a duplicate key": b'{"lesson_slug": "ch01-lab", "lesson_slug": "ch02-lab"}',
    "no UTF-8": b'{"lesson_slug": "\xff\xfe"}',
    "a lone surrogate": b'{"lesson_slug": "\\ud800"}',
    "a raw NUL": b'{"lesson_slug": "a\x00b"}',
    "an escaped NUL": b'{"lesson_slug": "a\\u0000b"}',
    "a raw control character": b'{"lesson_slug": "a\x01b"}',
    "NaN": b'{"lesson_slug": NaN}',
    "UTF-16": '{"lesson_slug": "ch01-lab"}'.encode("utf-16"),
    "deep nesting": b'{"lesson_slug": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "nothing": b"",
}


@pytest.mark.parametrize("path", ["/api/personalize", "/api/search", "/api/onboarding", "/api/user/create"])
@pytest.mark.parametrize("name", BROKEN_JSON)
def test_a_body_that_is_no_json_object_is_refused(stack, path, name):
    body = BROKEN_JSON[name]
    answer = send(stack, "POST", path, body, {**JSON, "X-User-ID": USER})
    if path == "/api/user/create" and not body:
        assert answer.status_code == 201
        return
    refused(answer, 400, 422)


@pytest.mark.parametrize("path, body, field", [
    ("/api/personalize", {"lesson_slug": 7}, "lesson_slug"),
    ("/api/personalize", {"lesson_slug": None}, "lesson_slug"),
    ("/api/personalize", {"lesson_slug": ["ch01-lab"]}, "lesson_slug"),
    ("/api/personalize", {"lesson_slug": "ch01-lab", "original_content": 1}, "original_content"),
    ("/api/personalize", {"lesson_slug": "ch01-lab", "user_id": USER}, "user_id"),
    ("/api/personalize", {"original_content": "x"}, "lesson_slug"),
    ("/api/search", {"query": 1}, "query"),
    ("/api/search", {"query": "x", "limit": "5"}, "limit"),
    ("/api/search", {"query": "x", "limit": 1.5}, "limit"),
    ("/api/search", {"query": "x", "limit": 1e300}, "limit"),
    ("/api/search", {"query": "x", "filters": []}, "filters"),
    ("/api/search", {"query": "x", "filters": {"part": "one"}}, "part"),
    ("/api/search", {"query": "x", "q": "y"}, "q"),
    ("/api/user/create", {"user_id": 5}, "user_id"),
    ("/api/user/create", {"user_id": "not-a-uuid"}, "user_id"),
    ("/api/user/create", {"user_id": "00000000-0000-0000-0000-000000000000"}, "user_id"),
    ("/api/user/create", {"id": USER}, "id"),
    ("/api/onboarding", {**LEARNER, "user_id": USER, "education_level": "phd"}, "education_level"),
    ("/api/onboarding", {**LEARNER, "user_id": USER, "learning_goals": []}, "learning_goals"),
    ("/api/onboarding", {**LEARNER, "user_id": USER, "learning_goals": ["fame"]}, "learning_goals"),
    ("/api/onboarding", {**LEARNER, "user_id": USER, "robotics_background": "no"}, "robotics_background"),
    ("/api/onboarding", {**LEARNER, "user_id": USER, "color": "red"}, "color"),
    ("/api/onboarding", {**LEARNER}, "user_id"),
])
def test_a_field_that_cannot_be_accepted_is_named(stack, path, body, field):
    answer = refused(send(stack, "POST", path, json.dumps(body).encode(), {**JSON, "X-User-ID": USER}), 422)
    assert any(field in error["field"] for error in answer["errors"]), answer
    assert all(error["pointer"].startswith("/") for error in answer["errors"])


def test_one_answer_names_every_bad_field(stack):
    body = {"user_id": "x", "education_level": 1, "programming_experience": "some", "robotics_background": 0,
            "ai_ml_experience": None, "learning_goals": "hobby", "preferred_language": "fr"}
    answer = refused(send(stack, "POST", "/api/onboarding", json.dumps(body).encode(), JSON), 422)
    assert {error["pointer"].split("/")[1] for error in answer["errors"]} == body.keys()


@pytest.mark.parametrize("path, size", [
    ("/api/personalize", 3_000_000), ("/api/search", 300_000), ("/api/onboarding", 300_000),
    ("/api/user/create", 300_000)])
def test_a_body_beyond_its_limit_is_refused_whether_its_length_is_told_or_not(stack, path, size):
    body = json.dumps({"lesson_slug": "ch01-lab", "query": "x" * size}).encode()
    headers = {**JSON, "X-User-ID": USER}
    refused(send(stack, "POST", path, body, headers), 413)

    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["api"], timeout=30)
    try:
        pieces = (body[start:start + 50_000] for start in range(0, len(body), 50_000))
        try:
            connection.request("POST", path, pieces, headers, encode_chunked=True)
        except (BrokenPipeError, ConnectionResetError):
            pass
        refused(Answer(connection.getresponse()), 413)
    finally:
        connection.close()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", None,
                                  "application/json; charset=latin-1"])
def test_a_body_of_another_type_is_refused(stack, kind):
    headers = {"X-User-ID": USER} | ({"Content-Type": kind} if kind else {})
    refused(send(stack, "POST", "/api/personalize", b'{"lesson_slug": "ch01-lab"}', headers), 415)


SLUGS = {
    "dots": "..", "a dot": ".", "a way up": "../../etc/passwd", "an escaped way up": "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "an escaped slash": "%2F", "a double escape": "%252e%252e%252f", "NUL": "ch01%00lab", "a new line": "ch01%0Alab",
    "no UTF-8": "%ff%fe", "half an escape": "ch01%2", "no escape": "ch01%zz", "10 KB": "x" * 10_240,
    "1 KB": "x" * 1_024, "a quote": "ch01'%20OR%20'1'='1", "a backslash": "..%5C..%5Cetc", "an empty segment": "a//b",
    "a template": "%7B%7B7*7%7D%7D", "right to left": "%E2%80%AE", "a percent": "%25",
}


@pytest.mark.parametrize("name", SLUGS)
def test_a_hostile_slug_is_refused_wherever_a_slug_stands(stack, name):
    slug = SLUGS[name]
    headers = {"X-User-ID": USER}
    for path in (f"/api/content/lessons/{slug}", f"/api/content/lessons/{slug}/content", f"/api/personalize/{slug}"):
        refused(send(stack, "GET", path, headers=headers), 400, 404, 414, 422)
    with stack.learner() as learner:
        body = json.dumps({"lesson_slug": slug}).encode()
        headers = {**JSON, "X-User-ID": learner.headers["X-User-ID"]}
        refused(send(stack, "POST", "/api/personalize", body, headers), 404, 422)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/content", "/api/content/books", "/api/user",
                                  "/api//content/book", "/api/content/book/", "/nothing", "/api/personalize/cache/x/y"])
def test_an_unknown_path_is_not_found(stack, path):
    refused(send(stack, "GET", path, headers={"X-User-ID": USER}), 404)


@pytest.mark.parametrize("method, path, allowed", [
    ("PUT", "/api/user/create", {"POST"}), ("DELETE", "/api/content/book", {"GET", "HEAD"}),
    ("POST", "/api/content/lessons/ch01-lab", {"GET", "HEAD"}), ("PUT", "/api/search", {"POST"}),
    ("PATCH", "/api/user/preferences", {"GET", "PUT", "HEAD"}), ("GET", "/api/personalize", {"POST"}),
    ("TRACE", "/api/operations/x", {"GET", "DELETE"}), ("PATCH", "/api/onboarding", {"POST"}),
    ("PUT", "/api/personalize/cache", {"DELETE"}),
])
def test_another_method_is_refused_with_those_that_work(stack, method, path, allowed):
    answer = send(stack, method, path, headers={"X-User-ID": USER})
    refused(answer, 405)
    assert allowed <= set(re.split(r", *", answer.headers["allow"])), answer.headers["allow"]


@pytest.mark.parametrize("user", ["", "x", "123", "00000000-0000-0000-0000-000000000000", USER + "0", "'; DROP TABLE x",
                                  "ffffffff-ffff-ffff-ffff-ffffffffffff", "ü" * 18, USER.replace("-", "")])
def test_a_user_id_that_is_none_is_refused(stack, user):
    value = user.encode("utf-8")
    for method, path, body in [("GET", "/api/user/preferences", None), ("DELETE", "/api/personalize/cache", None),
                               ("POST", "/api/personalize", b'{"lesson_slug": "ch01-lab"}')]:
        refused(send(stack, method, path, body, {**JSON, "X-User-ID": value}), 400, 401, 404, 422)
    refused(send(stack, "GET", "/api/user/" + (user.encode().hex() or "-")), 404, 422)


@pytest.mark.parametrize("path", ["/api/user/preferences", "/api/personalize/ch01-lab", f"/api/operations/{USER}"])
def test_a_request_without_a_user_id_is_refused(stack, path):
    refused(send(stack, "GET", path), 400, 401, 404, 422)


@pytest.mark.parametrize("name", ["nothing", "x", "../1", "%00", "1" * 400, str(uuid.uuid4()) + "/x"])
def test_an_operation_id_that_is_none_is_not_found(stack, name):
    refused(send(stack, "GET", f"/api/operations/{name}", headers={"X-User-ID": USER}), 400, 404)


@pytest.mark.parametrize("raw", [
    b"GET /api/content/book\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/content/book HTTP/1.1\r\nHost: x\r\nX-User-ID: a\x00b\r\n\r\n",
    b"POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n",
])
def test_bytes_that_are_no_http_end_the_connection_and_not_the_process(stack, raw):
    with socket.create_connection(("127.0.0.1", stack.ports["api"]), timeout=20) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65_536)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert not answer or re.match(rb"HTTP/1\.1 4\d\d ", answer), answer[:200]
    with stack.client() as client:
        assert client.get("/livez").status_code == 200


# Books

FIRST = "parts/01-First/chapters/01-Chapter/lessons/001-lesson-1.md"
SECOND = "parts/01-First/chapters/01-Chapter/lessons/002-lesson-2.md"


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


BROKEN_BOOKS = {
    "front matter that is no YAML": (
        lambda book: (book / FIRST).write_text("---\ntitle: [never closed\nnumber: 1\n---\n\n# One\n"),
        rf"{FIRST}:[2-4]: error: "),
    "front matter that is not closed": (
        lambda book: (book / FIRST).write_text("---\ntitle: One\n\n# One\n\nText.\n"), rf"{FIRST}:1: error: .*closed"),
    "a front matter's value of the wrong kind": (
        lambda book: (book / FIRST).write_text("---\ntitle: One\ntype: poem\n---\n\n# One\n"), rf"{FIRST}:3: error: "),
    "a listed file that is missing": (
        lambda book: replace(book / "book.yaml", "prerequisites: []",
                             "prerequisites: [], lessons: [001-lesson-1.md, 009-absent.md]"),
        r"book\.yaml:\d+: error: .*009-absent\.md"),
    "a listed folder that is missing": (
        lambda book: replace(book / "book.yaml", "folder: 01-Chapter", "folder: 01-Absent"),
        r"book\.yaml:\d+: error: .*01-Absent"),
    "a fence that is never closed": (
        lambda book: (book / FIRST).write_text("# One\n\nText.\n\n```python\nprint(1)\n"),
        rf"{FIRST}:5: error: .*fence"),
    "two lessons with one slug": (
        lambda book: [(book / file).write_text("---\nslug: the-same\n---\n\n# Same\n") for file in (FIRST, SECOND)],
        rf"{SECOND}:1: error: .*the-same.*{FIRST}"),
    "a slug that leads up": (
        lambda book: (book / FIRST).write_text("---\nslug: ../../up\n---\n\n# Up\n"), rf"{FIRST}:\d+: error: .*slug"),
    "chapters that wait for each other": (
        lambda book: replace(
            book / "book.yaml", "      - {number: 1, title: Chapter, folder: 01-Chapter, prerequisites: []}",
            "      - {number: 1, title: Chapter, folder: 01-Chapter, prerequisites: [2]}\n"
            "      - {number: 2, title: Other, folder: 02-Other, prerequisites: [1]}"),
        r"book\.yaml:\d+: error: .*1 → 2|book\.yaml:\d+: error: .*2 → 1"),
    "a prerequisite that does not exist": (
        lambda book: replace(book / "book.yaml", "prerequisites: []", "prerequisites: [7]"),
        r"book\.yaml:\d+: error: .*7"),
    "a book.yaml that is no YAML": (
        lambda book: (book / "book.yaml").write_text("slug: made-book\nparts: {\n"), r"book\.yaml:\d+: error: "),
    "a file that is not UTF-8": (
        lambda book: (book / FIRST).write_bytes(b"# One\n\nText \xff\xfe.\n"), rf"{FIRST}:3: error: .*UTF-8"),
    "a link that leads out of the book": (
        lambda book: (book / FIRST).unlink() or (book / FIRST).symlink_to("/etc/passwd"),
        rf"{FIRST}: .*out of the book"),
}


@pytest.fixture(scope="module")
def publisher(cluster, tmp_path_factory):
    """An installation with a good book of two lessons, and the folder it came from."""
    folder = tmp_path_factory.mktemp("publisher")
    with running(Stack(folder, cluster.create("publisher"))) as stack:
        stack.migrate()
        stack.start("storage", "vectordal")
        stack.start("api", "sync-worker", "embed-worker")
        book = make_book(folder / "book", lessons=2)
        stack.sync(book)
        yield stack, book


@pytest.mark.parametrize("name", BROKEN_BOOKS)
def test_a_broken_book_is_refused_with_the_place_and_the_former_one_stays(publisher, tmp_path, name):
    stack, good = publisher
    book = tmp_path / "book"
    shutil.copytree(good, book)
    damage, place = BROKEN_BOOKS[name]
    damage(book)

    with stack.client() as client:
        before = client.get("/api/content/book").json()
        releases = stack.database.value("SELECT count(*) FROM lectern.release")
        objects = {path for path in (stack.folder / "storage").rglob("*") if path.is_file()}
        done = stack.command("resync", "--path", book, "--wait", "--timeout", 60, check=False)
        assert done.returncode == 7, (done.returncode, done.stderr)
        assert re.search(place, done.stderr), done.stderr
        assert done.stdout == ""

        assert client.get("/api/content/book").json() == before
        assert stack.database.value("SELECT count(*) FROM lectern.release") == releases
        assert {path for path in (stack.folder / "storage").rglob("*") if path.is_file()} == objects
        for lesson in before["parts"][0]["chapters"][0]["lessons"]:
            assert client.get(f"/api/content/lessons/{lesson['slug']}/content").status_code == 200


def test_a_folder_that_is_not_there_is_refused_without_a_job(publisher):
    stack, _ = publisher
    jobs = stack.database.value("SELECT count(*) FROM lectern.job")
    done = stack.command("resync", "--path", "/nowhere/book", "--wait", check=False)
    assert done.returncode == 3 and "/nowhere/book" in done.stderr
    assert stack.database.value("SELECT count(*) FROM lectern.job") == jobs


def test_a_good_book_is_published_after_the_broken_ones(publisher):
    stack, book = publisher
    (book / FIRST).write_text("# One anew\n\nOther text.\n")
    report = stack.sync(book)
    assert (report["outcome"], report["updated"]) == ("published", 1)
