"""What there is to compute: networks, their layers, the cases made of them, operands and the right answers."""
