from __future__ import annotations

import errno
import io
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from nocd import log
from nocd.store.tokens import new_secret


@pytest.fixture
def lines():
    """Give a function that sets logging up and returns what it then wrote, and put it back afterwards."""
    root = logging.getLogger()
    former, level = root.handlers[:], root.level
    stream = io.StringIO()

    def set_up(**kwargs):
        log.set_up(stream=stream, **kwargs)
        return lambda: stream.getvalue().splitlines()

    yield set_up
    root.handlers[:] = former
    root.setLevel(level)


def raised(text):
    """Return an error as it is when it is caught, with its traceback."""
    with pytest.raises(ValueError) as caught:
        raise ValueError(text)
    return caught.value


def test_that_descriptors_ran_out_is_said_once_a_while_and_any_other_fault_as_the_loop_says_it(lines):
    read, now_s = lines(), [100.0]
    others: list[dict[str, Any]] = []
    fault = log.loop_faults(lambda: now_s[0])
    loop: Any = SimpleNamespace(default_exception_handler=others.append)
    for _ in range(128):
        fault(loop, {"message": "accept", "exception": OSError(errno.EMFILE, "too many")})
    now_s[0] += 10
    fault(loop, {"message": "accept", "exception": OSError(errno.ENFILE, "too many")})
    assert [json.loads(line)["event"] for line in read()] == ["no_descriptors"] * 2
    for context in ({"message": "lost"}, {"message": "reset", "exception": OSError(errno.ECONNRESET, "reset")}):
        fault(loop, context)
    assert [context["message"] for context in others] == ["lost", "reset"]


def test_one_json_object_a_line_where_it_is_no_terminal(lines):
    read = lines()
    log.event("started", url="http://x", count=3, ok=True, nothing=None, path=["a"])
    log.event("second\nline", text="a\nb")
    first, second = map(json.loads, read())
    assert first["event"] == "started"
    assert first["level"] == "info"
    assert first["time"].endswith("Z")
    assert (first["url"], first["count"], first["ok"], first["nothing"], first["path"]) == (
        "http://x",
        3,
        True,
        None,
        "['a']",
    )
    assert second["text"] == "a\nb"


def test_text_is_one_line_and_shows_no_control_characters(lines):
    read = lines(form="text")
    log.event("started\x1b[2J", name="a\r\nb")
    (line,) = read()
    assert line.endswith("INFO    started·[2J name=a··b")


def test_a_field_cannot_pass_for_the_time_or_the_level(lines):
    read = lines()
    log.event("x", time="never", level=logging.WARNING)
    (line,) = map(json.loads, read())
    assert line["time"] != "never"
    assert line["level"] == "warning"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_is_written_wherever_it_stands(lines, form):
    read, secret = lines(form=form), new_secret()
    log.event(f"event {secret}", token=secret, header=f"Authorization: Bearer {secret[4:]}", nested={"a": secret})
    logging.getLogger("aiohttp.server").warning("request with %s", f"bearer.{secret}")
    log.event("failed", level=logging.ERROR, error=raised(secret))
    text = "\n".join(read())
    assert secret not in text
    assert secret[4:] not in text
    assert "[secret]" in text


def test_an_error_comes_with_its_trace(lines):
    read = lines()
    log.event("failed", level=logging.ERROR, error=raised("why"))
    (line,) = map(json.loads, read())
    assert line["trace"].endswith("ValueError: why")


def test_below_the_level_nothing_is_written_and_libraries_speak_of_trouble_only(lines):
    read = lines(level="info")
    log.event("detail", level=logging.DEBUG)
    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("mine").info("told %d", 1)
    (line,) = map(json.loads, read())
    assert (line["event"], line["logger"]) == ("told 1", "mine")


def test_a_long_value_is_cut(lines):
    read = lines()
    log.event("x", text="a" * 10_000)
    (line,) = map(json.loads, read())
    assert len(line["text"]) == 2_001


def test_setting_up_again_replaces(lines):
    lines()
    read = lines()
    log.event("once")
    assert len(read()) == 1
