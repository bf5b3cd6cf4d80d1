"""Mutants of every kind of file that the suite reads: it takes them or refuses them in one sentence, never else."""
