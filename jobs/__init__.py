"""The queue's door: dramatiq actors and the scheduler's loop; each wakes one service."""
