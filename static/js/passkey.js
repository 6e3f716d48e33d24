/* Asks the browser for a passkey and sends its answer with the form around the button. */
(() => {
  "use strict";
  const form = document.querySelector("[data-passkey]");
  const words = document.querySelector("[data-passkey-failed]");
  if (!form || !window.PublicKeyCredential) return;
  const bytes = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (char) => char.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const read = () => {
    const asked = JSON.parse(document.getElementById("passkey-options").textContent).publicKey;
    asked.challenge = bytes(asked.challenge);
    if (asked.user) asked.user.id = bytes(asked.user.id);
    for (const list of [asked.allowCredentials, asked.excludeCredentials]) {
      (list || []).forEach((one) => { one.id = bytes(one.id); });
    }
    return asked;
  };
  const write = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    const { id, type } = made;
    return JSON.stringify({ id, type, rawId: text(made.rawId), response, clientExtensionResults: {} });
  };
  form.addEventListener("submit", async (sent) => {
    sent.preventDefault();
    if (words) words.hidden = true;
    try {
      const publicKey = read();
      const act = form.dataset.passkey === "new" ? "create" : "get";
      const made = await navigator.credentials[act]({ publicKey });
      form.querySelector("[data-passkey-answer]").value = write(made);
      form.submit();
    } catch {
      if (words) words.hidden = false;
    }
  });
})();
