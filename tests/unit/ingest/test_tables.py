"""Directory entries as a table, and back."""

from __future__ import annotations

import csv
import io

import orjson
import pytest

from nocd.domain.directory import DIRECTORY_TYPES
from nocd.ingest import tables
from nocd.ingest.tables import KINDS, BadTable, columns, completed, read_table, table
from tests.unit.ingest.examples import FULL, MINIMAL


def read(kind: str, text: str) -> dict[str, dict[str, object]]:
    return read_table(kind, io.StringIO(text, newline=""))[1]


def test_a_row_becomes_what_it_says_and_nothing_more() -> None:
    entries = read(
        "site",
        "id,name,timezone,lat,lon,required_guards,open_24h,polygon,contacts,client\n"
        'S1,"North, Yard",Europe/Berlin,52.5,13.4,2,false,1 2;3 4; 5 6,+49 30;mara,\n',
    )
    assert entries == {
        "S1": {
            "id": "S1",
            "name": "North, Yard",
            "timezone": "Europe/Berlin",
            "lat": 52.5,
            "lon": 13.4,
            "required_guards": 2,
            "open_24h": False,
            "polygon": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
            "contacts": ["+49 30", "mara"],
        }
    }


def test_times_keep_their_instant_and_lists_their_order() -> None:
    text = "id,site,planned_start,checkpoints,ordered\nT1,S1,2026-01-31T22:00:00+01:00,C2;C1,true\n"
    assert read("tour", text)["T1"]["checkpoints"] == ["C2", "C1"]
    assert "22:00:00+01:00" in str(read("tour", text)["T1"]["planned_start"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("examples", [MINIMAL, FULL], ids=["minimal", "full"])
def test_what_is_written_is_read_back(kind: str, examples: dict[str, dict[str, object]]) -> None:
    told = completed(kind, examples[f"noc.{kind}"])
    written = io.StringIO(newline="")
    csv.writer(written).writerows(table(kind, [told]))
    back = read(kind, written.getvalue())
    assert completed(kind, back[str(told["id"])]) == told


def test_there_is_a_table_for_every_kind_of_the_directory() -> None:
    assert {f"noc.{kind}" for kind in KINDS} == set(DIRECTORY_TYPES)
    assert "provisional" not in columns("site")


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        ("site", "", "the first line names the columns, id among them"),
        ("site", "name\nx\n", "the first line names the columns, id among them"),
        ("site", "id,nme\nS1,x\n", "nme is no column of site; did you mean name?"),
        ("site", "id,zzzz\nS1,x\n", "zzzz is no column of site"),
        ("site", "id,name,name\nS1,x,y\n", "column name stands twice"),
        ("site", "id,name,timezone\nS1,x\n", "line 2: has not as many cells as the first line"),
        ("site", "id,name,timezone\nS1,x,UTC,1\n", "line 2: has not as many cells as the first line"),
        ("site", "id,name,timezone\nS1,x,Mars\n", "line 2: row: Value error, 'Mars' is not an IANA time zone"),
        ("site", "id,name,timezone,tier\nS1,x,UTC,9\n", "line 2: tier: Input should be less than or equal to 5"),
        ("site", "id,name,timezone\nS1,x,UTC\nS1,y,UTC\n", "line 3: S1 stands in this table already"),
        ("site", 'id,name,timezone\nS1,"x,UTC\n', "unexpected end of data"),
        ("site", '"id,name', "unexpected end of data"),
        ("site", "id,name\n" + "x" * 200_000, "field larger than field limit"),
        ("shift", "id,site,person,start,end\nH1,S1,P1,2026-01-01T08:00,2026-01-01T16:00\n", "needs an offset"),
    ],
)
def test_what_is_no_table_is_refused_by_line(kind: str, text: str, fault: str) -> None:
    with pytest.raises(BadTable) as refused:
        read(kind, text)
    assert any(fault in each for each in refused.value.faults), refused.value.faults


def test_a_table_in_another_encoding_is_refused_and_told_which_is_wanted() -> None:
    lines = io.TextIOWrapper(io.BytesIO("id,name,timezone\nS1,Südtor,UTC\n".encode("latin-1")), encoding="utf-8")
    with pytest.raises(BadTable, match="save the table as CSV in UTF-8"):
        read_table("site", lines)


def test_of_many_faults_the_first_are_told_and_the_rest_counted() -> None:
    rows = "".join(f"S{number},x,Mars\n" for number in range(25))
    with pytest.raises(BadTable, match="and 5 more") as refused:
        read("site", f"id,name,timezone\n{rows}")
    assert len(refused.value.faults) == 25


def test_a_table_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ROWS_MAX", 1)
    with pytest.raises(BadTable, match="more than 1 rows"):
        read("site", "id,name,timezone\nS1,x,UTC\nS2,x,UTC\n")


def test_an_entry_completed_has_every_column() -> None:
    told = completed("device", {"id": "D1"})
    assert told == {"id": "D1", "person": None, "kind": "phone", "site": None}
    assert orjson.dumps(told)
