// The posting page works without this. It sends the request to try without leaving the page, keeps the numbers of its
// lines, and filters fields while one types.
(function () {
  "use strict";
  const filter = document.getElementById("field-filter");
  const rows = Array.from(document.querySelectorAll("#fields tbody tr[id]"));
  let sending = false;

  if (filter) {
    filter.addEventListener("input", () => {
      const word = filter.value.trim().toLowerCase();
      rows.forEach((row) => { row.hidden = word !== "" && !row.textContent.toLowerCase().includes(word); });
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "f" || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target.closest("input, textarea, select")) return;
      event.preventDefault();
      filter.focus();
      filter.select();
    });
  }

  // Lines are numbered anew while one types; what was wrong with them is no longer known.
  function number(body) {
    const count = body.value.split("\n").length;
    const marks = body.form.querySelector(".gutter");
    body.rows = count;
    marks.replaceChildren(...Array.from({ length: count }, (_, at) => {
      const line = document.createElement("div");
      const told = document.createElement("i");
      told.textContent = String(at + 1);
      line.append(told);
      return line;
    }));
  }

  async function send(form, button) {
    if (sending) return;
    sending = true;
    const fields = new URLSearchParams(new FormData(form));
    if (button && button.name) fields.set(button.name, button.value);
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("try");
      if (!fresh) throw new Error("the answer is no page");
      const at = button && button.dataset.testid;
      document.getElementById("try").replaceChildren(...fresh.childNodes);
      document.querySelectorAll("#try [data-needs-script]").forEach((element) => { element.hidden = false; });
      const steps = page.querySelector("[data-testid=steps]");
      if (steps) document.querySelector("[data-testid=steps]").replaceWith(steps);
      const next = at && document.querySelector(`#try [data-testid="${at}"]`);
      if (next) next.focus({ preventScroll: true });
    } catch (error) {
      form.submit();
    } finally {
      sending = false;
      form.removeAttribute("aria-busy");
    }
  }

  const place = document.getElementById("try");
  place.addEventListener("submit", (event) => { event.preventDefault(); send(event.target, event.submitter); });
  place.addEventListener("input", (event) => { if (event.target.name === "body") number(event.target); });
  place.addEventListener("change", (event) => {
    const form = event.target.form;
    if (event.target.name === "call" || event.target.name === "format") send(form, form.querySelector("[name=fill]"));
  });
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.form) return;
    event.preventDefault();
    send(event.target.form, event.target.form.querySelector("[data-testid=send]"));
  });
})();
