"""Counts of partitions add up, section by section, in the order of the files."""

from memorialization.mappings import CardSection, DynamicMapping
from memorialization.report.coverage import coverage
from memorialization.report.model import Card, CardField
from tests.memorialization.nights import configuration, row, section

SETUP = configuration(section("Contact", row("agent", "voice", "Agent Name"))).model_copy(
    update={
        "dynamic": {
            "Card": DynamicMapping(
                dynamic_data_mapping="Card",
                sections=(
                    CardSection(entity="Contact", fields=("phone", "notes")),
                    CardSection(entity="Company", fields=("agent",)),
                ),
            )
        }
    }
)


def counted(entity: str, interactions: int, cards: int, unreadable: int, **empty: int) -> dict[str, object]:
    return {
        "dynamic_data_mapping": "Card", "entity": entity, "interactions": interactions, "cards": cards,
        "unreadable": unreadable, "empty": empty,
    }  # fmt: skip


def test_partitions_add_up() -> None:
    rows = [counted("Contact", 5, 3, 1, phone=2, notes=0), counted("Contact", 4, 4, 0, phone=1, notes=0)]
    assert coverage(rows, SETUP) == [
        Card(
            dynamic_data_mapping="Card", entity="Contact", interactions=9, cards=7, without_record=2, unreadable=1,
            fields=(CardField(field="phone", empty=3), CardField(field="notes", empty=0)),
        )
    ]  # fmt: skip
    assert coverage([], SETUP) == []
