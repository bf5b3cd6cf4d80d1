"""pytest-benchmark's table says how fast a kernel is beside its name."""


def pytest_benchmark_group_stats(benchmarks):
    for row in benchmarks:
        if "gmacs_per_s" in row["extra_info"]:
            row["name"] = f"{row['params']['name']}, {row['extra_info']['gmacs_per_s']:.0f} GMAC/s"
