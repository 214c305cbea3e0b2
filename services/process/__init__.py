"""What a process needs to live: its clock, its drivers, its demo data."""
