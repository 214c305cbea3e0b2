"""Scalars: values of the field that are strings on the wire and are checked where they come in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.errors import RefusalCode
from novaconnect_sdk import Iccid as IccidValue
from novaconnect_sdk import Plmn as PlmnValue

Iccid = NewType("Iccid", str)
Imsi = NewType("Imsi", str)
Msisdn = NewType("Msisdn", str)
Plmn = NewType("Plmn", str)
Json = NewType("Json", object)
Bytes = NewType("Bytes", int)


_AMOUNT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,18})?", re.ASCII)


def _refused(expected: str) -> GraphQLError:
    # What was sent is not repeated: it may be personal, and errors are logged by clients.
    return GraphQLError(f"{expected}: correct the value.", extensions={"code": RefusalCode.INVALID_VALUE.value})


def _parse_iccid(value: Any) -> Iccid:
    if isinstance(value, str):
        try:
            return Iccid(IccidValue(value))
        except ValueError:
            pass
    raise _refused("An ICCID is a string of 18 to 22 digits beginning with 89")


def _parse_plmn(value: Any) -> Plmn:
    if isinstance(value, str):
        try:
            return Plmn(PlmnValue(value))
        except ValueError:
            pass
    raise _refused("A PLMN is a string of 5 or 6 digits")


def _only_output(value: Any) -> Any:
    raise _refused("No input takes this scalar yet")


def _parse_amount(value: Any) -> Decimal:
    """A whole number is exact as JSON writes it; a fraction is not, and has to be a string."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and len(value) <= 40 and _AMOUNT.fullmatch(value):
        return Decimal(value)
    raise _refused('A Decimal is a string such as "12.50"')


def _parse_day(value: Any) -> date:
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _refused('A Date is a day as "2025-03-01"')


def _parse_moment(value: Any) -> datetime:
    if isinstance(value, str) and 20 <= len(value) <= 35:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
    raise _refused('A DateTime is a moment with its offset, as "2025-03-01T09:00:00Z"')


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _amount(value: Decimal) -> str:
    return format(value, "f")


SCALARS: dict[object, ScalarDefinition] = {
    Iccid: strawberry.scalar(
        name="Iccid",
        description="The serial number of a SIM: a string of 18 to 22 digits beginning with 89 (ITU-T E.118). "
        "The check digit is not enforced, because operators issue cards that ignore it.",
        serialize=str,
        parse_value=_parse_iccid,
    ),
    Imsi: strawberry.scalar(
        name="Imsi",
        description="The identity of a subscriber on the network: a string of 6 to 15 digits, country code first.",
        serialize=str,
        parse_value=_only_output,
    ),
    Msisdn: strawberry.scalar(
        name="Msisdn",
        description="A telephone number in international form: a string of digits without a plus sign (ITU-T E.164).",
        serialize=str,
        parse_value=_only_output,
    ),
    Plmn: strawberry.scalar(
        name="Plmn",
        description="The code of a mobile network: MCC (3 digits) and MNC (2 or 3) as a string of 5 or 6 digits"
        " (ITU-T E.212).",
        serialize=str,
        parse_value=_parse_plmn,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number as a string, such as "12.50": never a float.',
        serialize=_amount,
        parse_value=_parse_amount,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description='A moment in UTC, ISO 8601, such as "2025-03-01T09:00:00Z".',
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_moment,
        parse_value=_parse_moment,
    ),
    date: strawberry.scalar(
        name="Date",
        description='A day, ISO 8601, such as "2025-03-01".',
        serialize=date.isoformat,
        parse_value=_parse_day,
    ),
    Bytes: strawberry.scalar(
        name="Bytes",
        description='A number of bytes as a string of digits, such as "38826": it may be larger than an Int.',
        serialize=str,
        parse_value=_only_output,
    ),
    Json: strawberry.scalar(
        name="Json",
        description="Any JSON value; where it is used, a description says what it holds.",
        serialize=lambda value: value,
        parse_value=_only_output,
    ),
}
"""Every scalar of the schema besides GraphQL's own, for `StrawberryConfig.scalar_map`."""
