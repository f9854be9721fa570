#!/usr/bin/env python3
"""Writes a made book of any size: make_book.py --files 3000 --bytes 30000000 --seed 1 OUT

The same numbers give the same bytes. The text means nothing, but has the shape of a textbook: a frequent core of words,
terms that belong to one lesson, headings, code, tables, lists and admonitions, in lessons of very different length.
"""

import argparse
import itertools
import pathlib
import random
import re
import shutil
import sys

LESSONS_PER_CHAPTER = 10
CHAPTERS_PER_PART = 8
LAYERS = ["L1", "L2", "L2-L3", "L3", "L4", "L5"]
TIERS = ["A2", "B1", "B2", "C1", "C2"]

NOUNS = """account actor angle archive arrow attempt axis balance barrier basin battery beam bearing bench bolt border
bottle bracket branch bridge bucket budget buffer button cable canal cargo carriage case cell chain chamber channel
circle clamp clock cloud coast coil column compass cord corner cost counter course cover crane crew current curve
cycle damper deck delay depth desk detail device dial distance district ditch door draft drawer drift drum edge effect
effort engine error estimate event factor farm fault fence ferry field figure filter flag floor flow forecast fork
frame garden gate gauge gear glass grain graph grid guard guide habit hall hammer handle harbour harvest height hinge
hose house index island item journal journey joint kettle key kiln ladder lamp lane layer ledger lens lesson level
lever limit line list load lock loop machine magnet map margin market mast meadow measure meter method mill mirror
model moment motor mound nail needle net node notch notice number oar object orbit order oven owner packet page pair
panel paper part path pattern phase pier pile pilot pipe pivot plan plate platform plough pocket point pole pond port
pressure price print probe process pulley pump question queue rack radio rail range rate ratio reader reading record
region relay report reserve result ridge ring river road rod roof root rope route rule sail sample scale schedule
screen screw seam season section sensor shaft shape sheet shelf shield shore signal sketch slope socket source space
spring square staff stage station step stone store stream street strip surface switch symbol table tank target task
team test thread tide timber tool tower track trade train trap tray trial truck tube tunnel unit valley value valve
vessel view village voyage wall watch water wave weight well wheel window wire witness worker workshop yard""".split()
VERBS = """accepts adjusts affects aligns allows answers approaches arranges attracts avoids bends blocks borrows
bounds breaks brings builds calls carries catches changes checks chooses clears closes collects compares confirms
connects contains controls copies corrects counts covers crosses cuts decides delays delivers depends describes
divides draws drives drops eases ends enters exceeds expects explains extends feeds fills finds fixes follows forces
forms gathers gives governs grows guards guides holds hides improves increases influences informs joins keeps leads
leaves lifts limits links lists loads loses lowers marks matches measures meets misses mixes moves names needs notices
offers opens orders passes pauses places plans points prevents proves provides pulls pushes raises reaches reads
receives records reduces refuses reminds removes repairs repeats replaces reports requires rests returns reveals rolls
rules runs saves separates settles shapes shares shifts shows slows solves sorts spends splits starts stops stores
supports surprises takes teaches tells tests ties touches traces turns uses varies waits warns watches weighs widens
works writes""".split()
ADJECTIVES = """able actual afraid ancient annual apparent average bare basic blunt bold brief bright broad busy calm
careful central certain cheap clean clear close cold common complete constant correct crude curious daily damp deep
dense direct distant double dry early eastern easy empty equal exact fair familiar final firm flat former fragile free
fresh full gentle global good gradual great half hard heavy hidden high hollow honest hot humble idle inner large late
lateral light likely linear local long loose loud low main major mean mild minor modern moist narrow native near neat
new normal northern obvious old open outer pale parallel partial patient plain polite poor precise quick quiet random
rapid rare raw ready real recent rigid round rough safe second secret separate sharp short silent similar simple
single slow small smooth soft solid southern spare special stable steady steep still strange strict strong sudden tall
thick thin third tidy tight tiny true uneven upper usual vague vast vertical warm weak western wet whole wide wild
young""".split()
OPENINGS = [
    "After all", "As a rule", "At first", "At the same time", "Before long", "By contrast", "Even so",
    "For a while", "For this reason", "From here on", "In most cases", "In practice", "In the end", "More often",
    "Most of the time", "Now and then", "On closer look", "On paper", "Once again", "Over the years",
    "Sooner or later", "Up to a point", "With some luck", "Without doubt",
]
JOINTS = ["and", "but", "because", "while", "although", "so that", "as soon as", "unless", "until", "whenever"]
SYLLABLES = """ba da fe ga hi ka lo mi nu pa ri so ta ve wo ze bro cla dri fen gol har jun kel lum mar nor pel rin sel
tor""".split()
KINDS = ["note", "tip", "warning", "danger", "info"]
TAIL_LENGTH = 600


class Writer:
    """Text of one lesson; the words it prefers are its own."""

    def __init__(self, seed, number, terms):
        self.random = random.Random(f"{seed}:{number}")
        self.terms = terms
        # Few words make up most of a text, as in any language.
        self.nouns = self.random.choices(NOUNS, k=60)
        self.verbs = self.random.choices(VERBS, k=40)
        self.adjectives = self.random.choices(ADJECTIVES, k=40)

    def chance(self, share):
        return self.random.random() < share

    def pick(self, words):
        """The first words far more often than the last."""
        return words[int(len(words) * self.random.random() ** 2)]

    def noun(self):
        return self.random.choice(self.terms) if self.chance(0.12) else self.pick(self.nouns)

    def thing(self):
        article = self.random.choice(["the", "the", "the", "a", "every", "each", "no", "our", "this"])
        adjective = self.pick(self.adjectives) + " " if self.chance(0.45) else ""
        noun = self.noun()
        if article == "a" and (adjective or noun)[0] in "aeiou":
            article = "an"
        return f"{article} {adjective}{noun}"

    def clause(self):
        text = f"{self.thing()} {self.pick(self.verbs)} {self.thing()}"
        if self.chance(0.5):
            text += f" {self.random.choice(['near', 'under', 'behind', 'of', 'for', 'with'])} {self.thing()}"
        return text

    def figure(self):
        unit = self.random.choice(["m", "kg", "s", "ms", "%", "N·m", "°C", "W", "Wh", "litres"])
        return f"{self.random.choice([self.random.randint(2, 900), round(self.random.uniform(0.1, 50), 1)])} {unit}"

    def sentence(self):
        text = self.clause()
        if self.chance(0.4):
            text += f", {self.random.choice(JOINTS)} {self.clause()}"
        if self.chance(0.15):
            text += f", about {self.figure()}"
        if self.chance(0.2):
            text = f"{self.random.choice(OPENINGS)}, {text}"
        if self.chance(0.08):
            term = self.random.choice(self.terms)
            text = text.replace(term, f"**{term}**", 1)
        if self.chance(0.05):
            text += f", see `{self.name()}`"
        return text[0].upper() + text[1:] + ("?" if self.chance(0.04) else ".")

    def paragraph(self):
        return " ".join(self.sentence() for _ in range(self.random.randint(2, 7)))

    def title(self):
        text = f"{self.pick(self.adjectives)} {self.noun()}".title()
        if self.chance(0.6):
            text += f" {self.random.choice(['and', 'of', 'without', 'under', 'for'])} {self.noun().capitalize()}"
        return text

    def bullets(self):
        mark = self.random.choice(["- ", "1. ", "- [ ] "])
        lines = []
        for index in range(self.random.randint(3, 7)):
            lines.append((f"{index + 1}. " if mark == "1. " else mark) + self.clause() + ";")
            if mark == "- " and self.chance(0.2):
                lines.append("  - " + self.clause())
        return "\n".join(lines)

    def table(self):
        columns = self.random.randint(2, 5)
        rows = [" | ".join(self.noun().capitalize() for _ in range(columns)), "|".join(["---"] * columns)]
        for _ in range(self.random.randint(3, 9)):
            rows.append(" | ".join(
                self.figure() if self.chance(0.4) else f"{self.pick(self.adjectives)} {self.noun()}"
                for _ in range(columns)))
        return "\n".join(f"| {row} |" if "---" not in row else f"|{row}|" for row in rows)

    def code(self):
        return self.random.choice([self.python, self.python, self.yaml, self.shell])()

    def name(self):
        return f"{self.pick(self.nouns)}_{self.pick(self.nouns)}"

    def python(self):
        function, argument, limit = self.name(), self.name(), self.name().upper()
        lines = [f"{limit} = {self.random.randint(1, 500)}    # {self.figure()}", "", "",
                 f"def {function}({argument}: float) -> float:", f'    """{self.clause().capitalize()}."""']
        for _ in range(self.random.randint(2, 8)):
            variable = self.name()
            lines += [f"    # {self.clause()}",
                      f"    {variable} = {argument} * {round(self.random.uniform(0, 9), 2)} + {limit}",
                      f"    if {variable} > {self.random.randint(1, 99)}:", f"        {argument} = {variable}"]
        lines += [f"    return {argument}", "", "", f"print({function}({self.random.randint(1, 9)}))"]
        return "```python\n" + "\n".join(lines) + "\n```"

    def yaml(self):
        lines = [f"# {self.clause()}"]
        for _ in range(self.random.randint(3, 9)):
            lines.append(f"{self.name()}: {self.random.randint(0, 900)}" if self.chance(0.7)
                         else f"{self.name()}:\n  - {self.noun()}\n  - {self.noun()}")
        return "```yaml\n" + "\n".join(lines) + "\n```"

    def shell(self):
        lines = [f"{self.pick(self.nouns)} --{self.pick(self.nouns)} {self.random.randint(1, 99)} {self.noun()}.txt"
                 for _ in range(self.random.randint(2, 5))]
        return "~~~bash\n" + "\n".join(lines) + "\n~~~"

    def admonition(self):
        kind = self.random.choice(KINDS)
        if self.chance(0.15):
            return (f"::::{kind} {self.title()}\n\n{self.paragraph()}\n\n:::note\n{self.sentence()}\n:::\n\n"
                    f"{self.sentence()}\n\n::::")
        return f":::{kind} {self.title()}\n{self.paragraph()}\n:::"

    def block(self):
        kind = self.random.random()
        if kind < 0.66:
            return self.paragraph()
        if kind < 0.76:
            return self.bullets()
        if kind < 0.84:
            return self.table()
        if kind < 0.93:
            return self.code()
        if kind < 0.98:
            return self.admonition()
        return self.random.choice([
            f"<!--\n# {self.title()}\n{self.sentence()}\n-->", f"> {self.paragraph()}",
            f"$$\n{self.pick(self.nouns)} = \\frac{{{self.random.randint(1, 9)}}}{{{self.random.randint(2, 9)}}}\n$$"])

    def body(self, title, size, link):
        """Markdown of about `size` bytes."""
        pieces = [f"# {title}", self.paragraph(), "## Learning Objectives", self.bullets()]
        length = sum(len(piece) + 2 for piece in pieces)
        left = 0
        while length < size - TAIL_LENGTH:
            if left == 0:
                left = self.random.randint(2, 7)
                pieces.append(f"{'###' if self.chance(0.3) else '##'} {self.title()}")
            else:
                left -= 1
                pieces.append(self.block())
            length += len(pieces[-1].encode()) + 2
        pieces += ["## Summary", self.paragraph()]
        if link:
            pieces.append(f"The next step is [{self.title()}](./{link}).")
        return "\n\n".join(pieces) + "\n"


def terms(seed, number):
    """Six words that hardly any other lesson has."""
    chosen = random.Random(f"{seed}:terms:{number}")
    return ["".join(chosen.choices(SYLLABLES, k=chosen.randint(3, 4))) for _ in range(6)]


def layout(files):
    """(part, chapter, lesson) numbers for so many lessons; chapters count through the book."""
    for index in range(files):
        chapter = index // LESSONS_PER_CHAPTER
        yield chapter // CHAPTERS_PER_PART + 1, chapter + 1, index % LESSONS_PER_CHAPTER + 1


def sizes(files, total, seed):
    """Bytes of each lesson: most of them short, some long, the sum as asked for."""
    spread = random.Random(f"{seed}:sizes")
    shares = [spread.lognormvariate(0, 0.6) for _ in range(files)]
    return [max(900, int(share * total / sum(shares))) for share in shares]


def part_folder(part):
    return f"{part:02d}-Part-{part}"


def chapter_folder(chapter):
    return f"{chapter:03d}-chapter-{chapter}"


def structure(numbers, seed):
    """book.yaml."""
    lines = [f"slug: made-book-{seed}", 'title: "A Made Book"', "language: en",
             'description: "Text without meaning, in the shape of a textbook."', "parts:"]
    for part, lessons in itertools.groupby(numbers, key=lambda number: number[0]):
        lines += [f"  - number: {part}", f'    title: "Part {part}"', f"    layer: {LAYERS[part % len(LAYERS)]}",
                  f"    tier: {TIERS[part % len(TIERS)]}", f"    folder: {part_folder(part)}",
                  f"    weeks: [{2 * part - 1}, {2 * part}]", "    chapters:"]
        for chapter in sorted({lesson[1] for lesson in lessons}):
            before = f"[{chapter - 1}]" if chapter > 1 else "[]"
            lines += [f"      - number: {chapter}", f'        title: "Chapter {chapter}"',
                      f"        folder: {chapter_folder(chapter)}", f"        prerequisites: {before}",
                      f'        transition_check: "Say what chapter {chapter} was about."']
    return "\n".join(lines) + "\n"


def make_book(out, files, total, seed):
    """Writes the book into an empty folder and returns its bytes."""
    out = pathlib.Path(out)
    numbers = list(layout(files))
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty")
    (out / "book.yaml").write_text(structure(numbers, seed), encoding="utf-8")
    written = 0
    for index, ((part, chapter, lesson), size) in enumerate(zip(numbers, sizes(files, total, seed))):
        folder = out / "parts" / part_folder(part) / "chapters" / chapter_folder(chapter) / "lessons"
        folder.mkdir(parents=True, exist_ok=True)
        writer = Writer(seed, index, terms(seed, index))
        title = writer.title()
        is_last = lesson == LESSONS_PER_CHAPTER or index == files - 1
        kind = "lab" if lesson == LESSONS_PER_CHAPTER else "lesson"
        head = (f'---\ntitle: "{title}"\nslug: c{chapter}-l{lesson}\ntype: {kind}\n'
                f"number: {lesson}\nsidebar_position: {lesson}\nestimated_minutes: {10 + size // 400}\n"
                f'description: "{writer.sentence().replace("`", "").replace("*", "")}"\n'
                f"keywords: [{', '.join(writer.terms)}]\n---\n\n")
        text = head + writer.body(title, size - len(head), None if is_last else f"{lesson + 1:02d}-lesson.md")
        data = text.encode()
        (folder / f"{lesson:02d}-lesson.md").write_bytes(data)
        written += len(data)
    return written


def lessons_of(book):
    return sorted(pathlib.Path(book).glob("parts/*/chapters/*/lessons/*.md"))


def edit_one_word(book, number=0):
    """Changes one word in the middle of a lesson's prose and returns the lesson's path."""
    lessons = lessons_of(book)
    path = lessons[(len(lessons) // 2 + number) % len(lessons)]
    lines = path.read_text(encoding="utf-8").split("\n")
    prose = [index for index, line in enumerate(lines)
             if index > 12 and re.match(r"[A-Z]", line) and len(line) > 120 and "`" not in line]
    place = prose[len(prose) // 2]
    words = lines[place].split(" ")
    words[len(words) // 2] = f"edited{number}"
    lines[place] = " ".join(words)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=3_000, metavar="N")
    parser.add_argument("--bytes", type=int, default=30_000_000, metavar="N", help="of all lessons together, about")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--replace", action="store_true", help="remove what stands there")
    parser.add_argument("out", metavar="OUT")
    options = parser.parse_args()
    if options.replace:
        shutil.rmtree(options.out, ignore_errors=True)
    try:
        written = make_book(options.out, options.files, options.bytes, options.seed)
    except FileExistsError as error:
        print(f"make_book: {error}; --replace removes it", file=sys.stderr)
        return 2
    print(f"{options.out}: {options.files} lessons, {written:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
