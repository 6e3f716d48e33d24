"""What a coupon takes off, for any prices: never more than the goods, never all there is to pay, exact to the fen."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from shop.queries.discounts import LEAST_PAYABLE, discount_of, spread

PRICES = st.lists(st.integers(1, 10**9), min_size=1, max_size=12)
AMOUNTS = st.integers(1, 10**11)
SHARES = st.integers(1, 10_000)


@given(prices=PRICES, shipping=st.integers(0, 10**6), off=AMOUNTS, chosen=st.lists(st.booleans(), max_size=12))
@example(prices=[1], shipping=0, off=1, chosen=[True])
@example(prices=[333, 333, 334], shipping=0, off=1_000, chosen=[True, True, True])
def test_an_amount_off_any_cart_leaves_something_to_pay_and_adds_up(prices, shipping, off, chosen):
    adds_up(prices, shipping, chosen, off_minor=off, off_bps=None, cap_minor=None)


@given(
    prices=PRICES, shipping=st.integers(0, 10**6), bps=SHARES, cap=st.none() | AMOUNTS,
    chosen=st.lists(st.booleans(), max_size=12),
)  # fmt: skip
@example(prices=[1, 1], shipping=0, bps=10_000, cap=None, chosen=[True, True])
def test_a_share_off_any_cart_leaves_something_to_pay_and_adds_up(prices, shipping, bps, cap, chosen):
    discount = adds_up(prices, shipping, chosen, off_minor=None, off_bps=bps, cap_minor=cap)
    assert cap is None or discount <= cap


def adds_up(prices, shipping, chosen, **terms):
    weights = [price if place < len(chosen) and chosen[place] else 0 for place, price in enumerate(prices)]
    eligible, payable = sum(weights), sum(prices) + shipping
    discount = discount_of(eligible_minor=eligible, payable_minor=payable, **terms)
    parts = spread(discount, weights)
    assert 0 <= discount <= eligible
    assert payable - discount >= LEAST_PAYABLE > 0
    assert sum(parts) == discount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
    return discount


def test_thirds_of_a_fen_go_to_the_largest_remainders():
    assert spread(100, [100, 100, 100]) == (34, 33, 33)
    assert spread(1_000, [3_330, 0, 6_670]) == (333, 0, 667)
    assert spread(0, [5, 5]) == (0, 0)


def test_a_share_is_rounded_half_to_even():
    given = {"off_minor": None, "cap_minor": None, "payable_minor": 10**6}
    assert discount_of(off_bps=500, eligible_minor=50, **given) == 2  # 2.5
    assert discount_of(off_bps=500, eligible_minor=70, **given) == 4  # 3.5
