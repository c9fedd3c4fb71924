"""Other people's files, turned into commands: bytes in, rows out. A feed never writes."""
