"""Starts NovaConnect on one machine and keeps it running: embedded servers, children, readiness, `var/demo.json`."""
