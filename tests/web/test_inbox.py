"""The inbox page of the sandbox, and the frames its mails are looked at in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.model import Channel
from syndication.web import InboxMail, PartnerReceipt
from syndication.web.inbox import View, mail_page, newest_per_reader, readable, view_of
from syndication.web.mailview import framed, plain_page
from tests.web.conftest import NOW, House, mail


def test_without_the_sandbox_there_is_no_inbox(house: House) -> None:
    for path in ("/inbox", "/inbox/mail/" + mail(1).id, "/partner-receipts"):
        assert house.client().get(path).status_code == 404
    assert 'href="/inbox"' not in house.client().get("/").text


def test_the_inbox_shows_the_newest_mail_of_each_reader_with_what_was_chosen(sandbox: House) -> None:
    page = sandbox.client().get("/inbox").text
    assert page.count("<iframe") == 3
    for n in (1, 2, 3):
        assert f"reader-{n}@example.com" in page
        assert mail(n).id in page
    assert mail(1, "어제 소식").id not in page
    for words in ("날씨: 서울", "날씨: 부산, 거제", "분야: 경제", "분야: 모든 분야"):
        assert words in page
    assert "2026년 1월 20일 화요일" in page
    assert "표본 시계" in page


def test_every_toggle_is_a_link_that_works_without_scripts(sandbox: House) -> None:
    client = sandbox.client()
    page = client.get("/inbox?width=desktop&look=dark&part=text").text
    assert 'class="letters desktop"' in page
    assert f"/inbox/mail/{mail(1).id}?look=dark&amp;part=text" in page
    for other in ("width=phone&amp;look=dark&amp;part=text", "width=desktop&amp;look=light&amp;part=text"):
        assert f'href="/inbox?{other}"' in page
    assert page.count('aria-current="true"') == 3


@pytest.mark.parametrize("query", ["", "look=purple", "part=../../etc", "width=", "look=dark&look=light", "x=y"])
def test_an_unknown_toggle_counts_as_not_asked(sandbox: House, query: str) -> None:
    assert sandbox.client().get(f"/inbox?{query}").status_code == 200
    assert view_of({"look": "purple", "part": "x"}) == View()


def test_a_mail_is_framed_without_scripts_forms_or_requests_elsewhere(sandbox: House) -> None:
    got = sandbox.client().get(f"/inbox/mail/{mail(1).id}")
    policy = got.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert got.headers["cache-control"] == "no-store"
    page = sandbox.client().get("/inbox").text
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in page


def test_the_page_itself_runs_one_script_of_its_own(sandbox: House) -> None:
    got = sandbox.client().get("/inbox")
    policy = got.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-src 'self'" in policy
    assert got.text.count("<script") == 1
    assert '<script src="/assets/inbox.js?v=' in got.text


def test_dark_and_light_are_shown_whatever_this_browser_prefers() -> None:
    html = mail(1).html
    dark, light = framed(html, dark=True), framed(html, dark=False)
    assert "prefers-color-scheme" not in dark + light
    assert "@media (min-width:0)" in dark
    assert "@media (max-width:0)" in light
    assert "color-scheme:dark" in dark
    assert "color-scheme:light" in light
    assert '<meta name="color-scheme" content="dark">' in dark
    assert '<base target="_blank">' in dark


@pytest.mark.parametrize(
    ("query", "dark"),
    [
        ("@media (prefers-color-scheme:dark)", "@media (min-width:0)"),
        ("@media only screen and ( prefers-color-scheme : dark )", "@media only screen and (min-width:0)"),
        ("@media (prefers-color-scheme: light)", "@media (max-width:0)"),
        ("@MEDIA screen and (max-width:480px)", "@MEDIA screen and (max-width:480px)"),
    ],
)
def test_media_queries_of_a_mail_are_answered_for_it(query: str, dark: str) -> None:
    assert dark in framed(f"<style>{query}{{p{{color:red}}}}</style>", dark=True)


def test_a_mail_without_a_head_is_framed_too() -> None:
    assert framed("<p>가</p>", dark=True).endswith("<p>가</p>")


def test_text_and_raw_are_shown_as_they_are_and_never_as_markup(sandbox: House) -> None:
    nasty = InboxMail(
        address="a@example.com", subject="<b>", html="", text="<script>x</script> & 가", raw=b"\xff<script>"
    )
    text, raw = mail_page(nasty, View(part="text")), mail_page(nasty, View(part="raw", look="dark"))
    assert "&lt;script&gt;x&lt;/script&gt; &amp; 가" in text
    assert "<script" not in text + raw
    assert "color-scheme:dark" in raw


@given(st.text(max_size=200), st.booleans())
def test_no_mail_breaks_its_frame(text: str, dark: bool) -> None:
    assert framed(text, dark=dark)
    assert "<script" not in plain_page(text, title=text, dark=dark).lower()


def test_the_newest_mail_is_told_by_when_it_came_else_by_its_date_header() -> None:
    older, newer = mail(1, "먼저"), mail(1, "나중")
    older = replace(older, received_at=datetime(2026, 1, 20, 3, tzinfo=UTC))
    newer = replace(newer, received_at=datetime(2026, 1, 20, 4, tzinfo=UTC))
    assert newest_per_reader([newer, older]) == newest_per_reader([older, newer]) == (newer,)
    undated = replace(mail(2), raw=b"Subject: x\r\n\r\n")
    assert newest_per_reader([mail(2), undated]) == (mail(2),)
    assert newest_per_reader([replace(undated, raw=b"Date: nonsense\r\n\r\n")])


def test_before_the_first_mail_the_page_says_that_it_is_on_its_way(sandbox: House) -> None:
    sandbox.site = replace(sandbox.site, inbox=list)
    page = sandbox.client().get("/inbox").text
    assert "아직 도착한 메일이 없습니다" in page
    assert "<iframe" not in page


def test_the_balance_stands_there_in_its_own_words(sandbox: House) -> None:
    things = [("issue:1", "feed:daily/digest.rss")]
    sandbox.store.fan_out_to(
        channel=Channel.FEED,
        things=things,
        issue=sandbox.issue,
        now=NOW,
        not_before=NOW,
        expires_at=NOW.replace(year=2027),
    )
    page = sandbox.client().get("/inbox").text
    words = ("audience", "accepted", "suppressed", "excluded", "failed", "expired", "cancelled", "uncertain", "waiting")
    for word in words:
        assert f"<small>{word}</small>" in page


def test_receipts_are_listed_newest_first_and_json_is_readable(sandbox: House) -> None:
    older = PartnerReceipt(
        received_at=NOW.replace(hour=1),
        key="msg_0",
        sequence=None,
        content_type="text/plain",
        body="<b>그대로",
        verified=False,
    )
    known = sandbox.site.receipts
    assert known is not None
    sandbox.site = replace(sandbox.site, receipts=lambda: [older, *known()])
    page = sandbox.client().get("/partner-receipts").text
    assert page.index("나루군 옛 역") < page.index("msg_0")
    assert "&lt;b&gt;그대로" in page
    assert "서명이 맞지 않음" in page
    assert readable(known()[0]) == '{\n  "title": "나루군 옛 역"\n}'
