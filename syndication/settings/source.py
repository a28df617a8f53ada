"""The table of a Source: where stories come from, and what the publisher says of them.

It reads no files and judges nothing between fields: `agreement` does.
"""

from __future__ import annotations

from datetime import timedelta

from syndication.core.model import FirstPoll, Rights, SourceKind
from syndication.settings import kinds
from syndication.settings.fields import Table, defaulting, optional, required

_SECOND, _MINUTE, _DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)

SOURCE = Table(
    name="source",
    many=True,
    about="An upstream: a feed, a page, a list of pages, a drop folder, the API of a CMS, or a CMS that pushes to us. "
    "Of two Sources that bring one story, the one that stands first here says how it reads.",
    fields=(
        required("id", kinds.slug, '"city-desk"', "Short name, unique; Editions name Sources by it."),
        required(
            "kind",
            kinds.choice(SourceKind),
            '"feed"',
            "feed (RSS, Atom or JSON Feed), page (plain text or HTML), page-list (a list, section page or"
            " feed whose links are followed to the stories), folder, wordpress, ghost, arc (the API of "
            "that CMS), push (a CMS posts its stories to /push/<id>).",
        ),
        optional(
            "url",
            kinds.url,
            '"https://www.garam.example/rss/all.xml"',
            "Where a feed, page or list is fetched; for an API the site's address (WordPress, Ghost) or the "
            "API's (Arc).",
        ),
        optional(
            "folder", kinds.text, '"drop"', "Path of a drop folder, counted from this file's folder; it must exist."
        ),
        required(
            "outlet",
            kinds.slug,
            '"garam"',
            "Key of the outlet whose stories these are; the identity of a story hangs on it, so Sources "
            "of one outlet share it and it is never changed.",
        ),
        defaulting("every", kinds.duration(5 * _SECOND, _DAY), '"30m"', "How often to look."),
        optional(
            "silent_after",
            kinds.duration(_MINUTE, 60 * _DAY),
            '"36h"',
            "Expected rhythm: longer without a new story is reported as silence and makes the morning "
            "degraded. Without it 36 hours, and once it has been read for some weeks, what it did at this"
            " hour of this weekday.",
        ),
        defaulting(
            "first_poll",
            kinds.choice(FirstPoll),
            '"baseline"',
            "What the first look does with what already stands there: baseline (known, never sent) or take.",
        ),
        defaulting(
            "rights",
            kinds.choice(Rights),
            '"own"',
            "Whose stories: own, licensed, or not-for-passing-on (never goes to a partner).",
        ),
        optional("rights_holder", kinds.text, '"가람일보"', "Who holds the rights, where it is not the outlet."),
        optional("section", kinds.text, '"사회"', "Section of stories that name none."),
        optional("region", kinds.text, '"가람시"', "Region of stories that name none."),
        defaulting(
            "loopback",
            kinds.flag,
            "false",
            "true where the URL names this very machine on purpose; else it is refused.",
        ),
        defaulting(
            "weather", kinds.flag, "false", "true where the page's weather list may serve as a last, labelled resort."
        ),
        optional(
            "watch",
            kinds.duration(0 * _SECOND, 60 * _DAY),
            '"3d"',
            "How long the stories' own pages are looked at again, ever more seldom: one that is gone is "
            "proposed for retraction. Without it three days for a page-list, and not at all for the "
            "others.",
        ),
        optional(
            "links",
            kinds.text,
            '"/news/*"',
            "Of a page-list whose stories are not told by their addresses: the pattern of their paths, * for anything.",
        ),
        optional("website", kinds.text, '"garam"', "Of arc: the id of the website."),
        optional(
            "token_from",
            kinds.environment_name,
            '"GARAM_TOKEN"',
            "Environment variable that holds what the far side asks for, or what it must say to push: "
            "Ghost's content key, Arc's token, user:application-password of WordPress, or a token of your"
            " own for push (20 signs or more).",
        ),
    ),
)
