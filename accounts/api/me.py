"""Oneself, and where parcels go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import regions
from accounts.forms.addresses import AddressForm
from accounts.models import User
from accounts.phones import LONGEST, to_e164
from accounts.queries.addresses import addresses_of
from accounts.services import addresses, people
from core.api import Door, PublicDoor, member_of, read
from core.api_fields import Choice, Flag, Strict, Text
from core.errors import Invalid

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class MeShape(serializers.Serializer[User]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    phone = serializers.CharField(allow_null=True)
    language = serializers.CharField()


class MeInput(Strict):
    name = Text(required=False, allow_blank=True, max_length=60)
    language = Choice(LANGUAGES, required=False)


class SavedAddress(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    phone = serializers.CharField()
    district_code = serializers.CharField()
    province = serializers.CharField()
    city = serializers.CharField()
    district = serializers.CharField()
    street = serializers.CharField()
    postcode = serializers.CharField()
    is_default = serializers.BooleanField()


class AddressInput(Strict):
    """`district_code` from `regions/`."""

    name = Text(max_length=40)
    phone = Text(max_length=LONGEST)
    district_code = Text(max_length=9)
    street = Text(max_length=120)
    postcode = Text(required=False, default="", allow_blank=True, max_length=10)
    is_default = Flag(required=False, default=False)

    def validate_phone(self, text: str) -> str:
        try:
            return to_e164(text)
        except ValidationError as wrong:
            raise serializers.ValidationError(list(wrong.messages)) from wrong


class RegionShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class RegionWish(serializers.Serializer[Any]):
    under = serializers.CharField(required=False, default="", allow_blank=True, max_length=9)


class Me(Door):
    """Oneself."""

    @extend_schema(operation_id="getMe", tags=["me"], responses={200: MeShape})
    def get(self, request: Request) -> Response:
        """Who is signed in."""
        return _me(request)

    @extend_schema(operation_id="changeMe", tags=["me"], request=MeInput, responses={200: MeShape})
    def patch(self, request: Request) -> Response:
        """Change one's name, or the language of one's messages."""
        said, user_id = read(MeInput, request), member_of(request)
        if "name" in said:
            people.rename(user_id=user_id, name=said["name"])
        if "language" in said:
            people.set_language(user_id=user_id, language=said["language"])
        return _me(request)


class Addresses(Door):
    """One's address book."""

    @extend_schema(operation_id="listAddresses", tags=["me"], responses={200: SavedAddress(many=True)})
    def get(self, request: Request) -> Response:
        """At most fifty: the default first, then the newest."""
        return Response(SavedAddress(addresses_of(user_id=member_of(request)), many=True).data)

    @extend_schema(operation_id="addAddress", tags=["me"], request=AddressInput, responses={201: SavedAddress})
    def post(self, request: Request) -> Response:
        """Write an address down; the first is the default one."""
        said = read(AddressInput, request)
        form = AddressForm(said)  # one line, a postcode that is one, a district that there is: as on the page
        if not form.is_valid():
            raise Invalid(fields={name: " ".join(map(str, faults)) for name, faults in form.errors.items()})
        made = addresses.save_address(user_id=member_of(request), address_id=None, **form.for_service())
        return Response(SavedAddress(made).data, status=201)


class AddressById(Door):
    """One address."""

    @extend_schema(operation_id="deleteAddress", tags=["me"], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Remove it; orders keep their own copy."""
        addresses.delete_address(user_id=member_of(request), address_id=pk)
        return Response(status=204)


class Regions(PublicDoor):
    """Provinces, cities and districts."""

    @extend_schema(
        operation_id="listRegions", tags=["me"], responses={200: RegionShape(many=True)},
        parameters=[OpenApiParameter("under", str, description="Code of a province or a city; left out: provinces.")],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What lies under a province or a city."""
        code = read(RegionWish, request, query=True)["under"]
        found = (regions.cities(code) or regions.districts(code)) if code else regions.provinces()
        return Response(RegionShape(found, many=True).data)


def _me(request: Request) -> Response:
    return Response(MeShape(User.objects.get(pk=member_of(request))).data)
