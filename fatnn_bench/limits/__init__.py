"""What the machine can do, and how near to it the kernels should come."""
