"""The orders of the SIM table: by any column it shows."""

from __future__ import annotations

from enum import StrEnum

from services.paging import AMOUNT, INTEGER, MOMENT, TEXT, ListOrder


class SimColumn(StrEnum):
    """A column that the SIM table can be ordered by."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    ICCID = "ICCID"
    IMSI = "IMSI"
    MSISDN = "MSISDN"
    EXTERNAL_MSISDN = "EXTERNAL_MSISDN"
    NAME = "NAME"
    PROFILE = "PROFILE"
    COMPANY = "COMPANY"
    LOCKED = "LOCKED"
    MSU_COUNT = "MSU_COUNT"
    BALANCE = "BALANCE"
    INTERNAL_BALANCE = "INTERNAL_BALANCE"
    CURRENCY = "CURRENCY"
    STATUS = "STATUS"
    OBSERVED_AT = "OBSERVED_AT"
    DRIFT = "DRIFT"
    LIMIT = "LIMIT"
    PACKAGE_SIZE = "PACKAGE_SIZE"


# Expression, whether it may be empty, and how its value is read back from a cursor.
_SHAPES = {
    SimColumn.CREATED_AT: ("s.created_at", False, MOMENT),
    SimColumn.UPDATED_AT: ("s.updated_at", False, MOMENT),
    SimColumn.ICCID: ("s.iccid", False, TEXT),
    SimColumn.IMSI: ("s.imsi", True, TEXT),
    SimColumn.MSISDN: ("s.msisdn", True, TEXT),
    SimColumn.EXTERNAL_MSISDN: ("s.external_msisdn", True, TEXT),
    # As the index has it: people do not expect a to stand behind Z.
    SimColumn.NAME: ("lower(s.name COLLATE pg_c_utf8)", False, TEXT),
    SimColumn.PROFILE: ("(SELECT p.code FROM profile p WHERE p.id = s.profile_id)", False, TEXT),
    SimColumn.COMPANY: ("(SELECT c.name FROM company c WHERE c.id = s.company_id)", False, TEXT),
    SimColumn.LOCKED: ("(s.lock_mask <> 0)::int", False, INTEGER),
    SimColumn.MSU_COUNT: ("s.msu_count", True, INTEGER),
    SimColumn.BALANCE: ("s.balance", True, AMOUNT),
    SimColumn.INTERNAL_BALANCE: ("s.internal_balance", False, AMOUNT),
    SimColumn.CURRENCY: ("s.currency", True, TEXT),
    SimColumn.STATUS: ("s.observed_status", False, TEXT),
    SimColumn.OBSERVED_AT: ("s.observed_at", True, MOMENT),
    SimColumn.DRIFT: ("coalesce(s.observed_blocked <> (s.lock_mask <> 0), false)::int", False, INTEGER),
    SimColumn.LIMIT: ("s.limit_mb", True, INTEGER),
    SimColumn.PACKAGE_SIZE: ("s.package_mb", True, INTEGER),
}


def sim_order(column: SimColumn = SimColumn.CREATED_AT, *, descending: bool = True) -> ListOrder:
    """The list order of a column; without arguments the newest first."""
    expression, nullable, parse = _SHAPES[column]
    name = f"{column.value}:{'DESC' if descending else 'ASC'}"
    return ListOrder(name, "s.id", expression, descending=descending, nullable=nullable, parse=parse)
