# SPDX-License-Identifier: GPL-2.0-or-later
"""Line plots as SVG text, for a page without JavaScript. Colours are classes of style.css."""
import html
import time

WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 12, 26


def number(value):
    """A number for people: 12345 is 12.3k."""
    for limit, unit in ((1e9, 'G'), (1e6, 'M')):
        if value >= limit:
            return f'{value / limit:.3g}{unit}'
    if value >= 1e4:
        return f'{value / 1e3:.3g}k'
    return f'{value:.0f}' if value >= 100 else f'{value:.3g}'


def steps_to(top):
    """A round upper end and the step of at most five grid lines."""
    step = 1.0
    while top / step > 5:
        step *= 10
    while top > 0 and top / step < 0.5:
        step /= 10
    step *= next(f for f in (0.2, 0.5, 1) if top / (step * f) <= 5)
    end = step
    while end < top:
        end += step
    return end, step


def times(begin, end):
    """Up to four labels of the time axis: [(when, text)]."""
    span = end - begin
    pattern = '%H:%M' if span <= 2 * 86400 else '%d %b'
    return [(begin + span * i / 3, time.strftime(pattern, time.localtime(begin + span * i / 3)))
            for i in range(4)]


def line_plot(title, series, begin, end):
    """series: [(name, [(time, value)])]. Returns a <figure>; it says so where there is nothing."""
    name = html.escape(title)
    series = [(label, points) for label, points in series if points]
    if not series or end <= begin:
        return f'<figure><figcaption>{name}</figcaption><p class="empty">No turn has ended yet.</p></figure>'
    top, step = steps_to(max(value for _, points in series for _, value in points))

    def x(when):
        return LEFT + (WIDTH - LEFT - RIGHT) * (when - begin) / (end - begin)

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [f'<figure><figcaption>{name}</figcaption>',
             f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">']
    level = 0.0
    while level <= top + step / 2:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(level):.1f}" '
                     f'y2="{y(level):.1f}"/><text class="axis" x="{LEFT - 6}" y="{y(level) + 4:.1f}" '
                     f'text-anchor="end">{number(level)}</text>')
        level += step
    for i, (when, text) in enumerate(times(begin, end)):
        anchor = ('start', 'middle', 'middle', 'end')[i]
        parts.append(f'<text class="axis" x="{x(when):.1f}" y="{HEIGHT - 8}" '
                     f'text-anchor="{anchor}">{text}</text>')
    for i, (label, points) in enumerate(series):
        shown = html.escape(label)
        if len(points) == 1:
            parts.append(f'<circle class="s{i % 8} dot" r="3" cx="{x(points[0][0]):.1f}" '
                         f'cy="{y(points[0][1]):.1f}"><title>{shown}</title></circle>')
            continue
        path = ' '.join(f'{x(when):.1f},{y(value):.1f}' for when, value in points)
        parts.append(f'<polyline class="s{i % 8}" points="{path}"><title>{shown}</title></polyline>')
    parts.append('</svg><ul class="legend">')
    for i, (label, points) in enumerate(series):
        parts.append(f'<li><span class="key k{i % 8}"></span>{html.escape(label)} '
                     f'<b>{number(points[-1][1])}</b></li>')
    parts.append('</ul></figure>')
    return ''.join(parts)
