// Reports how long a lesson was looked at: while it was visible, and somebody moved in the last five minutes.
"use strict";
(() => {
  const main = document.querySelector("main.lesson");
  if (main === null) return;

  const learner = () => {
    try {
      const stored = localStorage.getItem("lectern.learner");
      if (stored !== null) return stored;
    } catch {
      // Storage is switched off: the cookie alone does.
    }
    const pair = document.cookie.split("; ").find((part) => part.startsWith("lectern_learner="));
    return pair === undefined ? null : pair.slice("lectern_learner=".length);
  };

  // Time on the page: while it is visible, and somebody moved within the last five minutes.
  const idleAfter = 5 * 60 * 1000;
  const longestReport = 86400;
  let visibleSince = document.visibilityState === "visible" ? performance.now() : null;
  let lastMove = performance.now();
  let milliseconds = 0;
  // Reports that nobody has confirmed keep their number, so that one which arrived after all adds nothing twice.
  let unconfirmed = [];
  let lastNumber = 0;

  const settle = () => {
    if (visibleSince === null) return;
    const now = performance.now();
    const end = Math.min(now, Math.max(visibleSince, lastMove + idleAfter));
    milliseconds += end - visibleSince;
    visibleSince = now;
  };

  const report = () => {
    settle();
    const seconds = Math.min(longestReport, Math.floor(milliseconds / 1000));
    if (seconds > 0) {
      milliseconds -= seconds * 1000;
      lastNumber = Math.max(Date.now(), lastNumber + 1);
      unconfirmed.push({ time_spent_seconds: seconds, report_number: lastNumber });
      unconfirmed = unconfirmed.slice(-16);
    }
    const id = learner();
    if (id === null || main.dataset.tracked === undefined) return;
    for (const one of unconfirmed) {
      fetch(`/api/progress/lessons/${encodeURIComponent(main.dataset.slug)}/time`, {
        method: "PUT",
        headers: { "Content-Type": "application/json", "X-User-ID": id },
        body: JSON.stringify(one),
        keepalive: true,
      }).then((answer) => {
        if (answer.ok || (answer.status >= 400 && answer.status < 500 && answer.status !== 429)) {
          unconfirmed = unconfirmed.filter((other) => other !== one);
        }
      }).catch(() => {
        // It stays unconfirmed and goes with the next report.
      });
    }
  };

  const moved = () => {
    settle();
    lastMove = performance.now();
  };
  for (const name of ["pointerdown", "pointermove", "keydown", "scroll", "touchstart"]) {
    addEventListener(name, moved, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      report();
      visibleSince = null;
    } else {
      visibleSince = performance.now();
      lastMove = visibleSince;
    }
  });
  addEventListener("pagehide", report);
  setInterval(report, 60 * 1000);
})();
