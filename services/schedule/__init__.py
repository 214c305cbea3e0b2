"""What happens once a day: the jobs in their order, one leader among schedulers, catching up after downtime."""
