import time

from sandbox.windows import Rolling


def test_a_window_rolls_and_what_it_refuses_counts_for_nothing() -> None:
    window = Rolling(2, 0.2)
    assert [window.take() for _ in range(4)] == [True, True, False, False]
    assert window.used == 2
    time.sleep(0.22)
    assert window.used == 0
    assert window.take()
