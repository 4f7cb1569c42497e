"""Pages that can stay as they are: what each was made of last time, and how much of it is the same now.

A page is what its template's ``main`` block makes of the context, inside the frame (masthead, menu, footer) all pages share. The
frame changes with every file that arrives, the inside of one reporter's page seldom; so the inside is taken from the old page
where the values its template reads are the same, and only the frame is made again. The result is, byte for byte, the page a full
rendering makes (test_site_scale).

Belongs here: fingerprints, taking a page apart. Does not belong here: what a page says, writing files (``render``).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, meta, nodes

HERE = Path(__file__).parent
FRAME = "base.html"
OPEN, CLOSE = (
    '<main id="main">',
    "</main>",
)  # as FRAME writes them; no text of a county can hold them, it is escaped


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def sources() -> str:
    """Hash of everything but the data that a page is made by: our code, the templates, the libraries that write it."""
    digest = hashlib.sha256()
    for name in ("jinja2", "markupsafe", "plotly"):
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(platform.python_version().encode())
    for file in sorted([*HERE.rglob("*.py"), *(HERE / "templates").iterdir()]):
        digest.update(f"\n{file.relative_to(HERE).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _inside(page: str) -> tuple[str, str, str]:
    """A page cut into frame, inside, frame."""
    head, opening, rest = page.partition(OPEN)
    inside, closing, tail = rest.rpartition(CLOSE)
    return head + opening, inside, closing + tail


@cache
def _reads(env: Environment, template: str) -> frozenset[str] | None:
    """The names of the context a template reads in its inside; None where it also changes the frame.

    Templates it includes, or imports with the context, read it too; macros that are only imported do not.
    """
    found: set[str] = set()
    todo, seen = [template], {FRAME}
    while todo:
        name = todo.pop()
        seen.add(name)
        tree = env.parse(env.loader.get_source(env, name)[0])
        if name == template and [block.name for block in tree.find_all(nodes.Block)] != ["main"]:
            return None
        found |= meta.find_undeclared_variables(tree)
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport)):
            if node.with_context:
                if not (isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)):
                    return None  # a name that is computed cannot be followed
                if node.template.value not in seen:
                    todo.append(node.template.value)
    return frozenset(found)


class Pages:
    """Renders pages, taking the inside of an unchanged one from the old site.

    old: the folder of the site that will be replaced. memory: the file with the fingerprints of that site; None: every page is
    made anew and nothing is remembered. A file of other sources, or that cannot be read, counts as none; an old page that is not
    what was remembered is made anew.
    """

    def __init__(self, env: Environment, old: Path, memory: Path | None, links: Iterable[Any] = ()):
        """``links``: what functions in a context stand on (the file names of the reporters)."""
        self._env, self._old, self._memory = env, old, memory
        self._sources = _sha(f"{sources()}\n{sorted(links)!r}")
        self._before: dict[str, list[str]] = {}
        self._now: dict[str, list[str]] = {}
        self.kept = 0
        if memory is not None:
            try:
                known = json.loads(memory.read_text(encoding="utf-8"))
                if known["sources"] == self._sources:
                    self._before = known["pages"]
            except (OSError, ValueError, KeyError, TypeError):
                pass  # nothing remembered

    def render(self, name: str, template: str, context: dict[str, Any]) -> str:
        """The text of a page. Only pages in a folder of the site (one for each reporter and the like) are remembered: the
        others are few and hold everything."""
        page = self._env.get_template(template)
        reads = _reads(self._env, template) if self._memory is not None and "/" in name else None
        if reads is None:
            return page.render(context)
        key = _sha("\n".join(f"{field}={_value(context[field])}" for field in sorted(reads & context.keys())))
        text = self._from_old(name, key, context)
        if text is None:
            text = page.render(context)
        else:
            self.kept += 1
        self._now[name] = [key, _sha(_inside(text)[1])]
        return text

    def _from_old(self, name: str, key: str, context: dict[str, Any]) -> str | None:
        known_key, known_inside = self._before.get(name, (None, None))
        if known_key != key:
            return None
        try:
            inside = _inside((self._old / name).read_bytes().decode("utf-8"))[1]
        except (OSError, ValueError):
            return None
        if _sha(inside) != known_inside:
            return None
        head, _, tail = _inside(self._env.get_template(FRAME).render(context))
        return head + inside + tail

    def remember(self) -> None:
        """Write the fingerprints, once the new site is in place."""
        if self._memory is None:
            return
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._memory.with_name(f".{self._memory.name}.{os.getpid()}")
        fresh.write_text(json.dumps({"sources": self._sources, "pages": self._now}), encoding="utf-8")
        os.replace(fresh, self._memory)


def _value(value: Any) -> str:
    # A method's repr would be that of its whole owner.
    return getattr(value, "__qualname__", "") if callable(value) else repr(value)
