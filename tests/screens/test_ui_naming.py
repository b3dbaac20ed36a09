"""Documents are called by the last part of their name, and by more of it where two would be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.ui.naming import short_names

PARTS = st.sampled_from(["", "a", "b", "c.md"])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["/tmp/x/club/rules.md", "notes.txt"], ["rules.md", "notes.txt"]),
        (["/x/club/minutes.md", "/x/school/minutes.md"], ["club/minutes.md", "school/minutes.md"]),
        (["/x/2023/club/a.md", "/x/2024/club/a.md"], ["2023/club/a.md", "2024/club/a.md"]),
        (["a.md", "x/a.md", "y/x/a.md"], ["a.md", "x/a.md", "y/x/a.md"]),
        (["/x/a.md", "x/a.md"], ["/x/a.md", "x/a.md"]),
        (["https://example.org/prices/", ""], ["prices", ""]),
        (["a/b/same.md", "a/b/same.md"], ["same.md", "same.md"]),
    ],
)
def test_a_name_is_as_short_as_it_can_be_told_apart(names: list[str], short: list[str]) -> None:
    found = short_names(names)
    assert [found[name] for name in names] == short


@given(st.lists(NAMES, max_size=8))
def test_no_two_documents_are_called_the_same_and_each_by_the_end_of_its_name(names: list[str]) -> None:
    found = short_names(names)
    assert set(found) == set(names)
    assert len(set(found.values())) == len(set(names))
    for name, short in found.items():
        assert short == name or "/".join(filter(None, name.split("/"))).endswith(short)
