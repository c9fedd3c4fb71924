"""What can be seen: views and red flags folded from the log."""
