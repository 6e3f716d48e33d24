/* Small conveniences for every page. The server's pages work without this file: it only ticks, copies and steps. */
(() => {
  "use strict";
  const doc = document;
  const all = (css, root = doc) => [...root.querySelectorAll(css)];
  const reveal = (root) => all("[data-js-only]", root).forEach((el) => { el.hidden = false; });

  // Countdowns: the server wrote the words and its own time; the offset keeps a wrong device clock harmless.
  const words = JSON.parse(doc.body.dataset.words || "{}");
  const ahead = doc.body.dataset.now ? Date.parse(doc.body.dataset.now) - Date.now() : 0;
  const fill = (pattern, values) => pattern.replace(/%\((\w+)\)s/g, (_, key) => values[key]);

  const span = (ms) => {
    const total = Math.floor(Math.abs(ms) / 1000);
    const d = Math.floor(total / 86400), h = Math.floor(total / 3600) % 24, m = Math.floor(total / 60) % 60;
    const pattern = d ? words.dh : total >= 3600 ? words.hm : total >= 60 ? words.m : words.s;
    return fill(pattern, { d, h, m, s: total % 60 });
  };
  const tick = () => {
    all("time[data-countdown]").forEach((el) => {
      const left = Date.parse(el.dateTime) - Date.now() - ahead;
      const text = fill(left >= 0 ? words.in : words.ago, { span: span(left) });
      if (el.textContent !== text) el.textContent = text;
    });
  };
  if (words.in) {
    setInterval(tick, 1000);
    tick();
  }

  // One click, one submission. Disabling waits a turn, so that the pressed button's own value is still sent.
  const idle = (form) => {
    delete form.dataset.busy;
    form.classList.remove("is-busy");
    all("button[data-was-live]", form).forEach((button) => {
      button.disabled = false;
      button.removeAttribute("data-was-live");
    });
  };
  doc.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.busy) return event.preventDefault();
    form.dataset.busy = "1";
    form.classList.add("is-busy");
    setTimeout(() => {
      all("button:not([type=button]):enabled", form).forEach((button) => {
        button.dataset.wasLive = "";
        button.disabled = true;
      });
    });
    // A download or a new tab leaves this page standing.
    setTimeout(() => idle(form), form.dataset.stays !== undefined || form.target ? 1500 : 15000);
  });
  addEventListener("pageshow", () => all("form[data-busy]").forEach(idle));

  // The current tab may lie outside a narrow screen.
  all(":is(.side-nav, .tabs) [aria-current]").forEach((tab) => {
    const nav = tab.closest("nav");
    const at = tab.getBoundingClientRect().left - nav.getBoundingClientRect().left;
    nav.scrollLeft += at - nav.clientWidth / 2 + tab.offsetWidth / 2;
  });

  const copy = async (button) => {
    const status = button.querySelector(".visually-hidden");
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const text = button.parentElement.querySelector("code");
      if (text) getSelection().selectAllChildren(text);
      return;
    }
    button.classList.add("is-copied");
    if (status) status.textContent = button.dataset.copied;
    setTimeout(() => {
      button.classList.remove("is-copied");
      if (status) status.textContent = button.dataset.word;
    }, 2000);
  };

  const step = (button) => {
    const input = button.parentElement.querySelector("input");
    const before = input.value;
    button.dataset.step === "up" ? input.stepUp() : input.stepDown();
    if (input.value === before) return;
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
  };

  const turnTheme = () => {
    const root = doc.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    const safe = location.protocol === "https:" ? "; secure" : "";
    doc.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax${safe}`;
  };

  const showPhoto = (link) => {
    const photo = doc.getElementById(link.hash.slice(1));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    photo.parentElement.scrollTo({ left: photo.offsetLeft - photo.parentElement.offsetLeft, behavior: still ? "auto" : "smooth" });
    all("a", link.closest(".gallery-thumbs")).forEach((other) => other.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
  };

  const dismiss = (button) => button.closest(".flash").remove();

  doc.addEventListener("click", (event) => {
    const on = (css) => event.target.closest(css);
    const link = on(".gallery-thumbs a");
    if (link) { event.preventDefault(); showPhoto(link); }
    if (on("[data-copy]")) copy(on("[data-copy]"));
    if (on("[data-step]")) step(on("[data-step]"));
    if (on("[data-theme-turn]")) turnTheme();
    if (on("[data-dismiss]")) dismiss(on("[data-dismiss]"));
    if (on("[data-print]")) print();
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  doc.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  doc.addEventListener("change", (event) => {
    const input = event.target;
    if (input.matches("[data-autosubmit]")) input.form.requestSubmit();
    const box = input.type === "file" && input.closest(".photo-input");
    if (box) listFiles(input, box);
  });
  const listFiles = (input, box) => {
    const list = box.querySelector("ul");
    list.replaceChildren(...[...input.files].map((file) => {
      const row = doc.createElement("li");
      row.textContent = `${file.name} · ${Math.max(1, Math.round(file.size / 1024))} KB`;
      return row;
    }));
  };
  const overBox = (event) => event.target.closest && event.target.closest(".photo-input");
  doc.addEventListener("dragover", (event) => {
    if (overBox(event)) { event.preventDefault(); overBox(event).classList.add("is-over"); }
  });
  doc.addEventListener("dragleave", (event) => overBox(event) && overBox(event).classList.remove("is-over"));
  doc.addEventListener("drop", (event) => {
    const box = overBox(event);
    if (!box) return;
    event.preventDefault();
    box.classList.remove("is-over");
    const input = box.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  reveal(doc);
  // A fragment that htmx swapped in brings its own buttons and clocks.
  doc.addEventListener("htmx:after:swap", () => { reveal(doc); tick(); });
})();
