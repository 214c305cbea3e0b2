"""Records as operators bring them, drawn at random, and the slow, obvious recount that reports are held against."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from domain.clock import clock
from novaconnect_sdk import CallOrMessageRecord, Plmn, SessionRecord
from services.inventory.store_calls import store_call_records
from services.inventory.store_records import store_session_records
from tests.worlds import TwoCompanies

ZONES = ("UTC", "Asia/Almaty", "America/St_Johns", "Pacific/Kiritimati", "Europe/Moscow")
NETWORKS: list[tuple[str | None, str | None]] = [
    ("K-Cell Kazakhstan", "Kazakhstan"),
    ("MTS", "Russian Federation"),
    ("Beeline", "Kazakhstan"),
    (None, None),
]


@dataclass
class Held:
    """What the test itself remembers of every record, by profile code and key: the last good word on it."""

    sessions: dict[tuple[str, str], tuple[SessionRecord, int, int]]
    calls: dict[tuple[str, str], tuple[CallOrMessageRecord, int, int]]


def draw_session(draw: random.Random, key: str, sim: str, days: int = 70) -> SessionRecord:
    """A session of the last weeks, often near a midnight or the end of a month, in any zone; a third are open."""
    zone = ZoneInfo(draw.choice(ZONES))
    moment = clock.now() - timedelta(seconds=draw.randrange(3600, days * 86400))
    if draw.random() < 0.4:
        border = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        border = border.replace(day=1) if draw.random() < 0.5 else border
        moment = border + timedelta(seconds=draw.choice((-1, 0, 1, -18000, 18000)))
    started = moment.replace(microsecond=0).astimezone(zone)
    operator, country = draw.choice(NETWORKS)
    priced = draw.random() < 0.8
    return SessionRecord(
        key=key,
        sim_key=sim,
        started_at=started,
        ended_at=None if draw.random() < 0.3 else started + timedelta(minutes=draw.randrange(1, 3000)),
        total_bytes=draw.choice((0, 1, 500, draw.randrange(10**9), 3 * 10**9)),
        operator=operator,
        country=country,
        plmn=Plmn("40101") if operator else None,
        cost=Decimal(draw.randrange(10**6)) / 10**6 if priced else None,
        currency=draw.choice(("EUR", "EUR", "USD")) if priced else None,
    )


def draw_call(draw: random.Random, key: str, sim: str) -> CallOrMessageRecord:
    """A call or a message, the same way."""
    drawn = draw_session(draw, key, sim)
    kind = draw.choice(("VOICE", "SMS"))
    return CallOrMessageRecord(
        key=key,
        sim_key=sim,
        at=drawn.started_at,
        direction=draw.choice(("IN", "OUT")),
        kind=kind,
        other_number=draw.choice(("77010000009", None)),
        duration_seconds=draw.randrange(600) if kind == "VOICE" else None,
        cost=drawn.cost,
        currency=drawn.currency,
        operator=drawn.operator,
    )


async def bring_records(world: TwoCompanies, seed: int, count: int = 120) -> Held:
    """Several readings of both profiles: late, repeated, open, grown, corrected and moved records in any order."""
    draw = random.Random(seed)
    held = Held({}, {})
    owners = {
        "truck": world.sims,
        "crane": world.sims,
        "combine": world.sims,
        "taxi": world.others,
        "minibus": world.others,
    }
    for code, names in {"TC": ("truck", "combine", "taxi"), "TD": ("crane", "minibus")}.items():
        sims = {name: owners[name][name] for name in names}
        known: list[SessionRecord] = []
        for reading in range(4):
            fresh = [
                draw_session(draw, f"k{reading}-{at}", str(sims[draw.choice(names)].operator_ref))
                for at in range(count // 4)
            ]
            again = [_corrected(draw, draw.choice(known)) for _ in range(count // 8) if known]
            batch = fresh + again
            draw.shuffle(batch)
            await store_session_records(world.profiles[code].id, batch)
            _remember(held.sessions, code, batch, sims)
            known = [one for (profile, _), (one, *_) in held.sessions.items() if profile == code]
        calls = [draw_call(draw, f"c{at}", str(sims[draw.choice(names)].operator_ref)) for at in range(count // 4)]
        for batch_of_calls in (calls, [_corrected_call(draw, draw.choice(calls)) for _ in range(count // 8)]):
            await store_call_records(world.profiles[code].id, batch_of_calls)
            for call in {one.key: one for one in batch_of_calls}.values():
                sim = next(sim for sim in sims.values() if sim.operator_ref == call.sim_key)
                held.calls[code, call.key] = (call, sim.id, sim.company_id)  # type: ignore[attr-defined]
    return held


def _remember(held: dict, code: str, batch: Iterable[SessionRecord], sims: dict) -> None:
    for one in {one.key: one for one in batch}.values():
        known = held.get((code, one.key))
        if known and known[0].ended_at is not None and one.ended_at is None and one.total_bytes <= known[0].total_bytes:
            continue  # an older page than what is known
        sim = next(sim for sim in sims.values() if sim.operator_ref == one.sim_key)
        held[code, one.key] = (one, sim.id, sim.company_id)


def _corrected(draw: random.Random, one: SessionRecord) -> SessionRecord:
    operator, country = draw.choice(NETWORKS)
    return replace(
        one,
        total_bytes=one.total_bytes + draw.choice((0, 0, 7, 1000)),
        ended_at=draw.choice((one.ended_at, one.started_at + timedelta(hours=2))),
        started_at=one.started_at - timedelta(hours=draw.choice((0, 0, 0, 1, 40))),
        operator=draw.choice((one.operator, operator)),
        country=draw.choice((one.country, country)),
        cost=draw.choice((one.cost, Decimal("0.00005"), None)),
    )


def _corrected_call(draw: random.Random, one: CallOrMessageRecord) -> CallOrMessageRecord:
    return replace(one, at=one.at - timedelta(hours=draw.choice((0, 0, 30))), cost=Decimal("0.123456"), currency="EUR")


def shown(cost: Decimal | None) -> Decimal | None:
    """A cost as reports show it."""
    return None if cost is None else cost.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def day_in(moment: datetime, zone: str) -> date:
    """The day of a moment in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def sessions_of(
    held: Held, company_ids: Iterable[int], first: date, last: date, zone: str, sim_ids: Iterable[int] | None = None
) -> list[tuple[SessionRecord, int]]:
    """The sessions that a report must show: one look at each of them."""
    companies, sims = set(company_ids), None if sim_ids is None else set(sim_ids)
    return [
        (one, sim_id)
        for one, sim_id, company_id in held.sessions.values()
        if company_id in companies
        and (sims is None or sim_id in sims)
        and first <= day_in(one.started_at, zone) <= last
    ]


def costs_of(records: Iterable[tuple[Decimal | None, str | None]]) -> list[tuple[Decimal, str | None]]:
    """Costs by currency, summed before they are rounded."""
    sums: dict[str | None, Decimal] = {}
    for cost, currency in records:
        if currency is not None or cost:
            sums[currency] = sums.get(currency, Decimal(0)) + (cost or 0)
    return [
        (sums[currency].quantize(Decimal("0.0001"), ROUND_HALF_UP), currency)
        for currency in sorted(sums, key=lambda name: name or "")
    ]
