# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration, by the tree's own Kconfig and conf.

conf is compiled into our folder and SRCARCH points to core/tree/arch, so the tree
stays untouched. "allnoconfig" with our wishes: every select comes by itself, which
a list by hand once lacked (wrong results, not errors). What we wished for and did
not get stops the build.
"""
import os
import re

from command import run

from .state import OURS, TreeError, digest, dotted, write_if_changed

CONF_SOURCES = ('conf', 'confdata', 'expr', 'menu', 'preprocess', 'symbol', 'util')


def make_conf(tree):
    folder = os.path.join(tree.config, 'conf')
    binary = os.path.join(folder, 'conf')
    kconfig = os.path.join(tree.source, 'scripts', 'kconfig')
    if os.path.exists(binary):
        return binary
    os.makedirs(folder, exist_ok=True)
    parser, lexer = os.path.join(folder, 'parser.tab.c'), os.path.join(folder, 'lexer.lex.c')
    run(['bison', '-d', '-t', '-l', '-o', parser, os.path.join(kconfig, 'parser.y')], 'bison')
    run(['flex', '-L', '-o' + lexer, os.path.join(kconfig, 'lexer.l')], 'flex')
    includes = ['-I' + os.path.join(tree.source, 'scripts', 'include'), '-I' + kconfig,
                '-I' + folder]
    sources = [os.path.join(kconfig, name + '.c') for name in CONF_SOURCES] + [parser, lexer]
    run(['clang-19', '-O1', '-w', *includes, *sources, '-o', binary], "the tree's conf")
    return binary


def environment(tree):
    arch = os.path.relpath(os.path.join(OURS, 'arch'), os.path.join(tree.source, 'arch'))
    return {
        'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C',
        'srctree': tree.source, 'ARCH': 'swaprace', 'SRCARCH': arch,
        'KERNELVERSION': dotted(tree.version), 'CC': 'clang-19', 'LD': 'ld', 'NM': 'nm',
        'HOSTCC': 'clang-19', 'CLANG_FLAGS': '-fintegrated-as', 'RUSTC': 'false',
        'BINDGEN': 'false', 'PAHOLE': 'false', 'KCONFIG_CONFIG': '.config',
        'KCONFIG_ALLCONFIG': 'wishes', 'KCONFIG_AUTOHEADER': 'include/generated/autoconf.h',
        'KCONFIG_AUTOCONFIG': 'include/config/auto.conf',
        'KCONFIG_RUSTCCFG': 'include/generated/rustc_cfg',
    }


def read_wishes():
    """[(symbol, value, optional)]; value 'n' for "is not set"."""
    wishes = []
    with open(os.path.join(OURS, 'wishes'), encoding='utf-8') as f:
        for line in f:
            found = re.fullmatch(r'(\??)(?:# )?CONFIG_(\w+)(?:=(.*)| is not set)\n?', line)
            if found:
                wishes.append((found[2], found[3] or 'n', bool(found[1])))
    return wishes


def check_wishes(config):
    chosen = dict(re.findall(r'^CONFIG_(\w+)=(.*)$', config, re.M))
    missing = [f'{symbol}={value} (is {chosen.get(symbol, "n")})'
               for symbol, value, optional in read_wishes()
               if chosen.get(symbol, 'n') != value and not optional]
    if missing:
        raise TreeError('the tree\'s Kconfig did not choose: ' + ', '.join(missing))


# Symbols that a release renamed: one of the two is enough.
RENAMED = {'ARCH_ENABLE_THP_MIGRATION': 'ARCH_HAS_PMD_SOFTLEAVES'}  # 7.3


def check_arch(config):
    """Selects of symbols that the tree does not know: Kconfig is silent about them."""
    with open(os.path.join(OURS, 'arch', 'Kconfig'), encoding='utf-8') as f:
        selects = re.findall(r'^\tselect (\w+)$', f.read(), re.M)
    chosen = {s for s in selects if f'CONFIG_{s}=y\n' in config}
    for pair in RENAMED.items():
        if chosen.intersection(pair):
            chosen.update(pair)
    return [s for s in selects if s not in chosen]


def inputs_key(tree, kconfig_files):
    parts = []
    for path in [os.path.join(OURS, 'wishes'), os.path.join(OURS, 'arch', 'Kconfig')]:
        with open(path, 'rb') as f:
            parts.append(f.read())
    for path in kconfig_files:
        try:
            at = os.stat(os.path.join(tree.source, path))
            parts.append(f'{path} {at.st_mtime_ns} {at.st_size}')
        except FileNotFoundError:
            parts.append(path + ' is gone')
    return digest(*parts)


def kconfig_files(tree):
    """The Kconfig files that conf read last time, from the list it leaves."""
    path = os.path.join(tree.config, 'include', 'config', 'auto.conf.cmd')
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as f:
        return sorted(set(re.findall(r'\S*Kconfig[\w.-]*', f.read())))


def configure(tree):
    """Makes config/include/generated/autoconf.h; returns the configuration's hash."""
    stamp = os.path.join(tree.config, 'inputs')
    dotconfig = os.path.join(tree.config, '.config')
    key = inputs_key(tree, kconfig_files(tree))
    if os.path.exists(stamp) and os.path.exists(dotconfig):
        with open(stamp, encoding='utf-8') as f:
            if f.read() == key:
                return config_hash(tree)
    for sub in ('include/config', 'include/generated'):
        os.makedirs(os.path.join(tree.config, sub), exist_ok=True)
    with open(os.path.join(OURS, 'wishes'), encoding='utf-8') as f:
        write_if_changed(os.path.join(tree.config, 'wishes'),
                         ''.join(line.removeprefix('?') for line in f))
    conf, top = make_conf(tree), os.path.join(tree.source, 'Kconfig')
    for mode in ('--allnoconfig', '--syncconfig'):
        run([conf, mode, top], "the tree's Kconfig", cwd=tree.config, env=environment(tree))
    with open(dotconfig, encoding='utf-8') as f:
        config = f.read()
    check_wishes(config)
    unknown = check_arch(config)
    if unknown:
        print(f'tree.py: {tree.name}: the tree does not know: {" ".join(unknown)}')
    write_if_changed(stamp, inputs_key(tree, kconfig_files(tree)))
    return config_hash(tree)


def config_hash(tree):
    with open(os.path.join(tree.config, 'include', 'generated', 'autoconf.h'), 'rb') as f:
        return digest(f.read())
