"""``fatnn-bench doctor``."""


def doctor() -> None:
    """Say what on this machine makes times doubtful, with the command that mends it. Changes nothing.

    Example: [bold]fatnn-bench doctor[/bold]
    """
    import os

    from fatnn_bench.machine.doctor import examine, watch

    for finding in examine(watch(), os.environ):
        print(f"{finding.state:8}  {finding.what}: {finding.found}")
        if finding.mend:
            print(f"{'':8}  $ {finding.mend}")
