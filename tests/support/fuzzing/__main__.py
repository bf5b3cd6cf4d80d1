"""``python -m fuzzing``: mutants of every format, or of some; prints kinds of faults, and how often each was found."""

import argparse
import collections
import sys
from pathlib import Path

from fuzzing.campaign import search
from fuzzing.formats import FORMATS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", choices=[*FORMATS, []], help="all if none is named")
    parser.add_argument("--mutants", type=int, default=10_000, help="a format")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant, to try one again")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the mutants that were faults")
    return parser.parse_args()


def main() -> int:
    asked = _arguments()
    faults = 0
    for name in asked.formats or FORMATS:
        form = FORMATS[name]
        if reason := form.missing():
            print(f"{name}: skipped, {reason}", flush=True)
            continue
        found = list(search(form, asked.seed, range(asked.first, asked.first + asked.mutants), asked.keep))
        print(f"{name}: {asked.mutants} mutants, {len(found)} faults", flush=True)
        kinds = collections.defaultdict(list)
        for one in found:
            kinds[one.place].append(one)
        for place, ones in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
            print(f"  {len(ones):5} {place}\n        mutant {ones[0].number}: {ones[0].action}", flush=True)
        faults += len(found)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
