"""Builds what one Delivery hands over: a reader's mail, a Feed's file, a Partner's document.

It keeps what Deliveries of one slice share (Issues, blocks, Recipes) and never decides whether something is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from syndication import publish
from syndication.core import audience, links
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
from syndication.render import email, mime, partner_json, splice
from syndication.render.mime import Letter
from syndication.render.words import words

Send = Callable[[], Outcome]


@dataclass(slots=True, kw_only=True)
class Press:
    """Builds Deliveries of one slice of work."""

    ports: Ports
    setup: Setup
    _issues: dict[int, Issue] = field(default_factory=dict)
    _blocks: dict[tuple[int, int, str], Mapping[str, Block]] = field(default_factory=dict)
    _prepared: dict[tuple[int, int, str], splice.Prepared] = field(default_factory=dict)
    _recipes: dict[str, Recipe] = field(default_factory=dict)

    def prepare(self, channel: Channel, delivery: Delivery) -> Send:
        """What to call once the intent is recorded. Raises when the thing cannot be built."""
        match channel:
            case Channel.EMAIL:
                mail = self.mail(delivery)
                return lambda: self.ports.mailer.send(mail)
            case Channel.FEED:
                issue = self.issue(delivery.issue_id)
                return lambda: publish.publish_feed(self.ports, self.setup, delivery.recipient, issue)
            case Channel.PARTNER:
                push = self.push(delivery)
                return lambda: self.ports.portal.push(push)

    def mail(self, delivery: Delivery) -> Mail:
        """The exact bytes of a reader's digest: the same for the same Delivery on every worker, every day."""
        reader = self.ports.store.subscription(delivery.subscription_id or 0)
        if reader is None or delivery.recipe_hash is None:
            raise LookupError(f"delivery {delivery.id} has no reader or no Recipe")
        return self.digest(
            self.issue(delivery.issue_id), self.recipe(delivery.recipe_hash), reader, thing=delivery.thing
        )

    def digest(self, issue: Issue, recipe: Recipe, reader: Subscription, *, thing: str) -> Mail:
        """A mail from an Issue, a Recipe and a reader."""
        edition = self.setup.editions[issue.edition_id]
        slots = slots_for(self.setup, edition, issue, recipe, reader)
        letter = letter_for(self.setup, edition, issue, reader, slots, thing)
        text, html = splice.personal(self.prepared(issue, reader.language, edition), recipe, slots)
        message = mime.join(letter, text=text, html=html)
        outlet = self.setup.outlet
        return Mail(
            sender=links.envelope_address(outlet.sender_address),
            recipient=links.envelope_address(reader.address),
            message=message if self.setup.sign is None else self.setup.sign(message, letter.date),
        )

    def push(self, delivery: Delivery) -> Push:
        """The document of a Partner's Delivery; its key is stable across retries."""
        partner = self.setup.partners[delivery.recipient.partition(":")[2]]
        if not (self.setup.live or partner.rehearsed_with):  # fanned out while live, or in a copied database
            raise LookupError(f"partner {partner.id} is in production, this is a rehearsal")
        issue = self.issue(delivery.issue_id)
        return Push(
            partner_id=partner.id,
            key=links.message_id(delivery.thing, delivery.recipient, self.setup.outlet.domain, self.setup.address_keys),
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

    def issue(self, issue_id: int | None) -> Issue:
        if issue_id is None:
            raise LookupError("a Delivery without an Issue")
        if issue_id not in self._issues:
            found = self.ports.store.issue(issue_id)
            if found is None:
                raise LookupError(f"issue {issue_id} is not in the store")
            self._issues[issue_id] = found
        return self._issues[issue_id]

    def blocks(self, issue: Issue, language: str, edition: Edition) -> Mapping[str, Block]:
        """The Issue's blocks in the reader's language, else in the Edition's."""
        key = (issue.id, issue.revision, language)
        if key not in self._blocks:
            store = self.ports.store
            self._blocks[key] = store.blocks(*key) or store.blocks(issue.id, issue.revision, edition.language)
        return self._blocks[key]

    def prepared(self, issue: Issue, language: str, edition: Edition) -> splice.Prepared:
        """The Issue's blocks in their travelling form, made once and joined for each reader."""
        key = (issue.id, issue.revision, language)
        if key not in self._prepared:
            self._prepared[key] = splice.prepare(self.blocks(issue, language, edition))
        return self._prepared[key]

    def put(self, issue: Issue, blocks: Mapping[str, Sequence[Block]]) -> None:
        """Use an Issue that is not in the store: a preview of what would be frozen."""
        self._issues[issue.id] = issue
        for language, pieces in blocks.items():
            self._blocks[issue.id, issue.revision, language] = {b.key: b for b in pieces}

    def recipe_for(self, issue: Issue, reader: Subscription) -> Recipe:
        """The Recipe of a reader by the choices as they are now."""
        made = audience.recipe(reader.choices, issue.content, self.setup.editions[issue.edition_id])
        if made is None:
            raise LookupError(f"this reader would get nothing: {audience.NO_STORY}")
        return made

    def recipe(self, recipe_hash: str) -> Recipe:
        if recipe_hash not in self._recipes:
            self._recipes[recipe_hash] = self.ports.store.recipe(recipe_hash)
        return self._recipes[recipe_hash]


def slots_for(setup: Setup, edition: Edition, issue: Issue, recipe: Recipe, reader: Subscription) -> email.Slots:
    """What is the reader's own in a digest: subject, preheader and links."""
    said = words(reader.language, setup.templates)
    token = links.sign(links.Token(purpose=links.Purpose.UNSUBSCRIBE, number=reader.id), setup.keys)
    return email.Slots(
        subject=email.subject(edition, issue.content, recipe, issue.on, said),
        preheader=email.preheader(issue.content, recipe, issue.on, said),
        unsubscribe_url=links.unsubscribe_url(setup.outlet, token),
        view_url=links.issue_url(setup.outlet, edition.id, issue.on, issue.cadence),
    )


def letter_for(
    setup: Setup,
    edition: Edition,
    issue: Issue,
    reader: Subscription,
    slots: email.Slots,
    thing: str,
) -> Letter:
    """The Letter of a digest; every date and id in it comes from the Issue."""
    outlet = setup.outlet
    return Letter(
        message_id=links.message_id(thing, f"subscriber:{reader.subscriber_id}", outlet.domain, setup.address_keys),
        date=issue.publish_at.astimezone(ZoneInfo(edition.zone)),
        subject=slots.subject,
        sender_name=outlet.sender_name,
        sender_address=outlet.sender_address,
        recipient=reader.address,
        reply_to=setup.reply_to,
        list_id=f"{edition.id}.{outlet.domain}",
        list_name=edition.title,
        unsubscribe_url=slots.unsubscribe_url,
        html="",  # the bodies are joined from prepared blocks
        text="",
    )


def whole_recipe(issue: Issue, edition: Edition) -> Recipe:
    """The digest of a reader who chose nothing."""
    made = audience.recipe(Choices(), issue.content, edition)
    if made is None:
        raise LookupError("an Issue without stories has no digest")
    return made
