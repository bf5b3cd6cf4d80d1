"""Quantizers, one file each. All are called alike: ``levels, scale = quantizer(x)``, see :mod:`.common`."""
