"""The sandbox bank in processes of its own, so that its work is not counted as the shop's."""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.bank"
