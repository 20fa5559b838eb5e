"""The dialer's use cases: who is next, dialling them, and what came of it (`docs/dialer.md`)."""
