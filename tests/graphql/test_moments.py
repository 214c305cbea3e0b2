"""Moments that PostgreSQL writes look like those that the DateTime scalar writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.database import fetch, transaction
from projection import Moment
from schema.scalars import SCALARS
from services.fleet.list_sims import NEWEST_FIRST
from services.keyset import _with_offset

_SHORTEST = datetime(2025, 3, 1, 9, tzinfo=UTC)
MOMENTS = st.lists(
    st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
    | st.integers(0, 999).map(lambda thousandths: _SHORTEST + timedelta(milliseconds=thousandths)),
    min_size=1,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(moments=MOMENTS, offset=st.integers(-12, 12))
async def test_a_moment_is_written_alike(shared_database: str, moments: list[datetime], offset: int) -> None:
    """Given moments and sessions of any time zone, when both write them, then the texts are equal, and so are cursors."""
    serialize = SCALARS[datetime].serialize
    assert serialize is not None
    async with transaction():
        await fetch("SELECT set_config('TimeZone', $1, true)", f"Etc/GMT{offset:+d}")
        rows = await fetch(
            f"SELECT {Moment('m').text} FROM unnest($1::timestamptz[]) WITH ORDINALITY u(m, n) ORDER BY n", moments
        )
    texts = [row[0] for row in rows]
    assert texts == [serialize(moment) for moment in moments]
    elsewhere = [moment.astimezone(timezone(timedelta(hours=1))) if moment.year > 1 else moment for moment in moments]
    assert texts == [serialize(moment) for moment in elsewhere]
    for moment, text in zip(moments, texts, strict=True):
        cursor = NEWEST_FIRST.cursor(_with_offset(text), 7)
        assert cursor == NEWEST_FIRST.cursor(moment, 7)
        assert NEWEST_FIRST.place(cursor, "after") == (moment, 7)
