"""What was said: events, their signatures, and the log that keeps them."""
