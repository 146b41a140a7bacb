// Shows a form inside a page: <script src="https://exchange.example/embed/solar.js" async></script>
(function () {
  "use strict";
  const script = document.currentScript;
  const source = new URL(script.src);
  const name = source.pathname.replace(/^\/embed\/|\.js$/g, "");
  const given = new URLSearchParams(location.search);
  given.set("_page", location.origin + location.pathname);
  if (document.referrer && !given.has("referrer_url")) given.set("referrer_url", document.referrer);
  const visitor = /(?:^|; )lx_visitor=([\w-]{8,64})/.exec(document.cookie);
  if (visitor) given.set("visitor_id", visitor[1]);
  const frame = document.createElement("iframe");
  frame.src = `${source.origin}/f/${name}?${given}`;
  frame.title = script.dataset.title || "Form";
  frame.style.cssText = "display:block;width:100%;height:480px;border:0;color-scheme:normal";
  script.after(frame);
  addEventListener("message", (event) => {
    const told = event.data;
    if (event.origin !== source.origin || event.source !== frame.contentWindow || !told || told.form !== name) return;
    if (Number.isFinite(told.height)) frame.style.height = `${Math.min(Math.max(told.height, 80), 20000)}px`;
    if (typeof told.go === "string" && told.go.startsWith("https://")) location.assign(told.go);
  });
})();
