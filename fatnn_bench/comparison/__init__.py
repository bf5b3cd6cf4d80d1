"""What was gained, how sure that is, and what it means: arithmetic on rows."""
