"""Whole networks, timed from an image to its logits: with random weights, which cost the same as trained ones."""
