"""A license from application to audit, typed as officers type it, on both databases."""

import json

CAP = 790_000_000


def test_a_license_from_application_to_audit(office):
    officer, recorder = "licensing_officer", "trade_recorder"
    adopted = office.types(
        "policy", "adopt", "diffusion-2025", "--effective-on", "2025-05-15", by="policy_officer"
    )
    office.types(
        "party",
        "register",
        "g42",
        "--name",
        "G42",
        "--country",
        "AE",
        "--headquarters",
        "AE",
        by=officer,
    )
    for license, units in (("D1", "10000"), ("D2", "5000")):
        office.types(
            "license",
            "apply",
            license,
            "--applicant",
            "maker",
            "--consignee",
            "g42",
            "--to",
            "AE",
            "--line",
            f"gb300:{units}",
            "--on",
            "2025-11-01",
            by=officer,
        )

    rehearsed = office.types(
        "license", "approve", "D1", "--on", "2025-11-19", "--dry-run", by=officer
    )
    before = office.size()
    approved = office.types("license", "approve", "D1", "--on", "2025-11-19", by=officer)
    again = office.types("license", "approve", "D1", "--on", "2025-11-19", by=officer)
    refused = office.types("license", "approve", "D2", "--on", "2025-11-19", by=officer)
    shipped = office.types(
        "shipment",
        "export",
        "S1",
        "--license",
        "D1",
        "--line",
        "gb300:100",
        "--consignee",
        "g42",
        "--end-user",
        "g42",
        "--route",
        "us,ae",
        "--exported-on",
        "2025-12-01",
        by=recorder,
    )

    assert 0 == adopted.code
    assert "reserved 0 -> 600,000,000" in rehearsed.out
    assert "nothing was written" in rehearsed.out
    assert "  expires_on          20" in rehearsed.out
    assert f"recorded as entry {before + 1}" in approved.out
    assert "headroom 790,000,000 -> 190,000,000" in approved.out
    assert "already recorded\n" == again.out
    assert 5 == refused.code
    assert (
        "AE has 190,000,000 TPP of headroom and this license takes 300,000,000: cap 790,000,000,"
        " reserved 600,000,000, drawn 0 [CAP_EXCEEDED]" in refused.err
    )
    assert 0 == shipped.code

    (row,) = json.loads(office.types("quotas", "--format", "json", "--valid-on", "2025-12-02").out)
    assert ("AE", 2, CAP, 594_000_000, 6_000_000, 190_000_000, 0) == (
        row["country"],
        row["tier"],
        row["cap_tpp"],
        row["reserved_tpp"],
        row["drawn_tpp"],
        row["headroom_tpp"],
        row["overdrawn_tpp"],
    )
    assert not row["simulated"]

    assert 3 == office.types("verify").code
    assert 0 == office.types("checkpoint", "--log-key", str(office.folder / "log")).code
    verdict = office.types("verify")
    assert 0 == verdict.code
    assert "8. verdict: VALID" in verdict.out


def test_an_agreement_raises_the_cap_and_its_end_lowers_it(office):
    officer, diplomat = "licensing_officer", "agreement_officer"
    office.types(
        "policy", "adopt", "diffusion-2025", "--effective-on", "2025-05-15", by="policy_officer"
    )
    office.types(
        "agreement",
        "conclude",
        "us-ae",
        "--country",
        "AE",
        "--title",
        "US and UAE",
        "--signatory",
        "US",
        "--signatory",
        "AE",
        "--uplift-tpp",
        "2000000000",
        "--concluded-on",
        "2025-05-15",
        by=diplomat,
    )
    office.types(
        "license",
        "apply",
        "D1",
        "--applicant",
        "maker",
        "--consignee",
        "g42",
        "--to",
        "AE",
        "--line",
        "gb300:20000",
        "--on",
        "2025-11-01",
        by=officer,
    )

    without = office.types("license", "approve", "D1", "--on", "2025-11-19", by=officer)
    force = office.types(
        "agreement",
        "in-force",
        "us-ae",
        "--country",
        "AE",
        "--in-force-on",
        "2025-06-01",
        "--dry-run",
        by=diplomat,
    )
    office.types(
        "agreement",
        "in-force",
        "us-ae",
        "--country",
        "AE",
        "--in-force-on",
        "2025-06-01",
        by=diplomat,
    )
    granted = office.types("license", "approve", "D1", "--on", "2025-11-19", by=officer)
    office.types(
        "agreement",
        "terminate",
        "us-ae",
        "--country",
        "AE",
        "--reason",
        "ended",
        "--terminated-on",
        "2026-01-01",
        by=diplomat,
    )
    (after,) = json.loads(
        office.types("quotas", "--format", "json", "--valid-on", "2026-01-02").out
    )

    assert 5 == without.code
    assert "cap 790,000,000 -> 1,580,000,000" in force.out
    assert 0 == granted.code
    assert (CAP, -410_000_000) == (after["cap_tpp"], after["headroom_tpp"])


def test_two_people_stand_behind_every_key_and_a_revoked_one_signs_nothing(office):
    new = str(office.folder / "okafor")
    made = office.types("key", "new", new, "--actor", "c.okafor", "--role", "licensing_officer")
    office.types("key", "enroll", f"{new}.offer", by="admin-1")
    kid = made.out.split()[1]
    deny = ("license", "deny", "D9", "--reason", "x")

    pending = office.types(*deny, by="okafor")
    alone = office.types("key", "countersign", kid, by="admin-1")
    together = office.types("key", "countersign", kid, by="admin-2")
    valid = office.types(*deny, by="okafor")
    office.types("key", "revoke", kid, "--reason", "left", by="admin-1")
    revoked = office.types(*deny, by="okafor")
    wrong = office.types("key", "revoke", kid, "--reason", "x", by="trade_recorder")

    assert (7, "KEY_PENDING") == (pending.code, pending.err.split("[")[1].split("]")[0])
    assert (7, True) == (alone.code, "TWO_PERSON" in alone.err)
    assert 0 == together.code
    assert (3, True) == (valid.code, "LICENSE_UNKNOWN" in valid.err)
    assert (7, True) == (revoked.code, "KEY_REVOKED" in revoked.err)
    assert "already recorded\n" == wrong.out


def test_a_reviewed_flag_leaves_the_list_and_stays_on_record(office):
    recorder = "trade_recorder"
    office.types(
        "policy", "adopt", "adv-comp-2023", "--effective-on", "2023-11-17", by="policy_officer"
    )
    office.types(
        "party",
        "register",
        "lab",
        "--name",
        "Lab",
        "--country",
        "SG",
        "--headquarters",
        "CN",
        by="licensing_officer",
    )
    office.types(
        "shipment",
        "export",
        "S1",
        "--authority",
        "none",
        "--line",
        "h100-sxm:8",
        "--consignee",
        "lab",
        "--end-user",
        "lab",
        "--route",
        "us,sg",
        by=recorder,
    )

    flagged = json.loads(office.types("flags", "--format", "json").out)
    for flag in flagged:
        office.types(
            "flag",
            "review",
            flag["id"],
            "--rule",
            flag["rule"],
            "--outcome",
            "cleared",
            "--reason",
            "lawful",
            "--evidence",
            str(flag["evidence"][0]),
            by="enforcement_analyst",
        )
    left = json.loads(office.types("flags", "--format", "json").out)
    kept = json.loads(office.types("flags", "--all", "--format", "json").out)

    assert {"without-authority", "tier3-party"} == {flag["rule"] for flag in flagged}
    assert all("CN" in flag["because"] for flag in flagged)
    assert [] == left
    assert len(flagged) == len(kept)
