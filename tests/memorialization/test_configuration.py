import random
import re
import shutil
from pathlib import Path

import pytest

from memorialization.configuration import load, names
from memorialization.errors import ConfigurationError
from memorialization.interactions import FIELD_COLUMNS
from memorialization.text import Measure
from tests.corpora import corpus

FILES = ("crm.yaml", "workflows.yaml", "voice.yaml", "digital.yaml", "dynamic/customer_card.yaml")

MINIMAL = """memorialization_mapping: Acme voice
sections:
  - entity: Contact
    {setting}
    fields:
      - {{external_crm_field: id, channel: Voice call contact, cxone_data: Contact ID}}
      - {{external_crm_field: notes, channel: Voice call contact, cxone_data: Status}}
"""


@pytest.fixture
def acme(project: Path, tmp_path: Path) -> Path:
    """A copy of the example's folder, free to be broken."""
    shutil.copytree(project / "include" / "mappings" / "acme", tmp_path / "acme")
    return tmp_path / "acme"


def refusal(acme: Path) -> str:
    """The message of the refusal, paths relative to the configuration's folder."""
    with pytest.raises(ConfigurationError) as caught:
        load(acme.parent, "acme")
    return str(caught.value).replace(f"{acme}/", "")


def broken(acme: Path, name: str, old: str, new: str) -> str:
    path = acme / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    return refusal(acme)


def test_the_example_is_read_whole(acme: Path) -> None:
    configuration = load(acme.parent, "acme")
    assert configuration.name == "acme" and configuration.crm.account_id == 4711001
    assert list(configuration.mappings) == ["Acme digital", "Acme voice"]
    assert list(configuration.dynamic) == ["Customer card"]
    assert configuration.entities == ("Contact", "Ticket")
    assert configuration.script_variables == {"ordernumber", "callbackdate"}
    assert configuration.wants_transcripts
    assert (configuration.cxone_connection, configuration.hubspot_connection) == ("cxone_acme", "hubspot_acme")


def test_the_example_maps_every_field_of_both_channels(acme: Path) -> None:
    configuration = load(acme.parent, "acme")
    rows = [row for m in configuration.mappings.values() for section in m.sections for row in section.fields]
    mapped = {channel: {r.cxone_data for r in rows if r.channel == channel} for channel in FIELD_COLUMNS}
    assert mapped["Digital contact"] == {
        "Agent ID", "Agent Name", "Channel Name", "Channel Type", "Contact ID", "Customer Name", "Direction",
        "Disposition Name", "Disposition Notes", "End Time", "Event Type", "Final State", "From", "Interaction ID",
        "Media Type", "Skill ID", "Skill Name", "Start Time", "Status", "To", "Transcription Text", "Transcript URL",
    }  # fmt: skip
    assert mapped["Voice call contact"] == {
        "Agent ID", "Agent Name", "ANI", "Contact ID", "Contact Type", "Direction", "Disposition Name",
        "Disposition Notes", "DNIS", "End Time", "Final State", "Interaction ID", "Master Contact ID", "Media Type",
        "Recording URL", "Skill ID", "Skill Name", "Start Time", "Status", "To", "Tags",
    }  # fmt: skip
    assert [len(fields) for fields in mapped.values()] == [22, 21]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        # crm.yaml
        ("crm.yaml", "4711001", "abc", "crm.yaml:9: account_id: must be a whole number, without quotes."),
        ("crm.yaml", "4711001", '"123"', "crm.yaml:9: account_id: must be a whole number, without quotes."),
        ("crm.yaml", "4711001", "1.5", "crm.yaml:9: account_id: must be a whole number, without quotes."),
        ("crm.yaml", "4711001", "", "crm.yaml:9: account_id: must be a whole number, without quotes."),
        ("crm.yaml", "4711001", "0", "crm.yaml:9: account_id: Input should be greater than 0."),
        ("crm.yaml", "4711001", "9" * 20, f"crm.yaml:9: '{'9' * 20}' is not a value. Put it in quotes."),
        ("crm.yaml", "account_id: 4711001", "", "crm.yaml:3: account_id: missing. Add it."),
        ("crm.yaml", "mode: adopted", "mode: adoptd",
         "crm.yaml:12: mode: 'adoptd' is not allowed. Did you mean 'adopted'? Allowed: 'observe' or 'adopted'."),
        ("crm.yaml", "mode: adopted", "mode: [a]",
         "crm.yaml:12: mode: ['a'] is not allowed. Allowed: 'observe' or 'adopted'."),
        ("crm.yaml", 'tags_separator: ";"', 'tags_separator: ""',
         "crm.yaml:17: rendering.tags_separator: must not be empty; write a text."),
        ("crm.yaml", "mapped: {warn", "mapped: {wran",
         "crm.yaml:31: quality.mapped.wran: unknown key. Did you mean 'warn'? Known here: warn, fail."),
        ("crm.yaml", "mapped: {warn: 0.0}", "mapped: 5",
         "crm.yaml:31: quality.mapped: must be keys with values, as {key: value}."),
        ("crm.yaml", "mapped: {warn: 0.0}", "mapped: {warn: .nan}",
         "crm.yaml:31: '.nan' is not a value. Put it in quotes."),
        ("crm.yaml", '"30.0"', "30.0", "crm.yaml:24: extraction.api_version: must be text; put it in quotes."),
        ("crm.yaml", "[DE, US]", "[NO]", "crm.yaml:15: phone_regions.0: must be text; put it in quotes."),
        ("crm.yaml", "[DE, US]", "DE", "crm.yaml:15: phone_regions: must be a list, as [one, two]."),
        ("crm.yaml", "[DE, US]", "[]", "crm.yaml:15: phone_regions: must not be empty; add an entry."),
        ("crm.yaml", "0 2 * * *", "daily",
         "crm.yaml:13: schedule: must be a cron expression of five fields, as '0 2 * * *'."),
        # workflows.yaml
        ("workflows.yaml", "Acme voice", "Acme vioce",
         "workflows.yaml:4: no memorialization mapping is named 'Acme vioce'. Did you mean 'Acme voice'? "
         "Known: 'Acme digital', 'Acme voice'."),
        ("workflows.yaml", "Customer card", "Card of customers",
         "workflows.yaml:5: no dynamic data mapping is named 'Card of customers'. Known: 'Customer card'."),
        ("workflows.yaml", "assign_screen_pop: true", 'assign_screen_pop: "yes"',
         "workflows.yaml:6: assignments.0.assign_screen_pop: must be true or false, without quotes."),
        ("workflows.yaml", "channel: Digital contact", "skills: [A]\n    channel: Digital contact",
         "workflows.yaml:7: assignments.1: name either skills or a channel."),
        ("workflows.yaml", "channel: Digital contact", "skills: [Care EN]",
         "workflows.yaml:7: 'Care EN' is already assigned by line 3. Remove one."),
        # mapping files
        ("voice.yaml", "cxone_data: ANI", "cxone_data: ANNI",
         "voice.yaml:21: 'ANNI' is not a CXone field of 'Voice call contact'. Did you mean 'ANI'?"),
        ("voice.yaml", "cxone_data: Agent Name", "cxone_data: Agent_Nam",
         "voice.yaml:9: 'Agent_Nam' is not a CXone field of 'Voice call contact'. Did you mean 'Agent Name'?"),
        ("voice.yaml", "cxone_data: ANI", "cxone_data: Transcription Text",
         "voice.yaml:21: 'Transcription Text' is not a CXone field of 'Voice call contact'. Known: Agent ID, "
         "Agent Name, Contact ID, Direction, Disposition Name, Disposition Notes, End Time, Final State, "
         "Interaction ID, Media Type, Skill ID, Skill Name, Start Time, Status, To, ANI, Contact Type, DNIS, "
         "Master Contact ID, Recording URL, Tags."),
        ("voice.yaml", "cxone_data: ANI", "cxone_data: Attachment",
         "voice.yaml:21: 'Attachment' cannot be memorialized: only text is. Remove the row."),
        ("voice.yaml", "cxone_data: ANI", "cxone_data: images",
         "voice.yaml:21: 'images' cannot be memorialized: only text is. Remove the row."),
        ("voice.yaml", "cxone_data: ANI", "cxone_data: Note",
         "voice.yaml:21: 'Note' cannot be memorialized: only text is. Remove the row."),
        ("voice.yaml", "cxone_data: ordernumber", "cxone_data: OrderNumber",
         "voice.yaml:41: script variable 'OrderNumber' must be lower case here, however the script spells it. "
         "Write 'ordernumber'."),
        ("voice.yaml", "key: Contact ID ", "record_id_from: TicketId ",
         "voice.yaml:17: script variable 'TicketId' must be lower case here, however the script spells it. "
         "Write 'ticketid'."),
        ("voice.yaml", "cxone_ani", "cxone_contact_id",
         "voice.yaml:21: 'cxone_contact_id' is already written by line 20. Map it once per channel."),
        ("voice.yaml", "cxone_order_number", "cxone_tags",
         "voice.yaml:41: 'cxone_tags' is already written by line 39. Map it once per channel."),
        ("voice.yaml", "key: Contact ID", "key: case",
         "voice.yaml:17: sections.1.key: 'case' is not allowed. "
         "Allowed: 'Contact ID', 'Interaction ID', 'Master Contact ID' or 'leg'."),
        ("voice.yaml", "cxone_data: Agent Name}", "cxone_data: Agent Name, ownership: mine}",
         "voice.yaml:9: sections.0.fields.1.ownership: 'mine' is not allowed. "
         "Allowed: 'repair', 'pipeline' or 'fill_if_empty'."),
        ("voice.yaml", "cxone_data: Agent Name}", "cxone_data: Agent Name, on_overflow: cut}",
         "voice.yaml:9: sections.0.fields.1: on_overflow: cut is for Transcription Text only, not for 'Agent Name'."),
        ("digital.yaml", "cxone_data: Transcription Text}", "cxone_data: Transcription Text, on_overflow: split}",
         "digital.yaml:14: sections.0.fields.7.on_overflow: 'split' is not allowed. "
         "Allowed: 'reject', 'cut' or 'note'."),
        ("voice.yaml", "entity: Contact", "entty: Contact",
         "voice.yaml:5: sections.0.entty: unknown key. Did you mean 'entity'? Known here: entity, key, key_property, "
         "required, on_unmatched, create_with, record_id_from, through_contact, associate_with, fields."),
        ("voice.yaml", "channel: Voice call contact", "channel: Voice",
         "voice.yaml:8: sections.0.fields.0.channel: 'Voice' is not allowed. "
         "Allowed: 'Voice call contact', 'Digital contact' or 'Script variable'."),
        ("voice.yaml", "memorialization_mapping: Acme voice", "memorialization_mapping: Acme digital",
         "voice.yaml:2: 'Acme digital' is defined twice. Rename one."),
        ("digital.yaml", "key: Contact ID", "associate_with: [Ticket]\n    key: Contact ID",
         "digital.yaml:17: Ticket cannot be associated with 'Ticket': that is the section itself. "
         "Other sections: Contact."),
        ("digital.yaml", "key: Contact ID", "associate_with: [Company]\n    key: Contact ID",
         "digital.yaml:17: Ticket cannot be associated with 'Company': this mapping has no such section. "
         "Other sections: Contact."),
        ("digital.yaml", 'hs_pipeline: "0"', "hs_pipeline: 0",
         "digital.yaml:19: sections.1.create_with.hs_pipeline: must be text; put it in quotes."),
        ("dynamic/customer_card.yaml", "[name, phone]", "[]",
         "dynamic/customer_card.yaml:7: sections.1.fields: must not be empty; add an entry."),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_cure(acme: Path, name: str, old: str, new: str, message: str) -> None:
    assert broken(acme, name, old, new) == message


def test_an_unknown_key_is_told_with_the_one_that_was_meant(acme: Path) -> None:
    message = broken(acme, "crm.yaml", "  tags_separator", "  tag_separator")
    assert message.startswith("crm.yaml:17: rendering.tag_separator: unknown key. Did you mean 'tags_separator'? Known")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("voice.yaml", "cxone_data: ANI", "cxone_data: ani"),
        ("voice.yaml", "cxone_data: Agent Name", "cxone_data: AgentName"),
        ("voice.yaml", "cxone_data: Agent Name", 'cxone_data: " agent  name "'),
        ("voice.yaml", "channel: Voice call contact", "channel: VoiceCall CONTACT"),
        ("voice.yaml", "key: Contact ID", "key: contact id"),
        ("workflows.yaml", "channel: Digital contact", "channel: digital contact"),
    ],
)
def test_cxones_names_are_matched_without_regard_to_case_or_spacing(acme: Path, name: str, old: str, new: str) -> None:
    before = load(acme.parent, "acme")
    text = (acme / name).read_text()
    assert old in text
    (acme / name).write_text(text.replace(old, new))
    assert load(acme.parent, "acme") == before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "1: the file is empty. Write it as docs/mapping.md shows, or remove it."),
        ("just text\n", "1: the file: must be keys with values, as {key: value}."),
        ("42\n", "1: the file: must be keys with values, as {key: value}."),
        ("- 1\n", "1: the file: must be keys with values, as {key: value}."),
        ("null\n", "1: the file: must be keys with values, as {key: value}."),
    ],
)
def test_a_file_that_holds_no_keys_is_refused(acme: Path, name: str, content: str, message: str) -> None:
    (acme / name).write_text(content)
    assert refusal(acme) == f"{name}:{message}"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("key: Interaction ID",
         "3: sections.0: key is 'Interaction ID', but no row maps 'Interaction ID'; add that row."),
        ("on_unmatched: create",
         "3: sections.0: on_unmatched: create needs a key, else a second run would create a second record."),
        ("create_with: {a: b}", "3: sections.0: create_with has no use without on_unmatched: create."),
        ("key: leg", "3: sections.0: key: leg needs key_property, a unique text property of its own."),
        ("key_property: k", "3: sections.0: key_property has no use without key."),
        ("key: leg\n    key_property: notes",
         "3: sections.0: key_property 'notes' holds the leg's key; no row may write it too."),
        ("through_contact: true", "3: sections.0: through_contact is for the entity Company only."),
    ],
)  # fmt: skip
def test_settings_that_contradict_each_other_are_refused(acme: Path, setting: str, message: str) -> None:
    (acme / "voice.yaml").write_text(MINIMAL.format(setting=setting))
    assert refusal(acme) == f"voice.yaml:{message}"


def test_fields_null_or_empty_are_refused(acme: Path) -> None:
    head = "memorialization_mapping: Acme voice\nsections:\n  - entity: Contact\n    fields: "
    for fields, message in (
        ("null", "must be a list, as [one, two]."),
        ("[]", "must not be empty; add an entry."),
    ):
        (acme / "voice.yaml").write_text(f"{head}{fields}\n")
        assert refusal(acme) == f"voice.yaml:4: sections.0.fields: {message}"


def test_one_property_may_take_a_row_of_each_channel(acme: Path) -> None:
    (acme / "voice.yaml").write_text(
        MINIMAL.format(setting="required: true")
        + "      - {external_crm_field: notes, channel: Digital contact, cxone_data: Status}\n"
    )
    section = load(acme.parent, "acme").mappings["Acme voice"].sections[0]
    assert [row.external_crm_field for row in section.rows("digital")] == ["notes"]


@pytest.mark.parametrize("evil", corpus("paths"))
def test_a_name_is_no_path(acme: Path, evil: str) -> None:
    """Also where the path would lead to a configuration."""
    for folder in (acme.parent, acme.parent.parent):
        shutil.copy(acme / "crm.yaml", folder / "crm.yaml")
    for name in (evil, f"acme/{evil}", f"{evil}/acme", str(acme)):
        with pytest.raises(ConfigurationError, match="no configuration .* here"):
            load(acme.parent, name)
    assert load(acme.parent, "acme").name == "acme"


def test_missing_files_and_folders_are_named(acme: Path) -> None:
    root = acme.parent
    with pytest.raises(ConfigurationError, match="no configuration 'acne' here. Did you mean 'acme'. Known: acme.$"):
        load(root, "acne")
    with pytest.raises(ConfigurationError, match="nowhere: no such folder. Set MEMORIALIZATION_MAPPINGS to the"):
        names(root / "nowhere")
    (acme / "workflows.yaml").unlink()
    assert refusal(acme) == "workflows.yaml: cannot be read: No such file or directory. Check path and rights."


def test_configurations_are_the_folders_that_hold_a_crm_file(acme: Path) -> None:
    (acme.parent / "zeta").mkdir()
    (acme.parent / "beta").mkdir()
    (acme.parent / "beta" / "crm.yaml").write_text("broken: [")
    assert names(acme.parent) == ["acme", "beta"]


def test_the_mapping_hash_moves_with_what_is_written_and_with_nothing_else(acme: Path) -> None:
    before = load(acme.parent, "acme").mapping_hash
    assert re.fullmatch("[0-9a-f]{12}", before)
    crm = (acme / "crm.yaml").read_text()
    (acme / "crm.yaml").write_text(crm.replace("mode: adopted", "mode: observe").replace('"0 2 * * *"', '"0 3 * * *"'))
    assert load(acme.parent, "acme").mapping_hash == before
    (acme / "crm.yaml").write_text(f"{crm}\nalerts: {{to: [{{notifier: slack}}]}}\n")
    assert load(acme.parent, "acme").mapping_hash == before
    (acme / "crm.yaml").write_text(crm.replace("agent_id: number", "agent_id: uuid"))
    assert load(acme.parent, "acme").mapping_hash != before


PROBED = """\
probed:
  {at: "2026-11-23", account_id: 1, api_version: v3, string_limit: 65536, character_unit: unknown, trims_text: false,
   over_limit: {status: 400}, over_batch: {status: 400}, newlines: kept, unchanged_write_bumps_modified: false,
   partial_upsert_by_email: kept, upsert_on_archived: created, unique_on_engagements: true}
"""


@pytest.mark.parametrize(("probed", "limit"), [("1000", 1000), ("65536", 65_536), ("100000", 65_536)])
def test_no_text_is_sent_that_is_longer_than_hubspot_documents(acme: Path, probed: str, limit: int) -> None:
    crm = acme / "crm.yaml"
    crm.write_text(crm.read_text() + "\n" + PROBED.replace("65536", probed))
    assert load(acme.parent, "acme").crm.measure.limit == limit


def test_what_was_probed_moves_the_mapping_hash_only_where_it_decides_what_is_written(acme: Path) -> None:
    before = load(acme.parent, "acme").mapping_hash
    crm = (acme / "crm.yaml").read_text() + "\n" + PROBED
    for old, new, same in (
        ("v3", "v3", True), ("upsert_on_archived: created", "upsert_on_archived: restored", True),
        ("character_unit: unknown", "character_unit: bytes", False), ("65536", "1000", False),
        ("trims_text: false", "trims_text: true", False), ("newlines: kept", "newlines: flattened", False),
        ("newlines: kept", "newlines: lf", True),
    ):  # fmt: skip
        (acme / "crm.yaml").write_text(crm.replace(old, new))
        assert (load(acme.parent, "acme").mapping_hash == before) is same, new


def test_texts_are_measured_as_presumed_until_a_probe_settles_it(acme: Path) -> None:
    crm = (acme / "crm.yaml").read_text()
    assert load(acme.parent, "acme").crm.measure == Measure("utf16", 65_536, settled=False)
    (acme / "crm.yaml").write_text(crm + "\n" + PROBED.replace("65536", "unknown"))
    assert load(acme.parent, "acme").crm.measure == Measure("utf16", 65_536, settled=False)
    bytes_of_32000 = PROBED.replace("65536", "32000").replace("unit: unknown", "unit: bytes")
    (acme / "crm.yaml").write_text(crm + "\n" + bytes_of_32000)
    assert load(acme.parent, "acme").crm.measure == Measure("bytes", 32_000, settled=True)


SNIPPETS = (
    "", "null", "~", "[]", "{}", "0", "-1", "1e400", ".nan", "true", "2026-02-31", '""', "é😀", "\t", "\x00",
    "&a", "*a", "!!int x", ": ", "- ", "{", "]", '"', "'", "#", "|", "9" * 30, "Contact ID", "Transcription Text",
    "a: b\n", "\n  ",
)  # fmt: skip


def mutated(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    match rng.randrange(6):
        case 0:  # a value or a piece of one becomes something else
            token = rng.choice(re.findall(r"[^\s:{},\[\]]+", text))
            return text.replace(token, rng.choice(SNIPPETS), rng.choice((1, -1)))
        case 1:  # a line vanishes
            del lines[rng.randrange(len(lines))]
        case 2:  # a line stands twice
            at = rng.randrange(len(lines))
            lines.insert(at, lines[rng.randrange(len(lines))])
        case 3:  # something appears
            at = rng.randrange(len(text))
            return text[:at] + rng.choice(SNIPPETS) + text[at:]
        case 4:  # the rest is lost
            return text[: rng.randrange(len(text))]
        case _:  # a line moves in or out
            at = rng.randrange(len(lines))
            lines[at] = rng.choice(("  ", "    ", "")) + lines[at].lstrip(" ")
    return "".join(lines)


def attempt(acme: Path) -> str | None:
    """The message of the refusal, if there is one; any other exception fails the test."""
    try:
        load(acme.parent, "acme")
    except ConfigurationError as error:
        return str(error).replace(f"{acme}/", "")
    return None


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_file_gives_a_configuration_or_names_its_line(acme: Path, seed: int) -> None:
    rng = random.Random(seed)
    texts = {name: (acme / name).read_text() for name in FILES}
    refused = 0
    for _ in range(120):
        name = rng.choice(FILES)
        damaged = texts[name]
        for _ in range(rng.randint(1, 3)):
            damaged = mutated(damaged or "a: 1\n", rng)
        (acme / name).write_text(damaged)
        message = attempt(acme)
        refused += message is not None
        assert message is None or re.match(r"[a-z_/]+\.yaml:[1-9][0-9]*: .+[.?]$", message, re.DOTALL), message
        (acme / name).write_text(texts[name])
    assert 60 < refused < 120
