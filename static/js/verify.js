/* Checks a record in the reader's own browser: signatures, hashes and places in the tree, as verify.py does. */
(() => {
  "use strict";
  const form = document.querySelector("[data-verify]");
  if (!form) return;
  const out = document.querySelector("[data-verify-result]");
  const word = (name) => document.querySelector(`[data-verify-words] [data-word="${name}"]`).textContent;
  const utf8 = (text) => new TextEncoder().encode(text);
  const FIELDS = ["id", "kind", "ref", "leg", "debit", "credit", "currency", "amount", "at"];
  class Wrong extends Error {}
  const must = (fine, name, more = "") => { if (!fine) throw new Wrong(word(name) + (more && ` (${more})`)); };

  const bytes = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const concat = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    parts.forEach((part) => { whole.set(part, at); at += part.length; });
    return whole;
  };
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
  const number = (value, width) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value));
    return new Uint8Array(view.buffer).slice(8 - width);
  };
  const leafOf = (texts) => {
    const parts = texts.map(utf8).flatMap((data) => [number(data.length, 4), data]);
    return sha256(Uint8Array.of(0), ...parts);
  };
  const same = (one, two) => hex(one) === hex(two);

  const keyOf = (line) => {
    const [name, id, ...rest] = line.trim().split("+");
    return { name, id, raw: bytes(rest.join("+")) };
  };
  // The text of a signed note (C2SP), if one of the keys has signed it.
  const readNote = async (note, keys) => {
    const cut = note.lastIndexOf("\n\n");
    must(cut > 0, "unsigned");
    const text = note.slice(0, cut + 1);
    for (const line of note.slice(cut + 2).split("\n")) {
      const [mark, name, packed] = line.split(" ");
      const key = mark === "—" && keys.find((one) => one.name === name && hex(bytes(packed).slice(0, 4)) === one.id);
      if (!key) continue;
      const id = (await sha256(utf8(`${name}\n`), key.raw)).slice(0, 4);
      must(hex(id) === key.id && key.raw[0] === 1, "key");
      const own = await crypto.subtle.importKey("raw", key.raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
      must(await crypto.subtle.verify("Ed25519", own, bytes(packed).slice(4), utf8(text)), "altered");
      return text.split("\n").slice(0, -1);
    }
    throw new Wrong(word("key"));
  };
  // From a leaf to the root: RFC 9162, 2.1.3.2.
  const climb = async (leaf, seq, size, proof, join) => {
    must(Number.isSafeInteger(seq) && seq >= 0 && seq < size, "place");
    let at = seq, last = size - 1, found = leaf;
    for (const part of proof) {
      must(last > 0, "place");
      if (at % 2 || at === last) {
        found = await join(part, found);
        while (at % 2 === 0 && at) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
      } else {
        found = await join(found, part);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    must(last === 0, "place");
    return found;
  };
  const join = (left, right) => sha256(Uint8Array.of(1), left, right);
  const joinSums = async (left, right) => {
    must(left.minor >= 0n && right.minor >= 0n, "custody");
    const parts = [left, right].flatMap((part) => [number(part.minor, 8), part.hash]);
    return { hash: await sha256(Uint8Array.of(1), ...parts), minor: left.minor + right.minor };
  };

  const checkReceipt = async (receipt, checkpoint, keys) => {
    const fields = receipt.transfer;
    const known = Object.keys(fields).length === FIELDS.length && FIELDS.every((name) => typeof fields[name] === "string");
    must(known, "transfer", receipt.number);
    const leaf = await leafOf(["tashi-transfer-v1", ...FIELDS.map((name) => fields[name])]);
    must(hex(leaf) === receipt.leaf, "transfer", receipt.number);
    if (receipt.seq === null) return;
    const [, size, root] = await readNote(checkpoint, keys);
    const found = await climb(leaf, receipt.seq, Number(size), receipt.proof.map(bytes), join);
    must(same(found, bytes(root)), "place", receipt.number);
    if (!receipt.day) return;
    const [kind, , , first, end] = await readNote(receipt.day.note, keys);
    const at = Number(first) + receipt.day.number - 1;
    must(kind === "tashi-day-v1" && at === receipt.seq && at >= Number(first) && at < Number(end), "day", receipt.number);
  };
  const checkCustody = async (proof, keys) => {
    const [kind, , at, currency, count, total, root] = await readNote(proof.note, keys);
    must(kind === "tashi-custody-v1" && proof.currency === currency, "custody");
    const hash = await leafOf(["tashi-hold-v1", proof.order, proof.nonce, currency, proof.minor]);
    const path = proof.path.map((part) => ({ hash: bytes(part.hash), minor: BigInt(part.minor) }));
    const found = await climb({ hash, minor: BigInt(proof.minor) }, proof.place, Number(count), path, joinSums);
    must(same(found.hash, bytes(root)) && found.minor === BigInt(total), "custody");
    return [money(proof.minor, currency), count, money(total, currency), moment(at)];
  };
  const checkRecord = async (whole, keys) => {
    must(whole.format === "tashi-record-v1", "format");
    const [kind, digest] = await readNote(whole.signature, keys);
    must(kind === "tashi-record-v1" && digest === hex(await sha256(utf8(whole.payload))), "altered");
    const said = JSON.parse(whole.payload);
    must(said.count === said.receipts.length, "missing");
    const inOrder = said.receipts.every((one, place) => one.number === place + 1 && one.of === said.count);
    must(!("order" in said) || inOrder, "missing");
    for (const receipt of said.receipts) await checkReceipt(receipt, said.checkpoint, keys);
    return { said, custody: said.custody && await checkCustody(said.custody, keys) };
  };

  const lang = document.documentElement.lang;
  // The reader's own time, named, so that it can be compared with what the pages say.
  const moment = (at) => {
    const parts = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    return new Date(at).toLocaleString(lang, { ...parts, timeZoneName: "short" });
  };
  // What a signed record says in English, in the reader's language where we have a word for it.
  const inWords = (said, list = "said") => document.querySelector(`[data-verify-words] [data-${list}="${CSS.escape(said)}"]`)?.textContent || said;
  const subjectOf = ({ order, subject }) => (order === undefined ? subject : inWords("order").replace("{0}", order));
  const money = (minor, currency) => {
    const style = new Intl.NumberFormat(lang, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    return style.format(Number(minor) / 10 ** style.resolvedOptions().maximumFractionDigits);
  };
  const fill = (name, ...values) => values.reduce((text, value, n) => text.replace(`{${n}}`, value), word(name));
  const show = (tone, title, lines = []) => {
    const box = document.createElement("div");
    box.className = `callout tone-${tone}`;
    const inner = box.appendChild(document.createElement("div"));
    const head = inner.appendChild(document.createElement("p"));
    head.appendChild(document.createElement("strong")).textContent = title;
    lines.forEach((line) => { inner.appendChild(document.createElement("p")).textContent = line; });
    out.replaceChildren(box);
  };
  // Each chosen file, one after the other, so that only one lies in memory: which piece on record it is.
  const checkPieces = async (files, said) => {
    const lines = [];
    let allKnown = true;
    for (const file of files) {
      const digest = hex(await sha256(new Uint8Array(await file.arrayBuffer())));
      const one = (said.evidence || []).find((piece) => piece.kept_sha256 === digest || piece.sha256 === digest);
      allKnown &&= Boolean(one);
      lines.push(one ? fill("known", file.name, inWords(one.what), one.of, inWords(one.by)) : fill("foreign", file.name));
    }
    return { lines, allKnown };
  };
  const tell = ({ said, custody }, pieces) => {
    const sealed = said.receipts.filter((one) => one.seq !== null).length;
    const lines = [fill("counted", subjectOf(said), said.count, sealed)];
    said.receipts.forEach(({ transfer, number: nth, seq }) => {
      lines.push(`${nth}. ${inWords(transfer.kind, "kind")} · ${money(transfer.amount, transfer.currency)} · ${moment(transfer.at)} · ${word(seq === null ? "promised" : "sealed")}`);
    });
    if (custody) lines.push(fill("held", ...custody));
    lines.push(...pieces.lines);
    show(pieces.allKnown ? "safe" : "danger", word(pieces.allKnown ? "good" : "unlike"), lines);
  };
  const failure = (fault) => {
    if (fault instanceof Wrong) return show("danger", word("wrong"), [fault.message]);
    if (fault instanceof DOMException && fault.name === "NotSupportedError") return show("wait", word("old"));
    return show("danger", word("wrong"), [word("unreadable")]);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!globalThis.crypto?.subtle) return show("wait", word("insecure"));
    try {
      const keys = form.elements.key.value.split("\n").filter((line) => line.trim()).map(keyOf);
      const found = await checkRecord(JSON.parse(form.elements.record.value), keys);
      tell(found, await checkPieces(form.elements.pieces.files, found.said));
    } catch (fault) {
      failure(fault);
    }
  });
  form.elements.file.addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) form.elements.record.value = await file.text();
  });
})();
