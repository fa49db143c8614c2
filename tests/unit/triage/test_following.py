"""What follows from a decision is decided at once, in order, and the feed goes on to tell the decision itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nocd.triage.book import AlertBook
from nocd.triage.following import Followers
from tests.build import T0, engine, firing

if TYPE_CHECKING:
    from nocd.domain.alert import Alert


@dataclass(slots=True)
class Clerk:
    """Writes down what it hears, and follows each opening up with a remark."""

    book: AlertBook
    due: int | None = None
    heard_of: list[tuple[str, str]] = field(default_factory=list)

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        self.heard_of.append((alert.id, decision))
        if decision == "opened":
            self.book.follow(self.book.edit(alert.id), "remarked", "it was worth a remark", now=now)

    def tick(self, now: int) -> bool:
        return self.due is not None and self.due <= now

    def next_due(self) -> int | None:
        return self.due


def test_followers_hear_every_decision_and_what_follows_from_it_until_nothing_more_is_decided() -> None:
    made = engine()
    made.fold([firing()])
    made.finish()
    book = AlertBook(made.shelves, made.roster, made.duties)
    clerk = Clerk(book)
    book.decide(book.edit("A-1"), "opened", "seen", now=T0)
    Followers(book, [clerk]).settle(T0)
    assert clerk.heard_of == [("A-1", "opened"), ("A-1", "remarked")]
    told = book.finish()
    assert [row.decision for row in told.ledger] == ["opened", "remarked"]
    assert [(touch.decision, touch.reason) for touch in told.touched] == [("opened", "seen")]


def test_a_remark_alone_is_what_the_feed_tells() -> None:
    made = engine()
    made.fold([firing()])
    made.finish()
    book = AlertBook(made.shelves, made.roster, made.duties)
    book.follow(book.edit("A-1"), "remarked", "late thought", now=T0)
    assert [touch.decision for touch in book.finish().touched] == ["remarked"]


def test_news_of_an_alert_that_is_gone_by_now_is_passed_over() -> None:
    book = engine().book
    clerk = Clerk(book)
    book.news.append(("A-9", "opened"))
    Followers(book, [clerk]).settle(T0)
    assert not clerk.heard_of
    assert not book.news


def test_time_reaches_every_follower_and_the_earliest_deadline_counts() -> None:
    book = engine().book
    followers = Followers(book, [Clerk(book, due=T0 + 5), Clerk(book, due=T0 + 2), Clerk(book)])
    assert followers.next_due() == T0 + 2
    assert not followers.tick(T0)
    assert followers.tick(T0 + 2)
