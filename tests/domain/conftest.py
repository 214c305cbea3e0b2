"""Settings of the generated tests of the pure rules."""

from __future__ import annotations

from hypothesis import settings

# Time is measured by the benchmarks; a busy machine must not fail a rule.
settings.register_profile("domain", deadline=None)
settings.load_profile("domain")
