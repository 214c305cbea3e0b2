"""The fleet: valid numbers, half and half, the same for the same seed, and one that grows keeps its SIMs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.fleet import grown, luhn_digit

BIRTH = 1_760_000_000.0


def passes_luhn(number: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(number)):
        digit = int(char) * (2 if place % 2 else 1)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


@given(st.text("0123456789", min_size=1, max_size=30))
def test_the_check_digit_makes_any_number_pass_the_luhn_test(body: str) -> None:
    assert passes_luhn(body + luhn_digit(body))


def test_the_numbers_of_a_fleet_are_valid_and_its_own() -> None:
    sims = list(grown(3, BIRTH, 0, 5000, lively=0))

    for number in ("iccid", "imsi", "msisdn"):
        assert len({getattr(sim, number) for sim in sims}) == 5000
    assert all(passes_luhn(sim.iccid) and len(sim.iccid) in (19, 20) for sim in sims)
    assert all(len(sim.imsi) == 15 for sim in sims)
    assert all(sim.msisdn.startswith("372" if sim.profile == "TC" else "46") for sim in sims)
    assert [sim.profile for sim in sims[:4]] == ["TC", "TD", "TC", "TD"]


@settings(max_examples=20)
@given(st.integers(1, 2500), st.integers(0, 1500))
def test_a_larger_fleet_begins_with_the_smaller_one(size: int, more: int) -> None:
    def facts(count: int, lively: int) -> list[tuple]:
        return [
            (sim.iccid, sim.balance, sim.msu_count, sim.network, [(s.started, s.ended) for s in sim.sessions])
            for sim in grown(3, BIRTH, 0, count, lively)
        ]

    assert facts(size + more, lively=10)[:size] == facts(size, lively=0)


def test_a_fleet_holds_sims_in_session_idle_ones_and_ones_never_used() -> None:
    sims = list(grown(3, BIRTH, 0, 1000, lively=0))

    idle = [sim for sim in sims if sim.sessions and 0 < sim.sessions[-1].ended < BIRTH - 86400]
    assert sum(sim.in_session for sim in sims) > 400
    assert len(idle) > 100
    assert any(not sim.sessions for sim in sims)
    assert all(
        first.ended <= second.started
        for sim in sims
        for first, second in zip(sim.sessions, sim.sessions[1:], strict=False)
    )
