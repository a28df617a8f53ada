"""Decides what a Partner gets: default deny, every refusal with its reason.

It sends nothing and knows no dialect.
"""

from __future__ import annotations

from datetime import datetime

from syndication.core.model import Article, ArticleStatus, Partner, Rights

EVERY_SECTION = "*"
PASSED_ON = (ArticleStatus.USABLE, ArticleStatus.CORRECTED)


def wanted(partner: Partner, article: Article, *, at: datetime | None = None) -> str | None:
    """Why this Partner does not get this Article, or None when it does.

    `at` is when it would go out, for the embargo; without it an embargo counts as running unless it had ended when the
    Revision was seen."""
    content = article.content
    if article.status not in PASSED_ON:
        return f"the article is {article.status}"
    if content.embargo_until is not None and content.embargo_until > (at or article.revised_at):
        return f"embargoed until {content.embargo_until.isoformat()}"
    if content.sponsored and not partner.sponsored:
        return "sponsored, which this partner does not take"
    if content.robot and not partner.robot:
        return "made by a program, which this partner does not take"
    if content.rights not in partner.rights:
        return f"rights are {content.rights}, agreed are {', '.join(partner.rights) or 'none'}"
    return _section_not_agreed(partner, content.section)


def _section_not_agreed(partner: Partner, section: str | None) -> str | None:
    if EVERY_SECTION in partner.sections or section in partner.sections:
        return None
    named = f"section {section}" if section else "an article without a section"
    return f"{named} is not agreed with this partner"


def full_text(partner: Partner, article: Article) -> bool:
    """Whether this Partner gets the whole text; what may not be passed on goes as an excerpt at most."""
    return partner.full_text and article.content.rights is not Rights.NOT_FOR_PASSING_ON
