"""What a GPU needs beside a CPU: its own clock, its own contenders, and what is said of it in a header."""
