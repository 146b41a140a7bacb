// Passkeys: a form asks the server for a challenge, the browser for a signature, and sends what it got.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  const made = async (options) => {
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    };
    const found = await navigator.credentials.create({ publicKey });
    return answer(found, {
      attestationObject: text(found.response.attestationObject),
      transports: found.response.getTransports ? found.response.getTransports() : [],
    });
  };

  const got = async (options) => {
    const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) };
    const found = await navigator.credentials.get({ publicKey });
    return answer(found, {
      authenticatorData: text(found.response.authenticatorData),
      signature: text(found.response.signature),
      userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
    });
  };

  const answer = (found, more) => ({
    id: found.id,
    rawId: text(found.rawId),
    type: found.type,
    clientExtensionResults: found.getClientExtensionResults(),
    response: { clientDataJSON: text(found.response.clientDataJSON), ...more },
  });

  const told = {
    NotAllowedError: "It was cancelled, or took too long. Try again.",
    InvalidStateError: "This device has a passkey of yours for this exchange already.",
    SecurityError: "The exchange is open under another name than the one passkeys were made for.",
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const said = form.querySelector("[data-said]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      said.textContent = "Waiting for your device.";
      try {
        const body = new URLSearchParams({ csrf: form.elements.csrf.value });
        const response = await fetch(form.dataset.options, { method: "POST", body });
        const options = await response.json();
        if (!response.ok) {
          said.textContent = options.message;
          return;
        }
        const credential = await (form.dataset.passkey === "create" ? made(options) : got(options));
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch (error) {
        said.textContent = told[error.name] || "That did not work. Try again, or sign in another way.";
      }
    });
  }
})();
