"""What a personalized text must have kept of the author's, read with regular expressions of our own."""

import collections
import re

FENCE = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


def code(markdown):
    """Every fenced block with its fences, byte for byte."""
    return [match.group() for match in FENCE.finditer(markdown)]


def prose(markdown):
    return FENCE.sub("", markdown)


def headings(markdown):
    return re.findall(r"^#{1,6} .*$", prose(markdown), re.MULTILINE)


def targets(markdown):
    return collections.Counter(re.findall(r"\]\(([^)]*)\)", prose(markdown)))


def require_promises(source, text):
    """Code, headings and links are the author's, and nothing that could run or that speaks to a model came in."""
    assert code(text) == code(source)
    assert headings(text) == headings(source)
    assert targets(text) == targets(source)
    tags = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)
    assert set(tags.findall(prose(text))) <= set(tags.findall(prose(source)))
    for foreign in ("⟦", "=====", "improved", "You rewrite one section", "The section to rewrite", "Your answer broke",
                    "Sure! Here is", "alert(1)", "example.org/elsewhere"):
        assert foreign not in text, foreign


def body(content):
    """A lesson's file without its front matter."""
    return content.split("\n---\n", 1)[1] if content.startswith("---\n") else content
