// Tells the exchange that somebody came to this page: <script src="https://exchange.example/t/x.js" data-consent="no"></script>
// Nobody is known again unless the page says data-consent="yes" (or calls exchangeConsent() once somebody agrees).
(function () {
  "use strict";
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const given = new URLSearchParams(location.search);
  const NAME = /(?:^|; )lx_visitor=([\w-]{8,64})/;
  const refused = navigator.globalPrivacyControl === true;

  function visitor() {
    const known = NAME.exec(document.cookie);
    if (known) return known[1];
    const made = crypto.randomUUID();
    document.cookie = `lx_visitor=${made}; path=/; max-age=7776000; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
    return made;
  }

  function tell(agreed) {
    const told = Object.fromEntries(Array.from(given).filter(([name]) => /^(utm_\w+|sub_id\d+|\w*clid|[wg]braid|click_id)$/.test(name)));
    told.page = location.origin + location.pathname;
    if (document.referrer) told.referrer = new URL(document.referrer).origin;
    if (agreed && !refused) {
      told.visitor = visitor();
      document.querySelectorAll('input[name="visitor_id"]').forEach((field) => { field.value = told.visitor; });
    }
    if (told.click_id) document.querySelectorAll('input[name="click_id"]').forEach((field) => { field.value = told.click_id; });
    navigator.sendBeacon(`${origin}/t/e`, JSON.stringify(told));
  }

  let said = script.dataset.consent === "yes";
  tell(said);
  window.exchangeConsent = function () { if (!said) { said = true; tell(true); } };
})();
