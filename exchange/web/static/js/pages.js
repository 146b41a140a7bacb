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

  // Personal data that was revealed counts down, and is gone from the page when its time is over. The moment is this
  // browser's own, so that a tab that slept is not behind.
  const ends = document.querySelector("[data-ends-in]");
  if (ends) {
    const until = Date.now() + Number(ends.dataset.endsIn);
    const left = ends.querySelector("[data-left]");
    const count = () => {
      const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      left.textContent = ", in " + Math.floor(seconds / 60) + " min " + (seconds % 60) + " s";
      if (seconds > 0) return;
      clearInterval(beat);
      ends.parentElement.querySelectorAll("dl.shown dd").forEach((value) => { value.textContent = "masked again"; });
      location.reload();
    };
    const beat = setInterval(count, 1000);
    document.addEventListener("visibilitychange", count);
    count();
  }

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

  // What takes a while to work out is a link that becomes its answer once it comes into sight.
  const sight = new IntersectionObserver((seen) => {
    seen.filter((each) => each.isIntersecting).forEach(({ target }) => {
      sight.unobserve(target);
      fill(target).catch(() => undefined);
    });
  });
  all("[data-fill]").forEach((part) => { sight.observe(part); });

  async function fill(part) {
    const answer = await fetch(part.dataset.fill, { redirect: "error" });
    if (!answer.ok) throw new Error("no answer");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }

  async function preview(form) {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "error" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = fresh.getElementById(form.dataset.preview);
    if (part) document.getElementById(form.dataset.preview).replaceChildren(...part.childNodes);
  }
})();
