"""What a coupon takes off, in whole minor units: numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence

from core.money import apportion, share

LEAST_PAYABLE = 1  # minor unit: nothing cannot be held, and so cannot be guaranteed


def discount_of(
    *, off_minor: int | None, off_bps: int | None, cap_minor: int | None, eligible_minor: int, payable_minor: int
) -> int:
    """
    How much goes off ``eligible_minor``, the sum of the goods a coupon is for; nothing if it cannot take anything.

    Never more than those goods cost, and ``payable_minor``, all goods and shipping, keeps a minor unit.
    """
    wanted = off_minor if off_minor is not None else share(eligible_minor, off_bps or 0)
    wanted = wanted if cap_minor is None else min(wanted, cap_minor)
    return max(0, min(wanted, eligible_minor, payable_minor - LEAST_PAYABLE))


def spread(discount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """
    Each line's part of a discount, by what it costs and to the minor unit; a line it is not for weighs nothing.

    The parts sum to the whole (largest remainder), and none is larger than its line.
    """
    return tuple(apportion(discount_minor, list(weights))) if discount_minor else (0,) * len(weights)
