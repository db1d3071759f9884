"""Options contradict early and by name."""

from typing import Any

import pytest

from memorialization.errors import ConfigurationError
from plugins.cxone.options import CxoneOptions


def test_defaults_are_the_live_spelling() -> None:
    options = CxoneOptions()
    assert (options.removed_text, options.concurrency) == ("", 16)
    assert options.total_includes_acw is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency": 0},
        {"transcript_template": "{when} {text}"},
        {"transcript_template": "{time:%H"},
    ],
)
def test_a_wrong_option_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        CxoneOptions(**wrong)
