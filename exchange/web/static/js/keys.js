// Keys. Never while typing, never with Ctrl, Alt or Meta, and not at all when somebody turned them off.
(function () {
  "use strict";
  const ORDER = "exchange.order";
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const one = (selector) => document.querySelector(selector);
  const off = document.documentElement.dataset.keys === "off";

  let at = -1;
  let goes = false;
  document.addEventListener("keydown", (event) => {
    if (off || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], dialog[open]")) return;
    const key = event.key;
    if (goes) {
      goes = false;
      const link = one(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    const act = ACTS[key];
    if (act) { act(event); return; }
    if (/^[a-z]$/.test(key)) press(key, event);
    else if (/^[1-9]$/.test(key)) say(event, Number(key));
  });

  const ACTS = {
    "/": (event) => focus(event, one("#search")),
    "?": showHelp,
    g: () => { goes = true; },
    j: (event) => { if (rows().length) move(1); else press("j", event); },
    k: (event) => { if (rows().length) move(-1); else press("k", event); },
    x: (event) => choose(event, false),
    X: (event) => choose(event, true),
    f: (event) => focus(event, one("[data-filters] select, [data-filters] input:not([type=hidden])")),
    e: (event) => click(event, one("[data-testid=csv]")),
    o: (event) => click(event, one("[data-expand]")),
    c: (event) => click(event, one("[data-copy-link]")) || copyLink(event),
    ".": (event) => focus(event, one("main .acts a, main .acts button, main .hd .btn")),
    "[": (event) => step(event, -1),
    "]": (event) => step(event, 1),
    T: (event) => click(event, one("[data-testid=theme]")),
    Enter: (event) => {
      if (at >= 0 && !event.target.closest("a, button, summary")) rows()[at].querySelector("a").click();
    },
  };

  function focus(event, field) {
    if (!field) return;
    event.preventDefault();
    field.focus();
    if (field.select) field.select();
  }

  function click(event, target) {
    if (!target) return false;
    event.preventDefault();
    target.click();
    return true;
  }

  function copyLink(event) {
    event.preventDefault();
    navigator.clipboard.writeText(location.href).catch(() => undefined);
  }

  function showHelp(event) {
    const help = document.getElementById("help");
    if (help && !help.open) { event.preventDefault(); help.showModal(); }
  }
  all("[data-help]").forEach((button) => button.addEventListener("click", showHelp));

  // A digit says what became of a lead: by its button, or of the row one is at, as the list's first nine words.
  function say(event, digit) {
    const button = one(`[data-key="${digit}"]`);
    if (button) { event.preventDefault(); button.click(); return; }
    const form = one("form[data-set-one]");
    const row = at >= 0 && rows()[at];
    const kind = row && (row.dataset.kinds || "").split(" ")[digit - 1];
    if (!form || !kind) return;
    event.preventDefault();
    form.elements.disposition.value = kind;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: `lead.${row.dataset.lead}`, value: "yes" });
    form.append(field);
    form.submit();
  }

  // A link or button marked data-key is pressed by that key: that of the row one is at, else the first there is.
  function press(key, event) {
    const root = at >= 0 && rows()[at] ? rows()[at] : document;
    const target = root.querySelector(`[data-key="${key}"]`);
    if (target) { event.preventDefault(); target.click(); }
  }

  function rows() { return all("table.leads tbody tr, article[data-row]"); }

  function move(by) {
    const list = rows();
    if (at >= 0 && list[at]) list[at].classList.remove("at");
    at = Math.min(Math.max(at + by, 0), list.length - 1);
    list[at].classList.add("at");
    list[at].scrollIntoView({ block: "nearest" });
    const link = list[at].querySelector("a");
    if (link) link.focus({ preventScroll: true });
  }

  // With Shift all rows from the one chosen last, as with the mouse.
  function choose(event, range) {
    const box = at >= 0 && rows()[at] && rows()[at].querySelector(".tick input");
    if (!box) return;
    event.preventDefault();
    box.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: range }));
  }

  // Records follow each other as in the list one came from.
  const links = rows().map((row) => row.querySelector("a")).filter(Boolean).map((link) => new URL(link.href).pathname);
  if (links.length) sessionStorage.setItem(ORDER, JSON.stringify(links));
  function step(event, by) {
    const order = JSON.parse(sessionStorage.getItem(ORDER) || "[]");
    const next = order[order.indexOf(location.pathname) + by];
    if (order.includes(location.pathname) && next) { event.preventDefault(); location.assign(next); }
  }
})();
