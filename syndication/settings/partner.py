"""The fields of a partner's file, one file for each portal.

It reads no files and resolves no secrets.
"""

from __future__ import annotations

from syndication.core.model import Dialect, Rights, Transport, What
from syndication.settings import kinds
from syndication.settings.fields import Table, defaulting, optional, required

PARTNER = Table(
    name="",
    about="A portal that receives stories or digests; one file each in partners/.",
    fields=(
        optional("id", kinds.slug, '"portal"', "Short name, unique; without it the name of the file."),
        required("name", kinds.text, '"한빛포털"', "The partner's name."),
        required("url", kinds.url, '"https://portal.example/inbox"', "Where documents are posted; https when live."),
        required("edition", kinds.slug, '"daily"', "Id of the Edition that it receives."),
        required(
            "secrets_from",
            kinds.one_or_several(kinds.environment_name),
            '"PORTAL_SECRET"',
            "Environment variable with the signing secret (whsec_ and base64); a list names the newest first.",
        ),
        defaulting("dialect", kinds.choice(Dialect), '"json"', "Format of the documents."),
        defaulting("transport", kinds.choice(Transport), '"webhook"', "How they travel: signed by Standard Webhooks."),
        defaulting("what", kinds.choice(What), '"articles"', "articles (each story by itself) or digest (the whole)."),
        defaulting(
            "sections",
            kinds.several(kinds.text),
            "[]",
            'Sections that may go there; ["*"] for all. Nothing goes that is not named.',
            '["*"]',
        ),
        defaulting(
            "rights", kinds.several(kinds.choice(Rights), least=1), '["own"]', "Rights that may be passed on there."
        ),
        defaulting("full_text", kinds.flag, "true", "false sends headline, summary and link only."),
        defaulting("robot", kinds.flag, "false", "true sends stories written by programs as well."),
        defaulting("sponsored", kinds.flag, "false", "true sends sponsored stories as well."),
        defaulting("loopback", kinds.flag, "false", "true where the URL names this very machine on purpose."),
        defaulting(
            "production",
            kinds.flag,
            "true",
            "false for a sandbox or test host: only those, and hosts on this machine, are pushed to in rehearsal.",
        ),
    ),
)
