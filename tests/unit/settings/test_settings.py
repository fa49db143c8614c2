from __future__ import annotations

import os
from pathlib import Path

import pytest

from nocd.settings import Settings, SettingsRefused, host_and_port, load, unknown_variables
from tests.unit.settings import reference

SHIPPED = Path(__file__).parents[3] / "config" / "nocd.toml"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("NOCD_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "nocd.toml"
        path.write_text(text)
        return path

    return write


def test_the_shipped_file_says_of_every_setting_what_the_model_says():
    assert SHIPPED.read_text() == reference.whole()


def test_the_shipped_file_is_the_defaults():
    loaded = load(file=SHIPPED)
    assert loaded.settings == load().settings
    assert set(loaded.origins.values()) == {f"file {SHIPPED}"}


def test_every_setting_has_a_meaning_and_every_number_a_range():
    for name, field in Settings.model_fields.items():
        assert field.description, name
        if isinstance(field.default, int) and not isinstance(field.default, bool):
            assert {"ge", "le"} <= {kind for part in field.metadata for kind in ("ge", "le") if hasattr(part, kind)}


def test_arguments_go_before_environment_before_file_before_defaults(file, monkeypatch):
    path = file("lateness_minutes = 1\nmax_age_days = 2\nmax_batch = 3\n")
    monkeypatch.setenv("NOCD_MAX_AGE_DAYS", "20")
    monkeypatch.setenv("NOCD_MAX_BATCH", "30")
    loaded = load({"max_batch": "300", "listen": None}, file=path)
    settings = loaded.settings
    assert (settings.lateness_minutes, settings.max_age_days, settings.max_batch) == (1, 20, 300)
    assert loaded.origins["lateness_minutes"] == f"file {path}"
    assert loaded.origins["max_age_days"] == "environment NOCD_MAX_AGE_DAYS"
    assert loaded.origins["max_batch"] == "argument"
    assert loaded.origins["listen"] == "default"


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("NOCD_MAX_BATCH", "")
    assert load().origins["max_batch"] == "default"


def test_every_fault_is_named_with_its_place_and_the_nearest_known_name(file):
    path = file('latenes_minutes = 3\nmax_age_days = 1000\nlog_level = "loud"\n[server]\nport = 1\n')
    with pytest.raises(SettingsRefused) as refused:
        load({"listn": "x"}, file=path)
    told = refused.value.faults
    assert f"file {path} line 1: latenes_minutes is no setting; did you mean lateness_minutes?" in told
    assert "argument: listn is no setting; did you mean listen?" in told
    assert any(text.startswith(f"file {path} line 2: max_age_days: ") and "given 1000" in text for text in told)
    assert any(text.startswith(f"file {path} line 3: log_level: ") for text in told)
    assert any("server is no setting" in text for text in told)
    assert refused.value.code == "bad_settings"


@pytest.mark.parametrize("text", ["listen = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, text):
    path = tmp_path / "nocd.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsRefused, match="is no TOML"):
        load(file=path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SettingsRefused, match="cannot be read: No such file"):
        load(file=tmp_path / "nowhere.toml")


def test_unknown_variables_are_told_with_the_nearest_name():
    environ = {"NOCD_LATENES_MINUTES": "5", "NOCD_URL": "x", "NOCD_LISTEN": "y", "OTHER": "z", "NOCD_XQ": "1"}
    near, far = unknown_variables(environ)
    assert near == "NOCD_LATENES_MINUTES is no setting; did you mean NOCD_LATENESS_MINUTES?"
    assert far == "NOCD_XQ is no setting; `nocd check` lists those there are"


@pytest.mark.parametrize("listen", ["0.0.0.0:8460", "[::]:8460", "noc.example:8460", "10.0.0.1:80"])
def test_other_machines_are_not_served_without_tls_unless_told(listen):
    with pytest.raises(SettingsRefused, match="without TLS"):
        load({"listen": listen})
    assert not load({"listen": listen, "allow_remote": True}).settings.loopback
    assert load({"listen": listen, "tls_cert": "c.pem", "tls_key": "k.pem"}).settings.tls_cert == Path("c.pem")


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.8.9.1:80", "[::1]:8460", "localhost:8460"])
def test_this_machine_is_served_without_tls(listen):
    assert load({"listen": listen}).settings.loopback


def test_a_certificate_needs_its_key():
    with pytest.raises(SettingsRefused, match="come together"):
        load({"tls_cert": "c.pem"})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"timezone": "Mars/Olympus"}, "not an IANA time zone"),
        ({"max_event_bytes": 1_048_576, "max_body_bytes": 65_536}, "larger than max_body_bytes"),
        ({"batch_events_max": 1_000, "inbox_events_max": 100}, "larger than inbox_events_max"),
    ],
)
def test_settings_that_cannot_hold_together_are_refused(wrong, why):
    with pytest.raises(SettingsRefused, match=why):
        load(wrong)


@pytest.mark.parametrize("text", ["", "8460", "localhost", "a:b", "a:70000", "http://a:1", "a:1/x", "u@a:1", ":1"])
def test_an_address_without_both_parts_is_refused(text):
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        host_and_port(text)


def test_the_parts_of_an_address():
    settings = load({"listen": "[::1]:9000"}).settings
    assert (settings.host, settings.port) == ("::1", 9000)


def test_home_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load({"data_dir": "~/x"}).settings.data_dir == tmp_path / "x"


def test_routes_and_receivers_are_read_from_tables(file):
    path = file(
        '[[routes]]\nname = "all"\nreceivers = ["desk"]\nmatchers = [\'severity="HIGH"\']\n'
        '[receivers.desk]\nwebhook = "https://x.example/"\nsecrets = ["env:S"]\n'
    )
    routing = load(file=path).settings.routing
    assert [route.receivers for route in routing.routes] == [("desk",)]
    assert routing.receivers == {"desk"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[[routes]]\nname = "all"\nreceivers = ["desk"]\n', "route all: no receiver is called desk"),
        ('[[routes]]\nname = "all"\nreceivers = ["x"]\nmatchers = ["?"]\n', "routes.0: '\\?' is no matcher"),
        ('[[routes]]\nname = "all"\nreceiver = "x"\n', "routes.0.receiver"),
        ('[receivers.desk]\nwebhook = "https://x.example/"\nsecrets = ["whsec_abcd"]\n', "never written here"),
        ("[receivers.desk]\nweb = 1\n", "receivers.desk.web"),
    ],
)
def test_routes_and_receivers_that_cannot_be_used_are_refused_with_their_place(file, text, why):
    with pytest.raises(SettingsRefused, match=why) as refused:
        load(file=file(text))
    assert "whsec_abcd" not in str(refused.value)
