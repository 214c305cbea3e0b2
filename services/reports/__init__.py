"""Reports of usage: pages of records, totals, overviews, the largest users."""
