"""The merchant's door of the API: his own session, or a token that is bound to one store."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from core.api import Door, OnceMixin, member_of
from core.errors import NotFound
from shop.models import Store
from shop.queries.stores import store_of


class MerchantDoor(Door):
    """Who has a store, which is handed on as ``self.store``; 404 for everybody else."""

    permission_classes = (IsAuthenticated,)
    store: Store

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        self.store = asked_store(request)


class MerchantOnce(OnceMixin, MerchantDoor):
    """The same for what must happen once."""


def asked_store(request: Request) -> Store:
    """
    The store a request is about. A token of a store that has changed hands opens nothing.

    :raises NotFound: if there is none
    """
    token: Any = request.auth
    if token is None:
        store = store_of(user_id=member_of(request))
    else:
        store = Store.objects.filter(pk=token.store_id, owner_id=request.user.pk).first()
    if store is None:
        raise NotFound
    return store
