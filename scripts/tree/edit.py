# SPDX-License-Identifier: GPL-2.0-or-later
"""Edits by rule: a historical bug as a change to a kernel tree's file that names what it
changes and quotes nothing, so that it survives releases in which a diff would not apply.

    # Comments say what the bug was.
    file:     mm/swapfile.c
    function: unuse_pte
    drop-if   pte_same             # the if whose condition has it never holds
    true-if   folio_test_uptodate  # ... always holds
    drop      spin_lock            # the statement that has it goes
    drop      spin_unlock#2        # the second one
    true      folio_trylock        # the call gives 1, and is not made
    false     folio_trylock        # ... gives 0
    negate    folio_trylock        # !(the call)
    rename    list_del_init list_del
    swap      folio_lock xa_lock   # the two statements change places
    move      folio_put before pte_unmap_unlock   # also: after
    put       folio_file_page &folio->page   # the call gives this, and is not made

A name is any identifier in the function's body, most often of a call; #N is its Nth
occurrence, from 1: in what the rules before it left, so of two rules with one name the
later occurrence comes first. Several functions and files may follow each other. Lines keep
their numbers, but for swap and move.

Rules can also be compiled in under a switch (switch()): a variable says while the program
runs which edit holds. So one build has many edits. What is written in for that is hidden
from the rules that come later, which count names as they stand in the tree.
"""
import re

from .state import TreeError

# rule: (number of names, with an order word between the last two)
RULES = {'drop-if': 1, 'true-if': 1, 'drop': 1, 'true': 1, 'false': 1, 'negate': 1, 'rename': 2,
         'swap': 2, 'move': 3, 'put': 2}
SWITCH = 'seam_edit'
# Round text that a rule has written in: it is blank to the rules that come later.
HIDE, SHOW = '\x01', '\x02'
WORD = re.compile(r'[A-Za-z_]\w*')
CONTROL = {'if', 'for', 'while', 'switch', 'else', 'do', 'return', 'case', 'sizeof'}


class Rule:
    def __init__(self, where, path, function, verb, names):
        self.where, self.path, self.function = where, path, function
        self.verb, self.names = verb, names
        self.switch = None

    def fail(self, text):
        return TreeError(f'{self.where}: {self.verb} {" ".join(self.names)}: {text}', 2)


def parse(text, name):
    """The rules of an edit file; a TreeError names the line that is wrong."""
    rules, path, function = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        words = re.sub(r'(^|\s)#.*', '', line).split()
        where = f'{name}:{number}'
        if not words:
            continue
        if words[0] == 'file:' and len(words) == 2:
            path, function = words[1], None
        elif words[0] == 'function:' and len(words) == 2 and path:
            function = words[1]
        elif words[0] in RULES and function:
            rule = Rule(where, path, function, words[0], words[1:])
            if len(rule.names) != RULES[rule.verb] and \
                    (rule.verb != 'put' or len(rule.names) < 2):
                raise rule.fail(f'{RULES[rule.verb]} words are wanted behind it')
            if rule.verb == 'move' and rule.names[1] not in ('before', 'after'):
                raise rule.fail('"before" or "after" is wanted')
            rules.append(rule)
        else:
            raise TreeError(f'{where}: file:, function: or a rule of the function is expected '
                            f'here, not "{words[0]}"', 2)
    if not rules:
        raise TreeError(f'{name}: there is no rule in it', 2)
    return rules


def blank(text, strings=True):
    """The same text with comments, strings, preprocessor lines and what a rule has hidden
    made of blanks; strings=False: comments alone."""
    def wipe(match):
        found = match.group(0)
        if not strings and found[0] not in '/':
            return found
        return re.sub(r'[^\n]', ' ', found)
    pattern = (r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
               r'|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*|\x01[^\x02]*\x02')
    return re.sub(pattern, wipe, text, flags=re.S | re.M)


def balanced(plain, at):
    """The place behind the bracket that closes the one at this place."""
    pairs = {'(': ')', '{': '}', '[': ']'}
    close, depth = pairs[plain[at]], 0
    for i in range(at, len(plain)):
        if plain[i] == plain[at]:
            depth += 1
        elif plain[i] == close:
            depth -= 1
            if depth == 0:
                return i + 1
    return -1


def opening(plain, at):
    """The bracket that the one at this place closes."""
    pairs = {')': '(', '}': '{', ']': '['}
    open_, depth = pairs[plain[at]], 0
    for i in range(at, -1, -1):
        if plain[i] == plain[at]:
            depth += 1
        elif plain[i] == open_:
            depth -= 1
            if depth == 0:
                return i
    return -1


def find_function(plain, name):
    """(begin, end) of the body's braces, or None."""
    for match in re.finditer(r'\b%s\s*\(' % re.escape(name), plain):
        depth = plain.count('{', 0, match.start()) - plain.count('}', 0, match.start())
        if depth:
            continue
        end = balanced(plain, plain.index('(', match.start()))
        rest = re.match(r'(\s*\w+(\s*\([^()]*\))?)*\s*\{', plain[end:])
        if rest and ';' not in rest.group(0):
            begin = end + rest.end() - 1
            return begin, balanced(plain, begin)
    return None


class Body:
    """The text of one function's body under edit."""

    def __init__(self, rule, text):
        self.rule, self.text = rule, text

    @property
    def plain(self):
        return blank(self.text)

    def find(self, name):
        word, _, nth = name.partition('#')
        if not WORD.fullmatch(word) or (nth and not nth.isdigit()) or nth == '0':
            raise self.rule.fail(f'"{name}" is not NAME or NAME#N')
        places = [m.start() for m in re.finditer(r'\b%s\b' % re.escape(word), self.plain)]
        wanted = int(nth or 1)
        if len(places) < wanted:
            raise self.rule.fail(f'{self.rule.function}() in {self.rule.path} has {word} '
                                 f'{len(places)} times')
        return places[wanted - 1]

    def call(self, name):
        """(begin, end) of NAME(...)."""
        plain, begin = self.plain, self.find(name)
        end = begin + WORD.match(plain, begin).end() - begin
        after = re.match(r'\s*\(', plain[end:])
        if not after:
            raise self.rule.fail(f'{name} is not called there')
        return begin, balanced(plain, end + after.end() - 1)

    def condition(self, name):
        """(begin, end) of what stands between the brackets of the innermost if."""
        plain, place = self.plain, self.find(name)
        found = None
        for match in re.finditer(r'\bif\s*\(', plain):
            end = balanced(plain, match.end() - 1)
            if match.end() <= place < end:
                found = match.end(), end - 1
        if not found:
            raise self.rule.fail(f'{name} stands in no condition of an if')
        return found

    def statement(self, name):
        """(begin, end) of the simple statement that has the name, with its semicolon."""
        plain, place = self.plain, self.find(name)
        begin = place
        while begin > 0:
            before = plain[begin - 1]
            if before in ';{}':
                break
            if before == ':' and not re.search(r'\?[^;{}]*$', plain[:begin]):
                break
            if before == ')':
                bracket = opening(plain, begin - 1)
                word = re.search(r'(\w+)\s*$', plain[:bracket])
                if word and (word.group(1) in CONTROL or 'for_each' in word.group(1)):
                    break
                begin = bracket
                continue
            word = re.search(r'\b(else|do)\s*$', plain[:begin])
            if word and before.isspace():
                break
            begin -= 1
        depth = 0
        for end in range(begin, len(plain)):
            depth += (plain[end] in '([') - (plain[end] in ')]')
            if plain[end] == ';' and depth == 0:
                break
            if plain[end] in '{}':
                raise self.rule.fail(f'{name} stands in no simple statement')
        # Hidden braces end or open a statement; hidden brackets are part of this one.
        hidden = re.compile(f'{HIDE}[^{SHOW}]*[{{}}] *{SHOW}')
        while plain[begin].isspace():
            found = hidden.match(self.text, begin)
            if self.text[begin] == HIDE and not found:
                break
            begin = found.end() if found else begin + 1
        return begin, end + 1

    def change(self, span, text, statement=False):
        """The span becomes text; under a switch it is text only while the switch is on."""
        begin, end = span
        old = self.text[begin:end]
        if not self.rule.switch:
            lines = old.count('\n') - text.count('\n')
            text += '\n' * (max(lines, 0) if self.rule.verb != 'swap' else 0)
        elif statement:
            text = f'{HIDE}{{ if ({self.rule.switch}) {{ {one_line(text)} }} else {{ {SHOW}' \
                   f'{old}{HIDE} }} }}{SHOW}'
        else:
            text = f'{HIDE}({self.rule.switch} ? ({one_line(text)}) : ({SHOW}{old}{HIDE})){SHOW}'
        self.text = self.text[:begin] + text + self.text[end:]


def one_line(text):
    """Without comments and what hides, so that no line moves and nothing shows twice."""
    return re.sub(r'\s+', ' ', blank(text, strings=False).replace(HIDE, '').replace(SHOW, ''))


def apply_rule(rule, body):
    name = rule.names[0]
    if rule.verb in ('drop-if', 'true-if'):
        body.change(body.condition(name), '0' if rule.verb == 'drop-if' else '1')
    elif rule.verb == 'drop':
        body.change(body.statement(name), ';', statement=True)
    elif rule.verb in ('true', 'false'):
        body.change(body.call(name), '(1)' if rule.verb == 'true' else '(0)')
    elif rule.verb == 'negate':
        begin, end = body.call(name)
        body.change((begin, end), '(!' + body.text[begin:end] + ')')
    elif rule.verb == 'put':
        body.change(body.call(name), '(' + ' '.join(rule.names[1:]) + ')')
    elif rule.verb == 'rename':
        rename(rule, body)
    else:
        exchange(rule, body)


def rename(rule, body):
    begin = body.find(rule.names[0])
    end = middle = begin + len(rule.names[0].partition('#')[0])
    if re.match(r'\s*\(', body.plain[end:]):
        end = body.call(rule.names[0])[1]
    body.change((begin, end), rule.names[1] + body.text[middle:end])


def exchange(rule, body):
    one, two = body.statement(rule.names[0]), body.statement(rule.names[-1])
    if max(one[0], two[0]) < min(one[1], two[1]):
        raise rule.fail('it is one statement')
    if rule.verb == 'swap':
        first, second = sorted((one, two))
        texts = body.text[slice(*first)], body.text[slice(*second)]
        body.change(second, texts[0], statement=True)
        body.change(first, texts[1], statement=True)
        return
    moved = body.text[slice(*one)]
    at = two[0] if rule.names[1] == 'before' else two[1]
    gap = ' ' if rule.names[1] == 'after' and not rule.switch else ''
    for span in sorted((one, (at, at)), reverse=True):
        body.change(span, ';' if span == one else gap + moved + ' ', statement=True)


def apply(rules, path, text):
    """The text of the tree's file path after those of the rules that are about it."""
    switched = False
    for rule in rules:
        if rule.path != path:
            continue
        found = find_function(blank(text), rule.function)
        if not found:
            raise rule.fail(f'there is no {rule.function}() in {path}')
        body = Body(rule, text[slice(*found)])
        apply_rule(rule, body)
        text = text[:found[0]] + body.text + text[found[1]:]
        switched |= rule.switch is not None
    text = text.replace(HIDE, '').replace(SHOW, '')
    return (f'extern unsigned int {SWITCH}; ' if switched else '') + text


def switch(rules, number):
    """The rules hold only while SWITCH has this number, from 1."""
    for rule in rules:
        rule.switch = f'{SWITCH} == {number}'
    return rules


def paths(rules):
    """The files that the rules are about, each once."""
    return list(dict.fromkeys(rule.path for rule in rules))
