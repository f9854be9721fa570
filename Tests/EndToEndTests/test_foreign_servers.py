"""A storage server that knows nothing of ours does the same work by a mapping alone."""

import json
import re
import shutil

import httpx
import pytest

from conftest import SAMPLE_BOOK, make_book, poll_text

MAPPING = {
    "put": {"call": {
        "tool": "shelve_document", "arguments": {"shelf": "{bucket}", "title": "{key}", "words": "{text}"}}},
    "get": {"call": {"tool": "fetch_document", "arguments": {"shelf": "{bucket}", "title": "{key}"}}},
    "list": {
        "call": {"tool": "browse_shelf", "arguments": {"shelf": "{bucket}", "begins_with": "{prefix}"}},
        "items": "titles"},
    "delete": {"call": {"tool": "discard_document", "arguments": {"shelf": "{bucket}", "title": "{key}"}}},
    "not_found": [{"text": "Error executing tool *: No document *"}],
}


@pytest.fixture(params=["sse", "http"])
def foreign(request, fresh_stack, tmp_path):
    """An installation whose objects stand on a stranger's shelves, and the folder of these."""
    shelves = tmp_path / "shelves"
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(MAPPING))
    address = fresh_stack.peer("mcp_peers/notes_server.py", request.param, shelves)
    fresh_stack.environment |= {
        "MCP_STORAGE_URL": address + ("/sse" if request.param == "sse" else "/mcp"),
        "MCP_STORAGE_MAPPING": str(mapping), "MCP_STORAGE_BUCKET": "top-shelf"}
    return fresh_stack, shelves, mapping


def test_a_book_goes_to_a_foreign_server_and_comes_back(foreign, tmp_path):
    stack, shelves, _ = foreign
    book = tmp_path / "book"
    shutil.copytree(SAMPLE_BOOK, book)
    (lesson,) = book.rglob("01-how-robots-sense.md")
    # What a server says when it has nothing may also stand in a text.
    lesson.write_text(lesson.read_text() + "\nNo document was found: Error executing tool read: No document x.\n")

    stack.start("vectordal", "api", "sync-worker", "embed-worker", "personalize-worker")
    report = stack.sync(book)
    assert (report["outcome"], report["lessons"], report["objects_missing"]) == ("published", 12, 12)
    stored = [path for path in (shelves / "top-shelf").rglob("*") if path.is_file()]
    assert len(stored) == 24

    with stack.learner() as learner:
        for file in book.rglob("*.md"):
            slug = re.search(r"^slug: *(\S+)$", file.read_text(), re.MULTILINE)[1]
            answer = learner.get(f"/api/content/lessons/{slug}/content", headers={"Accept": "text/markdown"})
            assert answer.status_code == 200 and answer.content == file.read_bytes(), slug
            alias = learner.get(f"/api/content/lessons/{slug}").json()["bucket_path"]
            assert (shelves / "top-shelf" / alias).read_bytes() == file.read_bytes()
        learner.post("/api/personalize", json={"lesson_slug": "ch01-lab"})
        poll_text(learner, "ch01-lab")
        found = learner.post("/api/search", json={"query": "torque of an arm with gears"}).json()["results"]
        assert found[0]["lesson_slug"] == "ch02-actuators-and-movement"

    again = stack.sync(book)
    assert (again["outcome"], again["objects_missing"]) == ("unchanged", 0)
    stack.command("verify")
    findings = json.loads(stack.command("doctor", "--output", "json").stdout)
    assert not [finding for finding in findings if finding["verdict"] == "error"], findings

    # An object that somebody took away is missed, and put back by the next sync.
    stored[0].unlink()
    stack.sync(book)
    assert len([path for path in (shelves / "top-shelf").rglob("*") if path.is_file()]) == 24
    stack.command("verify")


def test_doctor_names_the_operations_that_a_mapping_gets_wrong(foreign):
    stack, _, mapping = foreign
    stack.start("vectordal")
    wrong = json.loads(json.dumps(MAPPING))
    wrong["get"]["call"]["tool"] = "read_document"
    del wrong["put"]["call"]["arguments"]["shelf"]
    mapping.write_text(json.dumps(wrong))
    done = stack.command("doctor", check=False)
    assert done.returncode == 7
    assert re.search(r"^error\tstorage mapping\tget \(read_document\): ", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^error\tstorage mapping\tput \(shelve_document\): .*shelf", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("text, place", [
    ('{"put": {}}', "put.call"), ("[]", "object"), ("{", "JSON"),
    (json.dumps({**MAPPING, "fetch": {}}), "fetch"),
    (json.dumps(MAPPING).replace("{text}", "{txt}"), "txt"),
])
def test_a_mapping_that_cannot_be_used_stops_a_process_with_the_place(fresh_stack, tmp_path, text, place):
    mapping = tmp_path / "mapping.json"
    mapping.write_text(text)
    fresh_stack.environment["MCP_STORAGE_MAPPING"] = str(mapping)
    fresh_stack.start("sync-worker", ready=False)
    assert fresh_stack.processes["sync-worker"].wait(20) != 0
    said = fresh_stack.log("sync-worker").read_text()
    assert str(mapping) in said and place in said, said


def test_a_foreign_server_that_goes_away_is_waited_for(fresh_stack, tmp_path):
    shelves, mapping = tmp_path / "shelves", tmp_path / "mapping.json"
    mapping.write_text(json.dumps(MAPPING))
    fresh_stack.environment |= {
        "MCP_STORAGE_URL": f"http://127.0.0.1:{fresh_stack.ports['storage']}/sse", "MCP_STORAGE_MAPPING": str(mapping)}
    fresh_stack.start("vectordal", "sync-worker", "embed-worker")
    job = fresh_stack.enqueue_sync(make_book(tmp_path / "book", 2))
    # Nothing listens there yet; then a server of another kind comes up at the same address.
    with httpx.Client() as nobody, pytest.raises(httpx.HTTPError):
        nobody.get(fresh_stack.environment["MCP_STORAGE_URL"])
    assert not shelves.exists()
    fresh_stack.peer("mcp_peers/notes_server.py", "sse", shelves, fresh_stack.ports["storage"])
    fresh_stack.wait_until_published(job)
    assert len([path for path in shelves.rglob("*") if path.is_file()]) == 4
