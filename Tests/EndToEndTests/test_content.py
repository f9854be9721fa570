"""Readers see the published book, search finds its lessons, and a sync writes what changed and nothing else."""

import json
import re
import shutil
import uuid

import pytest

from conftest import SAMPLE_BOOK, problem

HASH = re.compile(r"[0-9a-f]{32}")

# Asked in other words than the lessons', with the lesson that answers.
QUESTIONS = {
    "Why is a chatbot's mistake less harmful than the mistake of a robot that carries hot soup?":
        "ch01-digital-vs-physical-ai",
    "Does an intelligence need a body to understand what words mean?": "ch01-embodiment-hypothesis",
    "How many milliseconds may pass between seeing an obstacle and braking?": "ch01-real-world-constraints",
    "How can two noisy sensors be combined into one better estimate?": "ch02-how-robots-sense",
    "How much torque does a motor with gears need to hold up an arm?": "ch02-actuators-and-movement",
    "How many degrees of freedom do the joints and links of a humanoid have?": "ch02-humanoid-body-plan",
    "Why do robots get legs and walk when wheels would cost less energy?": "ch03-why-humanoid-form",
    "What is still hard: hands with skin, short battery life, too little training data?": "ch03-challenges-future",
}


@pytest.fixture
def reader(stack):
    with stack.client() as client:
        yield client


def test_the_book_is_a_tree_of_six_parts_eighteen_chapters_and_twelve_lessons(reader):
    answer = reader.get("/api/content/book")
    assert answer.status_code == 200 and answer.headers["etag"]
    book = answer.json()
    assert (book["slug"], book["language"]) == ("robo-genesis-ai", "en")
    assert [part["number"] for part in book["parts"]] == [1, 2, 3, 4, 5, 6]
    assert [(part["layer"], part["tier"]) for part in book["parts"]] == [
        ("L1", "A2"), ("L2-L3", "B1"), ("L2", "B2"), ("L2-L3", "C1"), ("L4", "C2"), ("L5", "C2")]
    assert [(part["week_start"], part["week_end"]) for part in book["parts"]] == [
        (1, 2), (3, 5), (6, 7), (8, 10), (11, 12), (13, 13)]
    chapters = [chapter for part in book["parts"] for chapter in part["chapters"]]
    assert [chapter["number"] for chapter in chapters] == list(range(1, 19))
    assert [chapter["local_number"] for chapter in chapters] == [1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 1, 2, 3, 1]
    assert {c["number"]: c["prerequisites"] for c in chapters} == {
        1: [], 2: [1], 3: [1], 4: [3], 5: [4], 6: [4], 7: [5, 6], 8: [6], 9: [8], 10: [8], 11: [9], 12: [9], 13: [12],
        14: [13], 15: [7], 16: [15], 17: [16], 18: [14, 17]}
    lessons = [lesson for chapter in chapters for lesson in chapter["lessons"]]
    assert [lesson["slug"] for lesson in lessons] == [
        "ch01-digital-vs-physical-ai", "ch01-embodiment-hypothesis", "ch01-real-world-constraints", "ch01-lab",
        "ch02-how-robots-sense", "ch02-actuators-and-movement", "ch02-humanoid-body-plan", "ch02-lab",
        "ch03-why-humanoid-form", "ch03-current-platforms", "ch03-challenges-future", "ch03-lab"]
    for lesson in lessons:
        assert lesson["type"] == ("lab" if lesson["slug"].endswith("-lab") else "lesson")
        assert HASH.fullmatch(lesson["content_hash"])
        assert re.fullmatch(
            r"books/robo-genesis-ai/parts/[^/]+/chapters/[^/]+/lessons/[^/]+\.md", lesson["bucket_path"])
        assert lesson["vector_ids"] and all(uuid.UUID(vector) for vector in lesson["vector_ids"])
        assert lesson["title"] and lesson["estimated_minutes"] > 0 and lesson["sidebar_position"] > 0
    again = reader.get("/api/content/book", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


def test_parts_chapters_and_lessons_are_the_trees_own(reader):
    book = reader.get("/api/content/book").json()
    assert reader.get("/api/content/parts").json()["parts"] == book["parts"]
    for part in book["parts"]:
        assert reader.get(f"/api/content/parts/{part['number']}").json() == part
        for chapter in part["chapters"]:
            assert reader.get(f"/api/content/chapters/{chapter['number']}").json() == chapter
            for lesson in chapter["lessons"]:
                assert reader.get(f"/api/content/lessons/{lesson['slug']}").json() == lesson
    for path in ("parts/7", "parts/0", "parts/x", "chapters/19", "chapters/-1", "chapters/99999999999999999999",
                 "lessons/no-such-lesson", "lessons/no-such-lesson/content"):
        problem(reader.get(f"/api/content/{path}"), 404)


def test_every_lessons_text_is_the_authors_file(reader):
    files = sorted(SAMPLE_BOOK.rglob("*.md"))
    assert len(files) == 12
    for file in files:
        slug = re.search(r"^slug: *(\S+)$", file.read_text(), re.MULTILINE)[1]
        answer = reader.get(f"/api/content/lessons/{slug}/content")
        body = answer.json()
        assert body["slug"] == slug and body["content"].encode() == file.read_bytes()
        assert answer.headers["etag"] == f'"{body["content_hash"]}"'


def test_a_text_comes_as_json_or_markdown_and_not_twice(reader):
    path = "/api/content/lessons/ch01-lab/content"
    whole = reader.get(path).json()
    markdown = reader.get(path, headers={"Accept": "text/markdown"})
    assert markdown.headers["content-type"].startswith("text/markdown")
    assert markdown.content == whole["content"].encode()
    assert "accept" in markdown.headers["vary"].lower()
    for condition in (f'"{whole["content_hash"]}"', f'"other", W/"{whole["content_hash"]}"', "*"):
        answer = reader.get(path, headers={"If-None-Match": condition})
        assert answer.status_code == 304 and answer.content == b""
    assert reader.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    head = reader.head(path)
    assert head.status_code == 200 and head.content == b"" and head.headers["etag"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_in_other_words_finds_its_lesson_among_the_first_three(reader, question):
    answer = reader.post("/api/search", json={"query": question, "limit": 10})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert {"lesson_slug", "section_title", "chunk_index", "text", "score"} <= results[0].keys()
    assert [r["score"] for r in results] == sorted((r["score"] for r in results), reverse=True)
    found = list(dict.fromkeys(result["lesson_slug"] for result in results))
    assert QUESTIONS[question] in found[:3], found


def test_a_search_keeps_its_limit_and_its_filters(reader):
    def slugs(**more):
        answer = reader.post("/api/search", json={"query": "a robot senses its joints", **more})
        assert answer.status_code == 200, answer.text
        return [result["lesson_slug"] for result in answer.json()["results"]]

    assert len(slugs(limit=2)) == 2
    assert {slug[:4] for slug in slugs(filters={"chapter": 2})} == {"ch02"}
    assert set(slugs(filters={"lesson_slug": "ch03-lab"})) == {"ch03-lab"}
    assert all(slug.endswith("-lab") for slug in slugs(filters={"type": "lab"}))
    assert slugs(filters={"part": 6}) == []
    for bad in ({"query": ""}, {"query": " \n"}, {"query": "x" * 5_000}, {"query": "x", "limit": 0},
                {"query": "x", "limit": 10_000}, {"query": "x", "filters": {"color": "red"}}, {}):
        problem(reader.post("/api/search", json=bad), 422)


def test_the_search_command_answers_as_the_api_does(stack, reader):
    question = next(iter(QUESTIONS))
    told = json.loads(stack.command("search", question, "--limit", 3, "--output", "json").stdout)
    asked = reader.post("/api/search", json={"query": question, "limit": 3}).json()
    assert [r["lesson_slug"] for r in told["results"]] == [r["lesson_slug"] for r in asked["results"]]


def test_doctor_and_verify_find_nothing_wrong(stack):
    findings = json.loads(stack.command("doctor", "--output", "json").stdout)
    assert {finding["verdict"] for finding in findings} == {"ok"}, findings
    assert {"database", "schema", "storage", "vectordal"} <= {finding["subject"] for finding in findings}
    report = json.loads(stack.command("verify", "content", "--output", "json").stdout)
    assert (report["lessons"], report["objects"], report["indexed_lessons"]) == (12, 12, 12)
    assert report["vectors"] >= report["chunks"] > 12
    assert report["broken_objects"] == report["unindexed"] == []


def test_doctor_names_the_tool_that_a_mapping_promises_in_vain(stack, tmp_path):
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({
        "put": {"call": {"tool": "upload_thing", "arguments": {"where": "{key}", "what": "{text}"}}},
        "get": {"call": {"tool": "object_get", "arguments": {"bucket": "{bucket}", "key": "{key}"}}, "text": "content"},
    }))
    stack.environment["MCP_STORAGE_MAPPING"] = str(mapping)
    try:
        done = stack.command("doctor", check=False)
        assert done.returncode == 7
        said = re.compile(r"^error\tstorage mapping\t.*upload_thing.*no such tool", re.MULTILINE)
        assert said.search(done.stdout), done.stdout
        mapping.write_text('{"put": {"call": {"tool": "x"')
        broken = stack.command("doctor", check=False)
        assert broken.returncode == 2 and str(mapping) in broken.stderr
    finally:
        del stack.environment["MCP_STORAGE_MAPPING"]


def test_doctor_says_what_does_not_answer(fresh_stack):
    done = fresh_stack.command("doctor", check=False)
    assert done.returncode == 7
    assert re.search(r"^error\tstorage\t.*address", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^error\tvectordal\t", done.stdout, re.MULTILINE)
    assert re.search(r"^ok\tdatabase\t", done.stdout, re.MULTILINE)


def files(folder):
    """What stands in a folder: a file written anew has another inode or time, even with the same bytes."""
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*")
            if path.is_file() and path.name != "lock"}


def test_a_sync_writes_what_changed_and_nothing_else(fresh_stack, tmp_path):
    book = tmp_path / "book"
    shutil.copytree(SAMPLE_BOOK, book)
    fresh_stack.start("storage", "vectordal")
    fresh_stack.start("api", "sync-worker", "embed-worker")
    first = fresh_stack.sync(book)
    assert (first["outcome"], first["created"], first["objects_missing"]) == ("published", 12, 12)

    objects, vectors = files(fresh_stack.folder / "storage"), files(fresh_stack.folder / "vectordal")
    again = fresh_stack.sync(book)
    assert (again["outcome"], again["unchanged"], again["release"]) == ("unchanged", 12, first["release"])
    assert (again["objects_missing"], again["lessons_unindexed"]) == (0, 0)
    assert files(fresh_stack.folder / "storage") == objects
    assert files(fresh_stack.folder / "vectordal") == vectors
    assert fresh_stack.database.value("SELECT count(*) FROM lectern.release") == 1

    with fresh_stack.client() as client:
        def lessons():
            tree = client.get("/api/content/book").json()
            return {lesson["slug"]: lesson for part in tree["parts"] for chapter in part["chapters"]
                    for lesson in chapter["lessons"]}

        before = lessons()
        (file,) = book.rglob("02-embodiment-hypothesis.md")
        section = "\n## Zebras\n\nZebras graze in herds.\n"
        file.write_text(file.read_text().replace("\n## Summary", section + "\n## Summary", 1))
        edited = fresh_stack.sync(book)
        assert (edited["outcome"], edited["updated"], edited["unchanged"]) == ("published", 1, 11)
        assert edited["objects_missing"] == 1
        written = files(fresh_stack.folder / "storage").keys() - objects.keys()
        assert len(written) == 1, "one text; its alias takes the place of the earlier one"
        after = lessons()
        slug = "ch01-embodiment-hypothesis"
        assert {name for name in after if after[name] != before[name]} == {slug}
        assert after[slug]["id"] == before[slug]["id"]
        kept = set(after[slug]["vector_ids"]) & set(before[slug]["vector_ids"])
        assert kept and set(after[slug]["vector_ids"]) - kept
        report = fresh_stack.database.value(
            "SELECT result FROM lectern.done WHERE kind = 'embed_lesson' ORDER BY finished_at DESC LIMIT 1")
        assert report["lesson"] == slug and 1 <= report["embedded"] <= 3, report
        assert "Zebras" in client.get(f"/api/content/lessons/{slug}/content").json()["content"]
        found = client.post("/api/search", json={"query": "zebras graze in herds"}).json()["results"][0]
        assert (found["lesson_slug"], found["section_title"]) == (slug, "Zebras")
    fresh_stack.command("verify")


def test_a_sync_that_would_lose_most_of_the_book_is_stopped_by_the_guard(fresh_stack, tmp_path):
    book = tmp_path / "book"
    shutil.copytree(SAMPLE_BOOK, book)
    fresh_stack.start("storage", "vectordal", "sync-worker", "embed-worker")
    fresh_stack.sync(book)
    for file in sorted(book.rglob("*.md"))[:8]:
        file.unlink()
    done = fresh_stack.command("resync", "--path", book, "--wait", "--timeout", 60, check=False)
    assert done.returncode == 8, done.stderr
    assert "8 of 12" in done.stderr
    assert fresh_stack.database.value(
        "SELECT count(*) FROM lectern.release_lesson l JOIN lectern.book b ON b.active_release = l.release_id") == 12
