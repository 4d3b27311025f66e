"""The names of Rust's modules, as far as scripts/house needs them: which files of a crate use which, and in what circles."""

import re
from pathlib import Path

MOST_HOPS = 32  # of a name through re-exports

BLANKED = re.compile(
    r"""(?P<raw>\b(?:b|c)?r(?P<fence>\#*)".*?"(?P=fence))
      | (?P<string>\b(?:b|c)?"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*")
      | (?P<char>b?'(?:[^'\\\n]|\\(?:x..|u\{[^}]*\}|.))')
      | (?P<line>//[^\n]*)
      | (?P<block>/\*.*?\*/)""",
    re.VERBOSE | re.DOTALL,
)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def parted(text):
    """The source without comments and strings, and with nothing else; line ends stay in both."""
    code, prose, last = [], [], 0
    for found in BLANKED.finditer(text):
        between = text[last : found.start()]
        code += [between, blank(found[0])]
        prose += [blank(between), found[0] if found.lastgroup != "char" else blank(found[0])]
        last = found.end()
    return "".join(code) + text[last:], "".join(prose) + blank(text[last:])


TOKEN = re.compile(r"[A-Za-z_]\w*|::|[{}()\[\];,*#=!]|\S")
ITEMS = {"fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules"}


class Module:
    def __init__(self, path, file, parent):
        self.path, self.file, self.parent = path, file, parent
        self.children, self.imports, self.globs, self.items, self.uses = {}, {}, [], set(), []


def closing(tokens, start, opens, closes):
    depth = 0
    for at in range(start, len(tokens)):
        depth += (tokens[at] == opens) - (tokens[at] == closes)
        if depth == 0:
            return at
    return len(tokens) - 1


def use_tree(tokens, prefix):
    """Every (path, name) that a `use` brings; the name of a glob is `*`."""
    path, at = list(prefix), 0
    while at < len(tokens):
        token = tokens[at]
        if token == "{":
            part, depth = [], 0
            for inner in tokens[at + 1 : closing(tokens, at, "{", "}")] + [","]:
                if inner == "," and depth == 0:
                    yield from use_tree(part, path) if part else ()
                    part = []
                else:
                    depth += (inner == "{") - (inner == "}")
                    part.append(inner)
            return
        if token == "*":
            yield path, "*"
            return
        if token == "as":
            yield path, tokens[at + 1]
            return
        if token != "::":
            if not (token == "self" and path):
                path = [*path, token]
        at += 1
    yield path, path[-1]


class Crate:
    def __init__(self, root):
        self.modules = []
        self.root = self.read(root, root.parent, None, ())

    def read(self, file, folder, parent, path):
        module = Module(path, file, parent)
        self.modules.append(module)
        code, _ = parted(file.read_text(encoding="utf-8"))
        paths = re.findall(r'#\[path\s*=\s*"([^"]+)"\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)', file.read_text(encoding="utf-8"))
        self.items(TOKEN.findall(code), module, folder, {name: place for place, name in paths})
        return module

    def items(self, tokens, module, folder, paths):
        at, attributes, depth = 0, [], 0
        while at < len(tokens):
            token = tokens[at]
            if token == "#" and tokens[at + 1 : at + 2] == ["["]:
                end = closing(tokens, at + 1, "[", "]")
                attributes.append("".join(tokens[at + 2 : end]))
                at = end + 1
                continue
            is_test = any(re.match(r"cfg\((test|all\(test)", attribute) for attribute in attributes)
            if token == "mod" and at + 2 < len(tokens) and tokens[at + 2] in ("{", ";"):
                name = tokens[at + 1]
                if tokens[at + 2] == "{":
                    end = closing(tokens, at + 2, "{", "}")
                    if not is_test:
                        inner = Module((*module.path, name), module.file, module)
                        self.modules.append(inner)
                        module.children[name] = inner
                        self.items(tokens[at + 3 : end], inner, folder / name, {})
                    at = end + 1
                else:
                    if not is_test:
                        places = [folder / f"{name}.rs", folder / name / "mod.rs"]
                        if name in paths:
                            places = [module.file.parent / paths[name]]
                        for place in filter(Path.is_file, places):
                            module.children[name] = self.read(place, folder / name, module, (*module.path, name))
                            break
                    at += 3
                attributes = []
                continue
            if token == "use" and (at == 0 or tokens[at - 1] != "::"):
                end = tokens.index(";", at)
                if not is_test:
                    for path, name in use_tree(tokens[at + 1 : end], []):
                        if name == "*":
                            module.globs.append(path)
                        elif depth == 0:
                            module.imports.setdefault(name, path)
                        module.uses.append(path)
                at, attributes = end + 1, []
                continue
            if token in ITEMS and depth == 0 and at + 1 < len(tokens):
                name = tokens[at + 2] if token == "macro_rules" else tokens[at + 1]
                name = tokens[at + 2] if name in ("mut", "fn") else name
                module.items.add(name)
                if is_test:
                    # Not the code that ships: its body is passed over.
                    ends = [i for i in range(at, len(tokens)) if tokens[i] in ("{", ";")]
                    stop = ends[0] if ends else len(tokens) - 1
                    at = (closing(tokens, stop, "{", "}") if tokens[stop] == "{" else stop) + 1
                    attributes = []
                    continue
            if token in ("{", "}"):
                depth += 1 if token == "{" else -1
            follows = at > 0 and tokens[at - 1] == "::"
            if re.match(r"[A-Za-z_]", token) and tokens[at + 1 : at + 2] == ["::"] and not follows:
                path = [token]
                while at + 2 < len(tokens) and tokens[at + 1] == "::" and re.match(r"[A-Za-z_]", tokens[at + 2]):
                    path.append(tokens[at + 2])
                    at += 2
                module.uses.append(path)
            if token not in ("pub", "(", ")", "crate", "async", "unsafe", "extern", "in", "super"):
                attributes = []
            at += 1

    def home(self, module, path, seen=()):
        """The module that has what `path`, written in `module`, names; None where it is of another crate."""
        if not path or len(seen) > MOST_HOPS or (module, tuple(path)) in seen:
            return None
        seen = (*seen, (module, tuple(path)))
        first, rest = path[0], path[1:]
        if first == "crate":
            return self.within(self.root, rest, seen)
        if first == "self":
            return self.within(module, rest, seen)
        if first == "super":
            return self.home(module.parent, ["self", *rest], seen) if module.parent else None
        if first in module.children:
            return self.within(module.children[first], rest, seen)
        if first in module.imports and module.imports[first][0] != first:
            return self.home(module, [*module.imports[first], *rest], seen)
        return None

    def within(self, module, path, seen):
        if not path:
            return module
        first, rest = path[0], path[1:]
        if first == "super":
            return self.within(module.parent, rest, seen) if module.parent else None
        if first in module.children:
            return self.within(module.children[first], rest, seen)
        if first in module.items:
            return module
        if first in module.imports and module.imports[first][0] != first:
            return self.home(module, [*module.imports[first], *rest], seen)
        for glob in module.globs:
            there = self.home(module, glob, seen)
            if there and (first in there.items or first in there.imports or first in there.children):
                return self.within(there, path, seen)
        return module

    def edges(self):
        edges = {}
        for module in self.modules:
            for path in module.uses:
                home = self.home(module, path)
                if home and home.file != module.file:
                    edges.setdefault(module.file, set()).add(home.file)
        return edges


def components(edges):
    """Files that reach each other, by Tarjan's algorithm."""
    index, low, stack, result = {}, {}, [], []

    def visit(start):
        work = [(start, iter(sorted(edges.get(start, ()))))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    work.append((target, iter(sorted(edges.get(target, ())))))
                    break
                if target in stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    result.append(set(stack[at:]))
                    del stack[at:]

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return [found for found in result if len(found) > 1]


def shortest(edges, is_allowed):
    """A shortest circle that is not allowed; its length is at most that of `edges`."""
    for length in range(2, len(edges) + 1):
        for start in sorted(edges):
            # Each circle is found once, from the first of its files.
            waiting = [[start]]
            while waiting:
                path = waiting.pop()
                for target in sorted(edges[path[-1]], reverse=True):
                    if target == start and len(path) == length and not is_allowed(path):
                        return path
                    if target > start and target not in path and len(path) < length:
                        waiting.append([*path, target])
    return None


def circles(crate):
    edges, above = crate.edges(), {}
    for module in crate.modules:
        mine, parent = above.setdefault(module.file, set()), module.parent
        while parent:
            mine.add(parent.file)
            parent = parent.parent
    found = []

    def has_top(files):
        """Whether one of `files` is a module that the others are children of."""
        return any(all(other == file or file in above[other] for other in files) for file in files)

    def open_up(files):
        inner = {file: edges.get(file, set()) & files for file in files}
        for part in components(inner):
            tops = {file for file in part if all(other == file or file in above[other] for other in part)}
            if tops:
                # All circles through it are allowed.
                open_up(part - tops)
                continue
            circle = shortest({file: inner[file] & part for file in part}, has_top)
            if circle:
                found.append(circle)
                edges[circle[-1]].discard(circle[0])
                open_up(part)

    open_up(set(edges) | {target for targets in edges.values() for target in targets})
    return [[str(file) for file in circle] for circle in found]
