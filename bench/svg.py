"""Plots as SVG text, so that a measurement needs nothing installed.

    svg.page("title", [svg.lines("panel", "requests/s", "%", {"tiro": [(1, 100), (2, 80)]}, limit=95),
                       svg.bars("panel", "tokens/s", ["prefill"], {"tiro": [3], "peer": [1]})])
"""
import html
import math

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50
COLOURS = ["#1f5fa8", "#c4561b", "#3c7d3c", "#7a4b9a"]  # Told apart in grey, too.


def text(x, y, words, anchor="middle", size=12, more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {more}>'
            f'{html.escape(str(words))}</text>')


def line(x1, y1, x2, y2, colour="#ccc", more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'


def ticks(top):
    """Round numbers from 0 to at least `top`, four to eight of them."""
    if top <= 0:
        return [0, 1]
    step = 10 ** math.floor(math.log10(top))
    for factor in (0.2, 0.5, 1, 2):
        if top / (step * factor) <= 7:
            step *= factor
            break
    return [i * step for i in range(math.ceil(top / step - 1e-9) + 1)]


def number(value):
    return f"{value:g}" if value < 10000 else f"{value / 1000:g}k"


def frame(title, x_label, y_label, names, y_ticks):
    """Axes, grid, legend; returns the parts and where a value of y lies."""
    bottom = HEIGHT - BOTTOM
    turned = f'transform="rotate(-90 16 {(TOP + bottom) / 2})"'

    def at(y):
        return bottom - (bottom - TOP) * y / y_ticks[-1]

    parts = [text(LEFT, 18, title, "start", 14, 'font-weight="bold"'),
             text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label),
             text(16, (TOP + bottom) / 2, y_label, more=turned)]
    for tick in y_ticks:
        parts += [line(LEFT, at(tick), WIDTH - RIGHT, at(tick)),
                  text(LEFT - 6, at(tick) + 4, number(tick), "end")]
    for i, name in enumerate(names):
        x = WIDTH - RIGHT - 130 * (len(names) - i)
        parts += [f'<rect x="{x}" y="22" width="12" height="12" fill="{COLOURS[i % len(COLOURS)]}"/>',
                  text(x + 18, 32, name, "start")]
    return parts, at


def lines(title, x_label, y_label, series, limit=None):
    points = [p for row in series.values() for p in row]
    x_ticks = ticks(max((x for x, _ in points), default=1))
    y_ticks = ticks(max([y for _, y in points] + ([limit] if limit else []), default=1))
    parts, at = frame(title, x_label, y_label, series, y_ticks)

    def across(x):
        return LEFT + (WIDTH - RIGHT - LEFT) * x / x_ticks[-1]

    for tick in x_ticks:
        parts.append(text(across(tick), HEIGHT - BOTTOM + 16, number(tick)))
    if limit:
        parts.append(line(LEFT, at(limit), WIDTH - RIGHT, at(limit), "#333", 'stroke-dasharray="5 4"'))
    for i, row in enumerate(series.values()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{across(x):.1f},{at(y):.1f}" for x, y in sorted(row))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{at(y):.1f}" r="3" fill="{colour}"/>'
                  for x, y in row]
    return parts


def bars(title, y_label, groups, series):
    """series: name → one value (or None) a group; each bar carries its value."""
    y_ticks = ticks(max((v for row in series.values() for v in row if v is not None), default=1))
    parts, at = frame(title, "", y_label, series, y_ticks)
    room = (WIDTH - RIGHT - LEFT) / max(len(groups), 1)
    width = room * 0.8 / max(len(series), 1)
    for g, group in enumerate(groups):
        left = LEFT + room * g + room * 0.1
        parts.append(text(left + room * 0.4, HEIGHT - BOTTOM + 16, group, size=11))
        for i, row in enumerate(series.values()):
            if row[g] is None:
                continue
            x, y = left + width * i, at(row[g])
            value = f"{row[g]:.0f}" if row[g] >= 100 else f"{row[g]:.3g}"
            parts += [f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{at(0) - y:.1f}" '
                      f'fill="{COLOURS[i % len(COLOURS)]}"/>',
                      text(x + width / 2, y - 3, value, size=10)]
    return parts


def page(title, panels):
    height = 30 + HEIGHT * len(panels)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" fill="#111">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             text(WIDTH / 2, 20, title, size=13)]
    for i, panel in enumerate(panels):
        parts += [f'<g transform="translate(0 {30 + HEIGHT * i})">', *panel, "</g>"]
    return "\n".join([*parts, "</svg>", ""])
