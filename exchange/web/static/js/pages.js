// Pages work without this. It adds keys, copying, opening everything at once, and figures that keep themselves fresh.
(function () {
  "use strict";
  const PREVIEW_MS = 300;
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  // Buttons that need a script are in the page, hidden.
  all("[data-needs-script]").forEach((element) => { element.hidden = false; });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-copy-link], [data-expand]");
    if (!button) return;
    if (button.matches("[data-expand]")) return expandAll();
    const text = button.matches("[data-copy-link]") ? location.href : document.getElementById(button.dataset.copy).textContent;
    navigator.clipboard.writeText(text).then(() => told(button, "Copied"), () => told(button, "Select it and copy by hand"));
  });

  // A call or a mail that begins here is noted, so that the time to the first contact is measured.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-note]");
    if (!link) return;
    const csrf = document.querySelector('input[name="csrf"]').value;
    navigator.sendBeacon(link.dataset.note, new URLSearchParams({ csrf, how: link.dataset.how }));
  });

  // A part of a picture leads to its list, as its line in the table does.
  document.addEventListener("click", (event) => {
    const part = event.target.closest("[data-href]");
    if (part) location.href = part.dataset.href;
  });

  function told(button, word) {
    const place = button.querySelector("[data-word]") || button;
    const before = place.textContent;
    place.textContent = word;
    setTimeout(() => { place.textContent = before; }, 1600);
  }

  function expandAll() {
    const lines = all(".tl details");
    const open = lines.some((line) => !line.open);
    lines.forEach((line) => { line.open = open; });
    all("[data-expand] [data-word]").forEach((word) => { word.textContent = open ? "Close all" : "Expand all"; });
  }

  // Keys. Never while typing, never with Ctrl, Alt or Meta.
  let at = -1;
  let goes = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const key = event.key;
    if (goes) {
      goes = false;
      const place = { d: "dashboard", l: "leads", r: "returns", u: "unclear", a: "alerts" }[key];
      const link = place && document.querySelector(`[data-testid="nav-${place}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (key === "/") focusSearch(event);
    else if (key === "?") showHelp(event);
    else if (key === "g") goes = true;
    else if (key === "o") expandAll();
    else if (key === "j" && rows().length) move(1);
    else if (key === "k" && rows().length) move(-1);
    else if (/^[a-z]$/.test(key)) press(key, event);
    else if (/^[1-9]$/.test(key)) say(event, Number(key));
    else if (key === "Enter" && at >= 0 && !event.target.closest("a, button, summary")) rows()[at].querySelector("a").click();
  });

  function focusSearch(event) {
    const field = document.getElementById("search");
    if (field) { event.preventDefault(); field.focus(); field.select(); }
  }

  function showHelp(event) {
    const help = document.getElementById("help");
    if (help && !help.open) { event.preventDefault(); help.showModal(); }
  }

  // A digit says what became of a lead: by its button, or of the row one is at, as the list's first nine words.
  function say(event, digit) {
    const button = document.querySelector(`[data-key="${digit}"]`);
    if (button) { event.preventDefault(); return button.click(); }
    const form = document.querySelector("form[data-set-one]");
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

  function move(step) {
    const list = rows();
    if (!list.length) return;
    if (at >= 0 && list[at]) list[at].classList.remove("at");
    at = Math.min(Math.max(at + step, 0), list.length - 1);
    list[at].classList.add("at");
    list[at].scrollIntoView({ block: "nearest" });
    list[at].querySelector("a").focus({ preventScroll: true });
  }

  // A page that previews what is being written sends it to its frame whenever something was changed.
  const editor = document.querySelector('form[data-preview=""]');
  if (editor) {
    const show = editor.querySelector("[formtarget]");
    editor.addEventListener("change", () => { editor.requestSubmit(show); });
    editor.requestSubmit(show);
  }

  // A form marked data-preview shows what it would make while it is filled in, in the part its mark names.
  let waiting = 0;
  all('form[data-preview]:not([data-preview=""])').forEach((form) => {
    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { preview(form).catch(() => undefined); }, PREVIEW_MS);
    });
  });

  async function preview(form) {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "error" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = fresh.getElementById(form.dataset.preview);
    if (part) document.getElementById(form.dataset.preview).replaceChildren(...part.childNodes);
  }
})();
