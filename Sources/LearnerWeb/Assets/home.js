// Says which recommendations were seen, once in a session: what is shown and never opened sinks.
"use strict";
(() => {
  const slugs = [...document.querySelectorAll("[data-recommended]")].map((item) => item.dataset.recommended);
  const key = "lectern.shown";
  try {
    const learner = localStorage.getItem("lectern.learner");
    const seen = slugs.join(" ");
    if (learner === null || slugs.length === 0 || sessionStorage.getItem(key) === seen) return;
    fetch("/api/progress/recommendations/shown", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-User-ID": learner },
      body: JSON.stringify({ lesson_slugs: slugs }),
    }).then((answer) => {
      if (answer.ok) sessionStorage.setItem(key, seen);
    }).catch(() => {
      // Not told: the next visit tells it.
    });
  } catch {
    // Storage is switched off: nobody is known here who could be told of.
  }
})();
