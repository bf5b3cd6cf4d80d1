"""Programs that stand in for those of a system."""


def program(folder, name, script):
    """Write a shell script that can be run; returns its path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)
