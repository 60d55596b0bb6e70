#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps core/kernel-map.tsv: which kernel function each of our functions models.

A line has six fields, separated by tabs: our file, our function, the kernel's
file, the kernel's function, where it was read, and the first 16 hex digits of
the SHA-256 of the kernel function's body (from '{' to '}', its words and signs
with a space between each two, without comments; of a macro its definition), or
'-' where no copy of the body was at hand. A seventh field, if there is one, is a
reason: what of this body the model does differently or leaves out on purpose, or,
with '-', why there is no body to compare with. A reason is of that body: when the
body changes, it explains nothing any more. Lines are sorted by our file and our
function; lines that begin with '#' are commentary.

    kernel_map.py check                  the map is well formed, and names functions that exist
    kernel_map.py verify TREE            which bodies differ from those of a kernel tree: changed,
                                         moved to another file, renamed, or gone; which functions of
                                         ours have a kernel function's name and no line: unwatched;
                                         which have a reason: explained
    kernel_map.py fill TREE SOURCE [OURS...]
                                         writes the hashes of TREE; SOURCE says what it is. OURS: no
                                         other lines than these: FILE, FUNCTION or FILE:FUNCTION
    kernel_map.py draft TREE SOURCE      prints lines for the unwatched functions
    kernel_map.py body TREE FILE FUNC    prints the body that would be hashed

KERNEL_MAP in the environment names another map (for tests).
Exit status: 0 clean, 1 something differs, 2 bad usage or an unreadable file.
"""
import functools
import hashlib
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAP = os.environ.get("KERNEL_MAP") or os.path.join(ROOT, "core", "kernel-map.tsv")
MODELS = ("core/page", "core/swap", "core/mm")
# Where a kernel function of the same name is looked for, in this order; .c files first.
NAMESAKES = ("mm", "kernel/power", "arch/x86/mm", "kernel", "include/linux", "arch/x86/include/asm")
NOT_NAMES = {"if", "while", "for", "switch", "return", "sizeof", "__attribute__", "__must_hold",
             "__acquires", "__releases", "__cond_acquires", "__no_lock_analysis", "__printf",
             "__printf_like", "__malloc", "__alloc_size", "__ref", "typeof", "__typeof__"}


# What blank() wipes: a comment, a preprocessor line (with the lines that it goes on in;
# a comment that it ends in is wiped by itself), a string or a character.
TOKEN = re.compile(r"""
    (?P<comment> /\*.*?(?:\*/|\Z) | //[^\n]* )
  | (?P<line> ^[ \t]*\# (?:[^\n\\/] | \\\n | \\ | /(?![*/]))* )
  | (?P<string> "(?:[^"\\\n]|\\.)*"? | '(?:[^'\\\n]|\\.)*'? )""", re.X | re.S | re.M)


def blank(text, comments_only=False):
    """The text with comments, strings and preprocessor lines (or the comments
    alone) as spaces, so that positions stay and braces count."""
    def wipe(m):
        found = m.group(0)
        if m.lastgroup == "comment":
            return re.sub(r"[^\n]", " ", found)
        if comments_only:
            return found
        if m.lastgroup == "line":
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]
    return TOKEN.sub(wipe, text)


def function_name(declaration):
    """Name of the function that a declaration before a '{' defines, or None."""
    if "(" not in declaration or re.search(r"=\s*$", declaration):
        return None
    macro = re.match(r"\s*(?:COMPAT_)?SYSCALL_DEFINE\d\s*\(\s*(\w+)", declaration)
    if macro:
        return macro.group(1)
    if re.match(r"\s*(?:typedef\s+)?(?:struct|union|enum)\b[^()]*$", declaration):
        return None
    for m in re.finditer(r"\b([A-Za-z_]\w*)\s*\(", declaration):
        if m.group(1) not in NOT_NAMES:
            return m.group(1)
    return None


def functions(text):
    """{name: body} of the functions that a C file defines at its top level. Of
    several (under #ifdef) the first."""
    clean = blank(text)
    found, depth, start, since = {}, 0, 0, 0
    name = None
    for m in re.finditer(r"[{};]", clean):
        i, c = m.start(), m.group(0)
        if c == "{":
            if depth == 0:
                name, start = function_name(clean[since:i]), i
            depth += 1
        elif c == "}" and depth:
            depth -= 1
            if depth == 0:
                if name:
                    found.setdefault(name, text[start:i + 1])
                since = i + 1
        elif c == ";" and depth == 0:
            since = i + 1
    return found


def macros(text):
    """{name: definition} of the macros with arguments that a C file defines."""
    found = {}
    for m in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(.*(?:\\\n.*)*", text, re.M):
        found.setdefault(m.group(1), m.group(0))
    return found


@functools.lru_cache(maxsize=None)
def body_hash(body):
    folded = " ".join(re.findall(r"\w+|[^\w\s]", blank(body, comments_only=True)))
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:16]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


class Tree:
    """Function bodies of a directory tree, read as they are asked for."""

    def __init__(self, root):
        if not os.path.isdir(root):
            raise OSError(f"{root}: not a directory")
        self.root, self.cache = root, {}

    def functions(self, path):
        if path not in self.cache:
            full = os.path.join(self.root, path)
            text = read(full) if os.path.isfile(full) else None
            self.cache[path] = None if text is None else {**macros(text), **functions(text)}
        return self.cache[path]

    def namesakes(self, names):
        """{name: (file, body)} of the kernel functions of these names."""
        found, word = {}, re.compile(r"\b(?:" + "|".join(sorted(names)) + r")\s*\(")
        for suffix in (".c", ".h"): # headers have stubs for what is configured out
            for folder in NAMESAKES:
                full = os.path.join(self.root, folder)
                for name in sorted(os.listdir(full)) if os.path.isdir(full) else []:
                    if not name.endswith(suffix) or "nommu" in name:
                        continue
                    text = read(os.path.join(full, name))
                    if not word.search(text): # to parse it takes long
                        continue
                    for function, body in functions(text).items():
                        if function in names:
                            found.setdefault(function, (f"{folder}/{name}", body))
        return found

    def mm_files(self):
        folder = os.path.join(self.root, "mm")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return {"mm/" + name for name in names if name.endswith((".c", ".h"))}


def load():
    comments, rows = [], []
    for number, line in enumerate(read(MAP).splitlines(), 1):
        if not line or line.startswith("#"):
            comments.append(line)
            continue
        fields = line.split("\t")
        if len(fields) not in (6, 7):
            raise ValueError(f"{MAP}:{number}:1: {len(fields)} fields, wanted 6 or 7")
        rows.append(fields + [""] * (7 - len(fields)))
    return comments, rows


def store(comments, rows):
    with open(MAP, "w", encoding="utf-8") as f:
        f.write("".join(c + "\n" for c in comments))
        f.write("".join("\t".join(r).rstrip("\t") + "\n" for r in sorted(rows)))


OURS = {}


def defined_by_us(path, name):
    """A function, or a macro of that name (what takes a call site is one)."""
    if path not in OURS:
        full = os.path.join(ROOT, path)
        text = read(full) if os.path.isfile(full) else ""
        OURS[path] = set(functions(text)) | set(re.findall(r"^#define\s+(\w+)", text, re.M))
    return name in OURS[path]


def check():
    _, rows = load()
    bad = [f"not sorted, or twice: {b[0]} {b[1]}" for a, b in zip(rows, rows[1:]) if a[:2] >= b[:2]]
    for ours, name, path, kernel, source, digest, _ in rows:
        if not re.fullmatch(r"-|[0-9a-f]{16}", digest):
            bad.append(f"{ours}: {name}: hash {digest!r}")
        if not (path and kernel and source):
            bad.append(f"{ours}: {name}: empty field")
        if not defined_by_us(ours, name):
            bad.append(f"{ours}: no function {name}")
    print("\n".join(bad) or f"{len(rows)} functions")
    return 1 if bad else 0


def elsewhere(tree, kernel, digest, paths):
    """Where a function that is gone from its file may be now: the state, and
    " -> FILE:FUNCTION", "" where it is nowhere. paths: the files of the map."""
    here = {path: tree.functions(path) or {} for path in sorted(set(paths) | tree.mm_files())}
    for path, bodies in here.items():
        if kernel in bodies:
            state = "moved" if body_hash(bodies[kernel]) == digest else "moved, changed"
            return state, f" -> {path}:{kernel}"
    for path, bodies in here.items():
        for function, body in bodies.items():
            if body_hash(body) == digest:
                return "renamed", f" -> {path}:{function}"
    return "gone", ""


def unwatched(tree):
    """Functions of ours that have a kernel function's name, and no line in the map:
    (our file, our function, the kernel's file, the kernel's function, body)."""
    known = {(r[0], r[1]) for r in load()[1]} if os.path.isfile(MAP) else set()
    lacking = []
    for folder in MODELS:
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            ours = f"{folder}/{name}"
            if name.endswith((".c", ".h")):
                text = read(os.path.join(ROOT, ours))
                lacking += [(ours, f) for f in functions(text) if (ours, f) not in known]
    plain = {function: re.sub(r"_at$", "", function) for _, function in lacking}
    kernel = tree.namesakes(set(plain) | set(plain.values()))
    for ours, function in lacking:
        hit = function if function in kernel else plain[function]
        if hit in kernel:
            yield ours, function, kernel[hit][0], hit, kernel[hit][1]


def verify(tree):
    changed = 0
    rows = load()[1]
    for ours, name, path, kernel, _, digest, reason in rows:
        bodies = tree.functions(path)
        to, why = "", ""
        if digest == "-" and not reason:
            state = "unknown"
        elif digest == "-":
            state, why = "explained", ": " + reason
        elif bodies is None or kernel not in bodies:
            state, to = elsewhere(tree, kernel, digest, [row[2] for row in rows])
        elif body_hash(bodies[kernel]) != digest:
            state = "changed"
        elif reason:
            state, why = "explained", ": " + reason
        else:
            continue
        changed += state not in ("unknown", "explained")
        print(f"{state:8} {path}:{kernel}{to}  ({ours}:{name}){why}")
    for ours, name, path, kernel, _ in unwatched(tree):
        changed += 1
        print(f"unwatched {path}:{kernel}  ({ours}:{name})")
    return 1 if changed else 0


def fill(tree, source, which):
    comments, rows = load()
    unused = set(which)
    for row in rows:
        names = {row[0], row[1], f"{row[0]}:{row[1]}"}
        bodies = tree.functions(row[2])
        if (not which or names & set(which)) and bodies and row[3] in bodies:
            row[4], row[5] = source, body_hash(bodies[row[3]])
            unused -= names
    store(comments, rows)
    for name in sorted(unused):
        print(f"kernel_map.py: {name}: no line, or no such function in the tree", file=sys.stderr)
    return 1 if unused else 0


def draft(tree, source):
    rows = [[ours, function, path, kernel, source, body_hash(body)]
            for ours, function, path, kernel, body in unwatched(tree)]
    for row in sorted(rows):
        print("\t".join(row))
    return 0


def main(argv):
    try:
        if argv[1:] == ["check"]:
            return check()
        if len(argv) == 3 and argv[1] == "verify":
            return verify(Tree(argv[2]))
        if len(argv) >= 4 and argv[1] == "fill":
            return fill(Tree(argv[2]), argv[3], argv[4:])
        if len(argv) == 4 and argv[1] == "draft":
            return draft(Tree(argv[2]), argv[3])
        if len(argv) == 5 and argv[1] == "body":
            bodies = Tree(argv[2]).functions(argv[3]) or {}
            if argv[4] not in bodies:
                print(f"kernel_map.py: no {argv[4]} in {argv[3]}", file=sys.stderr)
                return 2
            print(bodies[argv[4]])
            return 0
    except (OSError, ValueError) as error:
        print(f"kernel_map.py: {error}", file=sys.stderr)
        return 2
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
