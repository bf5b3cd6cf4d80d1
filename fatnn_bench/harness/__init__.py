"""What happens in a worker: kernels are prepared, verified and timed in turns, and doubtful times are told."""
