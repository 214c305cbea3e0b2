"""A bounded cache never outweighs its capacity and forgets the least recently used first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from projection import BoundedCache

uses = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 12)))


@given(capacity=st.integers(0, 20), taken=uses)
def test_it_holds_what_a_list_of_recent_uses_holds(capacity: int, taken: list[tuple[bool, int, int]]) -> None:
    cache: BoundedCache[int, int] = BoundedCache(capacity)
    recent: list[tuple[int, int]] = []
    for puts, key, weight in taken:
        held = [each for each in recent if each[0] == key]
        recent = [each for each in recent if each[0] != key]
        if not puts:
            recent += held
            assert cache.get(key) == (held[0][1] if held else None)
            continue
        cache.put(key, weight, weight)
        if weight <= capacity:
            recent.append((key, weight))
            while sum(each[1] for each in recent) > capacity:
                recent.pop(0)

        assert cache.weight == sum(each[1] for each in recent) <= capacity
        assert len(cache) == len(recent)
