"""Working through lists of people: pure rules. What they are for stands in `docs/dialer.md`."""
