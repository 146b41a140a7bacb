// Forms work without this. It turns pages without loading anew, checks answers as they are given, and tells the page
// around how high the form is.
(function () {
  "use strict";
  const main = () => document.getElementById("form");
  const inside = window.parent !== window;
  let busy = false;
  let asked = 0;

  function begin() {
    const form = main().querySelector("form");
    tellHeight();
    const go = main().dataset.go;
    if (go && !(inside && tell({ go: go }))) { if (!inside) location.replace(go); }
    if (!form) return;
    form.elements._zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    form.elements._robot.value = navigator.webdriver ? "yes" : "no";
  }

  // Only what the certificate makers' scripts wrote is carried on by hand: everything else is in the page that comes.
  function keepProofs(fresh) {
    main().querySelectorAll("[name=xxTrustedFormCertUrl], [name=universal_leadid]").forEach((old) => {
      const now = fresh.querySelector(`[name=${old.name}]`);
      if (now && !now.value) now.value = old.value;
    });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!main().contains(form)) return;
    event.preventDefault();
    if (busy) return;
    const sent = new URLSearchParams(new FormData(form));
    if (event.submitter && event.submitter.name) sent.set(event.submitter.name, event.submitter.value);
    turn(form, sent);
  });

  const step = () => { const shown = main().querySelector("progress"); return shown ? shown.value : 0; };

  // The browser's own Back goes back one step, as on pages without a script, and leaves from the first or from the thanks.
  addEventListener("popstate", (event) => {
    if (!event.state || !event.state.step || busy) return;
    const form = main().querySelector("form");
    if (!form) { history.back(); return; }
    if (step() <= event.state.step) return;
    const sent = new URLSearchParams(new FormData(form));
    sent.set("_go", "back");
    turn(form, sent);
  });

  function remember(before) {
    if (!before || step() <= before) return;
    if (!history.state) history.replaceState({ step: before }, "");
    history.pushState({ step: step() }, "");
  }

  async function turn(form, sent) {
    busy = true;
    const before = step();
    main().setAttribute("aria-busy", "true");
    const buttons = form.querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, credentials: "omit" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = fresh.getElementById("form");
      if (!next) throw new Error("no form came back");
      keepProofs(next);
      main().replaceWith(document.adoptNode(next));
      document.title = fresh.title;
      if (answer.redirected) history.replaceState(null, "", answer.url);
      remember(before);
      begin();
      const place = main().querySelector("[data-focus]");
      if (place) place.focus();
      main().scrollIntoView();
    } catch {
      main().removeAttribute("aria-busy");
      buttons.forEach((button) => { button.disabled = false; });
      say(form, "The connection was lost. Nothing is sent twice: press the button again.");
    }
    busy = false;
  }

  function say(form, sentence) {
    const before = main().querySelector(".told");
    if (before) before.remove();
    const told = document.createElement("div");
    told.className = "told";
    told.setAttribute("role", "alert");
    told.append(Object.assign(document.createElement("p"), { textContent: sentence }));
    form.before(told);
    tellHeight();
  }

  // An answer is checked when it is left, by the same rules that decide in the end.
  document.addEventListener("change", async (event) => {
    const control = event.target;
    const form = control.form;
    if (!form || !main().contains(form) || !document.getElementById(`e-${control.name}`)) return;
    const mine = ++asked;
    const answer = await fetch(`${form.action}/check`, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "omit" });
    if (!answer.ok) return;
    const found = (await answer.json()).problems.find((problem) => problem.field === control.name);
    await released;
    if (mine === asked && form.isConnected) mark(control, found ? found.shown : "");
  });

  // What is said below an answer may move what follows: never between the press of a button and its release.
  let released = Promise.resolve();
  document.addEventListener("pointerdown", () => {
    released = new Promise((done) => {
      ["pointerup", "pointercancel"].forEach((end) => { addEventListener(end, () => { setTimeout(done); }, { once: true }); });
    });
  });

  function mark(control, sentence) {
    const place = document.getElementById(`e-${control.name}`);
    const marked = document.getElementById(`f-${control.name}`);
    place.textContent = sentence;
    if (sentence) marked.setAttribute("aria-invalid", "true");
    else marked.removeAttribute("aria-invalid");
    tellHeight();
  }

  // The page around: told only when it is one of those that may show this form.
  function tell(what) {
    const origin = main().dataset.parent;
    if (!inside || !origin) return false;
    window.parent.postMessage(Object.assign({ form: main().dataset.form }, what), origin);
    return true;
  }

  function tellHeight() {
    tell({ height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  }

  function load(source) {
    const script = document.createElement("script");
    script.src = source;
    script.async = true;
    document.head.append(script);
  }

  begin();
  if (inside) new ResizeObserver(tellHeight).observe(document.documentElement);
  if ("trustedform" in main().dataset) {
    load(`https://api.trustedform.com/trustedform.js?field=xxTrustedFormCertUrl&use_tagged_consent=false&l=${Date.now()}`);
  }
  if (main().dataset.jornaya) load(`https://create.lidstatic.com/campaign/${main().dataset.jornaya}.js?snippet_version=2`);
})();
