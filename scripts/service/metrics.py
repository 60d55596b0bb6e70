# SPDX-License-Identifier: GPL-2.0-or-later
"""/metrics in Prometheus' text format 0.0.4. Counters come from the database, and so go on
counting when the service is started again."""

CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'


def escape(value):
    return str(value).replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')


def labels(**pairs):
    return '{' + ','.join(f'{key}="{escape(value)}"' for key, value in pairs.items()) + '}' if pairs else ''


class Page:
    def __init__(self):
        self.lines = []

    def add(self, name, kind, text, samples):
        """samples: [(labels, value)]. Nothing is written for a name without samples."""
        if not samples:
            return
        self.lines.append(f'# HELP swaprace_{name} {text}')
        self.lines.append(f'# TYPE swaprace_{name} {kind}')
        for pairs, value in samples:
            self.lines.append(f'swaprace_{name}{labels(**pairs)} {value:.10g}')

    def text(self):
        return '\n'.join(self.lines) + '\n'


def page(view):
    """view: a View of dashboard.py."""
    out = Page()
    totals = [({'target': r['target'], 'build': r['build']}, r) for r in view.totals]
    for name, field, text in (
            ('runs_total', 'runs', 'Programs that were run.'),
            ('fuzz_seconds_total', 'seconds', 'Seconds of all processes that fuzzed.'),
            ('reports_total', 'reports', 'Reports, also of known findings.'),
            ('process_deaths_total', 'died', 'Processes that ended before their time.')):
        out.add(name, 'counter', text, [(pairs, row[field]) for pairs, row in totals])
    out.add('finding_reports_total', 'counter', 'Reports of a finding.',
            [({'title': f.get('name') or f['title'], 'state': f['state']}, f['count']) for f in view.findings])
    states = {}
    for facts in view.findings:
        states[facts['state']] = states.get(facts['state'], 0) + 1
    out.add('findings', 'gauge', 'Findings by state.',
            [({'state': state}, states.get(state, 0)) for state in view.states])
    out.add('coverage_edges', 'gauge', 'Edges of the code that the last turn had covered.',
            [({'target': t, 'build': b}, row['coverage']) for (t, b), row in sorted(view.last.items())])
    out.add('corpus_inputs', 'gauge', 'Inputs of the corpus in the last turn.',
            [({'target': t, 'build': b}, row['corpus']) for (t, b), row in sorted(view.last.items())])
    out.add('last_turn_timestamp_seconds', 'gauge', 'When the last turn ended.',
            [({'target': r['target'], 'build': r['build']}, r['last']) for r in view.totals])
    out.add('up', 'gauge', 'Is the service alive? 1 or 0.', [({}, 1 if view.alive else 0)])
    out.add('paused', 'gauge', 'Is it paused, because the disk is full?', [({}, 1 if view.paused else 0)])
    out.add('disk_free_bytes', 'gauge', 'Bytes that are free on the disk of the work folder.',
            [({}, view.free)])
    out.add('info', 'gauge', 'What is fuzzed.', [({'revision': view.revision}, 1)])
    return out.text()
