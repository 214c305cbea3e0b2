"""Reports of usage, exports of them, and saved reports."""
