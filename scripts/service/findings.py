# SPDX-License-Identifier: GPL-2.0-or-later
"""From the folder of a process that fuzzed to findings.

A process leaves run/ID/ with meta.json, its log, "titles" (how often each title came,
fuzz/targets/record.h) and artifacts, each named by the hash of its content. Filing is
safe to repeat after a kill at any point: the folder goes last, a finding remembers
which folders it has counted, and the database takes each folder once.
"""
import json
import os
import re
import shutil
import time

from service import child, files, titles

INPUTS_KEPT = 50       # inputs of a finding whose bytes are kept
NAMES_KEPT = 2000      # ... whose names are kept
LOG_KEPT = 64 << 10    # of the log of the process that found it
SHOWN_KEPT = 50        # revisions in which it showed
COUNTED_KEPT = 256     # folders that a finding remembers


def read_titles(path):
    """{title: count} of a process; a line that a kill cut off is left out."""
    counts = {}
    text = files.read_text(path)
    for line in text[:text.rfind('\n') + 1].splitlines():
        match = re.fullmatch(r' *(\d+) (.+)', line)
        if match:
            counts[match.group(2)] = counts.get(match.group(2), 0) + int(match.group(1))
    return counts


def title_in(text):
    """The title that a log names, or None."""
    for pattern in (r'^report: (.+)', r"^\S+:\d+: \S+: Assertion `(.+)' failed\.",
                    r'^SUMMARY: (.+)', r'^==\d+== ?ERROR: (.+)'):
        found = re.findall(pattern, text, re.M)
        if found:
            return re.sub(r'0x[0-9a-f]+|\(pid=\d+\)', '', found[-1]).strip()
    return None


def assertion_in(text):
    match = re.search(r"^\S+?([^/\s]+):\d+: (\S+): Assertion `(.+)' failed\.", text, re.M)
    return f'{match.group(3)} in {match.group(2)}' if match else None


def come_back(facts, revision):
    """It was known or had gone, and is news again: between when it had gone and the revision
    that shows it is where to look."""
    if facts['state'] != 'known':
        facts.update(good=facts.get('since'), bad=revision, since='', bisect='wanted')
    facts.update(state='new', news=True)


class Filer:
    """Files folders of processes. work: the work folder."""

    def __init__(self, work, store, known, builds, say, tick=None):
        self.work, self.store, self.known, self.builds = work, store, known, builds
        self.say, self.tick = say, tick
        self.slugs = {}  # of names that came: which finding they are

    def folder_of(self, slug):
        return os.path.join(self.work, 'findings', slug)

    # ---- artifacts ----

    def set_aside(self, path):
        torn = os.path.join(self.work, 'torn')
        os.makedirs(torn, exist_ok=True)
        target = os.path.join(torn, f'{int(time.time())}-{os.path.basename(path)}')
        os.replace(path, target)
        self.say(f'{os.path.basename(path)} is torn (its content has another hash): kept as {target}')

    def artifacts_of(self, folder):
        """[(path, bytes)] of the whole ones; what is torn is set aside."""
        whole = []
        for name in sorted(os.listdir(folder)):
            digest, path = files.artifact_hash(name), os.path.join(folder, name)
            if digest is None or not os.path.isfile(path):
                continue
            with open(path, 'rb') as f:
                data = f.read()
            if files.hash_of(data) == digest:
                whole.append((path, data))
            else:
                self.set_aside(path)
        return whole

    def report_of(self, path, meta, log):
        """(title, text) of an artifact. What ended its process is run once more, alone and
        with symbols; what does not repeat keeps what the log of that process says."""
        kind = os.path.basename(path).split('-')[0]
        if kind == 'report':
            title, _, text = files.read_text(path + '.txt').partition('\n')
            return (title or 'a report without a text'), text
        target = self.builds.target(meta['build'], meta['target'])
        status, output = child.run([target, '-timeout=20', '-rss_limit_mb=2048', path],
                                   os.path.join(self.work, 'run', 'again.log'), 60, self.tick,
                                   env=child.environment(SWAPRACE_BUG=meta.get('bug') or None))
        text = output if status not in (0, 124) and title_in(output) else log[-60000:]
        title = title_in(text) or f'{kind} without a report'
        assertion = assertion_in(text)
        if assertion and 'Assertion' not in title and not re.search(r'^report: ', text, re.M):
            title = f'{meta["target"]}: {assertion}'
        return title, text

    # ---- findings ----

    def slug_of(self, name):
        """The slug of a finding of this name, or of one that had it under an old title."""
        slug = files.slug(name)
        if slug not in self.slugs:
            self.slugs[slug] = slug
            if not self.store.finding(slug):
                for facts in self.store.findings():
                    if titles.same(name, facts.get('name') or facts['title']):
                        self.slugs[slug] = facts['slug']
        return self.slugs[slug]

    def facts_of(self, name, title, meta):
        """The facts of the finding of this name; new ones where there is none."""
        facts = self.stored_facts(name, title, meta)
        facts['name'] = name
        if titles.same(title, facts['title']):
            facts['title'] = title
        return facts

    def stored_facts(self, name, title, meta):
        slug = self.slug_of(name)
        try:
            with open(os.path.join(self.folder_of(slug), 'finding.json')) as f:
                facts = json.load(f)
            if facts['slug'] == slug:
                return facts
        except (OSError, ValueError, KeyError, TypeError):
            pass
        stored = self.store.finding(slug)
        if stored:
            return stored
        now = time.time()
        return {'slug': slug, 'name': name, 'title': title, 'state': 'new', 'first': now, 'last': now,
                'count': 0, 'target': meta['target'], 'build': meta['build'],
                'bug': meta.get('bug') or '', 'revision': meta.get('revision') or '', 'inputs': {},
                'counted': [], 'triage': {'wanted': True}, 'news': True}

    def add_input(self, facts, path, data, text, log, now):
        """True: it is new to this finding."""
        folder = self.folder_of(facts['slug'])
        name = os.path.basename(path)
        if name in facts['inputs'] or len(facts['inputs']) >= NAMES_KEPT:
            return False
        os.makedirs(os.path.join(folder, 'inputs'), exist_ok=True)
        if len(facts['inputs']) < INPUTS_KEPT:
            files.write_whole(os.path.join(folder, 'inputs', name), data)
        if not os.path.exists(os.path.join(folder, 'input')):
            files.write_whole(os.path.join(folder, 'report.txt'), f'report: {facts["title"]}\n{text}')
            files.write_whole(os.path.join(folder, 'log.txt'), log[-LOG_KEPT:])
            files.write_whole(os.path.join(folder, 'input'), data)
        facts['inputs'][name] = now
        return True

    def write(self, facts):
        os.makedirs(self.folder_of(facts['slug']), exist_ok=True)
        files.write_whole(os.path.join(self.folder_of(facts['slug']), 'finding.json'),
                          json.dumps(facts, indent=1, sort_keys=True) + '\n')

    def save(self, facts):
        """To the files, then to the database."""
        self.write(facts)
        with self.store.transaction():
            self.store.put_finding_row(facts)

    def judge(self, facts, text, revision):
        """The state of a finding that came again. A process of a revision in which it showed
        before says nothing new: it may end after the finding was seen to be fixed."""
        shown = facts.setdefault('shown', [])
        is_new_here = revision not in shown
        if is_new_here:
            facts['shown'] = (shown + [revision])[-SHOWN_KEPT:]
        entry = self.known.match(facts['title'], text)
        facts['known'] = entry.reason if entry else ''
        if entry:
            facts['state'] = 'known'
        elif facts['state'] == 'known' or (facts['state'] in ('fixed', 'not seen since') and is_new_here):
            come_back(facts, revision)

    # ---- a folder ----

    def file(self, folder, result):
        """Files run/<folder>; result: the turn's numbers. Returns the facts of what it found."""
        path = os.path.join(self.work, 'run', folder)
        meta = self.meta_of(path)
        now, touched, rows = time.time(), {}, []
        counts = read_titles(os.path.join(path, 'titles'))
        for artifact, data in self.artifacts_of(path):
            title, text = self.report_of(artifact, meta, result['log'])
            name = self.known.name_of(title, text)
            slug = self.slug_of(name)
            facts = touched.get(slug) or self.facts_of(name, title, meta)
            touched[slug] = facts
            self.judge(facts, text, meta.get('revision') or '')
            self.add_input(facts, artifact, data, text, result['log'], now)
            if not os.path.basename(artifact).startswith('report-') or title not in counts:
                self.count(facts, folder, 1)
            rows.append((files.hash_of(data), slug, os.path.basename(artifact), now))
        for title, count in counts.items():
            slug = self.slug_of(title)
            if slug not in touched:
                touched[slug] = self.facts_of(title, title, meta)
                report = files.read_text(os.path.join(self.folder_of(slug), 'report.txt'))
                self.judge(touched[slug], report, meta.get('revision') or '')
            self.count(touched[slug], folder, count)
        for facts in touched.values():
            facts['last'] = max(now, facts['first'])
            if folder not in facts['counted']:
                facts['counted'] = (facts['counted'] + [folder])[-COUNTED_KEPT:]
            self.write(facts)
        with self.store.transaction():
            for row in rows:
                self.store.add_artifact(*row)
            for facts in touched.values():
                self.store.put_finding_row(facts)
            self.store.add_turn({
                'folder': folder, 'ended': now, 'target': meta['target'], 'build': meta['build'],
                'bug': meta.get('bug') or '', 'revision': meta.get('revision') or '',
                'runs': result['runs'], 'seconds': result['seconds'],
                'coverage': result['coverage'], 'features': result['features'],
                'corpus': result['corpus'], 'reports': sum(counts.values()),
                'died': result['died'], 'status': result['status']})
        shutil.rmtree(path, ignore_errors=True)
        return list(touched.values())

    def count(self, facts, folder, count):
        if folder not in facts['counted']:
            facts['count'] += count

    def meta_of(self, path):
        try:
            with open(os.path.join(path, 'meta.json')) as f:
                meta = json.load(f)
            return dict({'target': 'mm', 'build': 'release'}, **meta)
        except (OSError, ValueError, TypeError):
            return {'target': 'mm', 'build': 'release'}

    def leftovers(self):
        """Folders that a killed service has left."""
        run = os.path.join(self.work, 'run')
        return sorted(n for n in os.listdir(run) if os.path.isdir(os.path.join(run, n)))
