#!/usr/bin/env python3
"""
Check records of a Tashi shop without the shop. Needs Python 3.10 or newer and `pip install cryptography`, nothing else.

    verify.py --key KEY record FILE [OLDER…]      a signed receipt or record of an order, as downloaded from its page;
                                                  with older ones: nothing in them has been changed or left out since
    verify.py --key KEY bundle FILE               a record with its evidence (zip): each file is the one on record
    verify.py --key KEY log EXPORT CHECKPOINT…    an exported log against signed checkpoints, however old
    verify.py --key KEY consistency FILE [KEPT…]  that the newer log only added to the older one (the API's answer);
                                                  with texts that were kept: that both are the very states they tell of

CHECKPOINT and KEPT may be a bare checkpoint, a mail that carries one (.eml or its text), or a statement's foot.

KEY is the shop's public key as the shop has published it, written down before there was a quarrel: a key taken
together with a record proves nothing. Formats: RFC 6962 (tree), C2SP signed-note and tlog-checkpoint (signatures).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

VERSION = "tashi-transfer-v1"
MOST_OF_A_RECORD = 64 * 2**20
FIELDS = ("id", "kind", "ref", "leg", "debit", "credit", "currency", "amount", "at")


class Wrong(Exception):
    """What is wrong with a record, in a sentence."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_of(fields: dict[str, str]) -> bytes:
    """:raises Wrong: if fields are missing, added or no texts"""
    if set(fields) != set(FIELDS) or not all(isinstance(value, str) for value in fields.values()):
        raise Wrong("a transfer has not the fields that are sealed")
    texts = [VERSION, *(fields[name] for name in FIELDS)]
    return leaf_hash(b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts))


def read_note(note: str, keys: list[str]) -> str:
    """
    The text of a signed note.

    :raises Wrong: if none of the keys has signed it
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text, blank, signatures = note.rpartition("\n\n")
    if not blank:
        raise Wrong("this is no signed note")
    text += "\n"
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, packed = rest.partition(" ")
        if mark != "—":
            continue
        raw = base64.b64decode(packed)
        for key in keys:
            own_name, own_id, packed_key = key.split("+", 2)
            public = base64.b64decode(packed_key)[1:]
            if name != own_name or raw[:4].hex() != own_id:
                continue
            if hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4] != raw[:4]:
                raise Wrong("the key does not have the number it claims")
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
            except InvalidSignature as fault:
                raise Wrong("the signature does not belong to this text: it was altered") from fault
            return text
    raise Wrong("none of the given keys has signed this")


def read_checkpoint(note: str, keys: list[str]) -> tuple[str, int, bytes]:
    """Origin, size and root of a signed checkpoint. :raises Wrong: if it is not signed, or is none"""
    lines = read_note(note, keys).splitlines()
    if len(lines) < 3 or not lines[1].isdigit():
        raise Wrong("this is no checkpoint")
    return lines[0], int(lines[1]), base64.b64decode(lines[2])


def find_note(text: str) -> str:
    """The signed checkpoint inside a text: a mail, a page that was copied. :raises Wrong: if there is none"""
    if re.match(r"[A-Za-z-]+: ", text):
        body = message_from_bytes(text.encode(), policy=policy.default).get_body(("plain",))
        text = body.get_content() if body else text
    # Paper and mail programs break the long line of a signature behind the name.
    text = re.sub(r"^(\s*— \S+)\s*\n\s*(?=\S)", r"\1 ", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    lines = [line.strip() for line in text.splitlines()]
    for at in range(len(lines) - 4):
        if lines[at + 1].isdigit() and not lines[at + 3] and lines[at + 4].startswith("— "):
            end = next((n for n in range(at + 4, len(lines)) if not lines[n].startswith("— ")), len(lines))
            return "\n".join(lines[at:end]) + "\n"
    raise Wrong("there is no signed checkpoint in this text")


def check_kept(kept: tuple[str, int, bytes], signed: dict[int, bytes], origin: str) -> None:
    """:raises Wrong: if what somebody has kept is not one of the two states that are being compared"""
    if kept[0] != origin:
        raise Wrong("the kept checkpoint is of another log")
    if kept[1] not in signed:
        raise Wrong(f"the kept checkpoint is of {kept[1]} transfers: ask the shop for the proof from that size on")
    if signed[kept[1]] != kept[2]:
        raise Wrong(f"two different logs of {kept[1]} transfers are signed: the history was forked")


def root_from_inclusion(leaf: bytes, seq: int, size: int, proof: list[bytes]) -> bytes:
    """The root that a proof leads to. :raises Wrong: if it cannot be a proof"""
    found: bytes = climb(leaf, seq, size, proof, node_hash)
    return found


def join_sums(left: tuple[bytes, int], right: tuple[bytes, int]) -> tuple[bytes, int]:
    """A node of the tree of custody, whose halves both carry their sum. :raises Wrong: if a sum is negative"""
    if left[1] < 0 or right[1] < 0:
        raise Wrong("the proof of custody holds a negative amount")
    data = b"".join(minor.to_bytes(8, "big") + part for part, minor in (left, right))
    return hashlib.sha256(b"\x01" + data).digest(), left[1] + right[1]


def climb(leaf: Any, seq: int, size: int, proof: list[Any], join: Any) -> Any:
    """From a leaf to the root, RFC 9162 §2.1.3.2. :raises Wrong: if it cannot be a proof"""
    if not 0 <= seq < size:
        raise Wrong("the record claims a place outside the log")
    at, last, found = seq, size - 1, leaf
    for part in proof:
        if last == 0:
            raise Wrong("the proof is too long")
        if at % 2 or at == last:
            found = join(part, found)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = join(found, part)
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return found


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    """RFC 9162 §2.1.4.2. :raises Wrong: if the newer log does not begin with the older one"""
    if old == new:
        if old_root != new_root or proof:
            raise Wrong("two different logs of the same size are signed: the history was forked")
        return
    if not 0 < old < new or not proof:
        raise Wrong("these sizes and this proof do not go together")
    rest = ([old_root] if old & (old - 1) == 0 else []) + proof
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    first = second = rest[0]
    for part in rest[1:]:
        if last == 0:
            raise Wrong("the proof is too long")
        if at % 2 or at == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, part)
        at, last = at >> 1, last >> 1
    if first != old_root or second != new_root or last:
        raise Wrong("the newer log does not contain the older one: the history was rewritten")


def check_record(document: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """What a record says. :raises Wrong: with the first thing that is wrong"""
    if document.get("format") != "tashi-record-v1":
        raise Wrong("this is no record of a Tashi shop")
    signed = read_note(document["signature"], keys).splitlines()
    if signed[:2] != ["tashi-record-v1", hashlib.sha256(document["payload"].encode()).hexdigest()]:
        raise Wrong("the record was altered after it was signed")
    payload: dict[str, Any] = json.loads(document["payload"])
    receipts = payload["receipts"]
    if payload["count"] != len(receipts):
        raise Wrong("the record does not hold as many transfers as it says")
    if "order" in payload and [(r["number"], r["of"]) for r in receipts] != [
        (place, len(receipts)) for place in range(1, len(receipts) + 1)
    ]:
        raise Wrong("a transfer of this order is missing from its record")
    for receipt in receipts:
        check_receipt(receipt, payload["checkpoint"], keys)
    if payload.get("custody"):
        check_custody(payload["custody"], keys)
    return payload


def check_receipt(receipt: dict[str, Any], checkpoint: str, keys: list[str]) -> None:
    """:raises Wrong: if it is not the transfer that was sealed, or not in the signed log"""
    leaf, place = leaf_of(receipt["transfer"]), receipt["number"]
    if leaf.hex() != receipt["leaf"]:
        raise Wrong(f"transfer {place} is not the one that was sealed")
    if receipt["seq"] is None:
        return  # promised, and to be checked again after the promised time
    _, size, root = read_checkpoint(checkpoint, keys)
    proof = [base64.b64decode(part) for part in receipt["proof"]]
    if root_from_inclusion(leaf, receipt["seq"], size, proof) != root:
        raise Wrong(f"transfer {place} is not in the signed log")
    if receipt.get("day"):
        kind, _, _, first, end = read_note(receipt["day"]["note"], keys).splitlines()
        at = int(first) + receipt["day"]["number"] - 1
        if kind != "tashi-day-v1" or at != receipt["seq"] or not int(first) <= at < int(end):
            raise Wrong(f"transfer {place} is not among those counted on its day")


def check_custody(proof: dict[str, Any], keys: list[str]) -> str:
    """What a proof says of a hold, in a sentence. :raises Wrong: if the hold was not counted in what was signed"""
    lines = read_note(proof["note"], keys).splitlines()
    if lines[0] != "tashi-custody-v1":
        raise Wrong("this is no proof of custody")
    at, currency, count, total, root = lines[2], lines[3], int(lines[4]), int(lines[5]), base64.b64decode(lines[6])
    minor = int(proof["minor"])
    texts = ["tashi-hold-v1", proof["order"], proof["nonce"], proof["currency"], str(minor)]
    leaf = leaf_hash(b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts))
    path = [(base64.b64decode(part["hash"]), int(part["minor"])) for part in proof["path"]]
    if proof["currency"] != currency or climb((leaf, minor), proof["place"], count, path, join_sums) != (root, total):
        raise Wrong("this hold is not in the proof of custody, or was counted with another amount")
    return f"{minor} {currency} held, one of {count} holds of {total} together, at {at}"


def check_later(newer: dict[str, Any], older: dict[str, Any]) -> None:
    """:raises Wrong: if a transfer or an event that was on record is gone or reads differently"""
    if newer.get("order") != older.get("order"):
        raise Wrong("these are records of two orders")
    now = {receipt["transfer"]["id"]: receipt["leaf"] for receipt in newer["receipts"]}
    for receipt in older["receipts"]:
        if now.get(receipt["transfer"]["id"]) != receipt["leaf"]:
            raise Wrong(f"transfer {receipt['number']} of the older record is gone or was changed")
    if newer.get("events", [])[: len(older.get("events", []))] != older.get("events", []):
        raise Wrong("what has happened reads differently in the older record")
    there = newer.get("evidence", [])
    if any(not any(one.items() <= other.items() for other in there) for one in older.get("evidence", [])):
        raise Wrong("a piece of evidence of the older record is gone or was changed")


def check_bundle(name: str, keys: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the record in a bundle says, and of which files. :raises Wrong: naming each file that is not as on record"""
    with zipfile.ZipFile(name) as bundle:
        names = bundle.namelist()
        payload = check_record(json.loads(bundle.open("record.json").read(MOST_OF_A_RECORD)), keys)
        listed = {one["name"]: one for one in payload["bundle"]["files"]}
        faults = [f"{one} stands twice in the bundle" for one in sorted({n for n in names if names.count(n) > 1})]
        beside = {"record.json", "README.txt"}
        faults += [f"{one} is not on record" for one in sorted(set(names) - set(listed) - beside)]
        faults += [f"{one} is missing" for one in listed if one not in names]
        faults += [f"{one} was altered" for one in listed if one in names and not is_as_listed(bundle, listed[one])]
    told = {one["sha256"] for one in listed.values()} | {one["sha256"] for one in payload["bundle"]["left_out"]}
    unsaid = [one for one in payload["evidence"] if not {one["sha256"], one["kept_sha256"]} & told]
    faults += [f"{one['what']} of {one['of']} is on record, and neither here nor said to be left out" for one in unsaid]
    if faults:
        raise Wrong("; ".join(faults))
    return payload, payload["bundle"]


def is_as_listed(bundle: zipfile.ZipFile, one: dict[str, Any]) -> bool:
    """Whether a file of a bundle has the length and the SHA-256 that are on record; reads no more than that length."""
    digest, left = hashlib.sha256(), one["bytes"] + 1
    try:
        with bundle.open(one["name"]) as file:
            while left > 0 and (part := file.read(min(left, 65_536))):
                digest.update(part)
                left -= len(part)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return False
    return left == 1 and digest.hexdigest() == one["sha256"]


class Frontier:
    """Appends leaves and knows the root of what has come so far, with as many hashes as the size has bits."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        self._peaks.append(leaf)
        count = self.size
        while count % 2:
            right = self._peaks.pop()
            self._peaks.append(node_hash(self._peaks.pop(), right))
            count >>= 1
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def check_log(lines: list[str], notes: list[str], keys: list[str]) -> int:
    """Give how many transfers are as signed. :raises Wrong: naming what was done to the log, and where it begins"""
    marks = sorted((size, root) for _, size, root in (read_checkpoint(note, keys) for note in notes))
    for one, two in zip(marks, marks[1:], strict=False):  # noqa: RUF007
        if one[0] == two[0] and one[1] != two[1]:
            raise Wrong(f"two different logs of {one[0]} transfers are signed: the history was forked")
    tree, good, marked = Frontier(), 0, dict(marks)
    seen: set[str] = set()
    for place, line in enumerate(lines):
        row = json.loads(line)
        if row["seq"] != place:
            raise Wrong(f"transfer {place} is missing or out of its order: the log goes on with {row['seq']}")
        leaf = leaf_of(row["transfer"])
        if leaf.hex() != row["leaf"]:
            raise Wrong(f"transfer {place} was altered: its fields do not give its seal")
        if row["transfer"]["id"] in seen:
            raise Wrong(f"transfer {place} stands in the log twice")
        seen.add(row["transfer"]["id"])
        tree.append(leaf)
        if tree.size in marked:
            if tree.root() != marked[tree.size]:
                raise Wrong(f"something between transfer {good} and {tree.size - 1} was altered, added or swapped")
            good = tree.size
    if marks and tree.size < marks[-1][0]:
        raise Wrong(f"the log was cut off: {marks[-1][0]} transfers are signed, {tree.size} are there")
    return good


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", action="append", required=True, help="public key; may be given several times")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("bundle").add_argument("file")
    for act, more, count in (("record", "older", "*"), ("log", "checkpoints", "+"), ("consistency", "kept", "*")):
        one = acts.add_parser(act)
        one.add_argument("file")
        one.add_argument(more, nargs=count)
    args = parser.parse_args(given)
    try:
        print(_answer(args))  # noqa: T201
    except Exception as fault:  # a bent file breaks whatever reads it; in no way is it good
        print(f"WRONG: {fault if isinstance(fault, Wrong) else f'not readable ({fault!r})'}")  # noqa: T201
        return 1
    return 0


def _read(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


def _answer(args: argparse.Namespace) -> str:
    if args.act == "record":
        payload = check_record(json.loads(_read(args.file)), args.key)
        for name in args.older:
            check_later(payload, check_record(json.loads(_read(name)), args.key))
        sealed = sum(1 for receipt in payload["receipts"] if receipt["seq"] is not None)
        lines = [f"GOOD: {payload['subject']}, {payload['count']} transfers, {sealed} of them in the signed log"]
        if payload.get("custody"):
            lines.append(f"GOOD: custody: {check_custody(payload['custody'], args.key)}")
        return "\n".join(lines)
    if args.act == "bundle":
        payload, bundle = check_bundle(args.file, args.key)
        lines = [f"GOOD: {payload['subject']}, {payload['count']} transfers, {len(bundle['files'])} files as on record"]
        lines += [f"LEFT OUT by the shop: {one['what']} of {one['of']} ({one['why']})" for one in bundle["left_out"]]
        return "\n".join(lines)
    if args.act == "log":
        kept = [find_note(_read(name)) for name in args.checkpoints]
        good = check_log(_read(args.file).splitlines(), kept, args.key)
        return f"GOOD: {good} transfers are as signed"
    both = json.loads(_read(args.file))
    (one, old, old_root), (two, new, new_root) = (read_checkpoint(both[name], args.key) for name in ("old", "new"))
    if one != two:
        raise Wrong("these are checkpoints of two logs")
    for name in args.kept:
        check_kept(read_checkpoint(find_note(_read(name)), args.key), {old: old_root, new: new_root}, one)
    check_consistency(old, old_root, new, new_root, [base64.b64decode(part) for part in both["proof"]])
    return f"GOOD: the log of {new} transfers begins with that of {old}"


if __name__ == "__main__":
    sys.exit(main())
