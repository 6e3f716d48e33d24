"""A store's money."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.step_up import ensure
from accounts.services.step_up import Act as Confirmed
from core import clock
from core.api import read
from core.api_fields import At, MoneySerializer, Nothing
from core.api_pages import PARAMETERS, CursorPages, page_schema
from core.errors import DomainError
from core.http import actor_of
from escrow.queries import Lines, merchant_lines, merchant_money, outlook, payout_account
from flows.payouts import ask_for_payout
from shop.api.merchant_door import MerchantDoor, MerchantOnce
from shop.api.order_shapes import MoneyLineShape
from shop.roles import Act


class NothingToPayOut(DomainError):
    code = "nothing_to_pay_out"
    default_message = _("There is nothing on the store's balance that could be paid out.")


class NowhereToPay(DomainError):
    code = "no_payout_account"
    default_message = _("The store has no bank account yet. Set one on the store's settings page.")


class BalanceShape(serializers.Serializer[Any]):
    """Four amounts that add up to `total`: under escrow, frozen by cases, on their way to the bank, to be paid out."""

    held = MoneySerializer()
    frozen = MoneySerializer()
    arriving = MoneySerializer()
    available = MoneySerializer()
    total = MoneySerializer()


class PayoutShape(serializers.Serializer[Any]):
    """`status`: approval, prepared, sent, paid, or failed and returned, which are back on the balance."""

    id = serializers.IntegerField()
    amount = MoneySerializer()
    status = serializers.CharField()
    bank = serializers.CharField(source="destination.place")
    account = serializers.CharField(source="destination.last4", help_text="Last four digits.")
    created_at = At()


class Balance(MerchantDoor):
    """Where a store's money is."""

    needs: ClassVar = {"GET": Act.MONEY}

    @extend_schema(operation_id="getBalance", tags=["merchant"], responses={200: BalanceShape})
    def get(self, request: Request) -> Response:
        """Held, frozen, arriving, available."""
        money = merchant_money(self.store.pk, clock.now(), currency=self.store.currency)
        return Response(BalanceShape(money).data)


class Statement(MerchantDoor):
    """A store's running account."""

    needs: ClassVar = {"GET": Act.MONEY}

    @extend_schema(
        operation_id="getStatement", tags=["merchant"], parameters=PARAMETERS,
        responses={200: page_schema("StatementPage", MoneyLineShape)},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Releases in, payouts out, newest first, with the balance after each."""
        lines, pages = merchant_lines(self.store.pk, currency=self.store.currency), CursorPages()
        moves = pages.paginate_queryset(lines.moves, request)
        shown = Lines(lines.account, Q(pk__in=[move.pk for move in moves]))
        return pages.get_paginated_response(MoneyLineShape(list(shown), many=True).data)


class Payouts(MerchantOnce):
    """Paying out."""

    needs: ClassVar = {"POST": Act.PAY_OUT}
    asks_proof = "payout"

    @extend_schema(operation_id="payOut", tags=["merchant"], request=Nothing, responses={201: PayoutShape})
    def post(self, request: Request) -> Response:
        """
        Pay out now what may leave: the balance less debts and reserve, without waiting for the daily payout.

        Asks for a proof of the sum that would leave, which the refusal without one tells.
        """
        read(Nothing, request)
        if payout_account(self.store.pk) is None:
            raise NowhereToPay
        with transaction.atomic():
            payout = ask_for_payout(store_id=self.store.pk, actor=actor_of(request), now=clock.now())
            if payout is None:
                raise NothingToPayOut(outlook(self.store.pk, clock.now(), currency=self.store.currency).why or None)
            ensure(request, Confirmed("payout", payout.amount_minor, payout.currency, str(self.store.pk)))
        return Response(PayoutShape(payout).data, status=status.HTTP_201_CREATED)
