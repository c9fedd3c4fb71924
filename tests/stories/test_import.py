"""Files of other people: each row on its own, the same file twice, a file from a hostile sender."""

import json

import pytest

from commands.feeds.shipments_csv import OPTIONAL, REQUIRED

GOOD = {
    "command": "shipment.export",
    "authority": "none",
    "ultimate_consignee": "acme",
    "lines": [{"model": "h100-sxm", "units": 8}],
    "route": ["US", "MY"],
    "exported_on": "2025-01-01",
}


def row(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode() + b"\n"


HOSTILE = {
    "broken UTF-8": (row(shipment="S2").replace(b"acme", b"\xff\xfe"), "NOT_UTF8"),
    "a member twice": (row(shipment="S2")[:-2] + b',"note":"","note":"x"}\n', "DUPLICATE_MEMBER"),
    "a line without end": (b'{"command":"' + b"x" * 2_000_000 + b'"}\n', "LINE_TOO_LONG"),
    "not JSON": (b"hello\n", "LINE_FORM"),
    "a list": (b"[1, 2]\n", "LINE_FORM"),
    "nested beyond reading": (b"[" * 100_000 + b"\n", "LINE_FORM"),
    "not a number": (row(shipment="S2").replace(b'"units": 8', b'"units": NaN'), "LINE_FORM"),
    "a float": (row(shipment="S2").replace(b'"units": 8', b'"units": 8.0'), "FIELDS"),
    "an unknown command": (row(command="shipment.explode"), "COMMAND_UNKNOWN"),
    "an unknown field": (row(shipment="S2", color="red"), "FIELDS"),
    "a missing field": (b'{"command":"shipment.void","shipment":"S1"}\n', "FIELDS"),
    "an unknown chip": (row(shipment="S2", lines=[{"model": "h9", "units": 1}]), "CHIP_UNKNOWN"),
    "an unknown country": (row(shipment="S2", route=["US", "XK"]), "FIELDS"),
    "a huge quantity": (row(shipment="S2").replace(b"8}", b"1000000000000000000}"), "FIELDS"),
    "another's authority": (
        b'{"command":"policy.adopt","policy":"adv-comp-2023","effective_on":"2023-11-17"}\n',
        "ROLE",
    ),
    "the same id, other details": (row(shipment="S1", exported_on="2025-01-02"), "ALREADY_SAID"),
}


@pytest.mark.parametrize("wrong", HOSTILE)
def test_a_rejected_row_never_loses_the_others(small_office, tmp_path, wrong):
    content, code = HOSTILE[wrong]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(row(shipment="S1") + content + row(shipment="S3"))
    before = small_office.size()

    screen = small_office.types(
        "import", str(file), "--all", "--format", "json", by="trade_recorder"
    )
    rows = json.loads(screen.out)

    assert ["accepted", "rejected", "accepted"] == [one["status"] for one in rows]
    assert (2, code) == (rows[1]["row"], rows[1]["code"])
    assert before + 2 == small_office.size()
    assert 3 == screen.code


def test_the_same_file_twice_changes_nothing(office, tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"".join(row(shipment=f"S{n}") for n in range(2_500)))

    first = office.types("import", str(file), by="trade_recorder")
    size = office.size()
    second = office.types("import", str(file), by="trade_recorder")

    assert "2,500 accepted, 0 duplicate, 0 warning, 0 rejected" in first.err
    assert "0 accepted, 2,500 duplicate, 0 warning, 0 rejected" in second.err
    assert (size, 0) == (office.size(), second.code)


def test_a_rehearsal_says_what_would_happen_and_records_nothing(office, tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(row(shipment="S1") + row(shipment="S1") + row(shipment="S1", note="other"))
    before = office.size()

    screen = office.types(
        "import", str(file), "--dry-run", "--all", "--format", "jsonl", by="trade_recorder"
    )
    rows = [json.loads(line) for line in screen.out.splitlines()]

    assert ["accepted", "duplicate", "rejected"] == [one["status"] for one in rows]
    assert before == office.size()


def test_a_file_that_voids_and_renews_can_be_read_again(small_office, tmp_path):
    file = tmp_path / "rows.jsonl"
    void = b'{"command":"shipment.void","shipment":"S1","voided_on":"2025-01-03","reason":"typo"}\n'
    file.write_bytes(row(shipment="S1") + void + row(shipment="S1", exported_on="2025-01-02"))

    small_office.types("import", str(file), by="trade_recorder")
    size = small_office.size()
    again = small_office.types("import", str(file), "--all", by="trade_recorder")

    assert size == small_office.size()
    assert 0 == again.code
    assert "3 duplicate" in again.err


def test_late_reports_are_recorded_with_a_warning(small_office, tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(
        b'{"command":"shipment.deliver","shipment":"S9","delivered_on":"2025-01-09","country":"MY",'
        b'"received_by":"acme"}\n'
    )

    screen = small_office.types("import", str(file), by="trade_recorder")

    assert "line 1: warning as entry" in screen.out
    assert "no shipment S9 has been reported to have left" in screen.out
    assert 0 == screen.code


CSV = "shipment,model,units,consignee,route,exported_on,authority,value_usd,itn\n"


def test_exports_come_as_csv_too(office, tmp_path):
    file = tmp_path / "exports.csv"
    file.write_text(
        CSV
        + "C1,h100-sxm,8,acme,US>SG>MY,2025-01-02,NLR,240000.50,X20250102123456\n"
        + "C2,h100-sxm,many,acme,US>MY,2025-01-02,NLR,,\n"
        + "C3,h100-sxm,8,acme,US>ZZ,2025-01-02,NLR,,\n"
        + "C4,h100-sxm,8,acme\n"
        + '"C5",h100-sxm,8,acme,US>MY,2025-01-02,NLR,,\n'
        + "C1,h100-sxm,8,acme,US>SG>MY,2025-01-02,NLR,240000.50,X20250102123456\n"
    )

    screen = office.types("import", str(file), "--all", "--format", "json", by="trade_recorder")
    rows = json.loads(screen.out)

    assert [
        (2, "accepted", ""),
        (3, "rejected", "CSV_NUMBER"),
        (4, "rejected", "COUNTRY_UNKNOWN"),
        (5, "rejected", "CSV_CELLS"),
        (6, "accepted", ""),
        (7, "duplicate", ""),
    ] == [(one["row"], one["status"], one["code"]) for one in rows]


def test_the_help_names_every_column(small_office):
    said = " ".join(small_office.types("import", "--help").out.split())

    assert [] == [name for name in (*REQUIRED, *OPTIONAL) if name not in said]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("US,2025-01-02,NLR,,", "line 2 has 'US' for route (name where it left and where it went,"),
        ('"US,MY",2025-01-02,NLR,,', "line 2 has 'US,MY' for route"),
        ("US>MY,01/02/2025,NLR,,", "'01/02/2025' is not a date (write it like 2025-11-19)"),
        ("US>MY,2025-01-02,NLR,240000.505,", "line 2 has '240000.505' for value_usd"),
        ("US>MY,2025-01-02,NLR,.50,", "line 2 has '.50' for value_usd"),
        ('US>MY,2025-01-02,NLR,"$1,000",', "line 2 has '$1,000' for value_usd"),
    ],
)
def test_a_cell_of_a_csv_is_said_to_be_wrong_as_it_stands_there(
    small_office, tmp_path, cells, said
):
    file = tmp_path / "exports.csv"
    file.write_text(f"{CSV}C1,h100-sxm,8,acme,{cells}\n")
    before = small_office.size()

    screen = small_office.types("import", str(file), by="trade_recorder")

    assert said in screen.out
    assert before == small_office.size()


@pytest.mark.parametrize(
    ("header", "said"),
    [("shipment,model\n", "lacks units"), (CSV.replace("itn", "ITN no"), "unknown 'ITN no'")],
)
def test_a_header_nobody_understands_ends_it_at_once(small_office, tmp_path, header, said):
    file = tmp_path / "exports.csv"
    file.write_text(header + "C1,h100-sxm\n")
    before = small_office.size()

    screen = small_office.types("import", str(file), by="trade_recorder")

    assert (2, True) == (screen.code, "[CSV_HEADER]" in screen.err)
    assert said in screen.err
    assert before == small_office.size()


def test_a_review_in_a_file_is_of_a_flag_that_is_there(small_office, tmp_path):
    facts = tmp_path / "exports.jsonl"
    facts.write_bytes(row(shipment="S1", route=["US", "CN"]))
    office = small_office
    adopt = ("policy", "adopt", "adv-comp-2023", "--effective-on", "2023-11-17")
    office.types(*adopt, by="policy_officer")
    office.types("import", str(facts), by="trade_recorder")
    flags = json.loads(office.types("flags", "--valid-on", "2025-02-01", "--format", "json").out)
    review = {
        "command": "flag.review", "flag": flags[0]["id"], "outcome": "cleared",
        "reason": "lawful", "reviewed_on": "2025-02-01",
    }  # fmt: skip
    file = tmp_path / "reviews.jsonl"
    said = [review, review | {"flag": "0" * 16}, review | {"rule": "smuggling", "note": "x"}]
    file.write_text("".join(json.dumps(one) + "\n" for one in said))
    screen = office.types(
        "import", str(file), "--all", "--format", "json", by="enforcement_analyst"
    )
    rows = json.loads(screen.out)

    assert [("accepted", ""), ("rejected", "FLAG_UNKNOWN"), ("rejected", "RULE_UNKNOWN")] == [
        (one["status"], one["code"]) for one in rows
    ]
    assert "`chip-ledger flags --all` lists them" in rows[1]["reason"]
    assert "without-authority" in rows[2]["reason"]


def test_what_came_before_in_the_file_and_in_the_ledger_counts_toward_a_line(
    small_office, tmp_path
):
    half = {"authority": "AIA", "lines": [{"model": "h100-sxm", "units": 8_000}]}
    file = tmp_path / "exports.jsonl"
    file.write_bytes(
        row(shipment="S1", **half, route=["US", "DE"], exported_on="2025-06-01")
        + row(shipment="S2", **half, route=["US", "DE"], exported_on="2025-06-02")
    )
    adopt = ("policy", "adopt", "diffusion-2025", "--effective-on", "2025-05-15")
    small_office.types(*adopt, by="policy_officer")
    screen = small_office.types("import", str(file), "--all", by="trade_recorder")
    export = (
        "shipment", "export", "S3", "--authority", "AIA", "--line", "h100-sxm:1",
        "--consignee", "acme", "--route", "us,de", "--exported-on", "2025-06-03", "--dry-run",
    )  # fmt: skip
    before = small_office.types(*export, by="trade_recorder").err
    small_office.types("shipment", "void", "S1", "--reason", "never left", by="trade_recorder")
    after = small_office.types(*export, by="trade_recorder").err

    assert screen.out.splitlines()[0].startswith("line 1: accepted")
    assert "line 2: warning" in screen.out
    assert "acme has received 253,312,000 TPP under AIA with this shipment" in screen.out
    assert "acme has received 253,327,832 TPP under AIA with this shipment" in before
    assert "" == after
