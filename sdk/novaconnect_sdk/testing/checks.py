"""Checks that several interfaces share: what a write must answer when its call goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from novaconnect_sdk import ErrorCode, Refused, SimRef, TryLater, Unknown, WriteResult
from novaconnect_sdk.testing.world import Fault, OperatorWorld

Write = Callable[[Any, SimRef], Awaitable[WriteResult]]
"""A write as the suite sends it: driver and SIM to outcome."""

UNREADABLE = (Fault.HTML, Fault.TRUNCATED, Fault.EMPTY)
LOST = (Fault.LOST_AFTER_APPLYING, Fault.LOST_BEFORE_APPLYING, Fault.SERVER_ERROR)


def is_discreet(result: object, world: OperatorWorld, sim: SimRef) -> None:
    """The words of an outcome or error hold no secret, no address and nothing that names the SIM."""
    words = f"{getattr(result, 'message', '')} {getattr(result, 'native_code', '') or ''}"
    for name in (*world.secrets(), sim.iccid, sim.msisdn, sim.imsi):
        assert not name or name not in words
    assert "://" not in words


def is_unknown(result: WriteResult, codes: Sequence[ErrorCode], world: OperatorWorld, sim: SimRef) -> None:
    """What happened is unknown, and the outcome says why."""
    assert isinstance(result, Unknown), result
    assert result.code in codes
    assert result.message
    is_discreet(result, world, sim)


def is_try_later(result: WriteResult, code: ErrorCode, world: OperatorWorld, sim: SimRef) -> None:
    """Certainly nothing changed, and it may be repeated after a while."""
    assert isinstance(result, TryLater), result
    assert result.code is code
    assert result.after > timedelta(0)
    is_discreet(result, world, sim)


def is_refused(result: WriteResult, codes: Sequence[ErrorCode], permanent: bool, world: OperatorWorld) -> None:
    """The operator will not do it."""
    assert isinstance(result, Refused), result
    assert result.code in codes
    assert result.permanent is permanent
    assert result.message


async def lost_answer_is_unknown(driver: Any, world: OperatorWorld, write: Write, fault: Fault) -> SimRef:
    """A write whose answer is lost is unknown and is sent once."""
    sim = await world.known_sim()
    before = await world.requests()
    await world.fail_next(fault)
    is_unknown(await write(driver, sim), (ErrorCode.TIMEOUT,), world, sim)
    assert await world.requests() == before + 1
    return sim


async def unreadable_answer_is_unknown(driver: Any, world: OperatorWorld, write: Write, fault: Fault) -> None:
    """A write that gets an answer in no language of the operator is unknown, with the code PROTOCOL."""
    sim = await world.known_sim()
    await world.fail_next(fault)
    is_unknown(await write(driver, sim), (ErrorCode.PROTOCOL,), world, sim)


async def throttled_is_try_later(driver: Any, world: OperatorWorld, write: Write) -> SimRef:
    """A throttled write may be repeated."""
    sim = await world.known_sim()
    await world.fail_next(Fault.THROTTLED)
    is_try_later(await write(driver, sim), ErrorCode.THROTTLED, world, sim)
    return sim


async def unreachable_is_try_later(driver: Any, world: OperatorWorld, write: Write) -> None:
    """A write that could not even connect may be repeated."""
    sim = await world.known_sim()
    is_try_later(await write(driver, sim), ErrorCode.UNAVAILABLE, world, sim)


async def unknown_sim_is_refused(driver: Any, world: OperatorWorld, write: Write) -> None:
    """A write on a SIM that the operator does not know is refused for ever."""
    sim = world.unknown_sim()
    result = await write(driver, sim)
    is_refused(result, (ErrorCode.SIM_UNKNOWN,), True, world)
    is_discreet(result, world, sim)


async def wrong_secret_is_refused(driver: Any, world: OperatorWorld, write: Write) -> None:
    """A write with a wrong secret is refused, but not for ever: staff will mend the settings."""
    sim = await world.known_sim()
    result = await write(driver, sim)
    is_refused(result, (ErrorCode.CREDENTIALS, ErrorCode.FORBIDDEN), False, world)
    is_discreet(result, world, sim)
