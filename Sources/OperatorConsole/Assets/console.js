// Reads the page anew every ten seconds and puts its tables in the place of the old ones.
"use strict";
(() => {
  const label = document.querySelector(".refresh label");
  const box = label.querySelector("input");
  const status = document.querySelector(".refresh [role=status]");
  const interval = 10_000;
  label.hidden = false;

  const replace = (section) => {
    const shown = document.getElementById(section.id);
    // Whoever is in a table with the keyboard keeps it until they leave.
    if (shown === null || shown.contains(document.activeElement)) return;
    const offset = shown.querySelector(".scroll")?.scrollLeft ?? 0;
    shown.replaceWith(document.adoptNode(section));
    const scroll = section.querySelector(".scroll");
    if (scroll !== null) scroll.scrollLeft = offset;
  };

  const refresh = async () => {
    if (!box.checked || document.hidden) return;
    try {
      const answer = await fetch("/ops", { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(interval) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      page.querySelectorAll("main section").forEach(replace);
      status.textContent = "";
    } catch (error) {
      if (status.textContent === "") {
        status.textContent = `Not refreshed since ${new Date().toLocaleTimeString()}: ${error.message}`;
      }
    }
  };

  setInterval(refresh, interval);
})();
