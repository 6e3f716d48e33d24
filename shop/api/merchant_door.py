"""The merchant's door of the API: his own session, or a token that is bound to one store and one role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from core.api import Door, OnceMixin, member_of
from core.errors import NotFound
from shop.errors import NotYourPart
from shop.guards import CHOSEN
from shop.models import Store
from shop.queries.stores import store_of
from shop.roles import Act, may


class MerchantDoor(Door):
    """
    Who works in a store, which is handed on as ``self.store``; 404 for everybody else.

    ``needs``: which act each method is; a role that does not include it is told so.
    """

    permission_classes = (IsAuthenticated,)
    needs: ClassVar[Mapping[str, Act]] = {}
    store: Store

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        self.store = asked_store(request)
        act = self.needs.get(request.method or "", Act.LOOK)
        token_role = getattr(request.auth, "role", "")
        if not may(self.store.my_role, act) or (token_role and not may(token_role, act)):
            raise NotYourPart


class MerchantOnce(OnceMixin, MerchantDoor):
    """The same for what must happen once."""


def asked_store(request: Request) -> Store:
    """
    The store a request is about. A token of somebody who is not of the store any more opens nothing.

    :raises NotFound: if there is none
    """
    token: Any = request.auth
    chosen = str(token.store_id if token is not None else request._request.session.get(CHOSEN, ""))
    user_id: UUID = member_of(request) if token is None else token.user_id
    store = store_of(user_id=user_id, chosen=chosen)
    if store is None or (token is not None and str(store.pk) != chosen):
        raise NotFound
    return store
