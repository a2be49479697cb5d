"""Form rules of names: what of a finding stays, what is refused, and by which rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.name_form import RULES, name_spans, refusal

TRIMMED = [
    ("Anna Kowalska", ["Anna Kowalska"]),
    ("Dr. Anna Kowalska", ["Anna Kowalska"]),
    ("Mrs Anna Kowalska's", ["Anna Kowalska"]),
    ("Anna Kowalska\u2019s", ["Anna Kowalska"]),
    ("(Anna Kowalska)", ["Anna Kowalska"]),
    ("**Anna Kowalska**,", ["Anna Kowalska"]),
    ("Anna Kowalska.", ["Anna Kowalska"]),
    ("Martin Barker Jr.", ["Martin Barker Jr."]),
    ("Kowalska, A.", ["Kowalska, A."]),
    ("J. R. R. Marsh", ["J. R. R. Marsh"]),
    ("Anna\nKowalska", ["Anna", "Kowalska"]),
    ("Anna | Peter", ["Anna", "Peter"]),
    ("Anna\tPeter", ["Anna", "Peter"]),
    ("Anna Kowalska\n\n\n\n", ["Anna Kowalska"]),
    ("King's", ["King"]),
    ("O'Neill", ["O'Neill"]),
    ("McDonald", ["McDonald"]),
    ("LeBron DeShawn MacArthur", ["LeBron DeShawn MacArthur"]),
    ("Jean-Luc", ["Jean-Luc"]),
    ("\u00c5sa \u00d6berg", ["\u00c5sa \u00d6berg"]),
]


@pytest.mark.parametrize(("finding", "names"), TRIMMED)
def test_a_finding_is_cut_and_trimmed_to_its_names(
    finding: str, names: list[str]
) -> None:
    text = f"seen by {finding} today"
    spans = name_spans(text, 8, 8 + len(finding))
    assert [text[low:high] for low, high in spans] == names


@pytest.mark.parametrize(
    ("text", "finding", "rule"),
    [
        ("it is 42", "42", "no letter"),
        ("--- --", "---", "no letter"),
        ("One Two Three Four Five Six Seven", None, "more than six words"),
        ("One Two Three Four Five Six", None, None),
        ("call read_file now", "read_file", "identifier"),
        ("call readFile now", "readFile", "identifier"),
        ("use PowerShell now", "PowerShell", "identifier"),
        ("see os.path now", "os.path", "identifier"),
        ("RT @AnnaKowalska: yes", "AnnaKowalska", None),
        ("RT @ AnnaKowalska: yes", "AnnaKowalska", None),
        ("RT @ anna_k97: yes", "anna_k97", None),
        ("RT @ anna _ k97: yes", "anna _ k97", None),
        ("by #Anna_Kowalska", "Anna_Kowalska", None),
        ("# Anna_Kowalska", "Anna_Kowalska", "identifier"),
        ("RT anna _ k97: yes", "anna _ k97", "identifier"),
        ("a K8s node", "K8s", "identifier"),
        ("x=Anna now", "x=Anna", "identifier"),
        ("by MacDonald now", "MacDonald", None),
        ("by D'Angelo now", "D'Angelo", None),
        ("std::max(a)", "max", "piece of code"),
        ("Anna.value = 1", "Anna", "piece of code"),
        ("to /home/anna now", "anna", "piece of code"),
        ("$Anna now", "Anna", "piece of code"),
        ("by Anna. Then", "Anna", None),
        ("by Anna (Oslo)", "Anna", None),
        ("by Anna/Peter", "Peter", None),
        ("by Anna/Peter", "Anna", None),
        ("https://a.example/anna", "anna", "piece of code"),
        ("# Requirements\ntext", "Requirements", "heading or label"),
        ("== Requirements ==\ntext", "Requirements", "heading or label"),
        ("- Python: a language", "Python", "heading or label"),
        ("- **Ruby**: a language", "Ruby", "heading or label"),
        ("1. Ruby: a language", "Ruby", "heading or label"),
        ("# Anna Kowalska\ntext", "Anna Kowalska", None),
        ("# Written by Anna\ntext", "Anna", None),
        ("Anna: are you there?", "Anna", None),
        ("- Anna, who left", "Anna", None),
        ("text\nAnna\ntext", "Anna", None),
        ("the POLLIN flag is set", "POLLIN", "acronym"),
        (
            "\u0434\u043b\u044f \u041d\u0410\u0422\u041e",
            "\u041d\u0410\u0422\u041e",
            "acronym",
        ),
        ("to Mr. SMITH, who left", "SMITH", None),
        ("to ANNA KOWALSKA, who left", "ANNA KOWALSKA", None),
        ("by @ANNA, who left", "ANNA", None),
        ("CALL ANNA NOW\nor not", "ANNA", None),
        ("Vitamin K is", "K", None),
    ],
)
def test_what_breaks_a_rule_is_no_name(
    text: str, finding: str | None, rule: str | None
) -> None:
    value = text if finding is None else finding
    low = text.index(value)
    assert refusal(text, low, low + len(value)) == rule


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [name for name, _ in RULES]
    assert len(set(names)) == len(names)


@given(
    st.text("aB \n|.'_\"(:#-1\u00e9\u4e2d", max_size=30), st.integers(0, 30), st.data()
)
def test_names_lie_within_the_finding_in_order(
    text: str, start: int, data: st.DataObject
) -> None:
    start = min(start, len(text))
    end = data.draw(st.integers(start, len(text)))
    last = start
    for low, high in name_spans(text, start, end):
        assert last <= low < high <= end
        assert "\n" not in text[low:high]
        assert text[low:high].strip() == text[low:high]
        last = high
