"""The supervisor's board: keeping it, telling it, playing it again, acting from it."""
