"""How fast the ledger is, beside what the machine could do at most: ratios, never a timed test."""
