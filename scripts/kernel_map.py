#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps core/kernel-map.tsv: which kernel function each of our functions models.

A line has six fields, separated by tabs: our file, our function, the kernel's
file, the kernel's function, where it was read, and the first 16 hex digits of
the SHA-256 of the kernel function's body (from '{' to '}', its words and signs
with a space between each two, without comments), or '-' where no copy of the
body was at hand. Lines are sorted; lines that begin with '#' are commentary.

    kernel_map.py check                  the map is well formed, and names functions that exist
    kernel_map.py verify TREE            which bodies differ from those of a kernel tree:
                                         changed, moved to another file, renamed, or gone
    kernel_map.py fill TREE SOURCE       writes the hashes of TREE; SOURCE says what it is
    kernel_map.py draft TREE SOURCE      prints lines for functions of ours with a kernel name
    kernel_map.py body TREE FILE FUNC    prints the body that would be hashed

KERNEL_MAP in the environment names another map (for tests).
Exit status: 0 clean, 1 something differs, 2 bad usage or an unreadable file.
"""
import hashlib
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAP = os.environ.get("KERNEL_MAP") or os.path.join(ROOT, "core", "kernel-map.tsv")
MODELS = ("core/page", "core/swap", "core/mm")
NOT_NAMES = {"if", "while", "for", "switch", "return", "sizeof", "__attribute__", "__must_hold",
             "__acquires", "__releases", "__cond_acquires", "__no_lock_analysis", "__printf",
             "__printf_like", "__malloc", "__alloc_size", "__ref", "typeof", "__typeof__"}


def blank(text, comments_only=False):
    """The text with comments, strings and preprocessor lines (or the comments
    alone) as spaces, so that positions stay and braces count."""
    out = list(text)
    i, n = 0, len(text)
    line_start = True

    def wipe(a, b):
        for k in range(a, min(b, n)):
            if out[k] != "\n":
                out[k] = " "

    while i < n:
        c = text[i]
        if text.startswith("/*", i):
            end = text.find("*/", i + 2)
            end = n if end < 0 else end + 2
            wipe(i, end)
            i = end
        elif text.startswith("//", i):
            end = text.find("\n", i)
            end = n if end < 0 else end
            wipe(i, end)
            i = end
        elif c == "#" and line_start:
            end = i
            while True:
                end = text.find("\n", end)
                if end < 0:
                    end = n
                    break
                if text[end - 1] != "\\":
                    break
                end += 1
            if comments_only: # those on this line are still to come
                i += 1
                line_start = False
                continue
            wipe(i, end)
            i = end
        elif c in "\"'":
            j = i + 1
            while j < n and text[j] != c and text[j] != "\n":
                j += 2 if text[j] == "\\" else 1
            if not comments_only:
                wipe(i + 1, j)
            i = j + 1
        else:
            if c == "\n":
                line_start = True
            elif not c.isspace():
                line_start = False
            i += 1
            continue
        line_start = False
    return "".join(out)


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
    for i, c in enumerate(clean):
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
            self.cache[path] = functions(read(full)) if os.path.isfile(full) else None
        return self.cache[path]

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
        if len(fields) != 6:
            raise ValueError(f"{MAP}:{number}:1: {len(fields)} fields, wanted 6")
        rows.append(fields)
    return comments, rows


def store(comments, rows):
    with open(MAP, "w", encoding="utf-8") as f:
        f.write("".join(c + "\n" for c in comments))
        f.write("".join("\t".join(r) + "\n" for r in sorted(rows)))


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
    bad = [f"not sorted: {b[0]} {b[1]}" for a, b in zip(rows, rows[1:]) if a > b]
    for ours, name, path, kernel, source, digest in rows:
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


def verify(tree):
    changed = 0
    rows = load()[1]
    for ours, name, path, kernel, _, digest in rows:
        bodies = tree.functions(path)
        to = ""
        if digest == "-":
            state = "unknown"
        elif bodies is None or kernel not in bodies:
            state, to = elsewhere(tree, kernel, digest, [row[2] for row in rows])
        elif body_hash(bodies[kernel]) != digest:
            state = "changed"
        else:
            continue
        changed += state != "unknown"
        print(f"{state:8} {path}:{kernel}{to}  ({ours}:{name})")
    return 1 if changed else 0


def fill(tree, source):
    comments, rows = load()
    for row in rows:
        bodies = tree.functions(row[2])
        if bodies and row[3] in bodies:
            row[4], row[5] = source, body_hash(bodies[row[3]])
    store(comments, rows)
    return 0


def draft(tree, source):
    paths = [os.path.relpath(os.path.join(folder, name), tree.root)
             for folder, _, names in os.walk(tree.root) for name in names]
    kernel = {}
    # Headers last: they have stubs for what is configured out.
    for path in sorted(paths, key=lambda p: (p.endswith(".h"), "nommu" in p, p)):
        for function, body in (tree.functions(path) or {}).items():
            kernel.setdefault(function, (path, body_hash(body)))
    known = {(r[0], r[1]) for r in load()[1]} if os.path.isfile(MAP) else set()
    rows = []
    for folder in MODELS:
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            ours = f"{folder}/{name}"
            if not name.endswith(".c"):
                continue
            for function in functions(read(os.path.join(ROOT, ours))):
                plain = re.sub(r"_at$", "", function)
                hit = kernel.get(function) or kernel.get(plain)
                if hit and (ours, function) not in known:
                    rows.append([ours, function, hit[0],
                                 function if function in kernel else plain, source, hit[1]])
    for row in sorted(rows):
        print("\t".join(row))
    return 0


def main(argv):
    try:
        if argv[1:] == ["check"]:
            return check()
        if len(argv) == 3 and argv[1] == "verify":
            return verify(Tree(argv[2]))
        if len(argv) == 4 and argv[1] == "fill":
            return fill(Tree(argv[2]), argv[3])
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
