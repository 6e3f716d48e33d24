"""People and their addresses."""

from __future__ import annotations

from typing import Any

import factory
from allauth.account.models import EmailAddress
from factory.django import DjangoModelFactory

from accounts.models import Address, User

PASSWORD = "demo-Passw0rd"


class UserFactory(DjangoModelFactory[User]):
    """Somebody with a verified phone and a verified e-mail; ``phone=None`` or ``email=None`` leaves one out."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    phone = factory.Sequence(lambda n: f"+86137{n:08d}")
    phone_verified = factory.LazyAttribute(lambda user: bool(user.phone))
    name = factory.Sequence(lambda n: f"林小{n}")
    language = "zh-hans"

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        user = User.objects.create_user(kwargs.pop("email", None), kwargs.pop("password", PASSWORD), **kwargs)
        if user.email:
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user


class MediatorFactory(UserFactory):
    is_mediator = True


class AddressFactory(DjangoModelFactory[Address]):
    class Meta:
        model = Address

    user = factory.SubFactory(UserFactory)
    name = "张三"
    phone = "+8613800138000"
    district_code = "330106"
    province = "浙江省"
    city = "杭州市"
    district = "西湖区"
    street = "文三路 100 号 3-201"
    is_default = False
