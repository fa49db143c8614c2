"""What is to be tried is read as the files would be, and what cannot be set is told with the nearest that can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nocd.domain.severity import Severity
from nocd.faults import Faulty
from nocd.settings import Settings, load
from nocd.supposed import assigned, supposed

ROUTE = {"name": "night", "receivers": ["desk"], "matchers": ["severity=HIGH"]}
DESK = {"webhook": "https://desk.example/", "secrets": ["env:DESK"]}


def settings(**more: Any) -> Settings:
    return load({"receivers": {"desk": DESK}, "routes": [ROUTE], **more}).settings


def test_values_are_json_where_they_are_and_text_elsewhere() -> None:
    assert assigned(["a.b=3", "c=true", "d=CRITICAL", 'e=["x=1"]', "f="]) == {
        "a.b": 3,
        "c": True,
        "d": "CRITICAL",
        "e": ["x=1"],
        "f": "",
    }
    with pytest.raises(Faulty, match="is no NAME=VALUE"):
        assigned(["days"])


def test_a_rule_is_changed_for_all_for_a_site_and_for_a_client() -> None:
    sets = {
        "detectors.gps_spoofing.speed_max_kmh": 300,
        "detectors.site.NTH-04.gps_spoofing.speed_max_kmh": 400,
        "detectors.client.A.C.ME.GPS_SPOOFING.open_after.count": 3,
    }
    made = supposed(settings(), sets, ())

    def rule(**where: Any) -> Any:
        return made.after.rules.of("GPS_SPOOFING", **{"site": None, "client": None, **where})  # type: ignore[union-attr]  # rules were given

    assert (rule().speed_max_kmh, rule(site="NTH-04").speed_max_kmh) == (300, 400)
    assert (rule(client="A.C.ME").open_after.count, rule(client="A.C.ME").speed_max_kmh) == (3, 300)
    before = made.before.rules
    assert before is not None
    former: Any = before.of("GPS_SPOOFING", site=None, client=None)
    assert former.speed_max_kmh == 600


def test_a_changed_rule_keeps_what_the_file_of_rules_says_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "detectors.toml"
    file.write_text("[GPS_SPOOFING]\npunch_speed_max_kmh = 100\n")
    made = supposed(settings(detectors=str(file)), {"detectors.gps_spoofing.speed_max_kmh": 300}, ())
    assert made.after.rules is not None
    rule: Any = made.after.rules.of("GPS_SPOOFING", site=None, client=None)
    assert (rule.speed_max_kmh, rule.punch_speed_max_kmh) == (300, 100)


def test_settings_routes_thresholds_and_a_silence_are_taken() -> None:
    sets = {
        "ticket_severities": "CRITICAL",
        "routes.night.group_wait_s": 0,
        "routes.day.receivers": ["desk"],
        "thresholds.queue@N.1": 2.5,
    }
    made = supposed(settings(), sets, ['type="Camera"'])
    assert made.after.triage.ticket_severities == {Severity.CRITICAL}
    assert [(route.name, route.group_wait_s) for route in made.after.routes.routes] == [("night", 0), ("day", 30)]
    assert (made.thresholds, made.silence[0].value) == ({"queue@N.1": 2.5}, "Camera")
    assert not supposed(settings(), {"routes.night": None}, ()).after.routes


@pytest.mark.parametrize(
    ("sets", "silence", "said"),
    [
        ({"detectors.gps_spoofing.max_speed_kmh": 200}, (), "did you mean speed_max_kmh?"),
        ({"detectors.gps_spofing.speed_max_kmh": 300}, (), "did you mean GPS_SPOOFING?"),
        ({"detectors.gps_spoofing.speed_max_kmh": 1}, (), "greater than or equal to 200"),
        ({"detectors.gps_spoofing": 1}, (), "names no field"),
        ({"ticket_severitys": "HIGH"}, (), "did you mean ticket_severities?"),
        ({"ticket_severities": "GRAVE"}, (), "GRAVE is no severity"),
        ({"listen": "127.0.0.1:1"}, (), "listen decides nothing about alerts"),
        ({"thresholds.queue@N1": "high"}, (), "is a number"),
        ({"routes.nigth": None}, (), "did you mean night?"),
        ({"routes.day.receivers": ["nobody"]}, (), "no receiver is called nobody"),
        ({}, ["severity"], "is no matcher"),
        ({}, ['severity!="X"'], "would hide everything"),
    ],
)
def test_what_cannot_be_set_is_told_with_the_nearest_that_can(
    sets: dict[str, Any], silence: tuple[str, ...], said: str
) -> None:
    with pytest.raises(Faulty) as refused:
        supposed(settings(), sets, silence)
    assert said in refused.value.detail
