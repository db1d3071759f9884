"""Rules between files: what workflows.yaml assigns, and mappings that write the same records.

Source: memorialization reference, sections 3 and 7.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from memorialization.cures import meant
from memorialization.interactions import SCRIPT, VOICE
from memorialization.lint.facts import Skill as SkillFact
from memorialization.lint.facts import Snapshot
from memorialization.lint.problems import Finding, NotChecked, Problem
from memorialization.lint.reading import Assignment, Folder, Mapping, Section
from memorialization.lint.registry import SCREEN_POPS
from memorialization.lint.structure import (
    assigned_twice,
    assigned_twice_problem,
    unknown_name_problem,
)
from memorialization.lint.targets import SEARCHED
from memorialization.lint.words import placed

_VOICE_MEDIA = frozenset({"4", "5", "6"})


def check(folder: Folder, facts: Snapshot) -> Iterator[Finding | NotChecked]:
    yield from _names(folder)
    yield from _assigned(folder)
    yield from _unassigned(folder)
    yield from _meeting(folder)
    yield from _skills(folder, facts)


def _names(folder: Folder) -> Iterator[Finding]:
    for key, files in (
        ("memorialization_mapping", [(m.name, m.file) for m in folder.mappings]),
        ("dynamic_data_mapping", [(c.name, c.file) for c in folder.cards]),
    ):
        first: dict[str, str] = {}
        for name, file in files:
            if name and first.setdefault(name, file.path.name) != file.path.name:
                what = f"{name!r} is defined twice; first in {first[name]}."
                yield placed(file, Problem("MEM505", name, what, "Rename one.", (key,)))


def _assigned(folder: Folder) -> Iterator[Finding]:
    file = folder.workflows
    if file is None:
        return
    for i, other, name in assigned_twice([a.assigned for a in folder.assignments]):
        at = folder.assignments[i].at
        yield placed(file, assigned_twice_problem(name, file.line(folder.assignments[other].at), at))
    known = {
        "memorialization_mapping": [m.name for m in folder.mappings if m.name],
        "dynamic_data_mapping": [c.name for c in folder.cards if c.name],
    }
    for assignment in folder.assignments:
        for key, value in (
            ("memorialization_mapping", assignment.mapping),
            ("dynamic_data_mapping", assignment.dynamic),
        ):
            if value is None or folder.unread:  # the file that defines it may be the one that cannot be read
                continue
            problem = unknown_name_problem(key, value, known[key], (*assignment.at, key))
            if problem:
                yield placed(file, problem)


def _unassigned(folder: Folder) -> Iterator[Finding]:
    if folder.workflows is None or any(a.mapping is None for a in folder.assignments):
        return
    used = {a.mapping for a in folder.assignments}
    for mapping in folder.mappings:
        if mapping.name and mapping.name not in used:
            what = f"no skill and no channel uses the mapping {mapping.name!r}."
            cure = "Assign it in workflows.yaml, or remove the file."
            yield placed(mapping.file, Problem("MEM503", mapping.name, what, cure, ("memorialization_mapping",)))


@dataclass(frozen=True, slots=True)
class _Written:
    """What a section writes, and how its records are found."""

    mapping: Mapping
    section: Section
    properties: frozenset[str]
    channels: frozenset[str]

    def shared(self, other: "_Written") -> frozenset[str]:
        """Properties that both write on records that both can find."""
        one, two = self.section, other.section
        if _finds_any(one) or _finds_any(two):
            meet = _finds(one) and _finds(two)
        else:  # a call and a case never have one contact id
            meet = one.key is not None and one.key == two.key and bool(self.channels & other.channels)
        return self.properties & other.properties if meet else frozenset()


def _finds_any(section: Section) -> bool:
    """Whether a section finds records that are not the interaction's own: by search, or by an id from a script."""
    return section.record_id_from is not None or (section.entity in SEARCHED and section.key is None)


def _finds(section: Section) -> bool:
    return section.key is not None or _finds_any(section)


def _meeting(folder: Folder) -> Iterator[Finding]:
    used = {a.mapping for a in folder.assignments}
    earlier: dict[str, list[_Written]] = {}
    for mapping in folder.mappings:
        for section in mapping.sections if mapping.name in used else ():
            written = _Written(
                mapping,
                section,
                frozenset(row.field.external_crm_field for row in section.rows),
                frozenset(row.field.channel for row in section.rows) - {SCRIPT},
            )
            met = [(one, shared) for one in earlier.get(section.entity, ()) if (shared := written.shared(one))]
            earlier.setdefault(section.entity, []).append(written)
            if met:
                names = _some(sorted(frozenset[str]().union(*(shared for _, shared in met))))
                others = _some([f"{one.mapping.name!r} ({one.mapping.file.path.name})" for one, _ in met])
                what = f"{section.entity}: these properties are also written by {others}: {names}."
                cure = "The latest interaction wins; if that is not meant, give each mapping its own properties."
                yield placed(mapping.file, Problem("MEM305", section.entity, what, cure, section.at))


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _skills(folder: Folder, facts: Snapshot) -> Iterator[Finding | NotChecked]:
    if facts.tenant is None:
        yield NotChecked("MEM502", "skills")
        yield NotChecked("MEM105", SCREEN_POPS)
        yield NotChecked("MEM106", SCREEN_POPS)
        return
    file = folder.workflows
    if file is None:
        return
    skills = facts.tenant.skills | {skill.id: skill for skill in facts.tenant.skills.values()}
    for assignment in folder.assignments:
        for i, name in enumerate(assignment.skills):
            if name not in skills:
                cure = f"Write it as CXone shows it.{meant(name, facts.tenant.skills)}"
                problem = Problem("MEM502", name, f"CXone has no skill {name!r}.", cure, (*assignment.at, "skills", i))
                yield placed(file, problem)
    name_of = {skill.id: name for name, skill in facts.tenant.skills.items()}
    for i, other, name in assigned_twice([[name_of.get(s, s) for s in a.skills] for a in folder.assignments]):
        one, two = folder.assignments[other], folder.assignments[i]
        if not {*one.skills} & {*two.skills} & {name, facts.tenant.skills[name].id if name in skills else name}:
            yield placed(file, assigned_twice_problem(name, file.line(one.at), two.at))
    if any(skill.screen_pops is None or skill.media_type is None for skill in facts.tenant.skills.values()):
        yield NotChecked("MEM105", SCREEN_POPS)
        yield NotChecked("MEM106", SCREEN_POPS)
    for mapping in folder.mappings:
        for assignment in (a for a in folder.assignments if a.mapping == mapping.name):
            found = _silent(assignment, folder, facts.tenant.skills)
            for section in mapping.sections if found else ():
                for row in section.rows:
                    if found and row.field.channel == SCRIPT and _brought_by_calls(mapping, assignment, skills):
                        code, reason, cure = found
                        at = (*row.at, "cxone_data")
                        what = f"{row.where}: {reason}."
                        yield placed(mapping.file, Problem(code, row.field.cxone_data, what, cure, at))


def _brought_by_calls(mapping: Mapping, assignment: Assignment, skills: dict[str, SkillFact]) -> bool:
    if assignment.channel is not None:
        return assignment.channel == VOICE
    return any(skills[name].media_type in _VOICE_MEDIA for name in assignment.skills if name in skills)


def _silent(assignment: Assignment, folder: Folder, skills: dict[str, SkillFact]) -> tuple[str, str, str] | None:
    """Code, reason and cure where a voice script variable cannot arrive by this assignment."""
    by_id = {skill.id: name for name, skill in skills.items()}
    named = {by_id.get(name, name) for a in folder.assignments for name in a.skills}
    own = {by_id.get(name, name) for name in assignment.skills}
    voice = [
        name
        for name, skill in skills.items()
        if skill.media_type in _VOICE_MEDIA and (name in own if own else name not in named)
    ]
    without = sorted(name for name in voice if skills[name].screen_pops is False)
    if not assignment.screen_pop:
        return (
            "MEM105",
            "its assignment does not say that the script's ASSIGN action sets ScreenPop = True",
            "Write assign_screen_pop: true in workflows.yaml if it does, or remove the row.",
        )
    if not without:
        return None
    reason = f"the variable never arrives from skills without screen pops: {_some(without)}"
    cure = "Switch on Use Screen Pops there, or assign these skills a mapping without script variables."
    return ("MEM105" if len(without) == len(voice) else "MEM106"), reason, cure
