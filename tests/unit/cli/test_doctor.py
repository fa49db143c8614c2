from __future__ import annotations

import resource
import socket
import ssl

import pytest

from nocd.cli import doctor
from nocd.settings import Settings
from nocd.store.folder import Folder

NOW = 1_800_000_000_000


def settings(**values):
    return Settings.model_construct(**values)


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True), ((4, 0), True)]
)
def test_the_wal_reset_bug_is_named(version, ok):
    finding = doctor.sqlite_version(version)
    assert finding.ok is ok
    assert ok or ("WAL-reset bug" in finding.detail and "pysqlite3" in finding.cure)


@pytest.mark.parametrize(("version", "ok"), [((3, 10, 9), False), ((3, 11, 0), True)])
def test_an_old_python_is_named(version, ok):
    assert doctor.python_version(version).ok is ok


@pytest.mark.parametrize(("limit", "ok"), [(256, False), (1_024, True), (resource.RLIM_INFINITY, True)])
def test_few_descriptors_are_named(limit, ok):
    assert doctor.descriptors(limit).ok is ok


@pytest.mark.parametrize(("now", "newest", "ok"), [(NOW, NOW, True), (0, 0, False), (NOW, NOW + 90_000_000, False)])
def test_a_clock_that_went_back_is_named(now, newest, ok):
    assert doctor.clock(now, newest_ms=newest).ok is ok


def test_files_that_others_may_read_are_named(tmp_path):
    folder = Folder(tmp_path).create()
    tmp_path.chmod(0o755)
    folder.token_file("admin").write_text("x")
    folder.token_file("admin").chmod(0o644)
    place, secrets = doctor.permissions(folder)
    assert not place.ok
    assert place.cure == f"chmod 700 {tmp_path}"
    assert not secrets.ok
    assert "admin.token" in secrets.detail
    tmp_path.chmod(0o700)
    folder.token_file("admin").chmod(0o600)
    assert all(finding.ok for finding in doctor.permissions(folder))


def test_a_folder_that_is_not_there_yet_is_no_fault(tmp_path):
    (finding,) = doctor.permissions(Folder(tmp_path / "new"))
    assert finding.ok


def test_too_little_room_is_named(tmp_path):
    assert doctor.disk(Folder(tmp_path / "not" / "yet"), 1).ok
    full = doctor.disk(Folder(tmp_path), 2**62)
    assert full.ok  # never more than 5 % of the file system is asked for
    assert "needed" in full.detail


def test_a_path_too_long_for_a_socket_is_named(tmp_path):
    assert not doctor.socket_path(Folder(tmp_path / ("x" * 100))).ok
    assert doctor.socket_path(Folder(tmp_path)).ok


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_named(tmp_path, host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    shown = f"[{host}]" if ":" in host else host
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        assert not doctor.port(settings(listen=f"{shown}:{port}"), Folder(tmp_path)).ok
    assert doctor.port(settings(listen=f"{shown}:{port}"), Folder(tmp_path)).ok


def test_our_own_daemon_may_have_the_port(tmp_path):
    folder = Folder(tmp_path).create()
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(folder.socket))
        daemon.listen()
        finding = doctor.port(settings(listen="127.0.0.1:1"), folder)
    assert finding.ok
    assert "a daemon runs" in finding.detail


def test_certificates_that_cannot_be_read_are_named(tmp_path):
    assert list(doctor.tls(settings(tls_cert=None))) == []
    (finding,) = doctor.tls(settings(tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "k.pem"))
    assert not finding.ok
    (tmp_path / "c.pem").write_text("no certificate")
    (finding,) = doctor.tls(settings(tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "c.pem"))
    assert not finding.ok
    assert ssl.OPENSSL_VERSION
