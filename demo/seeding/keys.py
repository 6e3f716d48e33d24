"""Pools of made-up codes: some for sale, a batch in quarantine, one whose date has passed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from core import clock
from core.actor import Actor
from shop.models import CodeBatch, Product, Variant
from shop.services import code_import, code_pool

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
GOOD_FOR_DAYS = 700
SPOILED = 3  # keys of each batch that is not for sale


def fill_pool(product: Product, counts: Sequence[int], *, now: datetime) -> None:
    """Hand in as many codes for each variant as the catalogue says are in stock; the same ones each time."""
    actor = Actor(user_id=product.store.owner_id)
    dice = random.Random(str(product.pk))
    with clock.at(now):
        for variant, count in zip(product.variants.order_by("position"), counts, strict=True):
            _batch(variant, "正版授权 2026-A", count, days=GOOD_FOR_DAYS, dice=dice, actor=actor, now=now)
        first = product.variants.order_by("position")[0]
        _batch(first, "旧批次（将过期）", SPOILED, days=30, dice=dice, actor=actor, now=now)
        doubtful = _batch(first, "渠道抽检中", SPOILED, days=GOOD_FOR_DAYS, dice=dice, actor=actor, now=now)
        code_pool.stop_batch(
            store_id=product.store_id, batch_id=doubtful.pk, reason="抽检：两个码激活失败", actor=actor, now=now
        )


def _batch(
    variant: Variant, name: str, count: int, *, days: int, dice: random.Random, actor: Actor, now: datetime
) -> CodeBatch:
    codes = ["DEMO-" + "-".join("".join(dice.choices(LETTERS, k=5)) for _ in range(3)) for _ in range(count)]
    good_until = (now + timedelta(days=days)).date()
    return code_import.hand_in(
        store_id=variant.product.store_id, product_id=variant.product_id, variant_id=variant.pk, name=name,
        text="\n".join(codes), expires_on=good_until, leave_out_bad=False, actor=actor, now=now,
    )  # fmt: skip
