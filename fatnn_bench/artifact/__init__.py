"""A run with all that is needed to make it again: its claims, versions, platforms and figures, in one zip."""
