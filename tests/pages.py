"""Reads a report as a browser would, and checks that it cannot do anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input", "base"}
SHAPES = {"rect", "line", "circle", "path", "polyline"}


class Page(HTMLParser):
    """Reads a page and checks that tags are closed in the order they were opened."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"repeated attribute in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES, tag
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a start"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def content(self) -> str:
        return re.sub("[ \n]+", " ", " ".join(self.text)).strip()


def assert_inert(html: str) -> Page:
    """No code, no address, no reference to anything outside of the page."""
    page = Page(html)
    forbidden = {"script", "img", "iframe", "object", "embed", "link", "form", "base"}
    for tag, attributes in page.tags:
        assert tag not in forbidden
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"src", "srcset", "action", "style", "xlink:href"}
            if name == "href":
                assert re.fullmatch(r"#[a-z]+", value or "")
    for style in re.findall(r"<style>(.*?)</style>", html, re.DOTALL):
        assert "url(" not in style
        assert "@import" not in style
    assert "http://" not in html
    assert "https://" not in html
    hidden = [c for c in html if not c.isprintable() and c not in "\n\u202f"]
    assert hidden == []
    return page


def section_of(html: str, anchor: str) -> str:
    """Text of one section."""
    start = html.index(f'<section aria-labelledby="{anchor}">')
    return Page(html[start : html.index("</section>", start) + 10]).content()
