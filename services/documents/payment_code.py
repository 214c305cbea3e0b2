"""The payment code of Russian banks: GOST R 56042-2014, format ST00012 (UTF-8), as a QR code."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import segno

_LONGEST = {"Name": 160, "BankName": 45, "Purpose": 210}
"""Characters that the standard allows in these fields."""


def payment_text(entity_name: str, details: Mapping[str, str], amount: Decimal, purpose: str) -> str:
    """The content of the code; the sum is in kopecks."""
    fields = {
        "Name": entity_name,
        "PersonalAcc": details.get("account", ""),
        "BankName": details.get("bank", ""),
        "BIC": details.get("bank_code", ""),
        "CorrespAcc": details.get("correspondent_account", "") or "0",
        "PayeeINN": details.get("tax_number", ""),
        "KPP": details.get("tax_reason_code", ""),
        "Sum": str(int((amount * 100).to_integral_exact())),
        "Purpose": purpose,
    }
    pairs = (f"{name}={_plain(text)[: _LONGEST.get(name)]}" for name, text in fields.items() if text)
    return "|".join(("ST00012", *pairs))


def payment_code(text: str) -> list[list[bool]]:
    """The QR code as rows of dark modules, without its quiet zone.

    The mask is fixed, because trying all eight takes most of the time and any of them can be read.
    """
    code = segno.make_qr(text, error="m", mode="byte", encoding="utf-8", mask=3, boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix]


def _plain(text: str) -> str:
    # The bar separates fields, so a value cannot have one.
    return " ".join(text.replace("|", "/").split())
