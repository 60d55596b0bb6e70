# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of the dashboard as text. Everything that is not written here goes through e()."""
import html
import time

from service import groups, plots, queue

SPANS = (('day', 86400.0), ('week', 7 * 86400.0), ('month', 30 * 86400.0))
BUCKETS = 72
ROWS_SHOWN = 10
SHOWN = (('minimal.prog', 'Minimal program', True), ('report.txt', 'Report', True),
         ('trace.txt', 'Trace', False), ('program.prog', 'Program as found', False),
         ('minimal.c', 'C program', False), ('log.txt', 'Log of the process that found it', False))
ICON = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="none" stroke="#0b6bcb" '
        'stroke-width="2" d="M2 5h11l-3-3M14 11H3l3 3"/></svg>')
STATE_ORDER = ('new', 'flaky', 'known', 'not seen since', 'fixed')


def e(value):
    return html.escape(str(value), quote=True)


def ago(when, now=None):
    seconds = max(0, (time.time() if now is None else now) - when)
    for size, unit in ((86400, 'd'), (3600, 'h'), (60, 'min')):
        if seconds >= size:
            return f'{seconds / size:.0f} {unit} ago'
    return f'{seconds:.0f} s ago'


def date(when):
    return time.strftime('%Y-%m-%d %H:%M', time.localtime(when))


def whole(title, body, refresh=0):
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ''
    return ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'{again}<title>{e(title)}</title><link rel="stylesheet" href="/style.css">'
            '<link rel="icon" href="/icon.svg"></head>'
            f'<body>{body}</body></html>\n')


def in_short(triage):
    """Rates and size in a few words."""
    parts = []
    for key, word in (('replays', 'replays'), ('fresh', 'fresh schedules')):
        rates = ', '.join(f'{build} {pair[0]}/{pair[1]}' for build, pair in triage.get(key, {}).items() if pair)
        parts += [f'{word}: {rates}'] if rates else []
    parts += [triage[key] for key in ('minimal', 'note') if triage.get(key)]
    return '; '.join(parts) or 'not yet looked at'


def finding_row(facts):
    state = facts['state']
    more = in_short(facts['triage'])
    if facts.get('known'):
        more = f'{facts["known"]}; {more}'
    return (f'<div class="finding"><span class="state {e(state.split()[0])}">{e(state)}</span>'
            f'<span class="title"><a href="/finding/{e(facts["slug"])}">{e(facts.get("name") or facts["title"])}</a></span>'
            f'<span class="count">{facts["count"]} times</span>'
            f'<span class="more">{e(facts["target"])}, {e(facts["build"])}; first {e(date(facts["first"]))}, '
            f'last {e(ago(facts["last"]))}. {e(more)}</span></div>')


def group_rows(facts, below):
    """A finding, and behind a click those that seem to have the same cause."""
    if not below:
        return finding_row(facts)
    return (finding_row(facts) + f'<details class="beneath"><summary>{len(below)} more that seem to have '
            'the same cause</summary><div>' + ''.join(finding_row(f) for f in below) + '</div></details>')


def findings_part(findings):
    if not findings:
        return '<p class="empty">Nothing has been found yet.</p>'
    order = sorted(findings, key=lambda f: (STATE_ORDER.index(f['state']) if f['state'] in STATE_ORDER else 9,
                                            -f['last']))
    rows = [group_rows(facts, below) for facts, below in groups.grouped(order)]
    shown = '<div>' + ''.join(rows[:ROWS_SHOWN]) + '</div>'
    rest = rows[ROWS_SHOWN:]
    if rest:
        shown += (f'<details><summary>{len(rest)} more</summary><div>'
                  + ''.join(rest) + '</div></details>')
    return shown


def bucketed(rows, begin, end, key, value, together):
    """[(key, [(middle of the bucket, together(values))])] of rows with ended in [begin, end]."""
    width = (end - begin) / BUCKETS or 1.0
    series = {}
    for row in rows:
        bucket = min(BUCKETS - 1, int((row['ended'] - begin) / width))
        series.setdefault(row[key], {}).setdefault(bucket, []).append(value(row))
    return [(name, [(begin + (b + 0.5) * width, together(values, width)) for b, values in sorted(buckets.items())])
            for name, buckets in sorted(series.items())]


def highest_so_far(series):
    out = []
    for name, points in series:
        top, line = 0, []
        for when, value in points:
            top = max(top, value)
            line.append((when, top))
        out.append((name, line))
    return out


def plots_part(view):
    begin, end = view.begin, view.now
    rows = view.turns

    def most(values, _):
        return max(values)

    rates = bucketed(rows, begin, end, 'build', lambda r: r['runs'], lambda v, width: sum(v) / width)
    coverage = bucketed(rows, begin, end, 'target', lambda r: r['coverage'], most)
    # A merge of a corpus is a turn without runs, which counts no inputs.
    corpus = bucketed([r for r in rows if r['runs']], begin, end, 'target', lambda r: r['corpus'], most)
    links = ' · '.join(f'<b>{name}</b>' if name == view.span else f'<a href="/?span={name}">{name}</a>'
                       for name, _ in SPANS)
    return (f'<h2>Over time</h2><p class="soft">The last {links}</p><div class="plots">'
            + plots.line_plot('Runs a second, by build', rates, begin, end)
            + plots.line_plot('Coverage (edges), by target', highest_so_far(coverage), begin, end)
            + plots.line_plot('Corpus (inputs), by target', corpus, begin, end) + '</div>')


def turns_part(view):
    rows = []
    for total in view.totals:
        last = view.last.get((total['target'], total['build']))
        rate = total['runs'] / total['seconds'] if total['seconds'] else 0
        rows.append(f'<tr><td>{e(total["target"])}</td><td class="left">{e(total["build"])}</td>'
                    f'<td>{total["runs"]:,}</td><td>{rate:,.0f}</td><td>{last["coverage"] if last else 0:,}</td>'
                    f'<td>{last["corpus"] if last else 0:,}</td><td>{total["reports"]:,}</td>'
                    f'<td>{total["died"]:,}</td><td>{e(ago(total["last"], view.now))}</td></tr>')
    if not rows:
        return '<h2>Targets</h2><p class="empty">No turn has ended yet.</p>'
    return ('<h2>Targets</h2><div class="scroll"><table><thead><tr><th>target</th><th class="left">build</th>'
            '<th>runs</th><th>runs/s</th><th>coverage</th><th>corpus</th><th>reports</th><th>died</th>'
            f'<th>last turn</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>')


def builds_part(view):
    rows = [f'<tr><td>{e(r["preset"])}</td><td class="left">{e(r["revision"])}</td><td>{r["seconds"]:.0f} s</td>'
            f'<td>{e(ago(r["at"], view.now))}</td><td class="left wrap{"" if r["outcome"] == "ready" else " bad"}">'
            f'{e(r["outcome"])}</td></tr>' for r in view.builds[:9]]
    if not rows:
        return ''
    return ('<h2>Builds</h2><div class="scroll"><table><thead><tr><th>build</th><th class="left">revision</th>'
            '<th>took</th><th>when</th><th class="left">outcome</th></tr></thead>'
            f'<tbody>{"".join(rows)}</tbody></table></div>')


def events_part(view):
    lines = ''.join(f'{e(date(r["at"]))}  {e(r["text"].strip())}\n' for r in view.events)
    return f'<h2>What happened</h2><pre>{lines or "Nothing yet."}</pre>'


def paths_part(view):
    if not view.paths:
        return ''
    first, _, rest = view.paths.partition('\n')
    return f'<h2>Paths never taken</h2><details><summary>{e(first)}</summary><pre>{e(rest)}</pre></details>'


def overview(view):
    runs = sum(r['runs'] for r in view.totals)
    state = ('<span class="bad">paused: the disk is full</span>' if view.paused else
             'running' if view.alive else '<span class="bad">not running</span>')
    new = sum(f['state'] == 'new' for f in view.findings)
    head = (f'<header><h1>swaprace</h1><p>{state}; revision {e(view.revision or "unknown")}</p>'
            f'<p>{e(view.line)}</p><ul class="facts"><li><b>{runs:,}</b> runs</li><li><b>{new}</b> new, '
            f'<b>{len(view.findings)}</b> findings</li><li><b>{view.free / 2**30:.1f}</b> GiB free</li>'
            '<li><a href="/metrics">metrics</a></li></ul></header>')
    trouble = ''.join(f'<p class="bad">{e(text)}</p>' for text in view.trouble)
    return whole('swaprace', head + trouble + '<h2>Findings</h2>' + findings_part(view.findings)
                 + plots_part(view) + turns_part(view) + builds_part(view) + paths_part(view)
                 + events_part(view), 60)


def finding(facts, texts, names):
    """texts: {file name: its text}; names: all files of the folder."""
    name = facts.get('name') or facts['title']
    rows = [('state', facts['state'] + (f': {facts["known"]}' if facts.get('known') else '')),
            ('seen', f'{facts["count"]} times, first {date(facts["first"])}, last {date(facts["last"])}'),
            ('found by', f'{facts["target"]}, {facts["build"]}'), ('revision', facts.get('revision') or 'unknown'),
            ('bug', facts.get('bug') or 'none')]
    if facts.get('since'):
        rows.append(('since', facts['since']))
    if facts.get('bisect') and facts['bisect'] != 'wanted':
        rows.append(('brought by', facts['bisect']))
    triage = facts['triage']
    for build, pair in triage.get('replays', {}).items():
        text = f'{queue.rate(pair)} replays'
        if build in triage.get('fresh', {}):
            text += f'; {queue.rate(triage["fresh"][build])} fresh schedules'
        rows.append((f'in {build}', text))
    if triage.get('also'):
        rows.append(('its program also gives',
                     '; '.join(f'{title} ({count} schedules)' for title, count in triage['also'].items())))
    for build, title in triage.get('elsewhere', {}).items():
        rows.append((f'its program in {build}', title))
    for key in ('minimal', 'note', 'no_c'):
        if triage.get(key):
            rows.append(({'minimal': 'minimised', 'no_c': 'no C program'}.get(key, key), triage[key]))
    table = ''.join(f'<tr><td>{e(k)}</td><td class="left wrap">{e(v)}</td></tr>' for k, v in rows)
    parts = [f'<nav><a href="/">All findings</a></nav><h1>{e(name)}</h1>',
             f'<div class="scroll"><table><tbody>{table}</tbody></table></div>']
    for file, title, is_open in SHOWN:
        if texts.get(file):
            parts.append(f'<details{" open" if is_open else ""}><summary>{e(title)}</summary>'
                         f'<pre>{e(texts[file])}</pre></details>')
    links = ', '.join(f'<a href="/raw/{e(facts["slug"])}/{e(n)}">{e(n)}</a>' for n in names)
    parts.append(f'<h2>Files</h2><p>{links}</p>')
    return whole(name, ''.join(parts))


def message(title, text):
    return whole(title, f'<nav><a href="/">All findings</a></nav><h1>{e(title)}</h1><p>{e(text)}</p>')
