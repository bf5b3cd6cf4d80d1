"""How sure a median is, and a mean of a few processes."""
