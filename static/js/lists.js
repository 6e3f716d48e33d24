/* Lists by keyboard (j, k, x, o or enter, /, ?) and the sum of what is ticked. */
(() => {
  "use strict";
  const list = document.querySelector("[data-keys]");
  const rows = () => [...list.querySelectorAll("[data-key-row]")];
  const typing = (el) => el.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  const move = (by) => {
    const every = rows();
    const at = every.findIndex((row) => row.contains(document.activeElement));
    const next = every[Math.min(every.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!next) return;
    if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
    next.focus();
  };
  const current = () => rows().find((row) => row.contains(document.activeElement));

  const acts = {
    j: () => move(1),
    k: () => move(-1),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    o: () => (current()?.querySelector("[data-key-open]") || current()?.querySelector("a"))?.click(),
    "/": () => document.querySelector("[data-key-search], input[type=search]")?.focus(),
    "?": () => { const help = document.querySelector("details[data-key-help]"); if (help) help.open = !help.open; },
  };
  if (list) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const onRow = event.key === "Enter" && event.target.matches("[data-key-row]");
      const act = onRow ? acts.o : acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  // [data-ticks] holds check-boxes with data-minor; [data-tick-count] and [data-tick-sum] show what is chosen.
  document.querySelectorAll("[data-ticks]").forEach((box) => {
    const ticks = () => [...box.querySelectorAll("input[type=checkbox]:not([data-tick-all])")];
    const whole = box.querySelector("[data-tick-all]");
    const show = () => {
      const chosen = ticks().filter((tick) => tick.checked);
      const sum = chosen.reduce((total, tick) => total + Number(tick.dataset.minor || 0), 0);
      box.querySelectorAll("[data-tick-count]").forEach((el) => { el.textContent = chosen.length; });
      box.querySelectorAll("[data-tick-sum]").forEach((el) => {
        el.textContent = (el.dataset.sign || "") + (sum / 100).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
      });
      if (whole) {
        whole.checked = chosen.length > 0 && chosen.length === ticks().length;
        whole.indeterminate = chosen.length > 0 && !whole.checked;
      }
    };
    box.addEventListener("change", (event) => {
      if (event.target === whole) ticks().forEach((tick) => { tick.checked = whole.checked; });
      show();
    });
    show();
  });
})();
