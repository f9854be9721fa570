"""The made book of Deploy/bench content: the same bytes each time, in the shape of a textbook."""

import hashlib
import re
import sys

import pytest
import yaml
from conftest import ROOT

sys.path.insert(0, str(ROOT / "Tests/Benchmarks"))

from content.make_book import edit_one_word, lessons_of, make_book  # noqa: E402

FILES, BYTES = 95, 950_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "book"
    return folder, make_book(folder, FILES, BYTES, seed=7)


def digest(book):
    return {str(path.relative_to(book)): hashlib.sha256(path.read_bytes()).hexdigest() for path in book.rglob("*.*")}


def test_the_numbers_are_kept(made):
    book, written = made
    lessons = lessons_of(book)
    assert len(lessons) == FILES
    assert written == sum(path.stat().st_size for path in lessons)
    assert abs(written - BYTES) < BYTES * 0.03


def test_the_same_numbers_give_the_same_bytes(made, tmp_path):
    book, _ = made
    make_book(tmp_path / "again", FILES, BYTES, seed=7)
    assert digest(tmp_path / "again") == digest(book)
    make_book(tmp_path / "other", FILES, BYTES, seed=8)
    assert not set(digest(tmp_path / "other").values()) & set(digest(book).values())


def test_a_folder_with_something_in_it_is_left_alone(made):
    with pytest.raises(FileExistsError):
        make_book(made[0], 1, 1_000, seed=1)


def test_the_structure_and_the_folders_agree(made):
    book, _ = made
    structure = yaml.safe_load((book / "book.yaml").read_text())
    folders = {f"parts/{part['folder']}/chapters/{chapter['folder']}"
               for part in structure["parts"] for chapter in part["chapters"]}
    assert {str(path.parent.parent.relative_to(book)) for path in lessons_of(book)} == folders
    numbers = [chapter["number"] for part in structure["parts"] for chapter in part["chapters"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_lessons_are_whole(made):
    book, _ = made
    slugs, kinds = set(), set()
    for path in lessons_of(book):
        _, head, body = path.read_text().split("---\n", 2)
        facts = yaml.safe_load(head)
        slugs.add(facts["slug"])
        assert facts["title"] and facts["type"] in ("lesson", "lab")
        assert body.count("```") % 2 == body.count("~~~") % 2 == 0
        opened = len(re.findall(r"^:{3,}\w", body, re.MULTILINE))
        assert opened == len(re.findall(r"^:{3,}$", body, re.MULTILINE))
        for target in re.findall(r"\]\(\./([^)]+)\)", body):
            assert (path.parent / target).exists()
        kinds |= set(re.findall(r"^(```python|```yaml|~~~bash|\|---|:::\w+|- |1\. |> |<!--|### )", body, re.MULTILINE))
    assert len(slugs) == FILES
    assert {"```python", "```yaml", "~~~bash", "|---", ":::note", "- ", "1. ", "> ", "<!--", "### "} <= kinds


def test_one_word_is_edited(made, tmp_path):
    book = tmp_path / "edited"
    make_book(book, 30, 300_000, seed=7)
    before = {path: path.read_text() for path in lessons_of(book)}
    edited = [edit_one_word(book, number) for number in range(3)]
    assert len(set(edited)) == 3
    for path, text in before.items():
        changed = [(old, new) for old, new in zip(text.split(), path.read_text().split(), strict=True) if old != new]
        assert len(changed) == (path in edited)
