"""The results file: its records, writing, reading, going on with it and joining several."""
