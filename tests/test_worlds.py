"""The fixtures that every story begins with."""

from __future__ import annotations

from access import is_still_valid
from models import AuditEntry, Sim
from models.database import fetch_value
from tests.worlds import BEGINNING, TwoCompanies


async def test_a_world_is_whole(world: TwoCompanies) -> None:
    assert await Sim.all().count() == len(world.sims) + len(world.others)
    assert world.owner.principal.sees(world.company.id)
    assert not world.owner.principal.sees(world.other_company.id)
    assert world.staff.principal.sees(world.other_company.id)
    assert await is_still_valid(world.viewer.principal)


async def test_tests_act_as_the_application(database: str) -> None:
    assert await fetch_value("SELECT current_user") == "novaconnect_app"


async def test_each_test_begins_empty_even_after_an_audit(database: str) -> None:
    assert await AuditEntry.all().count() == 0
    await AuditEntry.create(at=BEGINNING, action="test", subject="Sim:1", detail={})


test_and_the_next_one_too = test_each_test_begins_empty_even_after_an_audit
