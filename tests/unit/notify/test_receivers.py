"""Receivers as settings name them, the addresses they may have, and what is said to people."""

from __future__ import annotations

import base64
import socket
import threading
from typing import Any

import apprise
import pytest

from nocd.notify.addresses import RefusedAddress, reachable, sockets
from nocd.notify.people import People
from nocd.notify.receiver import Receiver, Unusable, key_of, named
from nocd.notify.webhook import Webhook
from nocd.notify.words import TITLE_CHARS_MAX, words

HOOK: dict[str, Any] = {"webhook": "https://desk.example/x", "secrets": ("env:S",)}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "either a webhook or an apprise URL"),
        ({**HOOK, "apprise": "env:X"}, "either a webhook or an apprise URL"),
        ({"webhook": "https://x.example/"}, "a webhook is signed"),
        ({**HOOK, "webhook": "ftp://x.example/"}, "an http or https address"),
        ({**HOOK, "webhook": "https://u:p@x.example/"}, "without a password"),
        ({**HOOK, "secrets": ("whsec_abc",)}, "never written here"),
        ({"apprise": "mailto://u:p@x.example"}, "never written here"),
        ({**HOOK, "addresses": ("10.1.2.3/8",)}, "has host bits set"),
    ],
)
def test_what_cannot_be_a_receiver_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Receiver(**given)


def test_a_webhooks_address_may_be_kept_elsewhere_too(tmp_path, monkeypatch) -> None:
    file = tmp_path / "url"
    file.write_text(" https://x.example/\n")
    assert named(Receiver(webhook=f"file:{file}", secrets=("env:S",)).webhook) == "https://x.example/"
    monkeypatch.setenv("DESK_URL", "https://y.example/")
    assert named("env:DESK_URL") == "https://y.example/"
    assert named("https://z.example/") == "https://z.example/"
    file.write_bytes(b"\xff")
    for wrong in (f"file:{file}", f"file:{tmp_path}/none", "env:NOT_SET_AT_ALL"):
        with pytest.raises(Unusable):
            named(wrong)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_secret_that_is_none_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(Unusable, match=r"^a webhook's secret is whsec_ and 24 to 64 bytes in Base64$"):
        key_of(secret)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        *((address, False) for address in ("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254")),
        *((address, False) for address in ("0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1")),
        *((address, False) for address in ("::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "2001:db8::1")),
        *((address, False) for address in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a01:203", "2002:7f00:1::")),
    ],
)
def test_only_public_addresses_are_reached_whatever_they_are_wrapped_in(address: str, *, public: bool) -> None:
    assert reachable(address, []) is public


def test_a_listed_network_is_reached_and_the_socket_is_made_for_that_address_alone() -> None:
    make = sockets(["10.1.0.0/16", "::1/128"])
    made = make((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80)))
    made.close()
    for address in ("10.2.0.1", "127.0.0.1"):
        with pytest.raises(RefusedAddress, match="is a private address"):
            make((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)))


def told(number: int, **more: Any) -> dict[str, Any]:
    alert = {"id": f"A-{number}", "severity": "HIGH", "title": "Door forced", "site_name": "Dock", "reason": "open"}
    return {"status": "standing", "happened": "opened", "alert": {**alert, **more}}


def test_one_alert_and_many_are_said_in_a_title_and_a_line_each() -> None:
    assert words({"data": {"alerts": [told(1)]}}) == ("HIGH Door forced", "A-1 HIGH Door forced (Dock): open")
    over = {**told(2), "status": "over"}
    title, text = words({"data": {"alerts": [over, told(1, site_name=None, site="S1")]}})
    assert title == "2 alerts, the first: OVER: HIGH Door forced"
    assert text.splitlines()[1] == "A-1 HIGH Door forced (S1): open"
    assert len(words({"data": {"alerts": [told(1, title="x" * 999)]}})[0]) == TITLE_CHARS_MAX
    assert words({"data": {"title": "t", "text": "x"}}) == ("t", "x")


@pytest.fixture
def people(monkeypatch) -> People:
    monkeypatch.setenv("PEOPLE_URL", "nosuch://x")
    return People(Receiver(apprise="env:PEOPLE_URL"))


BODY = b'{"data": {"title": "t", "text": "x"}}'


async def test_people_are_told_by_the_service_that_the_url_names(people, monkeypatch) -> None:
    heard = []

    @apprise.decorators.notify(on="testing")
    def tell(body, title, notify_type, *args, **kwargs):
        heard.append((title, body))
        return body != "refuse"

    assert (await people.send("msg_1", BODY, now=0)).detail == "it names no service that Apprise knows"
    monkeypatch.setenv("PEOPLE_URL", "testing://")
    assert (await people.send("msg_1", BODY, now=0)).ok
    assert not (await people.send("msg_1", b'{"data": {"title": "t", "text": "refuse"}}', now=0)).ok
    assert heard == [("t", "x"), ("t", "refuse")]
    monkeypatch.delenv("PEOPLE_URL")
    assert (await people.send("msg_1", BODY, now=0)).detail == "the environment has no PEOPLE_URL"
    await people.close()


async def test_a_service_that_hangs_is_left_alone_at_the_limit(monkeypatch) -> None:
    released = threading.Event()

    @apprise.decorators.notify(on="hanging")
    def hang(body, title, notify_type, *args, **kwargs):
        return released.wait(20)

    monkeypatch.setenv("PEOPLE_URL", "hanging://")
    slow = People(Receiver(apprise="env:PEOPLE_URL"), timeout_s=0.05)
    assert (await slow.send("msg_1", BODY, now=0)).detail == "not taken within 0.05 s"
    released.set()
    await slow.close()


async def test_a_webhook_that_was_never_used_closes() -> None:
    await Webhook(Receiver(**HOOK)).close()
