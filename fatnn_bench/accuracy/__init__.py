"""What accuracy each precision keeps: quantizers, training and export. Needs the extra ``accuracy`` (PyTorch)."""
