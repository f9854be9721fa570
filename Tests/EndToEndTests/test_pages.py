"""What holds on every page: a browser finds nothing to complain of, it is light, and it fits every screen."""

import pytest

from browser import NARROWEST, PHONE, WIDE, chromium, readers  # noqa: F401

# Name, address, status.
PAGES = [
    ("home", "/", 200),
    ("lesson", "/lessons/ch01-digital-vs-physical-ai", 200),
    ("ops", "/ops", 200),
]


@pytest.mark.parametrize("name, address, status", PAGES, ids=[page[0] for page in PAGES])
def test_a_page_is_sound(stack, readers, name, address, status):  # noqa: F811
    reader = readers(stack.api)
    reader.open(address, status)
    print(reader.weight())
    reader.require_light()
    for width in (WIDE, PHONE):
        for scheme in ("light", "dark"):
            reader.resize(width)
            reader.set_scheme(scheme)
            reader.photograph(f"{name}-{scheme}-{width}")
            reader.require_accessible()
    reader.require_no_sideways_scrolling(NARROWEST, PHONE, WIDE)
