"""Builds what one Delivery hands over: a reader's mail, a Feed's file, a Partner's document.

It lives as long as its worker and keeps what was used last (Issues, blocks, Recipes), so that its memory stays flat; it
never decides whether something is sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from syndication import publish
from syndication.core import audience, links
from syndication.core.links import Purpose, Token
from syndication.core.model import (
    Block,
    Channel,
    Choices,
    Delivery,
    Edition,
    Issue,
    Outcome,
    Partner,
    Recipe,
    Subscription,
    What,
)
from syndication.ports import Mail, Ports, Push, Setup
from syndication.render import dkim, mime, partner_json, splice
from syndication.render.dkim import Signer
from syndication.render.email import Headings, Slots
from syndication.render.mime import Form, Letter, Own
from syndication.render.words import words

ISSUES, PLATES, RECIPES = 8, 8, 4096  # kept of each; a plate takes some megabytes
FRESH = timedelta(days=7)  # how long a digest's own link to a reader's choices leads there

Send = Callable[[], Outcome]
K = TypeVar("K")
V = TypeVar("V")


class _Kept(Generic[K, V]):
    """What was used last, so many of them."""

    def __init__(self, most: int) -> None:
        self._most, self._values = most, OrderedDict[K, V]()

    def get(self, key: K, make: Callable[[], V]) -> V:
        if key in self._values:
            self._values.move_to_end(key)
        else:
            self.put(key, make())
        return self._values[key]

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def put(self, key: K, value: V) -> None:
        self._values[key] = value
        while len(self._values) > self._most:
            self._values.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plate:
    """What all mails of one revision of an Issue have in common, in one language."""

    edition: Edition
    prepared: splice.Prepared
    headings: Headings
    page: str  # the Issue's own
    manage_until: int  # Unix seconds
    form: Form
    signers: tuple[Signer, ...]


@dataclass(slots=True, kw_only=True)
class Press:
    """Builds Deliveries, one after the other, from any Issue."""

    ports: Ports
    setup: Setup
    _issues: _Kept[tuple[int, int], Issue] = field(default_factory=lambda: _Kept(ISSUES))
    _plates: _Kept[tuple[int, int, str], _Plate] = field(default_factory=lambda: _Kept(PLATES))
    _recipes: _Kept[str, Recipe] = field(default_factory=lambda: _Kept(RECIPES))
    _previews: dict[tuple[int, int, str], Mapping[str, Block]] = field(default_factory=dict)

    def prepare(self, channel: Channel, delivery: Delivery) -> Send:
        """What to call once the intent is recorded. Raises when the thing cannot be built. For mails see `mail`."""
        match channel:
            case Channel.FEED:
                issue = self.issue(delivery.issue_id, delivery.issue_revision)
                return lambda: publish.publish_feed(self.ports, self.setup, delivery.recipient, issue)
            case Channel.PARTNER:
                push = self.push(delivery)
                return lambda: self.ports.portal.push(push)
            case Channel.EMAIL:
                raise ValueError("a mail is carried, not called for")

    def mail(self, delivery: Delivery, reader: Subscription) -> Mail:
        """The exact bytes of a reader's digest: the same for the same Delivery on every worker, every day."""
        if delivery.recipe_hash is None:
            raise LookupError(f"delivery {delivery.id} has no Recipe")
        issue = self.issue(delivery.issue_id, delivery.issue_revision)
        return self.digest(
            issue, self.recipe(delivery.recipe_hash), reader, thing=delivery.thing, delivery_id=delivery.id
        )

    def digest(self, issue: Issue, recipe: Recipe, reader: Subscription, *, thing: str, delivery_id: int = 0) -> Mail:
        """A mail from an Issue, a Recipe and a reader. Without a Delivery nothing can be answered to it."""
        plate = self._plate(issue, reader.language)
        slots = self._slots(plate, recipe, reader, delivery_id)
        message_id = links.message_id(
            thing, f"subscriber:{reader.subscriber_id}", self.setup.outlet.domain, issue.frozen_at
        )
        text, html = splice.personal(plate.prepared, recipe, slots)
        boundary = mime.boundary_of(message_id)
        header = plate.form.header(self._own(reader, slots, message_id), boundary)
        body = mime.body(boundary, text=text, html=html)
        return Mail(
            sender=self._bounces_to(reader, delivery_id),
            recipient=links.envelope_address(reader.address),
            message=dkim.seal(header, body, *plate.signers, at=issue.frozen_at),  # never ahead of a receiver's clock
            delivery_id=delivery_id,
            tags={"delivery": str(delivery_id), "issue": str(issue.id)} if delivery_id else {},
        )

    def _slots(self, plate: _Plate, recipe: Recipe, reader: Subscription, delivery_id: int) -> Slots:
        """What is the reader's own in a digest: subject, preheader and links."""
        outlet, keys = self.setup.outlet, self.setup.keys
        leave = links.sign(Token(purpose=Purpose.UNSUBSCRIBE, number=reader.id), keys)
        manage = links.sign(
            Token(purpose=Purpose.MANAGE, number=reader.id, epoch=reader.epoch, expires=plate.manage_until), keys
        )
        view = plate.page
        if self.setup.own_pages and delivery_id:
            view = links.copy_url(outlet, links.sign(Token(purpose=Purpose.COPY, number=delivery_id), keys))
        return Slots(
            subject=plate.headings.subject(recipe),
            preheader=plate.headings.preheader(recipe),
            unsubscribe_url=links.unsubscribe_url(outlet, leave),
            preferences_url=links.manage_url(outlet, manage),
            view_url=view,
        )

    def _own(self, reader: Subscription, slots: Slots, message_id: str) -> Own:
        """What is the reader's own in the header."""
        return Own(
            message_id=message_id,
            subject=slots.subject,
            recipient=reader.address,
            reply_to=self._answers_to(reader),
            unsubscribe_url=slots.unsubscribe_url,
            unsubscribe_mailto=self._leaves_by(reader),
        )

    def _bounces_to(self, reader: Subscription, delivery_id: int) -> str:
        """The envelope's sender: an address of this Delivery alone (VERP) where there is a domain for such."""
        if self.setup.bounce_domain and delivery_id:
            return links.bounce_address(delivery_id, reader.address, self.setup.bounce_domain, self.setup.keys)
        return links.envelope_address(self.setup.outlet.sender_address)

    def _answers_to(self, reader: Subscription) -> str | None:
        domain = self.setup.bounce_domain if self.setup.replies and reader.id else None
        if domain is None:
            return self.setup.reply_to
        return links.reply_address(reader.id, reader.address, domain, self.setup.keys)

    def _leaves_by(self, reader: Subscription) -> str | None:
        domain = self.setup.bounce_domain if reader.id else None
        return links.leave_address(reader.id, reader.address, domain, self.setup.keys) if domain else None

    def push(self, delivery: Delivery) -> Push:
        """The document of a Partner's Delivery; its key is stable across retries."""
        partner = self.setup.partners[delivery.recipient.partition(":")[2]]
        if not (self.setup.live or partner.rehearsed_with):  # fanned out while live, or in a copied database
            raise LookupError(f"partner {partner.id} is in production, this is a rehearsal")
        issue = self.issue(delivery.issue_id, delivery.issue_revision)
        return Push(
            partner_id=partner.id,
            key=links.message_id(delivery.thing, delivery.recipient, self.setup.outlet.domain, issue.frozen_at),
            url=partner.url,
            secrets=self.setup.partner_secrets[partner.id],
            body=self._document(partner, issue, delivery.thing),
            content_type="application/json; charset=utf-8",
            at=self.ports.clock.now(),
            sequence=delivery.sequence or 0,
            loopback=partner.loopback,
        )

    def _document(self, partner: Partner, issue: Issue, thing: str) -> bytes:
        if partner.what is What.DIGEST:
            edition = self.setup.editions[issue.edition_id]
            return partner_json.digest_document(issue, outlet=self.setup.outlet, edition=edition, partner=partner)
        number, _, revision = thing.partition(":")[2].partition("/")
        article = self.ports.store.article_at(int(number), int(revision))
        if article is None:
            raise LookupError(f"{thing} is not in the store")
        return partner_json.article_document(article, outlet=self.setup.outlet, partner=partner)

    # --- what is kept ------------------------------------------------------------------------

    def issue(self, issue_id: int | None, revision: int | None = None) -> Issue:
        """An Issue at a revision; without one as it is now, which is asked anew each time."""
        if issue_id is None:
            raise LookupError("a Delivery without an Issue")
        if revision is None:
            return self._found(issue_id, self.ports.store.issue(issue_id))
        return self._issues.get(
            (issue_id, revision), lambda: self._found(issue_id, self.ports.store.issue(issue_id, revision))
        )

    def _found(self, issue_id: int, issue: Issue | None) -> Issue:
        if issue is None:
            raise LookupError(f"issue {issue_id} is not in the store")
        return issue

    def _plate(self, issue: Issue, language: str) -> _Plate:
        return self._plates.get((issue.id, issue.revision, language), lambda: self._made_plate(issue, language))

    def _made_plate(self, issue: Issue, language: str) -> _Plate:
        edition, outlet = self.setup.editions[issue.edition_id], self.setup.outlet
        said = words(language, self.setup.templates)
        return _Plate(
            edition=edition,
            prepared=splice.prepare(self.blocks(issue, language, edition)),
            headings=Headings(edition, issue.content, issue.on, said),
            page=links.issue_url(outlet, edition.id, issue.on, issue.cadence),
            manage_until=int((issue.publish_at + FRESH).timestamp()),
            form=Form(letter(self.setup, issue)),
            signers=dkim.active(self.setup.signers, issue.frozen_at),
        )

    def blocks(self, issue: Issue, language: str, edition: Edition) -> Mapping[str, Block]:
        """The Issue's blocks in the reader's language, else in the Edition's."""
        return self._blocks(issue, language) or self._blocks(issue, edition.language)

    def _blocks(self, issue: Issue, language: str) -> Mapping[str, Block]:
        key = (issue.id, issue.revision, language)
        return self._previews[key] if key in self._previews else self.ports.store.blocks(*key)

    def put(self, issue: Issue, blocks: Mapping[str, Sequence[Block]]) -> None:
        """Use an Issue that is not in the store: a preview of what would be frozen."""
        for language, pieces in blocks.items():
            self._previews[issue.id, issue.revision, language] = {b.key: b for b in pieces}

    def recipe(self, recipe_hash: str) -> Recipe:
        """Raises LookupError for one that is not in the store."""
        return self._recipes.get(recipe_hash, lambda: self.ports.store.recipes([recipe_hash])[recipe_hash])

    def foresee(self, deliveries: Iterable[Delivery]) -> None:
        """Fetch the Recipes of mails that are about to be built, in one go."""
        wanted = {d.recipe_hash for d in deliveries if d.recipe_hash is not None}
        missing = [one for one in wanted if one not in self._recipes]
        for key, made in self.ports.store.recipes(missing).items() if missing else ():
            self._recipes.put(key, made)

    def recipe_for(self, issue: Issue, reader: Subscription) -> Recipe:
        """The Recipe of a reader by the choices as they are now."""
        made = audience.recipe(reader.choices, issue.content, self.setup.editions[issue.edition_id])
        if made is None:
            raise LookupError(f"this reader would get nothing: {audience.NO_STORY}")
        return made


def letter(setup: Setup, issue: Issue) -> Letter:
    """A Letter of an Issue to nobody in particular; every date in it comes from the Issue."""
    outlet, edition = setup.outlet, setup.editions[issue.edition_id]
    return Letter(
        message_id=f"issue@{outlet.domain}",
        date=issue.publish_at.astimezone(ZoneInfo(edition.zone)),
        subject=edition.title,
        sender_name=outlet.sender_name,
        sender_address=outlet.sender_address,
        recipient=outlet.sender_address,
        reply_to=setup.reply_to or (outlet.sender_address if setup.replies and setup.bounce_domain else None),
        list_id=f"{edition.id}.{outlet.domain}",
        list_name=edition.title,
        unsubscribe_url=outlet.url,
        html="",  # the bodies are joined from prepared blocks
        text="",
    )


def whole_recipe(issue: Issue, edition: Edition) -> Recipe:
    """The digest of a reader who chose nothing."""
    made = audience.recipe(Choices(), issue.content, edition)
    if made is None:
        raise LookupError("an Issue without stories has no digest")
    return made
