"""The formats of tables. Apart, so that the command line knows their names without loading what writes them."""

from enum import StrEnum


class Format(StrEnum):
    """What ``--format`` accepts."""

    TABLE = "table"  #: for a terminal, and for a log
    MARKDOWN = "markdown"  #: for an issue or a README
    CSV = "csv"  #: long form, full precision
    JSON = "json"  #: the same, with the totals and where the numbers come from
    LATEX = "latex"  #: booktabs
