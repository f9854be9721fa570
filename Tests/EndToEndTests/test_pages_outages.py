"""What readers see of a hostile lesson, and while a part of the system is away; in a browser."""

import re

import pytest
from playwright.sync_api import expect

from browser import PHONE, answered, chromium, readers, tab  # noqa: F401
from conftest import Cluster, Stack, make_book, poll_text, running, wait_for

HOSTILE = """---
title: "Hostile <script>alert(1)</script>"
---

# Hostile <img src=x onerror=alert(2)>

## A section <script>alert(3)</script>

<script>alert(4)</script><script src="https://evil.example/x.js"></script>
<img src="https://evil.example/pixel.png" onerror="alert(5)"><iframe src="https://evil.example/"></iframe>
<svg onload="alert(6)"><style>@import "https://evil.example/x.css";</style></svg>

[one](javascript:alert(7)) [two](data:text/html;base64,PHNjcmlwdD5hbGVydCg4KTwvc2NyaXB0Pg==) <javascript:alert(9)>
![three](https://evil.example/four.png) ![five](data:image/svg+xml,%3Csvg%20onload='alert(10)'/%3E)
[six](//evil.example/ "\\" onmouseover=alert(11) \\"") [seven]( vbscript:alert(12))

<form action="https://evil.example/"><input autofocus onfocus="alert(13)"><button>Send</button></form>
<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">

| a <script>alert(14)</script> | b |
|---|---|
| `<script>alert(15)</script>` | [x](javascript:alert(16)) |

```html" onload="alert(17)
<script>alert(18)</script>
```

""" + ">" * 40 + " deep\n\n" + "\n".join("  " * depth + "- deep" for depth in range(20)) + "\n"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory):
    """An installation whose parts a test may stop, with a hostile lesson beside three harmless ones."""
    cluster = Cluster()
    try:
        folder = tmp_path_factory.mktemp("pages")
        with running(Stack(folder, cluster.create("pages"))) as stack:
            stack.cluster = cluster
            stack.start_all()
            book = make_book(folder / "book", 3)
            lessons = book / "parts/01-First/chapters/01-Chapter/lessons"
            (lessons / "004-hostile.md").write_text(HOSTILE)
            stack.sync(book)
            stack.wait_until_embedded()
            yield stack
    finally:
        cluster.remove()


def test_a_hostile_lesson_is_shown_and_does_nothing(own_stack, readers):  # noqa: F811
    book = own_stack.client().get("/api/content/book").json()
    slug = next(lesson["slug"] for part in book["parts"] for chapter in part["chapters"]
                for lesson in chapter["lessons"] if "ostile" in lesson["title"])
    with own_stack.learner() as learner:
        learner.post("/api/personalize", json={"lesson_slug": slug})
        poll_text(learner, slug)
        reader = readers(own_stack.api, learner=learner.headers["X-User-ID"])
    for address in (f"/lessons/{slug}", f"/lessons/{slug}?view=personalized", f"/lessons/{slug}?view=changes",
                    "/book", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E+hostile", "/"):
        reader.open(address)
        page = reader.page
        page.wait_for_load_state("networkidle")
        for link in page.locator("main a").all():
            assert not re.match(r"\s*(javascript|data|vbscript):", link.get_attribute("href") or "", re.IGNORECASE)
        foreign = page.locator(
            "main :is(script, iframe, object, embed, style, meta, base, svg, input[onfocus], [onerror], [onload])")
        assert foreign.count() == 0
        reader.require_no_sideways_scrolling(PHONE)
        # Faults are dialogs, requests to other origins, and what the policy had to stop.
        reader.require_harmless()


def test_with_the_workers_away_the_tab_says_that_the_text_waits(own_stack, readers):  # noqa: F811
    reader = answered(own_stack, readers)
    page = reader.page
    with own_stack.paused("personalize-worker"):
        reader.open("/lessons/ch01-lesson-2?view=personalized")
        page.get_by_role("button", name="Write it for me").click()
        expect(page.get_by_role("heading", name="Your text is being written")).to_be_visible()
        page.get_by_role("link", name="Read the original").click()
        expect(page.locator("#text")).to_contain_text("topic2")
    reader.open("/lessons/ch01-lesson-2?view=personalized")
    expect(page.locator("#text")).to_be_visible(timeout=30_000)


def test_with_the_storage_away_what_was_read_stays_and_the_rest_says_so(own_stack, readers):  # noqa: F811
    reader = answered(own_stack, readers)
    page = reader.page
    reader.open("/lessons/ch01-lesson-1")
    own_stack.kill("storage")
    try:
        reader.open("/lessons/ch01-lesson-1")
        expect(page.locator("#text")).to_contain_text("topic1")
        reader.open("/lessons/ch01-lesson-3", status=503)
        expect(page.get_by_role("link", name="Try again")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    finally:
        own_stack.start("storage")
    reader.expected.add(503)
    wait_for("the lesson", lambda: page.goto("/lessons/ch01-lesson-3").status == 200)
    expect(page.locator("#text")).to_contain_text("topic3")


def test_with_the_database_away_the_original_stays_and_the_tab_says_what_is_wrong(own_stack, readers):  # noqa: F811
    reader = answered(own_stack, readers)
    page = reader.page
    reader.open("/lessons/ch01-lesson-1")
    own_stack.cluster.stop()
    reader.expected.update({500, 503})
    try:
        reader.open("/lessons/ch01-lesson-1")
        expect(page.locator("#text")).to_contain_text("topic1")
        expect(page.get_by_role("alert").first).to_contain_text("does not answer")
        tab(page, "Personalized").click()
        expect(page.get_by_role("heading", name="Your text cannot be reached right now")).to_be_visible()
        reader.photograph("lesson-away-light-1440")
        reader.open("/book")
        expect(page.get_by_role("link", name="Lesson 1")).to_be_visible()
        reader.open("/search?q=topic1", status=503)
        expect(page.get_by_text("The search does not answer at the moment.")).to_be_visible()
        reader.open("/")
        expect(page.get_by_role("heading", level=1)).to_be_attached()
    finally:
        own_stack.cluster.start()
    wait_for("the API to recover", lambda: own_stack.is_ready("api"))
    reader.open("/lessons/ch01-lesson-1?view=personalized")
    expect(page.get_by_role("button", name="Write it for me")).to_be_visible()
