// Parts marked data-live keep themselves fresh: by the page's stream where there is one, else every few seconds.
// Those marked data-live-too (what every page has) come along; by themselves they ask for nothing.
(function () {
  "use strict";
  const ASK_MS = 5000;
  const LEAST_MS = 1000;
  const SAY_MS = 10000;
  const MINUTE_MS = 60000;
  const FLIGHT_MS = 1400;
  const DOTS_MOST = 40;
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const pauser = document.querySelector("[data-pause]");
  let paused = false;

  function told(button) {
    button.setAttribute("aria-pressed", String(paused));
    const word = button.querySelector("[data-word]");
    if (!word.dataset.on) word.dataset.on = word.textContent;
    word.textContent = paused ? "Go on" : word.dataset.on;
    document.documentElement.classList.toggle("paused", paused);
  }
  function pause() {
    paused = !paused;
    try { sessionStorage.setItem("paused", paused ? "yes" : ""); } catch (error) { /* kept for this page alone */ }
    told(pauser);
    if (paused) all(".dot").forEach((dot) => { dot.remove(); });
    else refresh().catch(() => undefined);
  }
  if (pauser) {
    try { paused = sessionStorage.getItem("paused") === "yes"; } catch (error) { paused = false; }
    if (paused) told(pauser);
    pauser.addEventListener("click", pause);
    if (pauser.dataset.pause === "space") document.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target.closest("input, textarea, select, button, a, summary, [contenteditable]")) return;
      event.preventDefault();
      pause();
    });
  }

  // Rows that somebody points at, works in or has scrolled into stay where they are: newer ones are counted, and wait.
  const held = (part) => part.matches(":hover") || part.contains(document.activeElement)
    || Boolean(part.querySelector("details[open]")) || part.getBoundingClientRect().top < 0;
  function hold(part, other) {
    const here = new Set(all("[data-row]", part).map((row) => row.dataset.row));
    const rows = all("[data-row]", other);
    const more = rows.filter((row) => !here.has(row.dataset.row)).length;
    const note = document.querySelector("[data-waiting]");
    note.hidden = !more;
    note.querySelector("[data-count]").textContent = more && more === rows.length ? `${more} or more` : String(more);
    note.querySelector("button").onclick = () => { note.hidden = true; part.replaceChildren(...other.childNodes); };
  }

  // Nobody loses what they are at: a menu that is open, a field, a button. A table that was unfolded stays so, renewed.
  const at = (part) => all("summary", part).indexOf(document.activeElement);
  const busy = (part) => Boolean(part.querySelector("details.pop[open]"))
    || (part.contains(document.activeElement) && at(part) < 0);
  function renew(part, other) {
    const open = all("details", part).map((each) => each.open);
    all("details", other).forEach((each, place) => { each.open = Boolean(open[place]); });
    if (part.innerHTML === other.innerHTML) return;
    const place = at(part);
    part.replaceChildren(...other.childNodes);
    if (place >= 0 && all("summary", part)[place]) all("summary", part)[place].focus({ preventScroll: true });
  }

  async function refresh() {
    if (paused || document.hidden) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (all("[data-live-ends]").some((part) => !fresh.querySelector(`[data-live="${part.dataset.live}"]`))) {
      location.reload();  // what moved is over: the page is another one now
      return;
    }
    all("[data-live]").forEach((part) => {
      const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (other && part.hasAttribute("data-holds") && other.hasAttribute("data-holds")) {
        if (held(part)) { hold(part, other); return; }
        document.querySelector("[data-waiting]").hidden = true;
      }
      if (other && !busy(part)) renew(part, other);
    });
    all("[data-live-too]").forEach((part) => {
      const other = fresh.querySelector(`[data-live-too="${part.dataset.liveToo}"]`);
      if (other) renew(part, other);
    });
  }

  // A page where something moves says so: data-live-ms, for as long as it does.
  function again() {
    const hurry = document.querySelector("[data-live-ms]");
    setTimeout(() => { refresh().catch(() => undefined).finally(again); }, hurry ? Number(hurry.dataset.liveMs) : ASK_MS);
  }

  // With a stream the page asks when something happened, at most once a second and never twice at a time.
  let waiting = false;
  let asking = false;
  let asked = 0;
  let rest = LEAST_MS;
  function soon() {
    waiting = true;
    if (asking) return;
    asking = true;
    setTimeout(() => {
      waiting = false;
      const began = performance.now();
      refresh().catch(() => undefined).finally(() => {
        asking = false;
        asked = performance.now();
        rest = Math.max(LEAST_MS, 5 * (asked - began));  // a server that is busy is asked less often
        if (waiting) soon();
      });
    }, Math.max(rest - (performance.now() - asked), 0));
  }

  const source = document.querySelector("[data-stream]");
  const lives = document.querySelector("[data-live]");
  if (source && window.EventSource) {
    const stream = new EventSource(source.dataset.stream);
    let lost = 0;
    stream.addEventListener("open", () => {  // what came since the page was drawn, nobody told it
      document.dispatchEvent(new CustomEvent("streamopen"));
      if (lives && !paused && !document.hidden) soon();
    });
    stream.addEventListener("tick", (event) => {
      lost = 0;
      const tick = JSON.parse(event.data);
      document.dispatchEvent(new CustomEvent("tick", { detail: tick }));
      count(tick.leads);
      if (!lives || paused || document.hidden) return;
      fly(tick.leads);
      soon();
    });
    stream.addEventListener("error", () => {
      lost += 1;
      if (stream.readyState === EventSource.CLOSED || lost > 3) {
        stream.close();
        document.dispatchEvent(new CustomEvent("streamlost"));
        if (lives) again();
      }
    });
    addEventListener("visibilitychange", () => { if (lives && !document.hidden) soon(); });
    addEventListener("pagehide", () => { stream.close(); });
  } else if (lives) again();

  // What a screen reader is told, at most every ten seconds.
  const place = document.querySelector("[data-said]");
  let past = [];
  let said = 0;
  function count(leads) {
    const now = performance.now();
    past = past.filter((each) => now - each.at < MINUTE_MS).concat(leads.map((lead) => ({ at: now, sold: lead.state === "sold" })));
    if (!place || paused || !past.length || now - said < SAY_MS) return;
    said = now;
    const sold = past.filter((each) => each.sold).length;
    place.textContent = `${past.length} ${past.length === 1 ? "lead" : "leads"} in the last minute, ${sold} sold`;
  }

  // Live traffic: how many come, and a drawer for what was said on the wire.
  const rate = document.querySelector("[data-rate]");
  if (rate) document.addEventListener("tick", () => {
    const minute = past.length;
    rate.textContent = minute ? `${minute} ${minute === 1 ? "lead" : "leads"} in the last minute` : "Newest first";
  });
  const drawer = document.querySelector("[data-drawer-place]");
  if (drawer) document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-drawer]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.href).catch(() => { location.href = link.href; });
  });
  async function show(href) {
    const answer = await fetch(href, { redirect: "error" });
    if (!answer.ok) throw new Error("no page");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    drawer.querySelector("[data-drawer-body]").replaceChildren(...fresh.getElementById("main").childNodes);
    all("[data-needs-script]", drawer).forEach((element) => { element.hidden = false; });
    drawer.showModal();
  }

  // Dots travel along the bands a lead went: drawn only where somebody may want to see something move.
  const REFUSED = ["rejected", "duplicate", "invalid"];
  function bands(lead) {
    if (REFUSED.includes(lead.state)) return [`s:${lead.seller}>rejected`];
    const first = `s:${lead.seller}>passed`;
    if (lead.state !== "sold") return [first, `passed>o:${{ pending: "unclear", quoted: "in_progress" }[lead.state] || lead.state}`];
    const way = lead.buyers.length > 1 ? "shared" : "exclusive";
    return [first, `passed>o:${way}`, `o:${way}>b:${lead.buyers[0]}`];
  }
  function fly(leads) {
    const picture = document.querySelector("[data-dots] svg");
    if (!picture || (still.matches || document.documentElement.dataset.motion === "off") || !picture.clientWidth) return;
    leads.slice(-DOTS_MOST).forEach((lead, at) => {
      const ways = bands(lead).map((name) => picture.querySelector(`[data-band="${CSS.escape(name)}"]`)).filter(Boolean)
        .map((band) => band.dataset.way.split(" ").map(Number));
      if (ways.length) setTimeout(() => { travel(picture, ways, lead); }, at * 60);
    });
  }
  function travel(picture, ways, lead) {
    if (all(".dot", picture).length >= DOTS_MOST) return;
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    dot.setAttribute("r", "3.2");
    dot.setAttribute("class", `dot ${lead.state === "sold" ? "c-sale" : REFUSED.includes(lead.state) ? "c-bad" : "c-one"}`);
    picture.append(dot);
    const began = performance.now();
    function step(now) {
      const part = Math.max(now - began, 0) / FLIGHT_MS;
      const at = Math.floor(part);
      if (at >= ways.length || paused || (still.matches || document.documentElement.dataset.motion === "off") || !dot.isConnected) { dot.remove(); return; }
      const [x1, y1, x2, y2] = ways[at];
      const t = part - at;
      const ease = t * t * (3 - 2 * t);
      dot.setAttribute("cx", String(x1 + (x2 - x1) * t));
      dot.setAttribute("cy", String(y1 + (y2 - y1) * ease));
      requestAnimationFrame(step);
    }
    requestAnimationFrame(step);
  }
})();
