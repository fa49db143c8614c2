from __future__ import annotations

import sqlite3
import stat
import threading

import pytest

from nocd.domain.token import Act, Right, Role
from nocd.errors import Conflict, InputError, NotFound, StateError
from nocd.store.folder import Folder, write_private
from nocd.store.tokens import Grant, Tokens, TokenStore, TokenTable, describe, digest, first_tokens, new_secret

NOW = 1_800_000_000_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "daemon.db"


@pytest.fixture
def store(path):
    return TokenStore(path)


def grant(name="gate-7", role=Role.INGEST, **more):
    return Grant(name=name, role=role, **more)


def test_a_secret_is_256_bits_and_recognisable():
    secret = new_secret()
    assert secret.startswith("noc_")
    assert len(secret) == 47
    assert secret != new_secret()


def test_what_was_granted_is_what_the_secret_opens(store):
    secret = store.create(
        grant(
            "anna",
            Role.OPERATOR,
            tenant="north",
            sites=frozenset({"S1", "S2"}),
            clients=frozenset({"C"}),
            rights=frozenset({Right.PII}),
            allow=("10.1.2.3/8", "::1"),
            expires_at=NOW + 1,
        ),
        now=NOW,
    )
    token = store.load().find(secret)
    assert token is not None
    assert (token.name, token.role, token.tenant, token.expires_at) == ("anna", Role.OPERATOR, "north", NOW + 1)
    assert (token.sites, token.clients, token.rights) == ({"S1", "S2"}, {"C"}, {Right.PII})
    assert token.allow == ("10.0.0.0/8", "::1/128")
    assert token.may(Act.OPERATE)


def test_rights_left_out_are_those_of_the_role(store):
    secret = store.create(grant("a", Role.ADMIN), now=NOW)
    token = store.load().find(secret)
    assert token is not None
    assert token.rights == set(Right)


@pytest.mark.parametrize("secret", ["", "x", "noc_" + "A" * 43, "caf\u00e9\ud800"])
def test_nothing_else_opens(store, secret):
    store.create(grant(), now=NOW)
    assert store.load().find(secret) is None


def test_the_file_is_private_and_holds_no_secret(store, path):
    secret = store.create(grant(), now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert secret.encode() not in content
    assert digest(secret).encode() in content


def test_a_name_is_given_once(store):
    first = store.create(grant(), now=NOW)
    with pytest.raises(Conflict) as refused:
        store.create(grant(role=Role.ADMIN), now=NOW)
    assert refused.value.code == "token_exists"
    token = store.load().find(first)
    assert token is not None
    assert token.role is Role.INGEST


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "-a"},
        {"name": "x" * 65},
        {"name": "local"},
        {"expires_at": NOW},
        {"tenant": "../up"},
        {"allow": ("10.0.0.0/33",)},
        {"sites": frozenset(map(str, range(1_001)))},
    ],
)
def test_what_cannot_be_is_refused_and_not_kept(store, wrong):
    with pytest.raises(InputError):
        store.create(grant(**wrong), now=NOW)
    assert store.all() == []


def test_a_revoked_token_opens_nothing(store):
    secret = store.create(grant(), now=NOW)
    store.rotate("gate-7", overlap_ms=10, now=NOW)
    store.revoke("gate-7", now=NOW)
    assert store.load().find(secret) is None
    assert len(store.load()) == 0
    with pytest.raises(NotFound):
        store.revoke("gate-7", now=NOW)


def test_rotation_lets_both_secrets_in_until_the_overlap_ends(store):
    old = store.create(grant(), now=NOW)
    new = store.rotate("gate-7", overlap_ms=1_000, now=NOW)
    tokens = store.load()
    was, is_now = tokens.find(old), tokens.find(new)
    assert was is not None
    assert is_now is not None
    assert was.expires_at == NOW + 1_000
    assert is_now.expires_at is None


def test_a_second_rotation_forgets_what_has_ended_and_shortens_never_lengthens(store):
    first = store.create(grant(), now=NOW)
    second = store.rotate("gate-7", overlap_ms=1_000, now=NOW)
    store.rotate("gate-7", overlap_ms=5_000, now=NOW + 500)
    tokens = store.load()
    early, late = tokens.find(first), tokens.find(second)
    assert early is not None
    assert late is not None
    assert (early.expires_at, late.expires_at) == (NOW + 1_000, NOW + 5_500)
    store.rotate("gate-7", overlap_ms=0, now=NOW + 2_000)
    assert store.load().find(first) is None


def test_a_secret_never_outlives_its_token(store):
    old = store.create(grant(expires_at=NOW + 100), now=NOW)
    store.rotate("gate-7", overlap_ms=1_000, now=NOW)
    token = store.load().find(old)
    assert token is not None
    assert token.expires_at == NOW + 100


def test_rotating_nobody_is_refused(store):
    with pytest.raises(NotFound):
        store.rotate("nobody", overlap_ms=0, now=NOW)


def test_last_use_is_written_late_and_only_forward(store):
    store.create(grant(), now=NOW)
    table = TokenTable(store)
    table.used("gate-7", NOW + 5)
    table.used("gone", NOW)
    table.flush()
    store.touch({"gate-7": NOW + 1})
    assert store.get("gate-7").last_used == NOW + 5
    table.flush()


def test_a_snapshot_changes_by_reload_alone(store):
    table = TokenTable(store)
    before = table.current()
    secret = store.create(grant(), now=NOW)
    assert before.find(secret) is None
    assert table.current() is before
    table.reload()
    assert table.current().find(secret) is not None


def test_the_first_start_leaves_three_private_files_and_never_again(tmp_path):
    folder = Folder(tmp_path).create()
    written = first_tokens(folder, now=NOW)
    assert [path.name for path in written] == ["admin.token", "operator.token", "ingest.token"]
    tokens = TokenStore(folder.daemon_db).load()
    for path, role in zip(written, (Role.ADMIN, Role.OPERATOR, Role.INGEST), strict=True):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        token = tokens.find(path.read_text().strip())
        assert token is not None
        assert token.role is role
    store = TokenStore(folder.daemon_db)
    store.revoke("ingest", now=NOW)
    assert first_tokens(folder, now=NOW) == []


def test_the_first_start_leaves_names_that_are_taken_alone(tmp_path):
    folder = Folder(tmp_path).create()
    store = TokenStore(folder.daemon_db)
    secret = store.create(grant("ingest", Role.VIEWER), now=NOW)
    assert [path.name for path in first_tokens(folder, now=NOW)] == ["admin.token", "operator.token"]
    token = store.load().find(secret)
    assert token is not None
    assert token.role is Role.VIEWER


def test_a_crash_before_the_commit_leaves_a_first_start_to_be_done_again(tmp_path):
    folder = Folder(tmp_path).create()
    folder.token_file("ingest").mkdir()  # the last file cannot be written
    with pytest.raises(OSError, match="ingest"):
        first_tokens(folder, now=NOW)
    assert TokenStore(folder.daemon_db).all() == []
    folder.token_file("ingest").rmdir()
    written = first_tokens(folder, now=NOW)
    tokens = TokenStore(folder.daemon_db).load()
    assert all(tokens.find(path.read_text().strip()) for path in written)


def test_a_newer_database_is_left_alone(path):
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 99")
    base.close()
    before = path.read_bytes()
    with pytest.raises(StateError) as refused:
        TokenStore(path)
    assert refused.value.code == "newer_database"
    assert path.read_bytes() == before


def test_a_damaged_database_is_named(path):
    path.write_bytes(b"not a database, by any means" * 100)
    with pytest.raises(StateError, match=r"daemon\.db") as refused:
        TokenStore(path)
    assert refused.value.code == "corrupt_database"


def test_threads_may_share_it(store):
    names = [f"t{number}" for number in range(8)]
    threads = [threading.Thread(target=store.create, args=(grant(name),), kwargs={"now": NOW}) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [token.name for token in store.all()] == names


def test_a_description_has_times_as_text_and_no_secret(store):
    secret = store.create(grant(expires_at=NOW + 1), now=NOW)
    told = describe(store.get("gate-7"))
    assert told["created_at"] == "2027-01-15T08:00:00.000Z"
    assert told["expires_at"] == "2027-01-15T08:00:00.001Z"
    assert told["last_used"] is None
    assert secret not in str(told)
    assert digest(secret) not in str(told)


def test_no_tokens_open_nothing():
    assert Tokens().find("x") is None


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.token"
    write_private(path, "one\n")
    write_private(path, "two\n")
    assert path.read_text() == "two\n"
    assert list(tmp_path.iterdir()) == [path]
