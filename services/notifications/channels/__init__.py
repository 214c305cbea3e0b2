"""The ways out: one file for each channel; others come as plugins."""
