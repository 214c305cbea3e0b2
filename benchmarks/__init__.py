"""Measurements, as ratios against something measured in the same run; figures are kept in `docs/performance.md`."""
