// The page of a lesson: begins it, reports the time it was visible, and follows a text while it is written.
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

  // A text under way: the server's own page is what is shown; events only say when to fetch it again.
  const panel = () => main.querySelector("[data-operation]");
  let isFetching = false;
  let isWanted = false;
  let stream = null;
  let timer = null;

  const showNews = (fresh) => {
    const now = panel();
    const next = fresh.querySelector("[data-operation]");
    if (next === null || now === null || next.dataset.operation !== now.dataset.operation) return false;
    const state = now.querySelector("#waiting-state");
    const nextState = next.querySelector("#waiting-state").textContent;
    if (state.textContent !== nextState) state.textContent = nextState;
    const bar = now.querySelector("progress");
    const nextBar = next.querySelector("progress");
    if (nextBar !== null) {
      if (bar === null) state.after(nextBar);
      else {
        bar.max = nextBar.max;
        bar.value = nextBar.value;
      }
    }
    const text = main.querySelector("#written");
    for (const section of fresh.querySelectorAll("#written > [data-ordinal]")) {
      const ordinal = Number(section.dataset.ordinal);
      const all = [...text.children];
      if (all.some((other) => Number(other.dataset.ordinal) === ordinal)) continue;
      text.insertBefore(section, all.find((other) => Number(other.dataset.ordinal) > ordinal) ?? null);
    }
    return true;
  };

  const showEnd = (fresh) => {
    const place = fresh.querySelector("#lesson");
    if (place === null) return;
    const hadFocus = main.contains(document.activeElement);
    main.querySelector("#lesson").replaceWith(place);
    if (hadFocus) {
      const title = main.querySelector("h1");
      title.tabIndex = -1;
      title.focus();
    }
    const message = main.querySelector("#panel-title");
    main.querySelector("#news").textContent = message === null ? main.dataset.ready : message.textContent;
  };

  const stop = () => {
    if (stream !== null) stream.close();
    stream = null;
    clearInterval(timer);
    timer = null;
  };

  const refresh = async () => {
    isWanted = true;
    if (isFetching) return;
    isFetching = true;
    while (isWanted && panel() !== null) {
      isWanted = false;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (answer.status < 500 && !showNews(fresh)) {
          stop();
          showEnd(fresh);
          follow();
        }
      } catch {
        // The next event or the next look tries again.
      }
      await new Promise((resume) => setTimeout(resume, 400));
    }
    isFetching = false;
  };

  const poll = () => {
    if (timer !== null || panel() === null) return;
    timer = setInterval(refresh, Math.max(1, Number(panel().dataset.retry)) * 1000);
  };

  function follow() {
    const waiting = panel();
    if (waiting === null) return;
    if (typeof EventSource === "undefined") {
      poll();
      return;
    }
    stream = new EventSource(`/api/operations/${waiting.dataset.operation}/events`);
    for (const name of ["section", "progress", "done"]) stream.addEventListener(name, refresh);
    stream.addEventListener("done", () => stream?.close());
    stream.addEventListener("error", () => {
      // A stream that only broke off comes back by itself; one that was refused does not. Looking now and then is
      // right in both cases.
      poll();
    });
  }
  follow();
})();
