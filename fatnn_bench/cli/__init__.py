"""The command line: it parses and prints. What a command does is in the modules it calls, imported when it runs."""
