"""The context that the transport supplies with every request; defined beside the types that use it."""

from schema.context import RequestContext

__all__ = ["RequestContext"]
