"""How files are read and written: limits first, then types; whole or not at all."""
