"""Who there is: companies, agents, users, and the credentials by which they and their programs come in."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model

from domain.scopes import Scope


def every_scope() -> list[str]:
    """What a token is good for when nothing else is said."""
    return [scope.value for scope in Scope]


_EVERY_SCOPE_SQL = "'{" + ",".join(every_scope()) + "}'"


class UserRole(StrEnum):
    """What a user may do. OWNER, MANAGER and VIEWER belong to a company, AGENT to an agent, STAFF and ADMIN to the platform."""

    OWNER = "OWNER"
    MANAGER = "MANAGER"
    VIEWER = "VIEWER"
    AGENT = "AGENT"
    STAFF = "STAFF"
    ADMIN = "ADMIN"


class PaymentSystem(StrEnum):
    """Whether a company pays by invoice afterwards, or from a deposit made before."""

    POSTPAID = "POSTPAID"
    PREPAID = "PREPAID"


class CompanyState(StrEnum):
    """PENDING: registered, not approved by staff yet; CLOSED: its users cannot come in any more."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


class UserLanguage(StrEnum):
    """The language of mails, documents and notifications to a user."""

    RU = "ru"
    KK = "kk"
    EN = "en"


class TokenKind(StrEnum):
    """API: a token for programs, sent as a bearer; SESSION: a log-in of a browser, kept in a cookie."""

    API = "API"
    SESSION = "SESSION"


class LinkKind(StrEnum):
    """What a mailed link is for."""

    CONFIRM_EMAIL = "CONFIRM_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - the name of a purpose
    INVITATION = "INVITATION"


class Agent(Model):
    """A reseller who looks after several companies; its users have the role AGENT."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200, unique=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "agent"


class Company(Model):
    """A customer: the owner of SIMs, groups, users and operations. `country` is ISO 3166 alpha-2.

    One company `holds_stock`: SIMs that an inventory brings and nobody owns yet are its. `whatsapp` is a number in E.164
    without the plus, to which news of invoices go; `agent` looks after the company. (Guide, "Управление профилем компании".)
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    country = fields.CharField(max_length=2, default="KZ")
    holds_stock = fields.BooleanField(default=False)
    tax_number = fields.CharField(max_length=40, null=True)
    contract_number = fields.CharField(max_length=60, null=True)
    responsible_person = fields.CharField(max_length=200, null=True)
    payment_system = fields.CharEnumField(
        PaymentSystem, max_length=16, default=PaymentSystem.POSTPAID, db_default="POSTPAID"
    )
    email = fields.CharField(max_length=254, null=True)
    whatsapp = fields.CharField(max_length=15, null=True)
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "models.Agent", related_name="companies", null=True, on_delete=fields.RESTRICT
    )
    state = fields.CharEnumField(CompanyState, max_length=16, default=CompanyState.ACTIVE, db_default="ACTIVE")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "company"


class User(Model):
    """A person. `company` is empty for staff and for agents' users; a disabled user keeps their history and can do nothing.

    `password_hash` is argon2id in PHC form, empty for who was invited and has not come yet, and for who uses tokens only.
    `phone` is E.164 without the plus.
    """

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyNullableRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="users", null=True, on_delete=fields.RESTRICT
    )
    email = fields.CharField(max_length=254, unique=True)
    name = fields.CharField(max_length=200)
    role = fields.CharEnumField(UserRole, max_length=16)
    disabled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "models.Agent", related_name="users", null=True, on_delete=fields.RESTRICT
    )
    language = fields.CharEnumField(UserLanguage, max_length=2, default=UserLanguage.RU, db_default="ru")
    time_zone = fields.CharField(max_length=64, default="Asia/Almaty", db_default="Asia/Almaty")
    phone = fields.CharField(max_length=15, null=True)
    password_hash = fields.CharField(max_length=200, null=True)
    password_changed_at = fields.DatetimeField(null=True)
    email_confirmed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "user_account"


class AccessToken(Model):
    """A bearer token or a browser session of a user: only its SHA-256 is stored, in hexadecimal.

    The secret is 256 random bits, so no slow hash is needed. `scopes` are `domain.scopes.Scope`; `group_ids`, when given,
    are the only groups whose SIMs it reaches. `user_agent` and `address` are those of the log-in. When it was last used is
    in `token_use`, because each change of this table makes every process ask anew who may do what.
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
    kind = fields.CharEnumField(TokenKind, max_length=8, default=TokenKind.API, db_default="API")
    scopes: list[str] = ArrayField("varchar(24)", default=every_scope, db_default=SqlDefault(_EVERY_SCOPE_SQL))
    group_ids: list[int] | None = ArrayField("bigint", null=True)
    user_agent = fields.CharField(max_length=300, null=True)
    address = fields.CharField(max_length=45, null=True)

    class Meta:
        table = "access_token"


class TokenUse(Model):
    """When and from where a credential was last used; behind by some seconds."""

    token: fields.OneToOneRelation[AccessToken] = fields.OneToOneField(
        "models.AccessToken", related_name="use", primary_key=True, on_delete=fields.CASCADE
    )
    last_used_at = fields.DatetimeField()
    last_used_from = fields.CharField(max_length=45, null=True)

    class Meta:
        table = "token_use"


class AccountLink(Model):
    """A link that was mailed: good once, until it expires; stored as a digest like a token."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="links", on_delete=fields.CASCADE
    )
    kind = fields.CharEnumField(LinkKind, max_length=16)
    digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "account_link"


class SavedView(Model):
    """A user's choice of columns, filter and order of the SIM table, under a name that is unique for the user."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="views", on_delete=fields.CASCADE
    )
    name = fields.CharField(max_length=60)
    columns: list[str] = ArrayField("varchar(60)")
    sim_filter: dict[str, object] | None = fields.JSONField(null=True)
    order_by: dict[str, object] | None = fields.JSONField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "saved_view"


class LoginAttempt(Model):
    """A password that was given and has not been found right: for the throttle. Keys are digests, no mail addresses."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    account_key = fields.CharField(max_length=64)
    address = fields.CharField(max_length=45)

    class Meta:
        table = "login_attempt"
