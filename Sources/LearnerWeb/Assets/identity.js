// Keeps the learner's id alike in the cookie, which pages go by, and in local storage, which clients of the API go by.
"use strict";
(() => {
  const key = "lectern.learner";
  const cookie = "lectern_learner";
  const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

  const readCookie = () => {
    const pair = document.cookie.split("; ").find((part) => part.startsWith(cookie + "="));
    return pair === undefined ? null : pair.slice(cookie.length + 1);
  };

  const writeCookie = (value, seconds) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${cookie}=${value}; Path=/; Max-Age=${seconds}; SameSite=Lax${secure}`;
  };

  let stored;
  try {
    stored = localStorage.getItem(key);
  } catch {
    // Storage is switched off: the cookie alone does.
    return;
  }
  const sent = readCookie();
  if (sent === "forgotten") {
    localStorage.removeItem(key);
    writeCookie("", 0);
  } else if (sent !== null && pattern.test(sent)) {
    if (stored !== sent) localStorage.setItem(key, sent);
  } else if (stored !== null && pattern.test(stored)) {
    writeCookie(stored, 365 * 86400);
    // This page was made for somebody unknown. Once is enough: a browser without cookies would go round for ever.
    if (readCookie() === stored && sessionStorage.getItem(key) === null) {
      sessionStorage.setItem(key, "sent");
      location.reload();
    }
  } else if (stored !== null) {
    localStorage.removeItem(key);
  }
})();
