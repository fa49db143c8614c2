"""In a storm one incident carries what comes at once, and pauses tell the stories of a device apart."""

from __future__ import annotations

import pytest

from nocd.domain.incident import ALERTS_MAX, IncidentStatus, Weather
from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.triage.weather import begin, has_rhythm, paused, see, stormy, thick
from tests.unit.triage.build_story import Desk

HOUR = 60


def test_it_storms_from_the_twenty_first_sighting_in_five_minutes_until_an_hour_after() -> None:
    weather = Weather()
    for no in range(20):
        see(weather, no * 14 * SECOND_MS)
    assert not stormy(weather, 19 * 14 * SECOND_MS)
    see(weather, 20 * 14 * SECOND_MS)
    last = 20 * 14 * SECOND_MS
    assert stormy(weather, last + HOUR * MINUTE_MS)
    assert not stormy(weather, last + HOUR * MINUTE_MS + 1)


def test_twenty_one_in_more_than_five_minutes_are_no_storm() -> None:
    weather = Weather()
    for no in range(40):
        see(weather, no * 15 * SECOND_MS)
    assert weather.stormy_at is None


@pytest.mark.parametrize(
    ("begins", "at", "is_pause"),
    [
        ([], 0, True),
        ([0], 5, False),
        ([0], 6, True),
        ([0, 10, 20], 49, False),
        ([0, 10, 20], 51, True),
        ([0, 0, 0], 5, False),
        ([0, 0, 0], 6, True),
        ([0, 100], 401, True),
    ],
)
def test_a_pause_is_measured_by_the_rhythm_before_it(begins: list[int], at: int, *, is_pause: bool) -> None:
    assert paused([each * SECOND_MS for each in begins], at * SECOND_MS) is is_pause


def test_a_rhythm_takes_three_beginnings_lately() -> None:
    assert has_rhythm([0, 1, 2], 3)
    assert not has_rhythm([0, 1], 3)
    assert not has_rhythm([0, 1, 2], 5 * MINUTE_MS)


def test_where_it_has_long_stormed_only_what_comes_in_one_breath_is_thick() -> None:
    weather = Weather(stormy_since=0, stormy_at=0)
    for no in range(21):
        begin(weather, HOUR * MINUTE_MS + no * (SECOND_MS if no < 20 else 2 * SECOND_MS), f"A-{no}")
    assert not thick(weather, HOUR * MINUTE_MS + 40 * SECOND_MS)
    weather.stormy_since = HOUR * MINUTE_MS
    assert thick(weather, HOUR * MINUTE_MS + 40 * SECOND_MS)


def test_more_than_twenty_alerts_of_a_site_in_five_minutes_are_one_incident() -> None:
    desk = Desk()
    alerts = [desk.fires(f"T{no}", no / 5) for no in range(20)]
    assert desk.incidents == []
    alerts += [desk.fires(f"T{no}", no / 5) for no in range(20, 25)]
    (storm,) = desk.standing
    assert storm.storm
    assert {alert.incident for alert in alerts} == {storm.id}
    assert (storm.standing, storm.title, storm.score_parts) == (25, "Storm of alerts at S1", {"storm": 1.0})


def test_only_a_storm_that_stands_keeps_its_alerts_from_being_told() -> None:
    desk = Desk()
    alert = [desk.fires(f"T{no}", no / 5) for no in range(25)][-1]
    incidents = desk.made.triage.incidents
    assert incidents.storm_of(alert) == "it is one of the storm that I-1 carries"
    incidents.resolve(incidents.edit("I-1"), "by hand", now=desk.at(6))
    assert incidents.storm_of(alert) is None


def test_a_storm_takes_over_the_small_stories_that_it_grew_from() -> None:
    desk = Desk()
    alerts = [desk.fires(f"T{no}", no / 5, entity=f"cam-{no % 5}") for no in range(24)]
    (storm,) = desk.standing
    assert {alert.incident for alert in alerts} == {storm.id}
    former = [each for each in desk.incidents if each is not storm]
    assert {each.status for each in former} == {IncidentStatus.RESOLVED}
    assert all("goes on in" in each.timeline[-1].text for each in former)


def test_a_storm_of_findings_about_people_is_carried_too() -> None:
    desk = Desk()
    alerts = [desk.fires(f"T{no}", no / 6, person=f"P{no}", entity_type="person") for no in range(23)]
    (storm,) = desk.standing
    assert {alert.incident for alert in alerts} == {storm.id}
    assert storm.person is None


def test_what_comes_after_the_storm_is_none_of_it() -> None:
    desk = Desk()
    for no in range(22):
        desk.fires(f"T{no}", no / 5)
    later = desk.fires("Late", 30)
    assert [each.storm for each in desk.standing] == [True, False]
    assert later.incident == desk.standing[1].id


def flood(desk: Desk, minutes: float, *, count: int = 60, entity: str = "web") -> None:
    """Let alerts of two types come every half second on one device."""
    for no in range(count):
        desk.fires(f"Scan{no % 2}", minutes + no / 120, entity=entity)


def test_in_a_storm_a_pause_and_a_new_alert_begin_another_story_of_the_device() -> None:
    desk = Desk()
    flood(desk, 0)
    new = desk.fires("Shell", 2, entity="web")
    desk.fires("Scan0", 2.1, entity="web")
    first, second = desk.standing
    assert (new.incident, desk.alert("Scan0").incident, desk.alert("Scan1").incident) == (
        second.id,
        second.id,
        first.id,
    )
    assert second.sightings == 2


def test_in_a_storm_each_device_has_its_own_story() -> None:
    desk = Desk()
    flood(desk, 0)
    desk.fires("Scan0", 1, entity="mail")
    assert [each.key for each in desk.standing] == ["device:camera/web", "device:camera/mail"]


def test_an_alert_that_was_quiet_for_longer_than_the_window_begins_anew_in_a_storm() -> None:
    desk = Desk()
    flood(desk, 0)
    desk.fires("Scan0", 20, entity="web")
    assert [each.sightings for each in desk.standing] == [60, 1]


def test_in_calm_the_same_alerts_of_a_device_stay_one_story() -> None:
    desk = Desk()
    for minutes, name in ((0, "Scan0"), (1, "Scan1"), (3, "Shell"), (5, "Root")):
        desk.fires(name, minutes, entity="web")
    assert len(desk.incidents) == 1


def test_storms_of_two_sites_are_two() -> None:
    desk = Desk()
    for no in range(22):
        for site in ("S1", "S2"):
            desk.fires(f"T{no}", no / 5, site=site, entity=f"{site}-{no}")
    assert [each.site for each in desk.standing] == ["S1", "S2"]


def test_alerts_without_a_site_storm_by_their_source() -> None:
    desk = Desk()
    for no in range(22):
        desk.fires(f"T{no}", no / 5, site=None)
    (storm,) = desk.standing
    assert (storm.storm, storm.title) == (True, "Storm of alerts at /t")


def test_an_incident_that_is_full_takes_no_more() -> None:
    desk = Desk()
    for no in range(ALERTS_MAX + 30):
        desk.fires(f"T{no}", no / 600)
    assert [each.standing for each in desk.standing] == [ALERTS_MAX, 30]


def test_a_place_from_which_nothing_came_is_forgotten() -> None:
    desk = Desk()
    desk.fires("One", 0)
    desk.fires("Two", 200, site="S2")
    assert list(desk.made.shelves.kind("weather")) == ["S2"]


def test_what_people_put_together_stays_so_in_a_storm() -> None:
    desk = Desk()
    flood(desk, 0)
    alerts = [desk.alert(name).id for name in ("Scan0", "Scan1")]
    made = desk.asks("create_incident", "", 0.6, title="Ours", alerts=alerts).body["id"]
    flood(desk, 1)
    assert {desk.made.book.edit(alert).incident for alert in alerts} == {made}


def test_more_than_can_be_held_stay_without_an_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nocd.triage.incidents.INCIDENTS_MAX", 0)
    desk = Desk()
    flood(desk, 0)
    for no in range(25):
        desk.fires(f"T{no}", 1 + no / 5, site="S2")
    assert desk.incidents == []
