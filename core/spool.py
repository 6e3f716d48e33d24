"""
The folder through which the worker is woken when there is no Redis.

Kombu's own folder makes a message visible before it is written: a worker that looks in between reads an empty file, and
ends. Here a message gets its name only when it is whole.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):  # type: ignore[misc]  # kombu carries no types
    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        unfinished = folder / f"{name}.part"  # does not end in ``<queue>.msg``, so nobody takes it
        unfinished.write_text(dumps(message), encoding="utf-8")
        os.replace(unfinished, folder / name)


class Transport(filesystem.Transport):  # type: ignore[misc]
    Channel = Channel
