from sandbox.catalogue import DISPOSITIONS, Catalogue


def test_the_tenant_is_a_function_of_the_seed() -> None:
    tenant = Catalogue(7, 1500)
    assert tenant.tenant_id == "5cb043ce-d002-4a99-a000-8f0a63effb86"
    assert Catalogue(7, 300).agents[0] == tenant.agents[0]
    assert Catalogue(8, 1500).tenant_id != tenant.tenant_id


def test_the_furniture_has_what_the_product_must_cope_with() -> None:
    tenant = Catalogue(7, 1500)
    assert (len(tenant.agents), len(tenant.bots), tenant.survey.is_survey) == (60, 2, True)
    assert len(tenant.voice_skills) == 10 and len(tenant.digital_skills) == 6
    assert [s.name for s in tenant.skills if not s.screen_pops] == ["Störung DE"]
    assert [s.name for s in tenant.skills if not s.in_workflow] == ["Intern Test"]
    assert [s.name for s in tenant.skills if not s.acw] == ["Billing EN"]
    assert [d.name for d in DISPOSITIONS if not d.active] == ["Altbestand (nicht verwenden)"]


def test_large_tenants_have_more_agents_so_that_losses_keep_their_share() -> None:
    tenant = Catalogue(7, 100_000)
    assert len(tenant.agents) == tenant.roster_size == 4000
