from plugins.cxone.facts import tenant_facts


def test_active_skills_outcomes_and_tags_by_name(scripted):
    scripted.acd("skills", {"totalRecords": 3, "skills": [
        {"skillId": 1, "skillName": "Störung", "mediaTypeId": 4, "useScreenPops": "False"},
        {"skillId": 2, "skillName": "Chat", "isActive": True},
        {"skillId": 3, "skillName": "Alt", "isActive": False},
    ]})  # fmt: skip
    scripted.acd("dispositions", {"totalRecords": 1, "dispositions": [{"dispositionId": 1, "dispositionName": "Ok"}]})
    scripted.acd("tags", {"totalRecords": 1, "tags": [{"tagId": 1, "tagName": "VIP"}]})
    facts = tenant_facts(scripted.client())
    assert facts.model_dump() == {
        "skills": {
            "Störung": {"id": "1", "media_type": "4", "screen_pops": False},
            "Chat": {"id": "2", "media_type": None, "screen_pops": None},
        },
        "dispositions": ("Ok",),
        "tags": ("VIP",),
    }
