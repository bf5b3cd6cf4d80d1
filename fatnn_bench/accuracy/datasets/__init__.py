"""Images and their classes: the digits that ship with scikit-learn, and files that a person has."""
