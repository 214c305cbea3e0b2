"""Other people's suites against our API over real sockets: `python -m tests.conformance`, or `make conformance`."""
