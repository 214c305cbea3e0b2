"""Working days and deadlines; pure."""
