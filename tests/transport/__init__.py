"""The manners of the endpoint, over real sockets."""
