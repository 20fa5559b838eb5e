"""One script per change, in order."""
