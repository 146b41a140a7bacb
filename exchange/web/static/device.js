// What a form's visit looked like, in one field. <script src="https://exchange.example/device.js" async></script>
// Fills the inputs named `device` and `form_ms` of any form that is sent; makes them when there are none. It reads
// nothing of what is typed, sets no cookie and sends nothing by itself. Forms work without it.
(function () {
  "use strict";
  const seen = { k: 0, p: 0, m: 0 };
  const began = start();

  // The first page of this tab: a form of several pages counts as one.
  function start() {
    try {
      const kept = Number(sessionStorage.getItem("form-began"));
      if (kept && Date.now() - kept < 864e5) return kept;
      sessionStorage.setItem("form-began", String(Date.now()));
    } catch { /* no storage: this page alone counts */ }
    return Date.now();
  }

  const count = (name) => (event) => { if (event.isTrusted) seen[name] += 1; };
  addEventListener("keydown", count("k"), { capture: true, passive: true });
  addEventListener("paste", count("p"), { capture: true, passive: true });
  ["pointerdown", "pointermove", "touchstart", "wheel", "click"].forEach((name) => {
    addEventListener(name, count("m"), { capture: true, passive: true });
  });

  // Fields that the browser filled in from its own book.
  function filled(form) {
    for (const name of [":autofill", ":-webkit-autofill"]) {
      try { return form.querySelectorAll(name).length; } catch { /* not a name in this browser */ }
    }
    return 0;
  }

  function automation() {
    const traces = ["callPhantom", "_phantom", "__nightmare", "domAutomation", "domAutomationController", "Cypress",
      "__playwright__binding__", "__pwInitScripts", "_selenium", "__webdriver_evaluate"];
    return (navigator.webdriver ? 1 : 0)
      + (/Headless/.test(navigator.userAgent) ? 2 : 0)
      + (traces.some((name) => name in window || name in document) ? 4 : 0)
      + ((navigator.languages || []).length ? 0 : 8)
      + (window.outerWidth || "ontouchstart" in window ? 0 : 16);
  }

  // Traits of the device, hashed: two telephones of one model are alike, so it is a hint and no name.
  function identity() {
    const screenSize = [screen.width, screen.height, screen.colorDepth, window.devicePixelRatio];
    const made = [navigator.userAgent, (navigator.languages || []).join(), navigator.platform, navigator.maxTouchPoints,
      navigator.hardwareConcurrency, navigator.deviceMemory, screenSize.join(), zone(), picture(), card()];
    return hash(made.join("|"));
  }

  function picture() {
    try {
      const canvas = document.createElement("canvas");
      canvas.width = 120;
      canvas.height = 24;
      const pen = canvas.getContext("2d");
      pen.font = "15px serif";
      pen.fillStyle = "#a31";
      pen.fillText("Quartz 1,234 \u2713", 2, 17);
      return canvas.toDataURL();
    } catch { return ""; }
  }

  function card() {
    try {
      const gl = document.createElement("canvas").getContext("webgl");
      const names = gl.getExtension("WEBGL_debug_renderer_info");
      return names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : "";
    } catch { return ""; }
  }

  function hash(text) {
    let high = 0xdeadbeef;
    let low = 0x41c6ce57;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      high = Math.imul(high ^ code, 2654435761);
      low = Math.imul(low ^ code, 1597334677);
    }
    const hex = (number) => (number >>> 0).toString(16).padStart(8, "0");
    return hex(high ^ (low >>> 16)) + hex(low ^ (high >>> 13));
  }

  function zone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  }

  function report(form) {
    const told = { ms: Date.now() - began, k: seen.k, p: seen.p, f: filled(form), m: Math.min(seen.m, 9999), a: automation(),
      tz: zone(), o: new Date().getTimezoneOffset(), id: identity() };
    return "1;" + Object.entries(told).map(([name, value]) => `${name}=${value}`).join(";");
  }

  function put(form, name, value, make) {
    let field = form.elements.namedItem(name);
    if (!field && make) {
      field = Object.assign(document.createElement("input"), { type: "hidden", name: name });
      form.append(field);
    }
    if (field && "value" in field) field.value = value;
  }

  function fill(form) {
    const own = form.elements.namedItem("_device");
    if (own) { own.value = report(form); return; }
    put(form, "device", report(form), true);
    put(form, "form_ms", String(Date.now() - began), true);
  }

  // For pages that send with a script of their own: exchangeDevice(form) fills the fields at once.
  window.exchangeDevice = (form) => { try { fill(form); } catch { /* a form is never kept from being sent */ } };
  document.addEventListener("submit", (event) => { window.exchangeDevice(event.target); }, true);
})();
