"""Money: who bills, invoices with their lines, exchange rates, and what the monthly run remembers."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from domain.billing.invoices import InvoiceKind, InvoiceState, Service
from models.identity import Company


class LegalEntity(Model):
    """Who bills: a company of ours in a country, with the bank account that customers pay to.

    `details` are the texts of its documents by name (address, bank, account…). `is_sample`: shipped as an example, no
    real account behind it. `invoice_prefix` and `credit_prefix` begin its numbers.
    """

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=8, unique=True)
    name = fields.CharField(max_length=200)
    country = fields.CharField(max_length=2)
    invoice_prefix = fields.CharField(max_length=8, unique=True)
    credit_prefix = fields.CharField(max_length=8, unique=True)
    details: dict[str, str] = fields.JSONField(default=dict)
    is_sample = fields.BooleanField(default=False)

    class Meta:
        table = "legal_entity"


class ExchangeRateState(StrEnum):
    """Whether a rate may be used: HELD waits for staff because it jumped, REJECTED is one that staff refused."""

    ACCEPTED = "ACCEPTED"
    HELD = "HELD"
    REJECTED = "REJECTED"


class ExchangeRate(Model):
    """What one EUR costs in a currency on the day asked for, as its central bank said; `answer` is what it sent, as it came.

    `rate_on` is the day the bank names, at most 12 days before `asked_on`. `jump` is the change against the rate before
    (0.05 is five per cent). A row is never changed but for its state.
    """

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=8)
    currency = fields.CharField(max_length=3)
    asked_on = fields.DateField()
    rate_on = fields.DateField()
    rate = fields.DecimalField(max_digits=18, decimal_places=8)
    answer = fields.BinaryField()
    fetched_at = fields.DatetimeField()
    state = fields.CharEnumField(ExchangeRateState, max_length=16)
    jump = fields.DecimalField(max_digits=12, decimal_places=6, null=True)
    decided_by_id = fields.BigIntField(null=True)
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        table = "exchange_rate"


class Invoice(Model):
    """A demand for payment of a company's month, or the credit note that takes one back; immutable once issued.

    `period` is the first day of the month. Amounts of a credit note are negative. `local_amount` in `currency` is what is
    owed; `paid_amount` is how much of it was credited, `credited_on` when the last of it was: both, and the state, belong
    to the ledger of payments. `day3_on`, `day5_on`, `day6_on` are the deadlines as announced. `snapshot` is what the
    document prints of the two parties. `corrects_id` is the invoice that a credit note takes back.
    """

    id = fields.BigIntField(primary_key=True)
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="invoices", on_delete=fields.RESTRICT
    )
    legal_entity: fields.ForeignKeyRelation[LegalEntity] = fields.ForeignKeyField(
        "models.LegalEntity", related_name="invoices", on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(InvoiceKind, max_length=16)
    state = fields.CharEnumField(InvoiceState, max_length=16)
    period = fields.DateField()
    currency = fields.CharField(max_length=3)
    eur_total = fields.DecimalField(max_digits=14, decimal_places=2)
    number = fields.CharField(max_length=20, null=True, unique=True)
    number_value = fields.IntField(null=True)
    issued_on = fields.DateField(null=True)
    issued_at = fields.DatetimeField(null=True)
    rate = fields.DecimalField(max_digits=18, decimal_places=8, null=True)
    rate_on = fields.DateField(null=True)
    rate_source = fields.CharField(max_length=8, null=True)
    rate_id = fields.BigIntField(null=True)
    quantum = fields.DecimalField(max_digits=10, decimal_places=4, null=True)
    local_amount = fields.DecimalField(max_digits=16, decimal_places=2, null=True)
    paid_amount = fields.DecimalField(max_digits=16, decimal_places=2, default=Decimal(0))
    credited_on = fields.DateField(null=True)
    day3_on = fields.DateField(null=True)
    day5_on = fields.DateField(null=True)
    day6_on = fields.DateField(null=True)
    calendar_version = fields.CharField(max_length=60, null=True)
    corrects_id = fields.BigIntField(null=True)
    reason = fields.CharField(max_length=500, null=True)
    hold_reason = fields.CharField(max_length=16, null=True)
    snapshot: dict[str, object] = fields.JSONField(default=dict)
    pdf_key = fields.CharField(max_length=200, null=True)
    pdf_sha256 = fields.CharField(max_length=64, null=True)
    pdf_bytes = fields.IntField(null=True)
    announced_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "invoice"
        unique_together = (("company", "period", "kind"),)


class Charge(Model):
    """What a SIM used of a service in a month, rated and frozen; the line of an invoice, once it is on one.

    `usage_month` is when it was used, `period` in which run it was frozen: later for what came late. `quantity` is bytes of
    DATA, seconds of VOICE, a number of messages or packages. A late correction may be negative. `counts`: whether it is
    taken for billed when the month is looked at again; the lines of a credit note only where the usage is to be billed anew.
    """

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField()
    invoice_id = fields.BigIntField(null=True)
    sim_id = fields.BigIntField()
    period = fields.DateField()
    usage_month = fields.DateField()
    service = fields.CharEnumField(Service, max_length=16)
    plan = fields.CharField(max_length=60)
    quantity = fields.BigIntField()
    amount = fields.DecimalField(max_digits=18, decimal_places=4)
    counts = fields.BooleanField(default=True)
    iccid = fields.CharField(max_length=22, default="", db_default="")

    class Meta:
        table = "charge"


class BillingRun(Model):
    """The monthly run of a period: when it was asked for, how far it came, and what holds it.

    `state`: RUNNING, WAITING (drafts are held: see their reasons), DONE.
    """

    id = fields.BigIntField(primary_key=True)
    period = fields.DateField(unique=True)
    state = fields.CharField(max_length=16)
    requested_by_id = fields.BigIntField(null=True)
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    companies = fields.IntField(default=0)
    issued = fields.IntField(default=0)
    held = fields.IntField(default=0)

    class Meta:
        table = "billing_run"


class PackageConnection(Model):
    """A package that began on a SIM: one term of it. `confirmed`: the operator named its beginning.

    One that we began ourselves counts from the moment the operator accepted it until its inventory names the term.
    """

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField()
    sim_id = fields.BigIntField()
    connected_at = fields.DatetimeField()
    ends_at = fields.DatetimeField(null=True)
    size_mb = fields.IntField()
    roaming = fields.BooleanField()
    confirmed = fields.BooleanField()

    class Meta:
        table = "package_connection"


class CalendarAcceptance(Model):
    """Staff accepted a year whose official calendar is not entered: locks are allowed in it."""

    id = fields.BigIntField(primary_key=True)
    country = fields.CharField(max_length=2)
    year = fields.IntField()
    accepted_by_id = fields.BigIntField()
    accepted_at = fields.DatetimeField()

    class Meta:
        table = "calendar_acceptance"
        unique_together = (("country", "year"),)
