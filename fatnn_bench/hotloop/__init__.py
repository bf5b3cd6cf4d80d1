"""What the compiler made of a kernel: its hot loop, found, read and hashed."""
