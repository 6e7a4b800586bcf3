"""Figures, and the Markdown table that is made of many of them."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A row of the table."""

    title: str
    unit: str
    more_is_better: bool = False
    # What it is to be at least, or at most where less is better.
    target: float | None = None

    def is_met(self, value):
        return value >= self.target if self.more_is_better else value <= self.target


class Results:
    """Every value that was measured: rows in the order of their first, columns as given."""

    def __init__(self, columns):
        self.columns = columns
        self.rows = {}

    def add(self, column, figure, value):
        self.rows.setdefault(figure, {}).setdefault(column, []).append(value)

    def table(self):
        """Medians with the lowest and the highest, how many times the first column is better than
        each of the others (below 1 it is worse), and its targets.
        """
        first, *others = self.columns
        has_targets = any(figure.target is not None for figure in self.rows)
        heads = [*self.columns, *(f"to {name}" for name in others)] + ["target"] * has_targets
        yield "| | " + " | ".join(heads) + " |"
        yield "|---|" + "---:|" * len(heads)
        for figure, row in self.rows.items():
            cells = [cell(row.get(column)) for column in self.columns]
            cells += [times(figure, row.get(first), row.get(other)) for other in others]
            cells += [wanted(figure, row.get(first))] * has_targets
            yield f"| {figure.title} ({figure.unit}) | {' | '.join(cells)} |"

    def as_json(self):
        return [{"title": figure.title, "unit": figure.unit, "values": row}
                for figure, row in self.rows.items()]


def cell(values):
    if not values:
        return "–"
    if len(values) == 1:
        return shown(values[0])
    return f"{shown(statistics.median(values))} [{shown(min(values))}, {shown(max(values))}]"


def wanted(figure, ours):
    """The target, and whether it is missed."""
    if figure.target is None:
        return "–"
    bound = f"{'≥' if figure.more_is_better else '≤'} {shown(figure.target)}"
    is_met = ours and figure.is_met(statistics.median(ours))
    return bound if is_met else f"{bound}, missed"


def times(figure, ours, theirs):
    if not ours or not theirs:
        return "–"
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    above, below = (ours, theirs) if figure.more_is_better else (theirs, ours)
    return shown(above / below) if above > 0 and below > 0 else "–"


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
