"""What keeps a page from being read: by eye, by keyboard, or by ear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.browser import Tab

LEAST_CONTRAST = 4.5
"""Of text (WCAG 2.2, success criterion 1.4.3)."""

_CONTRAST = """
(() => {
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest('title, desc, style')) continue;
    const style = getComputedStyle(element);
    const inked = element.closest('svg') ? style.fill : style.color;
    const [a, b] = [light(rgb(inked)), light(behind(element))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < LEAST) found.add(`${element.localName}.${element.getAttribute('class')
      || ''}: ${ratio.toFixed(2)}`);
  }
  return [...found];
})()
"""

_OFF_SCREEN = """
[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  const seen = box.width > 1 && e.checkVisibility() && !e.closest('svg *, thead');
  return seen && (box.right > innerWidth + 1 || box.left < -1);
}).map(e => `${e.localName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)
"""

_CLIPPED = """
[...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
  && e.clientWidth > 1 && getComputedStyle(e).overflowX !== 'visible'
  && e.scrollWidth > e.clientWidth + 1
).map(e => `${e.localName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)
"""

_OUTLINE = """
(() => {
  const told = [];
  let above = 0;
  for (const h of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const level = Number(h.localName[1]);
    if (level > above + 1) told.push(`h${level} below h${above}: ${h.textContent}`);
    if (!h.textContent.trim()) told.push(`h${level} says nothing`);
    above = level;
  }
  const ones = document.querySelectorAll('h1').length;
  if (ones !== 1) told.push(`${ones} h1`);
  if (!document.documentElement.lang) told.push('no language');
  for (const name of ['header', 'nav', 'main', 'footer'])
    if (document.querySelectorAll(`body > ${name}`).length !== 1)
      told.push(`not one ${name}`);
  for (const e of document.querySelectorAll('[aria-labelledby]'))
    if (!document.getElementById(e.getAttribute('aria-labelledby')))
      told.push(`label of ${e.localName} is missing`);
  for (const a of document.querySelectorAll('a'))
    if (!document.getElementById(a.hash.slice(1))) told.push(`nothing at ${a.hash}`);
  return told;
})()
"""

_TABLES = """
[...document.querySelectorAll('table')].flatMap(t => {
  const told = [];
  if (!t.caption || !t.caption.textContent.trim()) told.push('a table has no caption');
  const name = t.caption ? t.caption.textContent : '';
  for (const th of t.querySelectorAll('th'))
    if (!['row', 'col'].includes(th.scope)) told.push(`${name}: th has no scope`);
  const heads = t.querySelectorAll('thead th').length;
  for (const row of t.querySelectorAll('tbody tr, tfoot tr')) {
    const wide = [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0);
    if (wide !== heads) told.push(`${name}: ${wide} cells below ${heads} heads`);
    if (row.cells.length === heads && row.cells[0].localName !== 'th')
      told.push(`${name}: a row has no head`);
  }
  return told;
})
"""

_UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"
_PLACE = """
(e => ({tag: e.localName, open: e.parentElement?.open,
  outline: getComputedStyle(e).outlineStyle,
  wide: parseFloat(getComputedStyle(e).outlineWidth)}))(document.activeElement)
"""


def unfold(tab: Tab) -> None:
    """Open all that opens."""
    tab.run(_UNFOLD)


def pale(tab: Tab) -> list[str]:
    """Text that is too little darker or lighter than what is behind it."""
    found: list[str] = tab.run(_CONTRAST.replace("LEAST", str(LEAST_CONTRAST)))
    return found


def off_screen(tab: Tab) -> list[str]:
    """What lies beside the window, and what is cut off by a box that scrolls."""
    found: list[str] = [*tab.run(_OFF_SCREEN), *tab.run(_CLIPPED)]
    return found


def unordered(tab: Tab) -> list[str]:
    """Headings, landmarks, labels, links and tables that are not in order."""
    found: list[str] = [*tab.run(_OUTLINE), *tab.run(_TABLES)]
    return found


def unnamed(tab: Tab) -> list[str]:
    """What a screen reader meets and cannot say."""
    spoken = {"image", "img", "link", "button", "region", "table", "DisclosureTriangle"}
    told = []
    for node in tab.tree():
        role = node.get("role", {}).get("value")
        name = node.get("name", {}).get("value", "")
        if not node.get("ignored") and role in spoken and not name.strip():
            told.append(f"{role} without a name")
    return told


def pressed(tab: Tab, most: int = 400) -> tuple[list[str], int]:
    """Walk over the page by the Tab key, and press Enter on all that opens.

    Returns:
        What has no visible mark while it is in focus or does not open, and how many
        things were opened.
    """
    told, opened = [], 0
    for _ in range(most):
        tab.press("Tab")
        place: dict[str, Any] = tab.run(_PLACE)
        if place["tag"] == "body":
            break
        if place["outline"] == "none" or place["wide"] < 1:
            told.append(f"{place['tag']} in focus looks as before")
        if place["tag"] == "summary" and not place["open"]:
            tab.press("Enter", "\r")
            if tab.run(_PLACE)["open"]:
                opened += 1
            else:
                told.append("Enter does not open it")
    return told, opened
