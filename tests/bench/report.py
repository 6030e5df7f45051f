#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report.py BENCH_JSON [GROWTH_JSON] >FILE - what tests/bench/run and tests/bench/growth measured, as one page.

The page is well-formed XML and needs nothing from elsewhere: pictures are inline SVG, colours follow the reader's light or
dark scheme, and each picture has its figures as a table below it. What the JSON does not have is left out.
"""
import json
import math
import sys
from html import escape

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 12, 46
GROUPS = ["postgres", "rabbitmq", "ingest", "ship-sync", "sandbox-wms", "allocate", "redis", "enrich", "invoice", "auditor",
          "supervisor", "gateway", "notify", "dead-letter", "other"]
COLOURS = 8  # c0 … c7 in the style sheet; further groups repeat them

STYLE = """
:root { color-scheme: light dark; --bg: #fff; --ink: #1b1f24; --dim: #5b6470; --line: #d6dae0;
  --c0: #2a62b8; --c1: #d9822b; --c2: #2e8b57; --c3: #b5446e; --c4: #7a5cc4; --c5: #8a6d3b; --c6: #1a8f9c; --c7: #7d8793; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171b; --ink: #e6e9ed; --dim: #9aa4b0; --line: #343b44;
  --c0: #6fa3ef; --c1: #f0a65a; --c2: #63c58e; --c3: #e484aa; --c4: #ab94ee; --c5: #c8a76b; --c6: #5cc6d1; --c7: #a3adb8; } }
body { background: var(--bg); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; max-width: 800px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 24px; margin-bottom: 4px; } h2 { font-size: 17px; margin: 32px 0 4px; } p { color: var(--dim); margin: 4px 0 8px; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font-size: 12px; } svg .dim { fill: var(--dim); }
.axis { stroke: var(--dim); stroke-width: 1; } .grid { stroke: var(--line); stroke-width: 1; } .series { fill: none; stroke-width: 2; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 8px 0; }
th, td { padding: 2px 12px 2px 0; text-align: right; border-bottom: 1px solid var(--line); } th:first-child, td:first-child { text-align: left; }
""" + "".join(f".f{i} {{ fill: var(--c{i}); }} .s{i} {{ stroke: var(--c{i}); }} " for i in range(COLOURS)) + """
@media print { :root { --bg: #fff; --ink: #000; --dim: #444; --line: #bbb; } body { max-width: none; margin: 0; } section { break-inside: avoid; }
  svg, td { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def number(v):
    """As people write it: 1,021; 12.5; 0.61."""
    if v is None:
        return "–"
    if abs(v) >= 100 or float(v).is_integer():
        return f"{v:,.0f}"
    return f"{v:.1f}" if abs(v) >= 10 else f"{v:.2f}"


def ticks(top, count=5):
    """Round values from 0 to at least top."""
    top = top or 1
    step = 10 ** math.floor(math.log10(top / count))
    step = next(step * m for m in (1, 2, 2.5, 5, 10) if step * m * count >= top)
    return [i * step for i in range(math.ceil(top / step) + 1)]


def table(head, rows):
    cells = lambda tag, row: "".join(f"<{tag}>{escape(c if isinstance(c, str) else number(c))}</{tag}>" for c in row)
    return f"<table><tr>{cells('th', head)}</tr>" + "".join(f"<tr>{cells('td', r)}</tr>" for r in rows) + "</table>"


def text(x, y, s, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(s)}</text>'


def legend(names, y=TOP + 12):
    out, x = [], LEFT + 12
    for i, name in enumerate(names):
        out.append(f'<rect class="f{i % COLOURS}" x="{x}" y="{y - 9}" width="10" height="10"/>' + text(x + 14, y, name, "start"))
        x += 26 + 7 * len(name)
    return "".join(out)


class Frame:
    """Two axes with ticks and units; x and y are of the data."""

    def __init__(self, title, x_label, y_label, x_top, y_top):
        self.title, self.body = title, []
        self.x_ticks, self.y_ticks = ticks(x_top, 8), ticks(y_top * 1.1)  # room for the legend
        self.x_top, self.y_top = x_top, self.y_ticks[-1]
        for v in self.y_ticks:
            self.body.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(v):.1f}" y2="{self.y(v):.1f}"/>'
                             + text(LEFT - 6, self.y(v) + 4, number(v), "end"))
        for v in self.x_ticks:
            if v <= x_top:
                self.body.append(text(self.x(v), HEIGHT - BOTTOM + 16, number(v)))
        self.body.append(f'<path class="axis" fill="none" d="M{LEFT} {TOP} V{HEIGHT - BOTTOM} H{WIDTH - RIGHT}"/>')
        self.body.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_label))
        self.body.append(text(14, (TOP + HEIGHT - BOTTOM) / 2, y_label, "middle", f' transform="rotate(-90 14 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"'))

    def x(self, v):
        return LEFT + v / self.x_top * (WIDTH - LEFT - RIGHT)

    def y(self, v):
        return HEIGHT - BOTTOM - v / self.y_top * (HEIGHT - TOP - BOTTOM)

    def svg(self):
        return svg(self.title, "".join(self.body), HEIGHT)


def svg(title, body, height):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"><title>{escape(title)}</title>{body}</svg>')


def section(title, says, *parts):
    return f"<section><h2>{escape(title)}</h2><p>{escape(says)}</p>{''.join(parts)}</section>"


def rate_points(done):
    """From [seconds, how many so far] to [seconds, per second], over a second or more each."""
    points, at, n = [], 0.0, 0
    for t, count in done:
        if t - at >= 1:
            points.append(((t + at) / 2, (count - n) / (t - at)))
            at, n = t, count
    return points


def throughput(b):
    series = [(name, rate_points(b["done"].get(name) or [])) for name in ("fleet", "bare")]
    series = [(name, p) for name, p in series if p]
    if not series:
        return ""
    frame = Frame("Orders per second over time", "seconds since the first publish", "orders per second",
                  max(p[-1][0] for _, p in series) + 0.5, max(r for _, p in series for _, r in p))
    for i, (name, points) in enumerate(series):
        path = " L".join(f"{frame.x(t):.1f} {frame.y(r):.1f}" for t, r in points)
        frame.body.append(f'<path class="series s{i}" d="M{path}"/>')
    frame.body.append(legend([name for name, _ in series]))
    rates = b["orders_per_second"]
    return section("Throughput over time", f"{number(b['orders'])} orders at once; the fleet's invoices and, beside it, what came out of the last "
                   "hop of the bare limit. Of each the run whose rate is the median.", frame.svg(),
                   table(["", "orders/s"], [["fleet, first publish to last invoice", rates.get("fleet")], ["bare limit", rates.get("bare")],
                                            ["ratio", b.get("ratio")]]))


def latency(b):
    histograms = {r: h for r, h in (b.get("latency_histogram") or {}).items() if h}
    if not histograms:
        return ""
    rates = sorted(histograms, key=float)
    shares = {r: {ms: 100 * n / sum(c for _, c in h) for ms, n in h} for r, h in histograms.items()}
    # The axis ends where all but one in 200 are seen; what is later is the last bar
    end = 5
    for r in rates:
        seen = 0
        for ms in sorted(shares[r]):
            seen += shares[r][ms]
            if seen >= 99.5:
                end = max(end, ms + 5)
                break
    bars = {r: {} for r in rates}
    for r in rates:
        for ms, share in shares[r].items():
            bars[r][min(ms, end)] = bars[r].get(min(ms, end), 0) + share
    frame = Frame("Latency at steady rates", "milliseconds from publish to invoice, without the warehouse's own 200", "% of the orders, per 5 ms", end + 5,
                  max(v for r in rates for v in bars[r].values()))
    width = (frame.x(5) - frame.x(0)) / len(rates)
    for i, r in enumerate(rates):
        for ms, share in sorted(bars[r].items()):
            frame.body.append(f'<rect class="f{i}" x="{frame.x(ms) + i * width:.1f}" y="{frame.y(share):.1f}" width="{max(width - 0.5, 0.5):.1f}" '
                              f'height="{frame.y(0) - frame.y(share):.1f}"/>')
    frame.body.append(legend([f"at {r} per second" for r in rates], TOP + 12))
    names = ["p50", "p95", "p99"]
    return section("Latency", f"The last bar has all from {end} ms on.", frame.svg(),
                   table(["milliseconds"] + names, [[f"at {r} per second"] + [b["latency_ms"].get(f"{q}_at_{r}") for q in names] for r in rates]))


def stacked(title, says, unit, rows, groups):
    """rows: name and a dict of group to value."""
    top = max(sum(d.get(g, 0) for g in groups) for _, d in rows)
    axis = ticks(top)
    span = WIDTH - LEFT - RIGHT
    body = [legend(groups[:7], 14), legend(groups[7:14], 32) if len(groups) > 7 else ""]
    y = 44
    x_of = lambda v: LEFT + v / axis[-1] * span
    bottom = y + 46 * len(rows)
    for v in axis:
        body.append(f'<line class="grid" x1="{x_of(v):.1f}" x2="{x_of(v):.1f}" y1="{y}" y2="{bottom}"/>' + text(x_of(v), bottom + 16, number(v)))
    for name, d in rows:
        x = 0
        body.append(text(LEFT - 6, y + 26, name, "end"))
        for i, g in enumerate(groups):
            v = d.get(g, 0)
            if v > 0:
                body.append(f'<rect class="f{i % COLOURS}" x="{x_of(x):.1f}" y="{y + 6}" width="{max(x_of(x + v) - x_of(x) - 0.7, 0.3):.1f}" height="32">'
                            f"<title>{escape(g)}: {number(v)} {escape(unit)}</title></rect>")
                x += v
        y += 46
    body.append(text(LEFT + span / 2, bottom + 36, unit))
    return section(title, says, svg(title, "".join(body), bottom + 44),
                   table([unit] + [n for n, _ in rows], [[g] + [d.get(g) for _, d in rows] for g in groups]
                         + [["all"] + [sum(d.get(g, 0) for g in groups) for _, d in rows]]))


def cpu(b):
    fleet, bare = dict(b.get("cpu_us") or {}), dict(b.get("bare_cpu_us") or {})
    fleet.pop("all", None)
    bare.pop("all", None)
    groups = sorted(set(fleet) | set(bare), key=lambda g: (GROUPS.index(g) if g in GROUPS else 99, g))
    if not groups:
        return ""
    return stacked("CPU per order", "Of all processes of the stack; of the bare limit the servers', its hops are not in it.",
                   "microseconds of CPU per order", [("fleet", fleet), ("bare", bare)], groups)


def bars(title, says, unit, values):
    """values: name and number, each a bar."""
    top = ticks(max(v for _, v in values))
    left = max(150, 10 + 8 * max(len(name) for name, _ in values))
    x_of = lambda v: left + v / top[-1] * (WIDTH - left - 90)
    bottom = 8 + 24 * len(values)
    body = [f'<line class="grid" x1="{x_of(v):.1f}" x2="{x_of(v):.1f}" y1="4" y2="{bottom}"/>' + text(x_of(v), bottom + 14, number(v)) for v in top]
    for i, (name, v) in enumerate(values):
        body.append(text(left - 8, 24 * i + 22, name, "end") + f'<rect class="f0" x="{left}" y="{24 * i + 10}" width="{x_of(v) - left:.1f}" height="16"/>'
                    + text(x_of(v) + 6, 24 * i + 22, number(v), "start"))
    body.append(text((left + WIDTH - 90) / 2, bottom + 32, unit))
    return section(title, says, svg(title, "".join(body), bottom + 40))


def per_order(b):
    fleet, bare = b.get("per_order") or {}, b.get("bare_per_order") or {}
    pairs = [(k.replace("_", " ") + of, v[k]) for k in fleet for of, v in (("", fleet), (", bare limit", bare)) if k in v]
    rows = [p for p in pairs if not p[0].startswith("wal")]
    out = bars("Rows and messages per order", "Rows written and transactions committed by Postgres; messages published, confirmed and delivered "
               "by the broker.", "per order", rows) if rows else ""
    if fleet.get("wal_bytes"):
        out += bars("WAL per order", "Bytes of write-ahead log, full pages among them.", "bytes per order", [p for p in pairs if p[0].startswith("wal")])
    return out


def memory(b):
    rows = sorted((b.get("peak_mib") or {}).items(), key=lambda r: -r[1])
    return bars("Peak memory", "The largest process of each kind.", "MiB, resident", rows) if rows else ""


def others(b):
    out, d, burst, stages = "", b.get("duplicates"), b.get("burst"), b.get("processes")
    if d:
        out += section("Duplicates", f"{number(d['count'])} documents that were orders already, one process of ingest.",
                       table(["", ""], [["settled per second", d["per_second"]]] + [[f"CPU each, {k}, microseconds", v] for k, v in d["cpu_us"].items()]))
    if burst:
        t = burst["trickle"]
        out += section("Burst", f"{number(burst['orders'])} orders at once on one channel, taken in at {number(burst['published_per_second'])} per second, "
                       f"{number(burst['published_again'])} of them refused at first, and drained at {number(burst['drained_per_second'])} per second; "
                       "2 per second on another channel.",
                       table(["milliseconds from publish to invoice", "orders", "p50", "p99"],
                             [["alone", t["alone"]["count"], t["alone"]["p50_ms"], t["alone"]["p99_ms"]],
                              ["during the burst", t["during"]["count"], t["during"]["p50_ms"], t["during"]["p99_ms"]]]))
    if stages:
        of = {(s["stage"], s["processes"]): s["per_second"] for s in stages}
        names = list(dict.fromkeys(s["stage"] for s in stages))
        out += section("One stage with one process and with two", "Alone in front of a full queue.",
                       table(["messages per second", "one", "two", "ratio"], [[n, of.get((n, 1)), of.get((n, 2)), (of.get((n, 2)) or 0) / (of.get((n, 1)) or 1)] for n in names]))
    return out


def growth(g):
    sizes = g["sizes"]
    first = sizes[0]
    rows = []
    for key in first:
        if key != "orders":
            row = [key.replace("_", " ")]
            for i, s in enumerate(sizes):
                row.append(s.get(key))
                if i:
                    row.append(number(s[key] / first[key]) if first[key] and s.get(key) is not None else "–")
            rows.append(row)
    head = ["orders that were there"]
    for i, s in enumerate(sizes):
        head += [number(s["orders"])] + (["ratio"] if i else [])
    return section("Growth", "The same with so many settled orders in the database.", table(head, rows))


def page(b, g):
    title = "Tributary: benchmark"
    parts = [throughput(b), latency(b), cpu(b), per_order(b), memory(b), others(b), growth(g) if g else ""]
    return (f'<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><meta charset="utf-8"/><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width"/><style>{STYLE}</style></head>\n<body><h1>{title}</h1>'
            f"<p>{escape(b.get('at', ''))} · {number(b['orders'])} orders of 3 lines, {number(b.get('runs', 1))} runs, medians · all servers on the same machine</p>"
            + "\n".join(parts) + "</body></html>\n")


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("report.py BENCH_JSON [GROWTH_JSON] >FILE")
    load = lambda path: json.load(open(path, encoding="utf-8"))
    sys.stdout.write(page(load(sys.argv[1]), load(sys.argv[2]) if len(sys.argv) > 2 else None))


if __name__ == "__main__":
    main()
