"""A suffix automaton of the items: the longest match of a document in linear time.

Blumer et al., The smallest automaton recognizing the subwords of a text, Theoretical
Computer Science 40 (1985), built online as there. A state stands for the runs of units
that end at the same places of the items; reading a document unit by unit keeps the
longest run that ends there and occurs in an item, at a cost that does not depend on
how many items it occurs in.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.decontaminate.units import power_of_two
from isinglass.transforms.units import mix

MOST_UNITS = 2**29
"""Units of all items together that fit the 32-bit numbers used here."""

NEVER = 2**31 - 1
_ROOT, _NONE = 0, -1
_STATE_BITS = np.uint64(32)


class Automaton(NamedTuple):
    """States of the items' runs of units; state 0 is the empty run.

    Attributes:
        edges: int32 (s + 1,); state i owns edges `edges[i]:edges[i + 1]`.
        units: int32 (e,), the unit of each edge, ascending within a state.
        targets: int32 (e,), the state that it leads to.
        length: int32 (s,), units of the longest run of a state.
        link: int32 (s,), the state of its longest run that occurs elsewhere too; -1
            for state 0.
        least: int32 (s,), fewest units that suffice for an item in which it occurs.
        enough: int32 (s,), the state itself or the nearest one by links whose longest
            run suffices for an item; 0 if there is none.
        begins: int32 (s,), first occurrence of a state in `items`.
        ends: int32 (s,), one past its last.
        items: int32 (n,), the item of each occurrence.
    """

    edges: NDArray[np.int32]
    units: NDArray[np.int32]
    targets: NDArray[np.int32]
    length: NDArray[np.int32]
    link: NDArray[np.int32]
    least: NDArray[np.int32]
    enough: NDArray[np.int32]
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    items: NDArray[np.int32]


class _Growing(NamedTuple):
    """Edges while states are added: a list a state, and a table over all."""

    first: NDArray[np.int32]
    after: NDArray[np.int32]
    state: NDArray[np.int32]
    unit: NDArray[np.int32]
    target: NDArray[np.int32]
    slots: NDArray[np.int32]
    size: NDArray[np.int64]


@njit(nogil=True)
def _find(edges: Any, state: Any, unit: Any) -> Any:
    """Return (edge or -1, slot where it is or would go)."""
    mask = edges.slots.size - 1
    key = np.uint64(state) << _STATE_BITS | np.uint64(unit)
    slot = np.int64(mix(key) & np.uint64(mask))
    while True:
        edge = np.int64(edges.slots[slot])
        if edge < 0 or (edges.state[edge] == state and edges.unit[edge] == unit):
            return edge, slot
        slot = (slot + 1) & mask


@njit(nogil=True)
def _add(edges: Any, state: Any, unit: Any, target: Any, slot: Any) -> None:
    edge = edges.size[0]
    edges.size[0] += 1
    edges.state[edge], edges.unit[edge] = state, unit
    edges.target[edge] = target
    edges.after[edge] = edges.first[state]
    edges.first[state] = edge
    edges.slots[slot] = edge


@njit(nogil=True)
def _copy_edges(edges: Any, source: Any, copy: Any) -> None:
    edge = np.int64(edges.first[source])
    while edge >= 0:
        _, slot = _find(edges, copy, edges.unit[edge])
        _add(edges, copy, edges.unit[edge], edges.target[edge], slot)
        edge = np.int64(edges.after[edge])


@njit(nogil=True)
def _split(edges: Any, states: Any, at: Any, unit: Any, copy: Any) -> None:
    """Give the shorter runs of the state behind (`at`, `unit`) a state of their own."""
    length, link = states
    edge, _ = _find(edges, at, unit)
    whole = np.int64(edges.target[edge])
    length[copy] = length[at] + 1
    link[copy] = link[whole]
    _copy_edges(edges, whole, copy)
    while at >= 0:
        edge, _ = _find(edges, at, unit)
        if edge < 0 or edges.target[edge] != whole:
            break
        edges.target[edge] = copy
        at = np.int64(link[at])
    link[whole] = copy


@njit(nogil=True)
def _grow(units: Any, edges: Any, states: Any, made_for: Any) -> Any:
    """Add all units in order; returns the number of states.

    `made_for` takes, for each state, the place in `units` that it was made for.
    """
    length, link = states
    link[_ROOT] = _NONE
    last, count = np.int64(_ROOT), np.int64(1)
    for place in range(units.size):
        unit = np.int64(units[place])
        new = count
        count += 1
        length[new] = length[last] + 1
        made_for[new] = place
        at = last
        edge, slot = _find(edges, at, unit)
        while edge < 0:
            _add(edges, at, unit, new, slot)
            at = np.int64(link[at])
            if at < 0:
                break
            edge, slot = _find(edges, at, unit)
        if at < 0:
            link[new] = _ROOT
        elif length[at] + 1 == length[edges.target[edge]]:
            link[new] = edges.target[edge]
        else:
            _split(edges, states, at, unit, count)
            link[new] = count
            count += 1
        last = new
    return count


@njit(nogil=True)
def _occurrences(order: Any, link: Any, item: Any, least: Any, out: Any) -> None:
    """Gather, for each state, where its runs occur: a stretch of `items`."""
    begins, ends, items = out
    for index in range(order.size - 1, 0, -1):
        state, parent = order[index], link[order[index]]
        ends[state] += item[state] >= 0
        ends[parent] += ends[state]
        least[parent] = min(least[parent], least[state])
    # `ends` holds sizes up to here; a parent comes before all that link to it.
    filled = np.zeros(order.size, np.int64)
    for index in range(1, order.size):
        state, parent = order[index], link[order[index]]
        size = np.int64(ends[state])
        begins[state] = begins[parent] + filled[parent]
        filled[parent] += size
        ends[state] = begins[state] + size
        if item[state] >= 0:
            items[begins[state]] = item[state]
            filled[state] = 1


@njit(nogil=True)
def _mark_enough(order: Any, length: Any, link: Any, least: Any, enough: Any) -> None:
    for state in order[1:]:
        is_enough = least[state] <= length[state]
        enough[state] = state if is_enough else enough[link[state]]


def build_automaton(
    units: NDArray[np.int32], item: NDArray[np.int32], needed: NDArray[np.int32]
) -> Automaton:
    """Build the automaton of all items.

    `units` (n,) are those of one item after another, `item` (n,) is the item of each,
    ascending; `needed` (items,) are the fewest units in a row that suffice.

    Raises:
        ValueError: There are more units than `MOST_UNITS`.
    """
    runs, owner = _separated(units, item)
    if runs.size > MOST_UNITS:
        raise ValueError(
            f"{runs.size} words of evaluation items are more than {MOST_UNITS}; "
            "use fewer or smaller evaluation sets"
        )
    most = 2 * runs.size + 2
    length, link = np.zeros(most, np.int32), np.zeros(most, np.int32)
    made_for = np.full(most, _NONE, np.int32)
    edges = _room(runs.size)
    count = _grow(runs, edges, (length, link), made_for)
    length, link = length[:count].copy(), link[:count].copy()
    # What was made for no unit takes the last entry.
    owners = np.append(owner, np.int32(_NONE))[made_for[:count]]
    return _finish(length, link, owners, needed, _sorted_edges(edges, count, units))


def _separated(
    units: NDArray[np.int32], item: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Put a unit of its own behind each item, so that no match spans two of them."""
    last = np.flatnonzero(np.append(item[1:] != item[:-1], True)) + 1
    if not units.size:
        return units, item
    first = int(units.max()) + 1
    own = np.arange(first, first + len(last), dtype=np.int32)
    runs = np.insert(units, last, own)
    return runs, np.insert(item, last, np.int32(_NONE))


def _room(units: int) -> _Growing:
    # At most 2n - 1 states and 3n - 4 edges (Blumer et al., theorem 1.1 and 1.10).
    states, edges = 2 * units + 2, 3 * units + 2
    return _Growing(
        np.full(states, _NONE, np.int32),
        np.empty(edges, np.int32),
        np.empty(edges, np.int32),
        np.empty(edges, np.int32),
        np.empty(edges, np.int32),
        np.full(power_of_two(4 * units + 4), _NONE, np.int32),
        np.zeros(1, np.int64),
    )


def _sorted_edges(
    edges: _Growing, states: int, units: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Edges by state and unit, without those of the separating units."""
    count = int(edges.size[0])
    largest = int(units.max()) if units.size else _NONE
    real = np.flatnonzero(edges.unit[:count] <= largest)
    order = real[np.lexsort((edges.unit[real], edges.state[real]))]
    sizes = np.bincount(edges.state[order], minlength=states)
    offsets = np.zeros(states + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return offsets, edges.unit[order], edges.target[order]


def _finish(
    length: NDArray[np.int32],
    link: NDArray[np.int32],
    owners: NDArray[np.int32],
    needed: NDArray[np.int32],
    edges: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]],
) -> Automaton:
    states = len(length)
    order = np.argsort(length, kind="stable")
    owned = owners >= 0
    least = np.full(states, NEVER, np.int32)
    least[owned] = needed[owners[owned]]
    begins, ends = np.zeros(states, np.int32), np.zeros(states, np.int32)
    items = np.empty(int(owned.sum()), np.int32)
    _occurrences(order, link, owners, least, (begins, ends, items))
    enough = np.zeros(states, np.int32)
    _mark_enough(order, length, link, least, enough)
    return Automaton(*edges, length, link, least, enough, begins, ends, items)


@njit(nogil=True)
def _follow(automaton: Automaton, state: Any, unit: Any) -> Any:
    """Return the state behind an edge, or -1."""
    low = np.int64(automaton.edges[state])
    stop = np.int64(automaton.edges[state + 1])
    high = stop
    while low < high:
        middle = (low + high) // 2
        if automaton.units[middle] < unit:
            low = middle + 1
        else:
            high = middle
    if low < stop and automaton.units[low] == unit:
        return np.int64(automaton.targets[low])
    return np.int64(_NONE)


@njit(nogil=True)
def _first_item(automaton: Any, states: Any, needed: Any, length: Any) -> Any:
    """Return the smallest item for which a run of one of these states suffices."""
    winner = np.int64(NEVER)
    states.sort()
    for index in range(states.size):
        state = states[index]
        # Runs of one length occur at different places: no place is looked at twice.
        if index and states[index - 1] == state:
            continue
        for place in range(automaton.begins[state], automaton.ends[state]):
            item = np.int64(automaton.items[place])
            if needed[item] <= length:
                winner = min(winner, item)
    return winner


@njit(nogil=True)
def longest_match(automaton: Any, units: Any, needed: Any) -> Any:
    """Find the longest run of a document that suffices for an item in which it occurs.

    `units` are the document's, as the vocabulary numbers them. Returns (item, units in
    the run), the smallest of several items; (-1, 0) for none.
    """
    tied = np.empty(units.size, np.int32)
    count = best = np.int64(0)
    state, length = np.int64(_ROOT), np.int64(0)
    for index in range(units.size):
        unit = np.int64(units[index])
        follows = _follow(automaton, state, unit)
        while follows < 0 and state != _ROOT:
            state = np.int64(automaton.link[state])
            length = np.int64(automaton.length[state])
            follows = _follow(automaton, state, unit)
        if follows < 0:
            continue
        state = follows
        length += 1
        found, size = state, length
        if automaton.least[state] > length:
            found = np.int64(automaton.enough[automaton.link[state]])
            size = np.int64(automaton.length[found])
        if found == _ROOT or size < best:
            continue
        if size > best:
            best, count = size, np.int64(0)
        tied[count] = found
        count += 1
    if count == 0:
        return np.int64(_NONE), np.int64(0)
    return _first_item(automaton, tied[:count], needed, best), best
