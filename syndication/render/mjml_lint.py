"""Reads MJML as written and names, by line, whatever mjml-python would drop, garble or stumble over.

It repairs nothing: what it finds is refused before rendering.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
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
LARGEST = 4_000_000  # characters of one document

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
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
_REMOTE = re.compile(r"@import|@font-face|<link\b|fonts\.googleapis\.com", re.IGNORECASE)


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
    line: int


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
    template: str
    source: str
    text: str = ""
    found: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    classes: dict[str, set[str]] = field(default_factory=dict)
    used: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    whole: bool = False
    _line: int = 1
    _at: int = 0

    def problems(self) -> tuple[Problem, ...]:
        self.text = masked(self.source)
        self.whole = self.text.lstrip(f"{_FILLED_IN} \t\r\n").startswith("<mjml")
        self._characters()
        self._tokens()
        self._classes()
        self._whole()
        return tuple(sorted(self.found, key=lambda p: p.line))

    def line(self, at: int) -> int:
        """The line of an offset; offsets are asked for in rising order."""
        self._line += self.text.count("\n", self._at, at)
        self._at = at
        return self._line

    def add(self, line: int, what: str, instead: str) -> None:
        self.found.append(Problem(template=self.template, line=line, what=what, instead=instead))

    # --- characters --------------------------------------------------------------------------

    def _characters(self) -> None:
        for match in _ILLEGAL.finditer(self.text):
            line = self.text.count("\n", 0, match.start()) + 1
            self.add(line, f"holds the character U+{ord(match[0]):04X}", "take it out: XML does not allow it")
        for match in _REMOTE.finditer(self.text):
            line = self.text.count("\n", 0, match.start()) + 1
            self.add(line, f"loads from elsewhere by {match[0]}", "write styles here and name installed fonts")

    # --- structure ---------------------------------------------------------------------------

    def _tokens(self) -> None:
        end = 0
        for match in self._markup():
            line = self.line(match.start())
            self._words(self.text[end : match.start()], line)
            end = match.end()
            if match["comment"] is not None:
                self._comment(match["comment"], line)
            elif match["name"] is None:
                self._stray(match.start(), line)
            elif match["close"]:
                self._closing(match["name"], line)
            else:
                self._opening(match, line)
        self._words(self.text[end:], self.line(len(self.text)))
        for left in reversed(self.stack):
            self.add(left.line, f"<{left.name}> is never closed", f"write </{left.name}>")

    def _markup(self) -> Iterator[re.Match[str]]:
        """Tokens in order; inside style and script only their own closing tag counts."""
        at = 0
        while match := TOKEN.search(self.text, at):
            inside = self.stack[-1].name if self.stack else ""
            if inside in _LITERAL and not (match["close"] and match["name"] == inside):
                at = match.start() + 1
                continue
            yield match
            at = match.end()

    def _words(self, text: str, line: int) -> None:
        inside = self.stack[-1].name if self.stack else ""
        words = text.replace(_FILLED_IN, "").strip()
        if words and inside in COMPONENTS and inside not in HOLDS_HTML:
            line -= text[text.index(words[0]) :].count("\n")  # `line` is where the text ends
            self.add(line, f"text stands directly in {inside} ({words[:30]!r})", "put it into an mj-text")

    def _comment(self, comment: str, line: int) -> None:
        if "--" in comment:
            self.add(line, "a comment holds --", "write one hyphen, or close the comment earlier")

    def _stray(self, at: int, line: int) -> None:
        text = self.text[at : at + 9]
        if text.startswith(("<!", "<?")):
            self.add(line, f"{text.split()[0]} is not understood", "leave out DOCTYPE, CDATA and XML declarations")
        else:
            self.add(line, f"a < begins no complete tag ({text!r})", "write &lt; or complete the tag")

    def _closing(self, name: str, line: int) -> None:
        if all(left.name != name for left in self.stack):
            self.add(line, f"</{name}> closes nothing", "take it out, or open the tag before it")
            return
        while (left := self.stack.pop()).name != name:
            self.add(left.line, f"<{left.name}> is not closed before </{name}> of line {line}", f"write </{left.name}>")

    def _opening(self, match: re.Match[str], line: int) -> None:
        name = match["name"]
        parent = self.stack[-1].name if self.stack else None
        self.seen[name] += 1
        self._name(name, parent, line)
        self._attributes(name, match["attributes"], line, parent)
        if match["empty"] or name in _VOID:
            return
        self.stack.append(_Open(name, line))
        if len(self.stack) == DEEPEST + 1:
            self.add(line, f"tags are nested more than {DEEPEST} deep", "nest less")

    def _name(self, name: str, parent: str | None, line: int) -> None:
        if name in REFUSED:
            self.add(line, f"{name} cannot be used", REFUSED[name])
        elif name != name.lower() and name.lower() in COMPONENTS:
            self.add(line, f"<{name}> is not a component", f"write <{name.lower()}>")
        elif name.startswith("mj") and name not in COMPONENTS and name not in ("mj-all", "mj-class"):
            self.add(line, f"<{name}> is not a component", _suggestion(name, COMPONENTS))
        elif name.lower() == "script":
            self.add(line, "a mail runs no script", "take it out")
        else:
            self._place(name, parent, line)

    def _place(self, name: str, parent: str | None, line: int) -> None:
        component = name in COMPONENTS or name in ("mj-all", "mj-class")
        if parent is None:
            if self.whole and name != "mjml":
                self.add(line, f"<{name}> stands outside <mjml>", "put it inside")
        elif parent == "mj-attributes":
            if not component:
                self.add(line, f"<{name}> cannot stand in mj-attributes", "name a component, mj-all or mj-class")
        elif parent in CHILDREN and parent not in HOLDS_HTML:
            if name not in CHILDREN[parent]:
                right = ", ".join(CHILDREN[parent]) or "nothing"
                self.add(line, f"<{name}> cannot stand in {parent}", f"{parent} takes {right}")
        elif component:
            self.add(line, f"<{name}> cannot stand in <{parent}>", "put it beside it, into its own section or column")
        if name in AT_MOST_ONE and self.seen[name] == 2:
            self.add(line, f"a second {name} would share the ids of the first", "use one at most")

    # --- attributes --------------------------------------------------------------------------

    def _attributes(self, name: str, text: str, line: int, parent: str | None) -> None:
        given: dict[str, str] = {}
        for match in ATTRIBUTE.finditer(text):
            at = line + text.count("\n", 0, match.start())
            attribute, value = match["name"], match["value"]
            if _FILLED_IN in attribute:
                continue
            if self._form(attribute, value, at, twice=attribute in given):
                given[attribute] = value[1:-1]
                self._meaning(name, attribute, value[1:-1], at, parent)
        if name == "mj-class" and parent == "mj-attributes":
            self.classes.setdefault(given.get("name", ""), set()).update(set(given) - {"name"})
        elif "mj-class" in given:
            self.used.append((line, tuple(given["mj-class"].split())))
        if name == "mjml" and "lang" not in given:
            self.add(line, "mjml names no language", 'write lang="ko"')

    def _form(self, attribute: str, value: str | None, line: int, *, twice: bool) -> bool:
        """Whether an attribute is written so that its value can be read."""
        if not _NAME.fullmatch(attribute):
            self.add(line, f"{attribute!r} is not an attribute name", "use letters, digits, hyphens and colons")
        elif value is None:
            self.add(line, f"{attribute} has no value", f'write {attribute}="…"')
        elif value[0] not in "\"'":
            self.add(line, f"the value of {attribute} is not quoted", f'write {attribute}="{value}"')
        elif value[0] == "'" and '"' in value:
            self.add(line, f"{attribute} holds a double quote between single ones", 'quote with " and write &quot;')
        elif twice and self.text == self.source:
            self.add(line, f"{attribute} stands twice", "write it once: only the last one would count")
        else:
            return True
        return False

    def _meaning(self, name: str, attribute: str, value: str, line: int, parent: str | None) -> None:
        if name not in COMPONENTS and name not in ("mj-all", "mj-class"):
            self._html_attribute(name, attribute, value, line)
        elif (name, attribute) in IGNORED:
            self.add(line, f"mjml-python ignores {attribute} on {name}", IGNORED[name, attribute])
        elif name in ("mj-all", "mj-class"):
            self._shared_attribute(name, attribute, value, line)
        elif attribute not in ATTRIBUTES.get(name, {}):
            self.add(line, f"{name} has no attribute {attribute}", _suggestion(attribute, ATTRIBUTES.get(name, {})))
        else:
            self._value(name, attribute, value, ATTRIBUTES[name][attribute], line)

    def _shared_attribute(self, name: str, attribute: str, value: str, line: int) -> None:
        kinds = {table[attribute] for table in ATTRIBUTES.values() if attribute in table}
        if name == "mj-class" and attribute == "name":
            return
        if not kinds:
            every = {word for table in ATTRIBUTES.values() for word in table}
            self.add(line, f"no component has an attribute {attribute}", _suggestion(attribute, every))
        elif len(kinds) == 1:
            self._value(name, attribute, value, kinds.pop(), line)

    def _value(self, name: str, attribute: str, value: str, kind: str, line: int) -> None:
        instead = None if _FILLED_IN in value else wrong_value(kind, value)
        if instead:
            self.add(line, f'{name} cannot take {attribute}="{value}"', instead)

    def _html_attribute(self, name: str, attribute: str, value: str, line: int) -> None:
        if attribute.lower().startswith("on"):
            self.add(line, f"{attribute} would run a script", "take it out")
        elif name == "img" and attribute == "src" and value.lower().startswith("data:"):
            self.add(line, "a picture is written into the mail", "give the https address of a picture: many drop data:")

    # --- the whole document ------------------------------------------------------------------

    def _classes(self) -> None:
        for line, names in self.used:
            for name in names:
                if name not in self.classes and self.whole and _FILLED_IN not in name:
                    self.add(line, f"no mj-class is named {name}", _suggestion(name, self.classes))
            times = Counter(word for name in set(names) for word in self.classes.get(name, ()))
            for attribute in sorted(word for word, count in times.items() if count > 1):
                both = " and ".join(n for n in names if attribute in self.classes.get(n, ()))
                self.add(line, f"{both} both set {attribute}", "set it in one: which one wins differs between engines")

    def _whole(self) -> None:
        if self.whole and not (self.seen["mj-section"] or self.seen["mj-wrapper"] or self.seen["mj-hero"]):
            self.add(1, "the document has no mj-section", "a mail needs something in its body")
        if self.whole and self.seen["mjml"] > 1:
            self.add(1, "there is more than one <mjml>", "write one document")


def _suggestion(word: str, known: object) -> str:
    names = sorted(str(k) for k in known) if isinstance(known, (dict, set, frozenset)) else []
    near = get_close_matches(word, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(names)}" if names and len(names) <= 40 else "see the documentation of MJML"
