"""What was asked before a forgetting is not remembered after it."""

from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.cache.fence import Fence

MARKS = st.sampled_from(["a", "b", "c", "d"])


def test_what_was_asked_before_its_mark_was_forgotten_is_refused() -> None:
    fence = Fence()
    since = fence.count
    fence.forget(["a"])

    assert not fence.lets(since, ["a"])
    assert not fence.lets(since, ["b", "a"])


def test_what_was_asked_under_another_mark_or_later_is_let_through() -> None:
    fence = Fence()
    since = fence.count
    fence.forget(["a"])

    assert fence.lets(since, ["b"])
    assert fence.lets(fence.count, ["a"])


def test_nothing_that_was_asked_before_all_was_forgotten_is_let_through() -> None:
    fence = Fence()
    since = fence.count
    fence.distrust()

    assert not fence.lets(since, ["a"])
    assert fence.lets(fence.count, ["a"])


def test_a_mark_that_was_forgotten_before_all_was_is_still_refused() -> None:
    fence = Fence()
    since = fence.count
    fence.forget(["a"])
    fence.distrust()

    assert not fence.lets(since, ["a"])


def test_a_mark_there_is_no_room_for_any_more_is_refused_with_all_that_was_asked_before() -> None:
    fence = Fence(most=1)
    since = fence.count
    fence.forget(["a"])
    between = fence.count
    fence.forget(["b"])

    assert not fence.lets(since, ["a"])
    assert not fence.lets(since, ["c"])
    assert fence.lets(between, ["a"])


def test_it_holds_no_more_marks_than_it_was_told() -> None:
    fence = Fence(most=3)
    for mark in range(100):
        fence.forget([str(mark)])

    assert len(fence._forgotten) == 3


@given(st.lists(st.one_of(st.none(), st.lists(MARKS, max_size=3))), st.data())
def test_however_small_it_is_it_never_lets_through_what_was_forgotten(
    forgettings: list[list[str] | None], data: st.DataObject
) -> None:
    fence = Fence(most=2)
    asked: list[tuple[int, set[str]]] = []
    for forgetting in forgettings:
        asked.append((fence.count, set(data.draw(st.sets(MARKS, min_size=1)))))
        if forgetting is None:
            fence.distrust()
        else:
            fence.forget(forgetting)
        gone = set("abcd") if forgetting is None else set(forgetting)
        late = [(since, marks) for since, marks in asked if marks & gone]
        assert not any(fence.lets(since, marks) for since, marks in late)
        asked = [one for one in asked if one not in late]


def test_what_was_asked_since_the_latest_forgetting_outlives_them_all() -> None:
    fence = Fence()
    fence.forget(["a"], 7.0)
    fence.forget(["b"], 5.0)  # told late
    fence.distrust()

    assert fence.latest == 7.0
    assert fence.outlives(fence.latest, ["a", "b", "c"])
