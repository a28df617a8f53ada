"""Reads MJML as written and names, by line, whatever mjml-python would drop, garble or stumble over.

It repairs nothing: what it finds is refused before rendering.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches

from syndication.render.mjml_rules import (
    AT_MOST_ONE,
    ATTRIBUTES,
    CHILDREN,
    COMPONENTS,
    HOLDS_HTML,
    IGNORED,
    REFUSED,
    wrong_value,
)

DEEPEST = 50  # nested tags; mjml-python crashes the worker at some thousands, on small stacks at some hundreds
MOST = 100  # problems told of one document
LARGEST = 4_000_000  # characters of one document

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_HOLDS_COMPONENTS = COMPONENTS - HOLDS_HTML
_LITERAL = ("mj-style", "style", "script")
_FILLED_IN = "\ue000"  # stands for a Jinja expression whose value is not known yet

TOKEN = re.compile(
    r"<!--(?P<comment>.*?)-->"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][^\s/>\"'<=]*)(?P<attributes>(?:[^>\"'<]|\"[^\"<]*\"|'[^'<]*')*?)(?P<empty>/?)>"
    r"|<",
    re.DOTALL,
)
ATTRIBUTE = re.compile(r"(?P<name>[^\s=\"'/]+)(?:\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w:.-]*")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REMOTE_WORDS = ("@import", "@font-face", "<link", "fonts.googleapis.com")
_REMOTE = re.compile("|".join(map(re.escape, _REMOTE_WORDS)), re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in a template and what would be right. Lines count from 1."""

    template: str
    line: int
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.template}, line {self.line}: {self.what}; {self.instead}"


@dataclass(frozen=True, slots=True)
class _Open:
    name: str
    at: int


def lint(source: str, template: str) -> tuple[Problem, ...]:
    """All that is wrong with an MJML text, in order of lines; empty when it may be rendered.

    The text may still hold Jinja: then values that are filled in later go unchecked. A text that does not begin with
    <mjml> is taken for a part of a document.
    """
    if len(source) > LARGEST:
        instead = f"keep a document under {LARGEST:,} characters"
        return (Problem(template=template, line=1, what="the document is too large", instead=instead),)
    return _Lint(template, source).problems()


def masked(source: str) -> str:
    """The text with Jinja statements blanked and expressions replaced by a mark, every line where it was."""
    return _JINJA.sub(lambda m: (_FILLED_IN if m[0].startswith("{{") else "") + "\n" * m[0].count("\n"), source)


@dataclass(slots=True)
class _Lint:
    """One look at one text. Places are offsets until the end, since most tags are in order and need no line."""

    template: str
    source: str
    text: str = ""
    found: list[tuple[int, str, str]] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    classes: dict[str, set[str]] = field(default_factory=dict)
    used: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    fine: set[tuple[str, str]] = field(default_factory=set)  # HTML tags known to be in order: most are alike
    whole: bool = False

    def problems(self) -> tuple[Problem, ...]:
        self.text = masked(self.source)
        self.whole = self.text.lstrip(f"{_FILLED_IN} \t\r\n").startswith("<mjml")
        self._characters()
        self._tokens()
        self._classes()
        self._whole()
        found = sorted(self.found, key=lambda f: f[0])[:MOST]
        return tuple(
            Problem(template=self.template, line=self.line(at), what=what, instead=instead)
            for at, what, instead in found
        )

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def add(self, at: int, what: str, instead: str) -> None:
        self.found.append((at, what, instead))

    # --- characters --------------------------------------------------------------------------

    def _characters(self) -> None:
        for match in _ILLEGAL.finditer(self.text):
            self.add(match.start(), f"holds the character U+{ord(match[0]):04X}", "take it out: XML does not allow it")
        lowered = self.text.lower()
        for match in _REMOTE.finditer(self.text) if any(word in lowered for word in _REMOTE_WORDS) else ():
            self.add(match.start(), f"loads from elsewhere by {match[0]}", "write styles here and name installed fonts")

    # --- structure ---------------------------------------------------------------------------

    def _tokens(self) -> None:
        end = 0
        for match in TOKEN.finditer(self.text):
            inside = self.stack[-1].name if self.stack else ""
            comment, close, name, attributes, empty = match.groups()
            if inside in _LITERAL and not (close and name == inside):
                continue  # inside style and script only their own closing tag counts
            at = match.start()
            if inside in _HOLDS_COMPONENTS:
                self._words(end, at, inside)
            end = match.end()
            if comment is not None:
                self._comment(comment, at)
            elif name is None:
                self._stray(at)
            elif close:
                self._closing(name, at)
            elif not self._opening(name, attributes, at, inside, empty=bool(empty)):
                return
        for left in reversed(self.stack):
            self.add(left.at, f"<{left.name}> is never closed", f"write </{left.name}>")

    def _words(self, start: int, end: int, inside: str) -> None:
        words = self.text[start:end].replace(_FILLED_IN, "").strip()
        if words:
            at = self.text.index(words[0], start)
            self.add(at, f"text stands directly in {inside} ({words[:30]!r})", "put it into an mj-text")

    def _comment(self, comment: str, at: int) -> None:
        if "--" in comment:
            self.add(at, "a comment holds --", "write one hyphen, or close the comment earlier")

    def _stray(self, at: int) -> None:
        text = self.text[at : at + 9]
        if text.startswith(("<!", "<?")):
            self.add(at, f"{text.split()[0]} is not understood", "leave out DOCTYPE, CDATA and XML declarations")
        else:
            self.add(at, f"a < begins no complete tag ({text!r})", "write &lt; or complete the tag")

    def _closing(self, name: str, at: int) -> None:
        if self.stack and self.stack[-1].name == name:
            self.stack.pop()
            return
        if all(left.name != name for left in self.stack):
            self.add(at, f"</{name}> closes nothing", "take it out, or open the tag before it")
            return
        while (left := self.stack.pop()).name != name:
            what = f"<{left.name}> is not closed before </{name}> of line {self.line(at)}"
            self.add(left.at, what, f"write </{left.name}>")

    def _opening(self, name: str, attributes: str, at: int, inside: str, *, empty: bool) -> bool:
        """Whether to read on: nesting too deep ends it, for one problem says it all."""
        if (name, attributes) not in self.fine or not inside or inside in _HOLDS_COMPONENTS:
            self.seen[name] += 1
            self._tag(name, attributes, at, inside)
        if empty or name in _VOID:
            return True
        self.stack.append(_Open(name, at))
        if len(self.stack) > DEEPEST:
            self.add(at, f"tags are nested more than {DEEPEST} deep", "nest less")
            return False
        return True

    def _tag(self, name: str, attributes: str, at: int, inside: str) -> None:
        before = len(self.found)
        self._name(name, inside or None, at)
        self._attributes(name, attributes, at, inside or None)
        if len(self.found) == before and not name.startswith("mj"):
            self.fine.add((name, attributes))

    def _name(self, name: str, parent: str | None, at: int) -> None:
        if name in REFUSED:
            self.add(at, f"{name} cannot be used", REFUSED[name])
        elif name != name.lower() and name.lower() in COMPONENTS:
            self.add(at, f"<{name}> is not a component", f"write <{name.lower()}>")
        elif name.startswith("mj") and name not in COMPONENTS and name not in ("mj-all", "mj-class"):
            self.add(at, f"<{name}> is not a component", _suggestion(name, COMPONENTS))
        elif name.lower() == "script":
            self.add(at, "a mail runs no script", "take it out")
        else:
            self._place(name, parent, at)

    def _place(self, name: str, parent: str | None, at: int) -> None:
        component = name in COMPONENTS or name in ("mj-all", "mj-class")
        if parent is None:
            if self.whole and name != "mjml":
                self.add(at, f"<{name}> stands outside <mjml>", "put it inside")
        elif parent == "mj-attributes":
            if not component:
                self.add(at, f"<{name}> cannot stand in mj-attributes", "name a component, mj-all or mj-class")
        elif parent in CHILDREN and parent not in HOLDS_HTML:
            if name not in CHILDREN[parent]:
                right = ", ".join(CHILDREN[parent]) or "nothing"
                self.add(at, f"<{name}> cannot stand in {parent}", f"{parent} takes {right}")
        elif component:
            self.add(at, f"<{name}> cannot stand in <{parent}>", "put it beside it, into its own section or column")
        if name in AT_MOST_ONE and self.seen[name] == 2:
            self.add(at, f"a second {name} would share the ids of the first", "use one at most")

    # --- attributes --------------------------------------------------------------------------

    def _attributes(self, name: str, text: str, at: int, parent: str | None) -> None:
        given: dict[str, str] = {}
        for match in ATTRIBUTE.finditer(text):
            attribute, value = match["name"], match["value"]
            if _FILLED_IN in attribute:
                continue
            place = at + 1 + len(name) + match.start()
            if self._form(attribute, value, place, twice=attribute in given):
                given[attribute] = value[1:-1]
                self._meaning(name, attribute, value[1:-1], place, parent)
        if name == "mj-class" and parent == "mj-attributes":
            self.classes.setdefault(given.get("name", ""), set()).update(set(given) - {"name"})
        elif "mj-class" in given:
            self.used.append((at, tuple(given["mj-class"].split())))
        if name == "mjml" and "lang" not in given:
            self.add(at, "mjml names no language", 'write lang="ko"')

    def _form(self, attribute: str, value: str | None, at: int, *, twice: bool) -> bool:
        """Whether an attribute is written so that its value can be read."""
        if not _NAME.fullmatch(attribute):
            self.add(at, f"{attribute!r} is not an attribute name", "use letters, digits, hyphens and colons")
        elif value is None:
            self.add(at, f"{attribute} has no value", f'write {attribute}="…"')
        elif value[0] not in "\"'":
            self.add(at, f"the value of {attribute} is not quoted", f'write {attribute}="{value}"')
        elif value[0] == "'" and '"' in value:
            self.add(at, f"{attribute} holds a double quote between single ones", 'quote with " and write &quot;')
        elif twice and self.text == self.source:
            self.add(at, f"{attribute} stands twice", "write it once: only the last one would count")
        else:
            return True
        return False

    def _meaning(self, name: str, attribute: str, value: str, at: int, parent: str | None) -> None:
        if name not in COMPONENTS and name not in ("mj-all", "mj-class"):
            self._html_attribute(name, attribute, value, at)
        elif (name, attribute) in IGNORED:
            self.add(at, f"mjml-python ignores {attribute} on {name}", IGNORED[name, attribute])
        elif name in ("mj-all", "mj-class"):
            self._shared_attribute(name, attribute, value, at)
        elif attribute not in ATTRIBUTES.get(name, {}):
            self.add(at, f"{name} has no attribute {attribute}", _suggestion(attribute, ATTRIBUTES.get(name, {})))
        else:
            self._value(name, attribute, value, ATTRIBUTES[name][attribute], at)

    def _shared_attribute(self, name: str, attribute: str, value: str, at: int) -> None:
        kinds = {table[attribute] for table in ATTRIBUTES.values() if attribute in table}
        if name == "mj-class" and attribute == "name":
            return
        if not kinds:
            every = {word for table in ATTRIBUTES.values() for word in table}
            self.add(at, f"no component has an attribute {attribute}", _suggestion(attribute, every))
        elif len(kinds) == 1:
            self._value(name, attribute, value, kinds.pop(), at)

    def _value(self, name: str, attribute: str, value: str, kind: str, at: int) -> None:
        instead = None if _FILLED_IN in value else wrong_value(kind, value)
        if instead:
            self.add(at, f'{name} cannot take {attribute}="{value}"', instead)

    def _html_attribute(self, name: str, attribute: str, value: str, at: int) -> None:
        if attribute.lower().startswith("on"):
            self.add(at, f"{attribute} would run a script", "take it out")
        elif name == "img" and attribute == "src" and value.lower().startswith("data:"):
            self.add(at, "a picture is written into the mail", "give the https address of a picture: many drop data:")

    # --- the whole document ------------------------------------------------------------------

    def _classes(self) -> None:
        for at, names in self.used:
            for name in names:
                if name not in self.classes and self.whole and _FILLED_IN not in name:
                    self.add(at, f"no mj-class is named {name}", _suggestion(name, self.classes))
            times = Counter(word for name in set(names) for word in self.classes.get(name, ()))
            for attribute in sorted(word for word, count in times.items() if count > 1):
                both = " and ".join(n for n in names if attribute in self.classes.get(n, ()))
                self.add(at, f"{both} both set {attribute}", "set it in one: which one wins differs between engines")

    def _whole(self) -> None:
        if self.whole and not (self.seen["mj-section"] or self.seen["mj-wrapper"] or self.seen["mj-hero"]):
            self.add(0, "the document has no mj-section", "a mail needs something in its body")
        if self.whole and self.seen["mjml"] > 1:
            self.add(0, "there is more than one <mjml>", "write one document")


def _suggestion(word: str, known: object) -> str:
    names = sorted(str(k) for k in known) if isinstance(known, (dict, set, frozenset)) else []
    near = get_close_matches(word, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(names)}" if names and len(names) <= 40 else "see the documentation of MJML"
