"""What changes rarely: profiles, tariff plans, coverage."""
