"""Live streams: who is listening, when to look, what has changed."""
