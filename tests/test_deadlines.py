"""Limits of time that share one timer end what they limit, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from models.deadlines import Deadlines

LONG = 60.0


async def test_what_takes_too_long_is_cut_off() -> None:
    """Given a limit, when the work inside does not end, then it is cancelled and the limit says that it was it."""
    limit = Deadlines(0.02).limit()
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(LONG)
    assert limit.expired
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_each_of_many_ends_by_itself() -> None:
    """Given limits that began one after the other, when some work ends in time, then only the rest is cut off."""
    deadlines = Deadlines(0.05)

    async def work(seconds: float) -> str:
        with deadlines.limit():
            await asyncio.sleep(seconds)
        return "done"

    tasks = []
    for seconds in (LONG, 0, LONG, 0.001):
        tasks.append(asyncio.create_task(work(seconds)))
        await asyncio.sleep(0.01)
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in ended] == [TimeoutError, str, TimeoutError, str]
    with pytest.raises(TimeoutError):  # and the timer rings again for who comes later
        await work(LONG)


async def test_who_is_cancelled_by_somebody_else_stays_cancelled() -> None:
    """Given work within a limit, when its task is cancelled, then that is no matter of time."""
    deadlines = Deadlines(LONG)

    async def work() -> None:
        with deadlines.limit():
            await asyncio.sleep(LONG)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_inside_is_the_error_outside() -> None:
    """Given a limit, when the work fails in time, then that is what is raised; a TimeoutError of its own is not the limit's."""
    deadlines = Deadlines(LONG)
    with pytest.raises(KeyError), deadlines.limit():
        raise KeyError
    limit = deadlines.limit()
    with pytest.raises(TimeoutError), limit:
        raise TimeoutError
    assert not limit.expired


def test_another_loop_has_its_own_timer() -> None:
    """Given limits that ran in a loop which is closed, when they are used in the next, then they hold there."""
    deadlines = Deadlines(0.02)

    async def work() -> None:
        with deadlines.limit():
            await asyncio.sleep(LONG)

    for _ in range(2):
        with asyncio.Runner() as runner, pytest.raises(TimeoutError):
            runner.run(work())
