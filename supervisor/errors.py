"""What stops a start: always one sentence that a person can act on."""


class CannotStart(Exception):
    """The system cannot be started; the message is one line that says what to change."""
