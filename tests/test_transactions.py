"""Transactions of ours, with those inside that Tortoise begins itself."""

from __future__ import annotations

import pytest

from models import Company
from models.database import transaction


async def test_what_tortoise_does_in_a_transaction_of_its_own_works_inside_ours(database: str) -> None:
    async with transaction():
        made, is_new = await Company.get_or_create(name="Astana Telematics", defaults={"country": "KZ"})
        again, is_newer = await Company.get_or_create(name="Astana Telematics", defaults={"country": "RU"})
        await Company.bulk_create([Company(name=name, country="KZ") for name in ("Almaty Taxi", "Aktau Port")])
        async with transaction():
            await Company.get_or_create(name="Shymkent Bus", defaults={"country": "KZ"})

    assert (is_new, is_newer, made.id == again.id) == (True, False, True)
    assert await Company.all().count() == 4


async def begun_and_broken() -> None:
    async with transaction():
        await Company.get_or_create(name="Astana Telematics", defaults={"country": "KZ"})
        raise RuntimeError


async def test_what_fails_inside_takes_back_all_of_it(database: str) -> None:
    with pytest.raises(RuntimeError):
        await begun_and_broken()

    assert await Company.all().count() == 0
