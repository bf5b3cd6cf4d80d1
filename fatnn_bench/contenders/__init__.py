"""What can be measured: the protocol, the suite's own products, other libraries, GPUs, whole networks."""
