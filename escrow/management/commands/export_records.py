"""Write the sealed log, a transfer a line, for ``verify.py log``; the newest checkpoint goes beside it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from escrow.models import Sealed, Transfer
from escrow.records.checkpoints import latest
from escrow.records.leaves import fields_of

BATCH = 2_000


class Command(BaseCommand):
    help = "Export the sealed log as JSON lines, and its newest signed checkpoint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        checkpoint = latest()
        size = checkpoint.size if checkpoint else 0
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "log.jsonl").open("w", encoding="utf-8") as file:
            for first in range(0, size, BATCH):
                seals = Sealed.objects.filter(seq__gte=first, seq__lt=min(first + BATCH, size)).order_by("seq")
                file.writelines(self._lines(list(seals)))
        (folder / "checkpoint.note").write_text(checkpoint.note if checkpoint else "", encoding="utf-8")
        self.stdout.write(f"{size} transfers in {folder}")

    def _lines(self, seals: list[Sealed]) -> list[str]:
        rows = Transfer.objects.in_bulk([seal.transfer_id for seal in seals])
        there = [seal for seal in seals if seal.transfer_id in rows]  # a row that is gone shows as a gap
        fields = fields_of(rows[seal.transfer_id] for seal in there)
        return [
            json.dumps({"seq": seal.seq, "transfer": one, "leaf": bytes(seal.leaf).hex()}, ensure_ascii=False) + "\n"
            for seal, one in zip(there, fields, strict=True)
        ]
