"""The manners in front of the schema: HTTP, WebSocket and SSE, who is let in, and how large a request may be."""
