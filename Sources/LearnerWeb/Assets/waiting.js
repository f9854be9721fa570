// Follows a text while it is written. What is shown is always the server's own page; events only say when to fetch it.
"use strict";
(() => {
  const main = document.querySelector("main.lesson");
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
    for (const sheet of fresh.querySelectorAll('link[rel="stylesheet"]')) {
      if (document.head.querySelector(`link[href="${sheet.getAttribute("href")}"]`) === null) document.head.append(sheet);
    }
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
    stream.addEventListener("done", () => {
      stream?.close();
      // Should the page not be had at once, it is asked for again.
      poll();
    });
    stream.addEventListener("error", () => {
      // A stream that only broke off comes back by itself; one that was refused does not. Looking now and then is
      // right in both cases.
      poll();
    });
  }
  follow();
})();
