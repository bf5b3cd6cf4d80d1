"""fatnn-bench: which precision should this machine run, and what is really gained?"""

__version__ = "0.1.0"
