// Search works without this. It shows what is found while one types, and opens the search from anywhere by Ctrl K.
(function () {
  "use strict";
  const WAIT_MS = 180;
  const field = document.getElementById("search");
  const list = document.getElementById("found");
  if (!field || !list) return;
  let waiting = 0;
  let asked = 0;
  let at = -1;

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { ask().catch(close); }, WAIT_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
    else if (event.key === "Escape") { if (list.hidden) field.blur(); close(); }
    else if (event.key === "Enter" && !list.hidden && links().length) { event.preventDefault(); (links()[at] || links()[0]).click(); }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) close(); });

  const links = () => Array.from(list.querySelectorAll("a"));

  function close() {
    list.hidden = true;
    at = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function move(by) {
    const found = links();
    if (!found.length) return;
    at = (at + by + found.length) % found.length;
    found.forEach((link, number) => link.setAttribute("aria-selected", String(number === at)));
    field.setAttribute("aria-activedescendant", found[at].id);
    found[at].scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    const text = field.value.trim();
    const mine = ++asked;
    if (text.length < 2) { close(); return; }
    const body = new URLSearchParams({ csrf: field.form.elements.csrf.value, q: text, json: "yes" });
    const answer = await fetch(field.form.action, { method: "POST", body, redirect: "error" });
    if (!answer.ok || mine !== asked) return;
    show((await answer.json()).groups);
  }

  function show(groups) {
    list.replaceChildren(...groups.flatMap((group, number) => [made("p", group.title, "kind"), ...group.results.map((each, place) => result(each, `f${number}-${place}`))]));
    if (!groups.length) list.replaceChildren(made("p", "Nothing goes by that.", "kind"));
    at = -1;
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
  }

  function result(each, id) {
    const link = made("a", each.word, "");
    Object.assign(link, { href: each.path, id, tabIndex: -1 });
    link.setAttribute("role", "option");
    link.append(made("small", each.hint, ""));
    return link;
  }

  function made(name, text, kind) {
    const element = document.createElement(name);
    element.textContent = text;
    if (kind) { element.className = kind; element.setAttribute("role", "presentation"); }
    return element;
  }
})();
