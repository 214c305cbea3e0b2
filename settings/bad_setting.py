"""The one error of settings."""


class BadSetting(Exception):
    """A setting cannot be used; the message is one sentence that names it and says what to change."""
