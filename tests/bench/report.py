"""Tables of what was measured."""


def text_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(w) for cell, w in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def cell(series, ours=None):
    """Seconds, and how much of them ours takes."""
    if series is None:
        return "-"
    if series.problem:
        return series.problem if series.problem.startswith("over") else "failed"
    seconds = f"{'~' if series.estimate else ''}{series.seconds:.3f}"
    if ours is None or ours.problem:
        return seconds
    return f"{seconds} {ratio(ours, series):>5.2f}"


def ratio(ours, peer):
    return ours.seconds / max(peer.seconds, 1e-4)


def times(measured, names):
    rows = [["workload", "size", "ours"] + names]
    for workload, size, series in measured:
        ours = series["ours"]
        rows.append([workload.name, str(size), cell(ours)] + [cell(series.get(n), ours) for n in names])
    return text_table(rows)


def memory(measured, names):
    def megabytes(series):
        return "-" if series is None or series.estimate or series.problem or not series.megabytes else f"{series.megabytes:.0f}"

    rows = [["workload", "ours"] + names]
    for workload, _, series in measured:
        rows.append([workload.name] + [megabytes(series.get(n)) for n in ["ours"] + names])
    return text_table(rows)


def verdict(target, series):
    """Peer that counts, ratio, and word for it; None when there is nothing to compare with."""
    ours = series["ours"]
    there = [n for n in target.peers if n in series and not series[n].problem]
    if not there:
        return None
    best = min(there, key=lambda n: series[n].seconds)
    if ours.problem:
        return best, ours.problem, "missed"
    r = ratio(ours, series[best])
    word = "reached" if r <= target.reach else "met" if r <= target.at_most else "missed"
    return best, f"{r:.2f}", word


def targets(measured):
    rows = [["target", "peer", "ratio", "at most", "reach for", ""]]
    for workload, _, series in measured:
        for target in workload.targets:
            found = verdict(target, series)
            if found:
                rows.append([workload.name, found[0], found[1], f"{target.at_most:g}", f"{target.reach:g}", found[2]])
    return text_table(rows) if len(rows) > 1 else ""
