"""Telling people: notifications in the API, and mail and messages on their way out."""
