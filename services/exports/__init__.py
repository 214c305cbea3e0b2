"""Reports as files: requested, queued, written, told of, kept for a while; and reports saved under a name."""
