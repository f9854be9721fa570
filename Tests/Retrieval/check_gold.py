#!/usr/bin/env python3
"""Checks a gold set of questions against its book: check_gold.py [--list] QUESTIONS.tsv BOOK

A gold set is a tab-separated file with the columns id, question, lesson_slug, gold_excerpt and kind. Each excerpt must
stand exactly once in the whole book, in the body of its lesson, on one line that is no heading. A question of the kind
`low_overlap` may share few words with the text that answers it; how few is measured here in word stems.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys

COLUMNS = ["id", "question", "lesson_slug", "gold_excerpt", "kind"]
KINDS = {"plain", "low_overlap"}
WORDS = range(6, 21)

# What share of a question's stems may stand in the text, for the kind low_overlap. The excerpt is what must be found,
# so there the bound is tight: none of up to four stems, one of five to nine. The section around it is a chunk's worth
# of text in which the subject's own name and an everyday word turn up anyway; with more than half its words there, a
# question is found by them.
EXCERPT_BOUND = 0.20
SECTION_BOUND = 0.50

STOP_WORDS = frozenset(
    """a about after again all already always am an and any anyone are as at away back be because become been before
    being but by can cannot could did do does doing done down each else ever every for from get go goes going got
    had has have he her here him his how i if in into is it its just let like made make makes many may me might more
    most much must my never no nobody not nothing now of off on once one only or other our out over own really same
    shall she should so some somebody something such than that the their them then there these they thing things
    this those though through to too under until up upon us very was way we were what when where which while who
    whom whose why will with without won would yes yet you your""".split()
)

# Longest first; what is left of a word keeps at least three letters.
SUFFIXES = (
    "ational nesses fulness iveness ousness ization isation ements ations ingly edly ility ement ation ments ness ings ment "
    "ible able ally ful ing ied ies ers est ity ion ous ive ant ent ed er es ly al ic e s y"
).split()


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a lesson's body, with the heading it stands under."""

    text: str
    section: int
    heading: bool


@dataclasses.dataclass(frozen=True)
class Lesson:
    slug: str
    path: pathlib.Path
    lines: list[Line]

    def section(self, number):
        return "\n".join(line.text for line in self.lines if line.section == number)


@dataclasses.dataclass(frozen=True)
class Question:
    id: str
    question: str
    lesson_slug: str
    gold_excerpt: str
    kind: str


def stem(word):
    """Strips one suffix, and the second of a doubled letter at the end: running → run, tipped → tip."""
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def stems(text):
    """The stems of the content words of a text; figures count as words."""
    words = re.findall(r"[^\W_]+", text.lower().replace("'s", "").replace("n't", ""))
    return {stem(word) for word in words if word not in STOP_WORDS and len(word) > 1}


def overlap(question, text):
    """The share of the question's stems that the text has too."""
    asked = stems(question)
    return len(asked & stems(text)) / len(asked) if asked else 1.0


def word_count(text):
    """Words are pieces between spaces that hold a letter or a digit: table bars and comment signs do not count."""
    return sum(any(sign.isalnum() for sign in piece) for piece in text.split())


def read_lesson(path):
    """Splits a lesson into its slug and the lines of its body; a `#` in a fence or a comment heads nothing."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[0] != "---" or "---" not in lines[1:]:
        raise ValueError(f"{path}: no front matter")
    end = lines.index("---", 1)
    slugs = [line.split(":", 1)[1].strip().strip("\"'") for line in lines[1:end] if line.startswith("slug:")]
    if len(slugs) != 1:
        raise ValueError(f"{path}: {len(slugs)} slugs in its front matter")
    body, section, fence, comment = [], 0, None, False
    for text in lines[end + 1 :]:
        mark = re.match(r" {0,3}(`{3,}|~{3,})(.*)$", text)
        heading = False
        if comment:
            comment = "-->" not in text
        elif fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = None
        elif mark:
            fence = mark[1]
        elif text.lstrip().startswith("<!--"):
            comment = "-->" not in text
        elif re.match(r" {0,3}#{1,6}(\s|$)", text):
            heading = True
            section += 1
        body.append(Line(text, section, heading))
    return Lesson(slugs[0], path, body)


def read_book(folder):
    """All lessons of a book by slug."""
    lessons = {}
    for path in sorted(pathlib.Path(folder).glob("parts/*/chapters/*/lessons/*.md")):
        lesson = read_lesson(path)
        if lesson.slug in lessons:
            raise ValueError(f"{path}: slug {lesson.slug} stands in {lessons[lesson.slug].path} too")
        lessons[lesson.slug] = lesson
    if not lessons:
        raise ValueError(f"{folder}: no lessons")
    return lessons


def read_questions(path):
    rows = [line.split("\t") for line in pathlib.Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")]
    if rows[0] != COLUMNS:
        raise ValueError(f"{path}:1: the header must be {' '.join(COLUMNS)}, separated by tabs")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(COLUMNS) or not all(cell == cell.strip() and cell for cell in row):
            raise ValueError(f"{path}:{number}: five filled columns without spaces at their ends are expected")
    return [Question(*row) for row in rows[1:]]


def check_question(question, lessons):
    """What is wrong with one question, as sentences."""
    if question.kind not in KINDS:
        yield f"kind {question.kind} is unknown"
    lesson = lessons.get(question.lesson_slug)
    if lesson is None:
        yield f"no lesson {question.lesson_slug}"
        return
    excerpt = question.gold_excerpt
    if word_count(excerpt) not in WORDS:
        yield f"the excerpt has {word_count(excerpt)} words, not {WORDS.start} to {WORDS.stop - 1}"
    found = sum(each.path.read_text(encoding="utf-8").count(excerpt) for each in lessons.values())
    places = [line for line in lesson.lines if excerpt in line.text and not line.heading]
    if not places:
        yield "the excerpt stands on no line of the lesson's body"
    elif found != 1:
        yield f"the excerpt stands {found} times in the book"
    elif question.kind == "low_overlap":
        section = lesson.section(places[0].section)
        for name, text, bound in (("excerpt", excerpt, EXCERPT_BOUND), ("section", section, SECTION_BOUND)):
            share = overlap(question.question, text)
            if share > bound:
                shared = " ".join(sorted(stems(question.question) & stems(text)))
                yield f"shares {share:.0%} of its stems with the {name}, more than {bound:.0%}: {shared}"


def check(questions_path, book, counts=None):
    """Everything wrong with a gold set, as lines for a person. `counts`: how many of each kind are due."""
    try:
        questions, lessons = read_questions(questions_path), read_book(book)
    except ValueError as error:
        return [str(error)]
    problems = [f"{each.id}: {text}" for each in questions for text in check_question(each, lessons)]
    for name in ("id", "question", "gold_excerpt"):
        seen = collections.Counter(getattr(each, name) for each in questions)
        problems += [f"{name} {value!r} stands {count} times" for value, count in seen.items() if count > 1]
    asked = collections.Counter(each.lesson_slug for each in questions)
    fair = len(questions) / len(lessons)
    for slug in lessons:
        if not fair / 2 <= asked[slug] <= fair * 2:
            problems.append(f"{asked[slug]} questions about {slug}; {fair:.1f} would be its share")
    kinds = collections.Counter(each.kind for each in questions)
    if counts is not None and kinds != counts:
        problems.append(f"questions by kind: {dict(kinds)}, expected {counts}")
    return problems


def listing(questions_path, book):
    """One line for each question: kind, the two shares, the question."""
    lessons = read_book(book)
    for each in read_questions(questions_path):
        lesson = lessons[each.lesson_slug]
        line = next(line for line in lesson.lines if each.gold_excerpt in line.text)
        shares = (overlap(each.question, each.gold_excerpt), overlap(each.question, lesson.section(line.section)))
        yield f"{each.id} {each.kind:<11} excerpt {shares[0]:4.0%} section {shares[1]:4.0%}  {each.question}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("questions", metavar="QUESTIONS.tsv")
    parser.add_argument("book", metavar="BOOK")
    parser.add_argument("--list", action="store_true", help="print each question with the shares that were measured")
    options = parser.parse_args()
    problems = check(options.questions, options.book)
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    if problems:
        return 1
    if options.list:
        print("\n".join(listing(options.questions, options.book)))
    print(f"{options.questions}: {len(read_questions(options.questions))} questions hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
