"""A page of HTML as a test looks at it."""

from collections import Counter
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "wbr", "rect", "polygon", "input"}


class Page(HTMLParser):
    """Elements with their attributes, all visible text, and whether every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def shape(self, *but: str) -> Counter[tuple[str, ...]]:
        """How many elements there are of each name and names of attributes, `but` those of these names."""
        return Counter((tag, *sorted(attributes)) for tag, attributes in self.elements if tag not in but)
