"""Who did what: entries that are only ever added, and how they are read."""
