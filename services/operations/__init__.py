"""Changes asked for: accepting, previewing, cancelling, retrying and reading operations."""
