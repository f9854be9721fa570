// Keeps an open page fresh: numbers come as events, and at their word the page's parts are read anew.
"use strict";
(() => {
  const label = document.querySelector(".refresh label");
  if (label === null) return;
  const box = label.querySelector("input");
  const status = document.querySelector(".refresh [role=status]");
  const address = document.querySelector(".refresh a").href;
  const interval = 10_000;
  let source = null;
  let timer = null;
  label.hidden = false;

  // Whoever is in a part with the keyboard, or wrote something there, keeps it until they leave.
  const isInUse = (part) =>
    part.contains(document.activeElement) ||
    [...part.querySelectorAll("input")].some((field) => field.value !== field.defaultValue);

  const replace = (section) => {
    const shown = document.getElementById(section.id);
    if (shown === null || isInUse(shown)) return;
    const offsets = [...shown.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
    const open = [...shown.querySelectorAll("details")].map((part) => part.open);
    shown.replaceWith(document.adoptNode(section));
    section.querySelectorAll(".scroll").forEach((part, index) => { part.scrollLeft = offsets[index] ?? 0; });
    section.querySelectorAll("details").forEach((part, index) => { part.open = open[index] ?? false; });
  };

  const look = async () => {
    if (!box.checked || document.hidden) return;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(interval) });
      if (answer.redirected) return location.assign(address);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      page.querySelectorAll("main section[id]:not(#filter)").forEach(replace);
      status.textContent = "";
    } catch (error) {
      if (status.textContent === "") {
        status.textContent = `Not refreshed since ${new Date().toLocaleTimeString()}: ${error.message}`;
      }
    }
  };

  const put = (event) => {
    for (const [queue, numbers] of Object.entries(JSON.parse(event.data))) {
      const row = document.querySelector(`[data-queue="${CSS.escape(queue)}"]`);
      for (const [name, number] of Object.entries(numbers)) {
        const cell = row?.querySelector(`[data-number="${name}"]`);
        if (cell && cell.textContent !== number) cell.textContent = number;
      }
    }
  };

  const follow = () => {
    source?.close();
    clearInterval(timer);
    source = timer = null;
    if (!box.checked || document.hidden) return;
    source = new EventSource("/ops/events");
    source.addEventListener("numbers", put);
    source.addEventListener("look", look);
    source.addEventListener("error", () => {
      // Where too many listen, the page asks by itself.
      if (source.readyState === EventSource.CLOSED && timer === null) timer = setInterval(look, interval);
    });
  };

  box.addEventListener("change", follow);
  document.addEventListener("visibilitychange", follow);
  follow();
})();
