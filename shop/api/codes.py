"""Codes: the buyer opens them, the merchant hands them in."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.agents import agent_of
from core.api import Door, member_of, read
from core.api_fields import At, Flag, Id, Strict, Text
from core.http import actor_of
from flows import codes as flow
from shop.api.merchant_door import MerchantDoor, MerchantOnce
from shop.errors import NoSuchProduct
from shop.models import Product
from shop.queries.codes import pools_of
from shop.queries.listings import product_for_editor
from shop.queries.orders import order_for_buyer
from shop.roles import Act
from shop.services import code_import
from shop.states import Kind


class RevealInput(Strict):
    """`understood` must be true: an opened code counts as used. `codes`: ids of some; left out: all of the order."""

    understood = Flag()
    codes = serializers.ListField(child=Id(), required=False, min_length=1, max_length=999)

    def validate_understood(self, said: bool) -> bool:
        if not said:
            raise serializers.ValidationError(_("Say first that you know: an opened code counts as used."))
        return said


class CodeShape(serializers.Serializer[Any]):
    """An opened code. It was logged with its time and device when it was opened for the first time."""

    id = serializers.UUIDField(source="key.pk")
    product = serializers.UUIDField(source="key.order_line.product_id")
    variant = serializers.UUIDField(source="key.variant_id")
    title = serializers.CharField(source="key.order_line.display_title")
    n = serializers.IntegerField(source="key.n")
    code = serializers.CharField(source="value")
    expires_at = At(source="key.expires_at", allow_null=True)
    revealed_at = At(source="key.revealed_at")


class CodesShape(serializers.Serializer[Any]):
    number = serializers.CharField()
    codes = CodeShape(many=True)


class RevealCodes(Door):
    """
    Opening codes. The same answer whenever it is asked for, so no key is needed; with one the answer would be kept, and
    codes are kept nowhere but in their own rows.
    """

    @extend_schema(operation_id="revealCodes", tags=["orders"], request=RevealInput, responses={200: CodesShape})
    def post(self, request: Request, number: str) -> Response:
        """Open codes: from now on they count as used. What was opened before is shown again."""
        said, mine = read(RevealInput, request), order_for_buyer(member_of(request), number)
        opened = flow.reveal(
            order_id=mine.pk, key_ids=said.get("codes"), actor=actor_of(request), device=agent_of(request),
            now=clock.now(),
        )  # fmt: skip
        return Response(CodesShape({"number": mine.number, "codes": opened}).data)


class HandInInput(Strict):
    """
    `codes`: one code each. Lines that cannot be taken are named in `fields` as `lines.N`, and nothing is taken in,
    unless `leave_out_bad`. `preview`: only look.
    """

    variant = Id(required=False, help_text="Needed if the product has several.")
    name = Text(required=False, default="", allow_blank=True, max_length=80)
    expires_on = serializers.DateField(required=False, default=None, help_text="The last day on which they are good.")
    codes = serializers.ListField(
        child=Text(allow_blank=True, max_length=2_000), min_length=1, max_length=code_import.MAX_LINES
    )  # fmt: skip
    leave_out_bad = Flag(required=False, default=False)
    preview = Flag(required=False, default=False)

    def validate_codes(self, rows: list[str]) -> str:
        if any("\n" in row or "\r" in row for row in rows):
            raise serializers.ValidationError(_("One code each: there is a line break in one."))
        return "\n".join(rows) + "\n"


class ProblemShape(serializers.Serializer[Any]):
    line = serializers.IntegerField(source="number")
    problem = serializers.CharField()


class PoolShape(serializers.Serializer[Any]):
    """`stock`: what may still be promised. `counts`: keys by state; `revealed` are sold ones that were opened."""

    variant = serializers.UUIDField(source="variant_id")
    name = serializers.CharField()
    stock = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())


class PoolsShape(serializers.Serializer[Any]):
    pools = PoolShape(many=True)


class HandedIn(serializers.Serializer[Any]):
    """`batch`: null for a preview. `taken`: how many codes were, or would be, taken in."""

    batch = serializers.UUIDField(allow_null=True)
    taken = serializers.IntegerField()
    left_out = ProblemShape(many=True)
    pools = PoolShape(many=True)


class ProductCodes(MerchantOnce):
    """A product's pool of codes. No answer ever has a code in it."""

    needs: ClassVar = {"GET": Act.PRODUCTS, "POST": Act.PRODUCTS}

    @extend_schema(operation_id="getCodePool", tags=["merchant"], responses={200: PoolsShape})
    def get(self, request: Request, pk: UUID) -> Response:
        """How many codes there are, by variant and state."""
        return Response(PoolsShape({"pools": pools_of(_product(self, pk))}).data)

    @extend_schema(
        operation_id="handInCodes", tags=["merchant"], request=HandInInput, responses={200: HandedIn, 201: HandedIn}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Hand in codes, all of them or, if so wished, those that can be taken."""
        said, product = read(HandInInput, request), _product(self, pk)
        checked = code_import.check(said["codes"], expires_on=said["expires_on"], now=clock.now(), is_list=True)
        batch = None if said["preview"] else _hand_in(self, request, product, said)
        pools = pools_of(_product(self, pk))
        body = {"batch": batch, "taken": len(checked.good), "left_out": checked.bad, "pools": pools}
        return Response(HandedIn(body).data, status=status.HTTP_201_CREATED if batch else status.HTTP_200_OK)


def _hand_in(door: MerchantDoor, request: Request, product: Product, said: dict[str, Any]) -> UUID:
    made = code_import.hand_in(
        store_id=door.store.pk, product_id=product.pk, variant_id=said.get("variant"), name=said["name"],
        text=said["codes"], is_list=True, expires_on=said["expires_on"], leave_out_bad=said["leave_out_bad"],
        actor=actor_of(request), now=clock.now(),
    )  # fmt: skip
    return made.pk


def _product(door: MerchantDoor, pk: UUID) -> Product:
    product: Product = product_for_editor(store_id=door.store.pk, pk=pk)
    if product.kind != Kind.CODE:
        raise NoSuchProduct
    return product
