"""Who there is: companies, users, and the access tokens by which programs act for them."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class UserRole(StrEnum):
    """What a user may do. OWNER, MANAGER and VIEWER belong to a company; STAFF to the platform."""

    OWNER = "OWNER"
    MANAGER = "MANAGER"
    VIEWER = "VIEWER"
    STAFF = "STAFF"


class Company(Model):
    """A customer: the owner of SIMs, groups, users and operations. `country` is ISO 3166 alpha-2.

    One company `holds_stock`: SIMs that an inventory brings and nobody owns yet are its.
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    country = fields.CharField(max_length=2, default="KZ")
    holds_stock = fields.BooleanField(default=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "company"


class User(Model):
    """A person. `company` is empty for staff; a disabled user keeps their history and can do nothing."""

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyNullableRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="users", null=True, on_delete=fields.RESTRICT
    )
    email = fields.CharField(max_length=254, unique=True)
    name = fields.CharField(max_length=200)
    role = fields.CharEnumField(UserRole, max_length=16)
    disabled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "user_account"


class AccessToken(Model):
    """A bearer token of a user: only its SHA-256 is stored, in hexadecimal.

    The token is 256 random bits, so no slow hash is needed.
    """

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="tokens", on_delete=fields.CASCADE
    )
    name = fields.CharField(max_length=100)
    prefix = fields.CharField(max_length=12)
    digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "access_token"
