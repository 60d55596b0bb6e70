# SPDX-License-Identifier: GPL-2.0-or-later
"""Goal: bash, zsh and fish take the installed completions, and complete commands, options and
their values. Method: each shell that is here is asked what a line may become (bash by its
function, fish by "complete -C", zsh at a terminal of its own). A part of test_install.py."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

BASH = r'''
source "$1"
complete -p swaprace >/dev/null || exit 9
COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
read -ra COMP_WORDS <<<"$2"
compopt() { :; }
_swaprace swaprace
printf '%s\n' "${COMPREPLY[@]}"
'''
# The completion itself, as a key that writes what could be inserted to a file. Calls of compadd
# that only look (-O, -A, -D) pass.
ZSH = r'''
PROMPT= RPROMPT=
unsetopt beep
fpath=("$FOLDER" $fpath)
autoload -Uz compinit
compinit -D -u
compadd() {
	typeset -a hits words pre post
	[[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return }
	builtin compadd -O words "$@"
	words=("$@")
	zparseopts -E -a hits q Q P:=pre S:=post
	builtin compadd -O hits "$words[@]"
	(( $#hits )) && print -rl -- "$IPREFIX$pre[2]"$^hits"$post[2]" >>"$ANSWER"
	builtin compadd "$words[@]"
}
answer() { _main_complete; compstate[insert]= compstate[list]=; print end >>"$ANSWER" }
zle -C answer complete-word answer
bindkey '^T' answer
print ready >>"$ANSWER"
'''

# A line, and the words that its last one may become.
LINES = (
    ('swaprace mi', ['minimize']),
    ('swaprace s', ['search', 'show']),
    ('swaprace search --see', ['--seed=']),
    ('swaprace search --keep', ['--keep-going']),
    ('swaprace run --bug=wp-no-r', ['--bug=wp-no-recheck']),
    ('swaprace run --bug=ksm-stale-head,wp-no-r', ['--bug=ksm-stale-head,wp-no-recheck']),
    ('swaprace matrix --bugs=hib-no', ['--bugs=hib-no-pin']),
    ('swaprace matrix --policies=pct,port', ['--policies=pct,portfolio']),
    ('swaprace run --policy=re', ['--policy=replay']),
    ('swaprace run --backend=', ['--backend=sim', '--backend=native']),
    ('swaprace run --edges=m', ['--edges=must', '--edges=may']),
    ('swaprace search --profile=k', ['--profile=ksm', '--profile=kernel']),
    ('swaprace run a', ['a.prog']),
    ('swaprace search --out=fol', ['--out=folder']),
    ('swaprace search --known=a', ['--known=a.prog']),
    ('swaprace run --world=tr', ['--world=tree:k99']),
    ('swaprace run --world=tree:k', ['--world=tree:k99']),
    ('swaprace --world=tree:k99 minimize --ti', ['--time=', '--title=']),
    ('swaprace tree re', ['remove']),
    ('swaprace help tr', ['trace', 'tree']),
    ('swaprace help --completion=', ['--completion=bash', '--completion=zsh', '--completion=fish']),
    ('swaprace compare --base=m', ['--base=model']),
    ('swaprace bugs a', []),
    ('swaprace nonsense --x', []))


def run(*command):
    got = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return got.returncode, got.stdout, got.stderr


def problem(status, err):
    return f'status {status}: {err}' if status else err


class Bash:
    name, place = 'bash', 'bash-completion/completions/swaprace'

    def __init__(self, path):
        self.path = path

    def words(self, line):
        """It replaces what stands behind the last = or : alone."""
        before = re.sub(r'[^=:]*$', '', line.rpartition(' ')[2])
        status, out, err = run('bash', '-c', BASH, 'bash', self.path, line)
        return [before + word for word in out.split()], problem(status, err)

    def close(self):
        pass


class Fish(Bash):
    name, place = 'fish', 'fish/vendor_completions.d/swaprace.fish'

    def words(self, line):
        ask = f'source {self.path}; complete -C "{line}"'
        status, out, err = run('fish', '--no-config', '-c', ask)
        return [word.split('\t')[0] for word in out.splitlines()], problem(status, err)


class Zsh(Bash):
    name, place = 'zsh', 'zsh/site-functions/_swaprace'

    def __init__(self, path):
        super().__init__(path)
        self.answer, rc = os.path.abspath('../answer'), os.path.abspath('../rc')
        with open(rc, 'w', encoding='utf-8') as f:
            f.write(ZSH)
        self.terminal, inner = pty.openpty()
        self.shell = subprocess.Popen(
            ['zsh', '-f', '-i'], stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            env=dict(os.environ, FOLDER=os.path.dirname(path), ANSWER=self.answer, TERM='dumb'))
        os.close(inner)
        self.send('source ../rc\n', 'ready')

    def send(self, text, last):
        """What the answer has before its last word; None where that does not come."""
        if os.path.exists(self.answer):
            os.unlink(self.answer)
        os.write(self.terminal, text.encode())
        end, said = time.monotonic() + 60, ''
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.02)[0]:
                said += os.read(self.terminal, 4096).decode(errors='replace')
            if os.path.exists(self.answer):
                with open(self.answer, encoding='utf-8') as f:
                    lines = f.read().split('\n')
                if last in lines:
                    return lines[:lines.index(last)], ''
        return [], f'no answer; the terminal says: {said[-500:]}'

    def words(self, line):
        return self.send('\x15' + line + '\x14', 'end')  # ^U, the line, ^T

    def close(self):
        self.shell.kill()
        self.shell.wait()
        os.close(self.terminal)


def check_shell(kind, root, check):
    shell = kind(f'{root}/usr/share/{kind.place}')

    def words(line):
        got, err = shell.words(line)
        check(f'{kind.name}: completion of "{line}" says nothing else', not err, err)
        return sorted({word.rstrip('/') for word in got})

    try:
        for line, wanted in LINES:
            got = words(line)
            check(f'{kind.name}: completion of "{line}"', got == sorted(wanted), got)
        table = run(f'{root}/usr/bin/swaprace', 'bugs')[1].splitlines()
        bugs = {line.split()[0] for line in table[1:]}
        got = set(words('swaprace search --bug='))
        check(f'{kind.name}: all bugs', got == {f'--bug={bug}' for bug in bugs | {'none'}}, got)
        usage = run(f'{root}/usr/bin/swaprace', 'search', '--help')[1]
        options = set(re.findall(r'^  (--[a-z-]+=?)', usage, re.M)) | {'--help', '--world='}
        got = set(words('swaprace search --'))
        check(f'{kind.name}: all options', got == options, got ^ options)
    finally:
        shell.close()


def check_completion(root, check):
    with open('a.prog', 'w', encoding='utf-8'):
        pass
    os.mkdir('folder')
    os.makedirs('trees/k99')
    os.environ['SWAPRACE_TREES'] = os.path.abspath('trees')
    for kind in (Bash, Zsh, Fish):
        if shutil.which(kind.name):
            check_shell(kind, root, check)
        else:
            print(f'       no {kind.name} here: its completion is not tried')
