"""What a run prints: progress on standard error, then the matrix and a summary."""

import sys


def note(text):
    print(text, file=sys.stderr, flush=True)


def progress(result):
    state = "failed" if result.failure else "passed"
    note(f"  {result.label} {state} in {result.seconds:.2f} s")


def matrix(catalogue, clients, results, verdict, markdown):
    """One row per scenario, one column per client: seconds, or how it failed."""
    cells = {result.label: cell(result, verdict) for result in results}
    header = ["scenario", *(client.title for client in clients)]
    rows = [
        [scenario, *(cells.get(f"{client.name}/{scenario}", "–") for client in clients)]
        for scenario in catalogue.scenarios
        if any(scenario in client.scenarios for client in clients)
    ]
    totals = [
        f"{sum(result.seconds for result in results if result.client == client.name):.1f} s"
        for client in clients
    ]
    rows.append(["all", *totals])
    return as_markdown(header, rows) if markdown else as_text(header, rows)


def cell(result, verdict):
    if not result.failure:
        return f"{result.seconds:.2f} s"
    return "differs" if result.label in verdict.expected else "FAILED"


def as_markdown(header, rows):
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])


def as_text(header, rows):
    """Columns headed by the client's name over its version, to stay narrow."""
    split = [title.split(" ", 1) for title in header]
    heads = [[words[line] if line < len(words) else "" for words in split] for line in (0, 1)]
    table = [*heads, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in table
    ]
    lines.insert(2, "-" * max(map(len, lines)))
    return "\n".join(lines)


def summary(results, verdict, seconds):
    lines = []
    for result in verdict.failures:
        lines += ["", f"{result.label} failed: {result.failure.rstrip()}"]
    for label, reason in verdict.expected.items():
        lines.append(f"{label} differs: {reason}")
    for label in verdict.stale:
        lines.append(f"{label} passes, yet differences.toml lists it")
    passed = sum(1 for result in results if not result.failure)
    lines.append(f"{passed} of {len(results)} scenarios passed in {seconds:.0f} s")
    return "\n".join(lines)
