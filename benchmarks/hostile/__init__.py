"""Documents made to cost much more than they weigh, and how long each keeps the server busy before it is refused."""
