"""Figures, and the Markdown table that is made of many of them."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A row of the table."""

    title: str
    unit: str
    more_is_better: bool = False


class Results:
    """Every value that was measured: rows in the order of their first, columns as given."""

    def __init__(self, columns):
        self.columns = columns
        self.rows = {}

    def add(self, column, figure, value):
        self.rows.setdefault(figure, {}).setdefault(column, []).append(value)

    def table(self):
        """Medians with the lowest and the highest, and how many times the first column is better
        than each of the others; below 1 it is worse.
        """
        first, *others = self.columns
        yield "| | " + " | ".join([*self.columns, *(f"to {name}" for name in others)]) + " |"
        yield "|---|" + "---:|" * (len(self.columns) + len(others))
        for figure, row in self.rows.items():
            cells = [cell(row.get(column)) for column in self.columns]
            cells += [times(figure, row.get(first), row.get(other)) for other in others]
            yield f"| {figure.title} ({figure.unit}) | {' | '.join(cells)} |"

    def as_json(self):
        return [{"title": figure.title, "unit": figure.unit, "values": row}
                for figure, row in self.rows.items()]


def cell(values):
    if not values:
        return "–"
    return f"{shown(statistics.median(values))} [{shown(min(values))}, {shown(max(values))}]"


def times(figure, ours, theirs):
    if not ours or not theirs:
        return "–"
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    above, below = (ours, theirs) if figure.more_is_better else (theirs, ours)
    return shown(above / below) if above > 0 and below > 0 else "–"


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
