"""API v4 of the account, one module per family of endpoints."""
