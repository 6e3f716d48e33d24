/* A split that adds up while it is typed: what the buyer gets back and what the merchant keeps are the whole hold. */
(() => {
  "use strict";
  const places = (form) => Number(form.dataset.places || 2);
  const toMinor = (form, text) => {
    const match = /^\s*(\d{1,12})(?:\.(\d*))?\s*$/.exec(text);
    if (!match || (match[2] || "").length > places(form)) return null;
    return Number(match[1]) * 10 ** places(form) + Number((match[2] || "").padEnd(places(form), "0") || 0);
  };
  // As the server does it: whole basis points, halves to the even cent.
  const ofShare = (total, text) => {
    const match = /^\s*(\d{1,3})(?:\.(\d{1,2}))?\s*%?\s*$/.exec(text);
    if (!match) return null;
    const product = BigInt(total) * BigInt(Number(match[1]) * 100 + Number((match[2] || "").padEnd(2, "0")));
    const whole = product / 10000n, rest = product % 10000n;
    return Number(rest > 5000n || (rest === 5000n && whole % 2n) ? whole + 1n : whole);
  };
  const digits = (form, minor) => (minor / 10 ** places(form)).toFixed(places(form));
  const shown = (form, minor) => form.dataset.sign + digits(form, minor).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

  const draw = (form, back, source) => {
    const total = Number(form.dataset.total), keep = total - back;
    const set = (name, value) => form.querySelectorAll(`[data-split=${name}]`).forEach((el) => {
      if (el === source) return;
      if (el.tagName === "INPUT") el.value = el.type === "range" ? value : digits(form, value);
      else el.textContent = shown(form, value);
    });
    set("back", back);
    set("keep", keep);
    form.querySelectorAll("[data-split=percent]").forEach((el) => {
      if (el === source) return;
      if (el.tagName === "INPUT") el.value = ""; // a share is rounded, amounts are exact: what was typed last counts
      else el.textContent = `${(back / total * 100).toFixed(1)}%`;
    });
    form.querySelectorAll(".split-bar rect").forEach((el) => el.setAttribute("width", `${back / total * 100}%`));
  };

  document.querySelectorAll("form[data-total]").forEach((form) => {
    form.addEventListener("input", (event) => {
      const input = event.target, name = input.dataset.split;
      if (name !== "back" && name !== "keep" && name !== "percent") return;
      const total = Number(form.dataset.total);
      const minor = input.type === "range" ? Number(input.value)
        : name === "percent" ? ofShare(total, input.value) : toMinor(form, input.value);
      const wrong = minor === null || minor > total;
      input.setAttribute("aria-invalid", String(wrong));
      if (!wrong) draw(form, name === "keep" ? total - minor : minor, input);
    });
    const first = form.querySelector("input[data-split=back]:not([type=range])");
    const minor = first && toMinor(form, first.value);
    if (minor !== null && minor <= Number(form.dataset.total)) draw(form, minor, first);
  });
})();
