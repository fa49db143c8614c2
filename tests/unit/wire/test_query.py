"""The search language, term by term: what it means, what is refused, and where it says so."""

from __future__ import annotations

import time
from typing import Any

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.wire.matching import Asker, matcher
from nocd.wire.query import LENGTH_MAX, All, Either, Not, QueryError, asks, parse, written
from nocd.wire.terms import Match, Order, Phrase, Regex
from tests.build import T0

NOON = T0 + 12 * HOUR_MS
VIEW: dict[str, Any] = {
    "id": "A-7",
    "severity": "HIGH",
    "status": "acknowledged",
    "type": "GPS_SPOOFING",
    "category": "SECURITY",
    "site": "NTH-04",
    "site_name": "North Yard",
    "client": "ACME",
    "person": "P1",
    "person_name": "Asha Rao",
    "entity": {"type": "device", "id": "cam-7"},
    "fraud_score": 0.81,
    "priority": 62,
    "count": 3,
    "opened_at": rfc3339(NOON - HOUR_MS),
    "last_seen": rfc3339(NOON - MINUTE_MS),
    "incident": None,
    "ticket": "T-4",
    "assignee": "mara",
    "acknowledged_by": "olga",
    "resolved_by": None,
    "suppressed_by": None,
    "verdict": None,
    "runbook": "GPS_SPOOFING",
    "source": "/phones",
    "title": "Position of Asha Rao is mocked",
    "reason": "41 km in 3 min",
}


def holds(text: str, *, view: dict[str, Any] = VIEW, **asker: bool) -> bool:
    return matcher(parse(text), Asker(now=NOON, **asker))(view)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "severity:high",
        "sev:p2",
        "sev:2",
        "sev<=2",
        "severity>=medium",
        "severity:low,high",
        "-severity:critical",
        "state:ack",
        "status:open,acknowledged",
        "type:gps*",
        "rule:*SPOOF*",
        "kind:security",
        "site:NTH*",
        'site:"north yard"',
        "client=acme",
        "client!=other",
        "guard:p1",
        'person:"asha rao"',
        "device:CAM-7",
        "score>0.8",
        "score<=0.81",
        "priority>=62",
        "count<4",
        "age<2h",
        "age>=60m",
        "since:2m",
        "since:11:00",
        "since:13:00",
        "since:2026-01-01",
        "since:2026-01-01T11:59Z",
        "since:2026-01-01T13:59+02:00",
        "incident:none",
        "ticket:t-4",
        "case:T-*",
        "who:mara",
        "by:olga",
        "silenced:none",
        "verdict:none",
        "source:/phones",
        "mocked",
        '"is MOCKED"',
        "text:asha",
        "/^position.*mocked$/",
        "/mocked|spoofed/",
        "severity>=high site:NTH* type:gps* age<2h mocked",
        "(site:S1 | site:NTH-04) -person:none",
        "site:S1 | mocked",
        "--mocked",
        "sev<=2 -state:res site:NTH*",
    ],
)
def test_what_matches(text: str) -> None:
    assert holds(text)
    assert not holds(f"-({text})" if text else 'site:S1 "x"')


@pytest.mark.parametrize(
    "text",
    [
        *(
            "sev:p1",
            "sev<2",
            "sev>2",
            "severity>high",
            "state:new",
            "type:gps",
            "site:nth",
            "incident:*",
            "ticket:none",
        ),
        *("score>0.81", "age<1h", "since:30s", "/^mocked/", "site:NTH-04 site:S1", "by:nobody", "verdict:fraud"),
    ],
)
def test_what_does_not_match(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sevrity:high", "column 1: there is no field sevrity; did you mean severity?"),
        ("a dock:3", 'column 3: there is no field dock; to look for it as text put it in "quotes"'),
        ("severity:hihg", "column 10: severity is never hihg; did you mean HIGH?"),
        (
            "a status:9",
            "column 10: status is never 9; it is one of open, acknowledged, assigned, in_progress",
        ),
        ("site>S1", "column 1: site has no order; write site:VALUE"),
        ("score:0.8", "column 1: score is compared: write score>VALUE or score<VALUE"),
        ("score>x", "column 7: score is compared with a number, and x is none"),
        ("score>nan", "column 7: score is compared with a number, and nan is none"),
        ("score>1,2", "column 1: score is compared with one value"),
        ("age<soon", "column 5: soon is no duration like 90s, 10m, 2h, 3d or 1w"),
        ("since:noon", "column 7: noon is no time like 13:00, 2h, 2026-01-31 or 2026-01-31T13:00Z"),
        ("since:0001-01-01T00:00+02:00", "column 7: 0001-01-01T00:00+02:00 is no time like"),
        ("since>2h", "column 1: since has no order; write since:VALUE"),
        ("text>2", "column 1: text has no order"),
        ("type:a*b*c*d*e*f", "column 6: a value has at most 4 *"),
        ("site:", "column 6: a value is missing"),
        ("site:a,", "column 8: a value is missing"),
        ("(a", "column 1: this ( has no )"),
        ("a)", "column 2: there is no ( for this )"),
        ("a | ", "column 5: nothing stands here to look for"),
        ("()", "column 2: nothing stands here to look for"),
        ("- a", "column 2: what is not wanted must follow the - at once"),
        ('say "this', 'column 5: the closing " is missing'),
        ('""', "column 1: a phrase has at least one character"),
        ("/(a/", "column 1: this is no regex"),
        ("//", "column 1: a regex has 1 to 100 characters"),
        ("/(a+)+/", "column 1: a regex repeats no group here"),
        ("/a.*b.*c.*d/", "column 1: a regex has at most 2 of * and +"),
        ("/a{9}/", "column 1: a regex repeats no group here"),
        (r"/(a)\1/", "column 1: a regex repeats no group here"),
        ("a\x00b", "column 2: this character cannot be shown"),
        ("a" * (LENGTH_MAX + 1), "column 1001: a query has at most 1000 characters"),
        ("a " * 51, "column 101: a query has at most 50 terms"),
        ("(" * 12, "column 12: a query nests at most 10 deep"),
        (f"site:{'a,' * 50}a", "column 107: a term has at most 50 values"),
    ],
)
def test_what_is_wrong_is_said_with_its_column_and_what_was_meant(text: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert refused.value.detail.startswith(said)
    assert (refused.value.code, refused.value.status) == ("bad_query", 400)


def test_the_tree_and_how_it_is_written() -> None:
    node = parse('sev<=p2 (site:S1 | a b) -x /a\\/b/ "q\\"\\\\"')
    assert node == All(
        (
            Order("severity", ">=", "HIGH"),
            Either((Match("site", ("S1",)), All((Phrase("a"), Phrase("b"))))),
            Not(Phrase("x")),
            Regex("a/b"),
            Phrase('q"\\'),
        )
    )
    assert written(node) == 'severity>=HIGH (site:S1 | "a" "b") -"x" /a\\/b/ "q\\"\\\\"'
    assert written(parse("sev:p4 sev>=4 age<120m since:24h score>=0.50")) == (
        "severity:LOW,INFO severity<=LOW age<2h since:1d score>=0.5"
    )
    assert asks(parse("a | -state:res"), "status")
    assert not asks(parse("a | -site:res"), "status")


def test_names_and_scores_are_looked_at_only_for_those_who_may_read_them() -> None:
    for text in ("rao", "mocked", 'person:"asha rao"', "/asha/"):
        assert not holds(text, names=False)
    assert holds("mocked", names=False, view={**VIEW, "person": None})
    assert holds("person:P1 gps*", names=False) is False
    assert holds("person:P1 type:gps*", names=False)
    assert not holds("score>0.1", scores=False)


def test_a_filter_over_thousands_of_rows_is_a_keystrokes_work() -> None:
    views = [{**VIEW, "site": f"NTH-{n % 50:02}", "status": "open"} for n in range(2_000)]
    test = matcher(parse("sev<=2 -state:res site:NTH-04*"), Asker(now=T0 + DAY_MS))
    started = time.process_time()
    assert sum(map(test, views)) == 40
    assert time.process_time() - started < 0.05
