"""What holds on every page: a browser finds nothing to complain of, it is light, and it fits every screen."""

import pytest

from browser import PHONE, chromium, readers  # noqa: F401
from conftest import poll_text

LESSON = "/lessons/ch01-digital-vs-physical-ai"

# Name, address, status, whether a learner looks at it who has a text of their own.
PAGES = [
    ("start", "/", 200, False),
    ("onboarding", "/onboarding", 200, False),
    ("book", "/book", 200, False),
    ("search-blank", "/search", 200, False),
    ("search-wrong", "/search?q=", 422, False),
    ("search-nothing", "/search?q=zzqx", 200, False),
    ("lesson-onboard", f"{LESSON}?view=personalized", 200, False),
    ("not-found", "/lessons/none", 404, False),
    ("home", "/", 200, True),
    ("book-learner", "/book", 200, True),
    ("profile", "/profile", 200, True),
    ("search", "/search?q=robot+%D8%B1%D9%88%D8%A8%D9%88%D9%B9", 200, True),
    ("lesson-original", LESSON, 200, True),
    ("lesson-personalized", f"{LESSON}?view=personalized", 200, True),
    ("lesson-changes", f"{LESSON}?view=changes", 200, True),
    ("lesson-ask", "/lessons/ch02-lab?view=personalized", 200, True),
]


@pytest.fixture(scope="module")
def learners(stack):
    """By language the id of a learner who has read a lesson, began another and has a text of their own."""
    ids = {}
    for language in ("en", "ur"):
        with stack.learner(preferred_language=language) as learner:
            learner.post("/api/progress/lessons/ch01-embodiment-hypothesis/complete").raise_for_status()
            learner.post("/api/progress/lessons/ch01-digital-vs-physical-ai/start").raise_for_status()
            learner.post("/api/personalize", json={"lesson_slug": "ch01-digital-vs-physical-ai"}).raise_for_status()
            poll_text(learner, "ch01-digital-vs-physical-ai")
            ids[language] = learner.headers["X-User-ID"]
    return ids


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("name, address, status, is_learner", PAGES, ids=[page[0] for page in PAGES])
def test_a_page_is_sound(stack, readers, learners, name, address, status, is_learner, language):  # noqa: F811
    reader = readers(stack.api, language=language, learner=learners[language] if is_learner else None)
    reader.open(address, status)
    reader.require_light()
    root = reader.page.locator("html")
    assert (root.get_attribute("lang"), root.get_attribute("dir")) == (language, "rtl" if language == "ur" else "ltr")
    assert reader.page.get_by_role("heading", level=1).count() == 1
    reader.examine(f"{name}-{language}")


def test_every_page_in_the_navigation_marks_itself(stack, readers, learners):  # noqa: F811
    reader = readers(stack.api, learner=learners["en"])
    reader.open("/")
    for name, path in (("Book", "/book"), ("Search", "/search"), ("Profile", "/profile"), ("Home", "/")):
        reader.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        reader.page.wait_for_url(f"**{path}")
        marked = reader.page.locator("nav [aria-current=page]").first
        assert marked.inner_text() == name


def test_the_book_folds_and_leads_to_its_lessons_without_scripts(stack, readers, learners):  # noqa: F811
    reader = readers(stack.api, scripts=False, learner=learners["en"], width=PHONE)
    reader.open("/book")
    page = reader.page
    lesson = page.get_by_role("listitem").filter(has_text="Completed").get_by_role("link")
    assert lesson.count() == 1 and lesson.is_visible()
    here = page.locator("main [aria-current]")
    assert here.count() == 1 and here.is_visible()
    chapter = page.locator("details.chapter").filter(has=page.locator("[aria-current]")).locator("> summary")
    chapter.click()
    assert not here.is_visible()
    chapter.click()
    address = here.get_attribute("href")
    here.click()
    page.wait_for_url(f"**{address}")


@pytest.mark.parametrize("language, query, marked", [
    ("en", "robot balance", "robot"), ("ur", "روبوٹ کا توازن", "robot")])
def test_a_search_marks_words_and_leads_to_the_section(stack, readers, language, query, marked):  # noqa: F811
    reader = readers(stack.api, language=language)
    reader.open("/search")
    page = reader.page
    box = page.locator("main").get_by_role("searchbox")
    box.fill(query)
    box.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert page.locator("main").get_by_role("searchbox").input_value() == query
    marks = page.locator("mark").all_inner_texts()
    assert any(text.lower().startswith(marked) for text in marks), marks
    section = page.locator("main h3 a[href*='#']").first
    anchor = section.get_attribute("href")
    reader.open(anchor.replace("#", "?view=original#"))
    assert page.locator(f"[id='{anchor.split('#')[1]}']").is_visible()


def test_the_quick_search_is_in_the_header_of_wide_screens(stack, readers):  # noqa: F811
    reader = readers(stack.api, scripts=False)
    reader.open("/book")
    box = reader.page.get_by_role("searchbox", name="Quick search")
    box.fill("torque")
    box.press("Enter")
    reader.page.wait_for_url("**/search?q=torque")
    assert reader.page.locator("mark").count() > 0
    reader.resize(PHONE)
    assert not reader.page.get_by_role("searchbox", name="Quick search").is_visible()
