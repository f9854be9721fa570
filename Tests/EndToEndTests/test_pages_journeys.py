"""What people do with the pages, from the first visit to the next recommendation; in a browser, by what it shows."""

import re

from playwright.sync_api import expect

from browser import PHONE, chromium, readers, tab  # noqa: F401
from conftest import wait_for

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


def test_from_the_first_visit_to_the_next_recommendation(stack, readers):  # noqa: F811
    # Learners share sections: what others had written before would be there at once.
    stack.command("cache", "purge", "--all", "--yes")
    reader = readers(stack.api)
    page = reader.page
    reader.open(LESSON)
    # Somebody new is asked first, and may read at once all the same.
    assert reader.path.startswith("/onboarding?next=")
    answer_questions(page)
    page.wait_for_url(f"**{LESSON}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(tab(page, "Original")).to_have_attribute("aria-current", "page")

    with stack.paused("personalize-worker"):
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
    with stack.paused("personalize-worker"):
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
