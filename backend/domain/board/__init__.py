"""The supervisor's board: who sees whom, what the figures are, how pushes become a view. Pure."""
