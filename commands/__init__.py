"""What may be said: commands, and who may say them."""
