"""How processes of the suite start: cut off from the folder and the variables that a person has."""
