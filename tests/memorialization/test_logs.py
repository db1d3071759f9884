"""What is logged within `about` carries its facts, in this thread and in those of `threads`, and nowhere else."""

from structlog.contextvars import get_contextvars

from memorialization.logs import about, threads


def test_facts_hold_within_and_add_up() -> None:
    with about(run="1", step="apply"):
        with about(step="judge", correlation_id=None):
            assert get_contextvars() == {"run": "1", "step": "judge"}
        assert get_contextvars() == {"run": "1", "step": "apply"}
    assert get_contextvars() == {}


def test_threads_carry_the_facts_of_who_made_them() -> None:
    with about(run="1"):
        pool = threads(2)
    with about(run="2"), pool:
        assert list(pool.map(lambda _: get_contextvars(), range(4))) == [{"run": "1"}] * 4
