"""Reproducible chance: the same seed, SIM and occasion always draw the same number."""

_MASK = (1 << 64) - 1


def mixed(*parts: int) -> int:
    """Mix integers into one well spread 64-bit number (the splitmix64 finaliser)."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state ^ (part & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def fraction(*parts: int) -> float:
    """A number in [0, 1) that depends on the parts only."""
    return mixed(*parts) / (_MASK + 1)


def between(low: int, high: int, *parts: int) -> int:
    """A whole number from low to high, both included, that depends on the parts only."""
    return low + mixed(*parts) % (high - low + 1)
