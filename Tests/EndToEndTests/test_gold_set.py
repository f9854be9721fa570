"""The gold sets that retrieval is judged by hold: each excerpt stands once in its book, and hard questions are hard."""

import collections
import shutil
import sys

import pytest

from conftest import ROOT, SAMPLE_BOOK

RETRIEVAL = ROOT / "Tests/Retrieval"
sys.path.insert(0, str(RETRIEVAL))

import check_gold  # noqa: E402

SETS = {
    "sample": (RETRIEVAL / "sample-book.tsv", SAMPLE_BOOK, {"plain": 44, "low_overlap": 22}),
    "other": (RETRIEVAL / "other-book.tsv", RETRIEVAL / "other-book", {"plain": 20, "low_overlap": 10}),
}


@pytest.mark.parametrize("name", SETS)
def test_a_gold_set_holds(name):
    questions, book, counts = SETS[name]
    assert check_gold.check(questions, book, counts) == []


@pytest.fixture
def small(tmp_path):
    """A book of one lesson, and a function that checks one question about it."""
    folder = tmp_path / "book/parts/01-Part/chapters/01-chapter/lessons"
    folder.mkdir(parents=True)
    (folder / "01-first.md").write_text(
        "---\ntitle: First\nslug: first\n---\n\n# Knots that hold when it matters most\n\n"
        "A bowline makes a fixed loop that does not slip.\nOne two three four five six seven.\n"
        "One two three four five six seven.\n"
    )
    table = tmp_path / "questions.tsv"

    def problems(question, excerpt, kind="plain", lesson="first"):
        rows = [check_gold.COLUMNS, ["q1", question, lesson, excerpt, kind]]
        table.write_text("".join("\t".join(row) + "\n" for row in rows))
        return check_gold.check(table, tmp_path / "book")

    return problems


LOOP = "makes a fixed loop that does not slip"


def test_a_good_question_passes(small):
    assert small("Which knot?", LOOP) == []
    assert small("How do sailors moor safely?", LOOP, "low_overlap") == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("Which knot?", LOOP, "odd"), "kind odd is unknown"),
        (("Which knot?", LOOP, "plain", "second"), "no lesson second"),
        (("Which knot?", "a fixed loop"), "3 words"),
        (("Which knot?", "makes a fixed loop which does not slip"), "on no line"),
        (("Which knot?", "Knots that hold when it matters most"), "on no line"),
        (("Which knot?", "One two three four five six seven."), "2 times"),
        (("Which loop is fixed?", LOOP, "low_overlap"), "100% of its stems with the excerpt"),
        (("Which knot? ", LOOP), "without spaces at their ends"),
    ],
)
def test_a_bad_question_is_named(small, arguments, complaint):
    problems = small(*arguments)
    assert any(complaint in problem for problem in problems), problems


def test_a_lesson_nobody_asks_about_is_named(tmp_path):
    book = tmp_path / "book"
    shutil.copytree(SAMPLE_BOOK, book)
    questions, _, counts = SETS["sample"]
    lines = questions.read_text().splitlines()
    table = tmp_path / "questions.tsv"
    table.write_text("\n".join(line for line in lines if "\tch01-lab\t" not in line) + "\n")
    problems = check_gold.check(table, book, counts)
    assert any(problem.startswith("0 questions about ch01-lab") for problem in problems)
    assert any(problem.startswith("questions by kind") for problem in problems)


def test_headings_of_the_books_are_read_like_markdown():
    lesson = check_gold.read_book(SAMPLE_BOOK)["ch02-actuators-and-movement"]
    headings = [line.text for line in lesson.lines if line.heading]
    assert headings[:2] == ["# Actuators and Movement", "## Learning Objectives"]
    assert collections.Counter(headings).most_common(1)[0][1] == 1
