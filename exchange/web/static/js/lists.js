// Lists work without this. It counts what is chosen, tells of new rows without moving what is read, and closes what opens.
(function () {
  "use strict";
  const NEWS_MS = 10000;
  const LEAST_MS = 1000;
  const SLOW_MS = 150;
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  const boxes = all('td.tick input[type="checkbox"]');
  const bar = document.querySelector("[data-bulk]");
  const whole = document.querySelector("[data-all]");

  function count() {
    const chosen = boxes.filter((box) => box.checked).length;
    const told = document.querySelector("[data-chosen]");
    const every = document.querySelector('[data-bulk] input[value="all"]');
    if (told) told.textContent = chosen + " chosen";
    if (bar) bar.classList.toggle("none", !chosen && !(every && every.checked));
    if (whole) { whole.checked = chosen === boxes.length; whole.indeterminate = chosen > 0 && chosen < boxes.length; }
  }
  let last = -1;
  boxes.forEach((box, at) => box.addEventListener("click", (event) => {
    if (event.shiftKey && last >= 0) boxes.slice(Math.min(last, at), Math.max(last, at) + 1).forEach((each) => { each.checked = box.checked; });
    last = at;
    count();
  }));
  if (whole) whole.addEventListener("change", () => { boxes.forEach((box) => { box.checked = whole.checked; }); count(); });
  if (bar) { bar.addEventListener("change", count); count(); }

  // New rows wait above the list until somebody asks for them. They are counted when the page's stream tells of leads, at
  // most once a second; without a stream every ten seconds.
  const fresh = document.querySelector("[data-news]");
  async function news() {
    if (document.hidden) return;
    const answer = await fetch(fresh.dataset.news, { redirect: "error" });
    if (!answer.ok) return;
    const told = await answer.json();
    fresh.hidden = !told.new;
    fresh.querySelector("[data-count]").textContent = told.or_more ? told.new + " or more" : String(told.new);
  }
  function every() { setInterval(() => { news().catch(() => undefined); }, NEWS_MS); }
  let told = false;
  let asking = false;
  function soon() {
    told = true;
    if (asking) return;
    asking = true;
    told = false;
    news().catch(() => undefined).finally(() => { setTimeout(() => { asking = false; if (told) soon(); }, LEAST_MS); });
  }
  if (fresh && fresh.dataset.stream && window.EventSource) {
    document.addEventListener("streamopen", soon);
    document.addEventListener("tick", soon);
    document.addEventListener("streamlost", every);
    addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
  } else if (fresh) every();

  // What is being replaced dims when that takes a while.
  const list = document.querySelector(".list");
  function dims() { setTimeout(() => { if (list) list.classList.add("dims"); }, SLOW_MS); }
  all("form[data-filters]").forEach((form) => form.addEventListener("submit", (event) => {
    all("input, select", form).forEach((field) => { if (!field.value) field.disabled = true; });
    dims();
  }));
  all(".list th a, .chips a, .pager a").forEach((link) => link.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) dims();
  }));
  addEventListener("pageshow", () => {
    if (list) list.classList.remove("dims");
    all("form[data-filters] :disabled").forEach((field) => { field.disabled = false; });
  });

  // What opened over the page closes by Escape, or when one goes on elsewhere.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    all(".pop[open]").forEach((pop) => { pop.open = false; pop.querySelector("summary").focus(); });
  });
  document.addEventListener("click", (event) => {
    all(".pop[open]").forEach((pop) => { if (!pop.contains(event.target)) pop.open = false; });
  });
})();
