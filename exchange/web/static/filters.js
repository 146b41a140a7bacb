// A form with a builder of filters takes its steps without leaving the page, and counts anew while it is filled in.
// Without this every step is a plain form that comes back changed.
(function () {
  "use strict";
  const PAUSE_MS = 450;
  let waiting = 0;
  let asked = 0;

  const form = document.querySelector("form[data-builds]");
  if (!form) return;

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-step]");
    if (!button) return;
    event.preventDefault();
    take(button, ["builder", "summary"]);
  });

  form.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches("[data-into]")) return readFile(field);
    if (field.matches("[data-look]")) {
      if (field.name.endsWith(".field")) forget(field);
      take(null, ["builder", "summary"]);
    }
  });

  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-look]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => take(null, ["summary"]), PAUSE_MS);
  });

  // Values of one field mean nothing for another.
  function forget(field) {
    const rule = field.closest(".rule");
    rule.querySelectorAll("input, textarea").forEach((input) => { if (input.type === "checkbox") input.checked = false; else input.value = ""; });
  }

  function readFile(field) {
    const file = field.files[0];
    const into = form.elements[field.dataset.into];
    if (!file || !into) return;
    file.text().then((text) => {
      const found = text.match(/\b\d{5}\b/g) || [];
      into.value = [into.value.trim(), ...found].filter(Boolean).join(", ");
      field.value = "";
      into.dispatchEvent(new Event("input", { bubbles: true }));
      into.focus();
    });
  }

  function take(button, parts) {
    clearTimeout(waiting);
    const number = ++asked;
    const body = new URLSearchParams();
    new FormData(form).forEach((value, name) => { if (typeof value === "string") body.append(name, value); });
    body.set("do", button ? button.value : "look");
    const focus = document.activeElement && document.activeElement.name;
    parts.forEach((id) => mark(id, true));
    fetch(form.getAttribute("action"), { method: "POST", body, redirect: "error" })
      .then((answer) => answer.text())
      .then((text) => {
        if (number !== asked) return;
        const fresh = new DOMParser().parseFromString(text, "text/html");
        parts.forEach((id) => put(id, fresh));
        form.querySelectorAll("[data-says]").forEach((part) => put(part.id, fresh));
        const again = !button && focus && form.elements[focus];
        const added = button && button.value.startsWith("add ") && lastRule();
        if (again && again.focus) again.focus();
        else if (added) added.focus();
      })
      .catch(() => undefined)
      .finally(() => parts.forEach((id) => mark(id, false)));
  }

  function lastRule() {
    const rules = Array.from(form.querySelectorAll(".rule select[name$='.field']"));
    return rules.find((each) => !each.value) || rules[rules.length - 1];
  }

  function put(id, fresh) {
    const old = document.getElementById(id);
    const made = fresh.getElementById(id);
    if (!old || !made) return;
    made.querySelectorAll("[data-needs-script]").forEach((element) => { element.hidden = false; });
    old.replaceChildren(...made.childNodes);
  }

  function mark(id, busy) {
    const part = document.getElementById(id);
    if (part) part.setAttribute("aria-busy", String(busy));
  }
})();
