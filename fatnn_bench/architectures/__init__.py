"""Networks, each written once: its layers, its PyTorch graph, its engine's program and its MACs come from it."""
