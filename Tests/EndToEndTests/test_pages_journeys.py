"""What people do with the pages, from the first visit to the next recommendation; in a browser, by what it shows."""

import contextlib
import re
import signal

import pytest
from playwright.sync_api import expect

from browser import PHONE, chromium, readers  # noqa: F401
from conftest import Cluster, Stack, make_book, poll_text, running, wait_for

SLUG = "ch01-digital-vs-physical-ai"
LESSON = f"/lessons/{SLUG}"

ANSWERS = ("School", "A little", "No", "Nothing yet", "As a hobby", "English")


def answer_questions(page, answers=ANSWERS):
    """The six answers, by their labels; the form is sent."""
    groups = page.locator("form fieldset")
    assert groups.count() == 6
    for index, answer in enumerate(answers):
        groups.nth(index).get_by_label(answer, exact=True).check()
    page.get_by_role("button", name="Save and go on").click()


def tab(page, name):
    return page.get_by_role("navigation", name="Versions of this lesson").get_by_role("link", name=name)


@contextlib.contextmanager
def paused(stack, name):
    """Stops a process in the middle of what it does, and lets it go on."""
    stack.processes[name].send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        stack.processes[name].send_signal(signal.SIGCONT)


def answered(stack, readers, **options):  # noqa: F811
    """The browser of a learner who has answered the questions."""
    with stack.learner() as learner:
        return readers(stack.api, learner=learner.headers["X-User-ID"], **options)


def test_from_the_first_visit_to_the_next_recommendation(stack, readers):  # noqa: F811
    reader = readers(stack.api)
    page = reader.page
    reader.open(LESSON)
    # Somebody new is asked first, and may read at once all the same.
    assert reader.path.startswith("/onboarding?next=")
    answer_questions(page)
    page.wait_for_url(f"**{LESSON}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(tab(page, "Original")).to_have_attribute("aria-current", "page")

    with paused(stack, "personalize-worker"):
        tab(page, "Personalized").click()
        page.get_by_role("button", name="Write it for me").click()
        expect(page.get_by_role("heading", name="Your text is being written")).to_be_visible()
        expect(page.get_by_role("link", name="Read the original")).to_be_visible()
        reader.photograph("lesson-waiting-light-1440")
        reader.require_accessible()
    # The page shows the text by itself.
    text = page.locator("#text")
    expect(text).to_be_visible(timeout=30_000)
    first = text.inner_text()
    page.reload()
    expect(text).to_be_visible()
    assert text.inner_text() == first, "a text is written once"
    assert stack.database.value(
        "SELECT count(*) FROM lectern.operation WHERE user_id = %s::uuid", reader.learner) == 1

    page.get_by_role("link", name="Profile").first.click()
    page.get_by_label("A lot, for years", exact=True).check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    reader.open(f"{LESSON}?view=personalized")
    page.get_by_role("button", name="Write it for me").click()
    expect(text).to_be_visible(timeout=30_000)
    assert text.inner_text() != first, "the text fits the new answers"

    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_text("You finished this lesson on")).to_be_visible()
    reader.open("/book")
    expect(page.get_by_role("listitem").filter(has_text="Completed").first).to_be_visible()
    reader.open("/")
    # The whole book and its one written part say the same.
    expect(page.get_by_text("1 of 12 lessons completed").first).to_be_visible()
    recommendations = page.get_by_role("region", name="Recommended for you").get_by_role("listitem")
    assert 1 <= recommendations.count() <= 5
    assert recommendations.first.locator(".reason").first.inner_text()
    assert not page.locator(f"[data-recommended='{SLUG}']").count(), "what was read is not recommended"
    recommendations.first.get_by_role("link").click()
    page.wait_for_url("**/lessons/*")


def test_the_same_without_scripts(stack, readers):  # noqa: F811
    reader = readers(stack.api, scripts=False, width=PHONE)
    page = reader.page
    reader.open("/")
    page.get_by_role("link", name="Answer six questions").click()
    # An answer that is missing stands beside its question.
    reader.expected.add(422)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("Please choose an answer.").first).to_be_visible()
    answer_questions(page)
    page.wait_for_url("**/?done=onboarding")
    reader.open("/lessons/ch01-embodiment-hypothesis")
    tab(page, "Personalized").click()
    with paused(stack, "personalize-worker"):
        page.get_by_role("button", name="Write it for me").click()
        page.get_by_role("link", name="Look again now").click()
        expect(page.get_by_role("heading", name="Your text is being written")).to_be_visible()

    def has_text():
        page.reload()
        return page.locator("#text").count() == 1

    wait_for("the text", has_text, pause=0.5)
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_text("You finished this lesson on")).to_be_visible()
    reader.open("/")
    expect(page.get_by_text("1 of 12 lessons completed").first).to_be_visible()


def test_whoever_answers_nothing_reads_the_original(stack, readers):  # noqa: F811
    reader = readers(stack.api)
    page = reader.page
    reader.open(LESSON)
    page.get_by_role("link", name="Read without personalization").first.click()
    expect(page.locator("#text")).to_be_visible()
    tab(page, "Personalized").click()
    expect(page.get_by_role("heading", name="Complete onboarding first")).to_be_visible()
    # Asked once, and not again.
    reader.open("/lessons/ch01-embodiment-hypothesis")
    assert reader.path.startswith("/lessons/")


def test_an_urdu_reader_has_pages_and_text_from_right_to_left(stack, readers):  # noqa: F811
    reader = readers(stack.api, language="ur")
    page = reader.page
    reader.open("/onboarding?next=" + LESSON)
    assert page.locator("html").get_attribute("dir") == "rtl"
    for field, value in (
            ("education_level", "undergraduate"), ("programming_experience", "beginner"),
            ("robotics_background", "false"), ("ai_ml_experience", "none"), ("learning_goals", "hobby"),
            ("preferred_language", "ur")):
        page.locator(f"input[name={field}][value={value}]").check()
    page.locator("form[action='/onboarding'] button").click()
    page.wait_for_url(f"**{LESSON}")
    # The author's words keep their own direction.
    expect(page.locator("#text")).to_have_attribute("dir", "ltr")
    page.locator("nav.tabs a").nth(1).click()
    page.locator("form:has(input[value=personalize]) button").click()
    text = page.locator("#text")
    expect(text).to_have_attribute("dir", "rtl", timeout=30_000)
    assert re.search("[\u0600-\u06ff]{3}", text.inner_text())
    code = text.locator("pre").first
    assert code.evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_the_questions_are_answered_with_the_keyboard_alone(stack, readers):  # noqa: F811
    reader = readers(stack.api)
    page = reader.page
    reader.open("/onboarding")
    keyboard = page.keyboard

    def focused(attribute):
        return page.evaluate("name => document.activeElement.getAttribute(name)", attribute)

    keyboard.press("Tab")
    assert focused("href") == "#main", "the way past the navigation comes first"
    seen = []
    for _ in range(60):
        keyboard.press("Tab")
        name = focused("name")
        if page.evaluate("document.activeElement.matches('form[action=\"/onboarding\"] button')"):
            keyboard.press("Enter")
            break
        if name in ("q", None) or name in seen:
            continue
        outline = page.evaluate("""() => {
          const element = document.activeElement;
          return [element, element.closest("label")].some((e) => e && getComputedStyle(e).outlineStyle !== "none");
        }""")
        assert outline, f"the focus on {name} is not seen"
        seen.append(name)
        keyboard.press("Space")
    page.wait_for_url("**/?done=onboarding")
    assert len(seen) == 6, seen


def test_clearing_cookie_and_storage_makes_a_new_learner(stack, readers):  # noqa: F811
    reader = readers(stack.api)
    page = reader.page
    reader.open("/onboarding")
    answer_questions(page)
    page.wait_for_url("**/?done=onboarding")
    first = reader.learner
    assert page.evaluate("localStorage.getItem('lectern.learner')") == first
    # One of the two brings the other back.
    reader.context.clear_cookies()
    reader.open("/")
    expect(page.get_by_role("region", name="Recommended for you")).to_be_visible()
    assert reader.learner == first
    page.evaluate("localStorage.clear()")
    reader.open("/")
    assert page.evaluate("localStorage.getItem('lectern.learner')") == first
    page.evaluate("localStorage.clear()")
    reader.context.clear_cookies()
    reader.open("/")
    expect(page.get_by_role("heading", name="A book that is written for you")).to_be_visible()
    reader.open("/onboarding")
    answer_questions(page)
    page.wait_for_url("**/?done=onboarding")
    assert reader.learner and reader.learner != first


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
    with paused(own_stack, "personalize-worker"):
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
