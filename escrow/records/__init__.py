"""Records anyone can verify: MONEY.md §4. Transfers are sealed into an RFC 6962 tree whose roots are signed."""
