"""Laws of `load`: what was written is what is used, defaults are the model's, secrets come from outside."""

from __future__ import annotations

import contextlib
import dataclasses
import stat
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from pathlib import Path, PurePosixPath

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from syndication.bootstrap import open_house
from syndication.core.links import Purpose, Token, sign, verify
from syndication.core.model import Channel, Edition, Outlet, Partner, Rights, Source, SourceKind
from syndication.core.signers import Transport, active
from syndication.settings import BadSettings, MailRelay, Mode, Settings, Tls, Web, check, kinds, load
from syndication.settings.disks import disk_kind
from syndication.settings.kinds import in_words
from syndication.settings.partner import PARTNER
from syndication.settings.problems import Wrong
from syndication.settings.reading import FILE
from syndication.settings.schema import EDITION, MAIL, OUTLET, SOURCE, TABLES, TOP, WEB
from syndication.settings.starting import write_starter

WRITTEN = """\
mode = "rehearsal"
[outlet]
name = "가람일보"
domain = "Garam.Example"
url = "https://morning.garam.example/"
address = "가람시 한빛로 1"
contact = "editor@garam.example"
sender = "가람 아침 <Morning@garam.example>"
accent = "#1A5FB4"
[[source]]
id = "desk"
kind = "folder"
folder = "drop"
outlet = "garam"
silent_after = "1d 12h"
[[source]]
id = "wire"
kind = "feed"
url = "http://localhost:8601/feed.xml"
loopback = true
outlet = "naru"
rights = "licensed"
rights_holder = "나루신문"
[[edition]]
id = "daily"
title = "가람 아침"
days = ["월", "화요일", "wed", "Thursday"]
hour = "06:30:15"
lead = "10 min"
stations = ["서울특별시", "강진"]
sources = ["wire"]
channels = ["email"]
[[edition]]
id = "evening"
title = "가람 저녁"
hour = 18:05:00
stations = ["서울", "거제"]
[mail]
relay = "smtp.garam.example"
port = 587
tls = "starttls"
user_from = "MAIL_USER"
password_from = "MAIL_PASSWORD"
timeout = "90초"
[rehearsal]
allow = ["Reader-1@example.com"]
[storage]
folder = "kept"
[clock]
starts_at = 2026-01-20T06:00:00+09:00
[schedule]
tick = "5s"
[sandbox]
origin_port = 9001
"""
PORTAL = """\
name = "한빛포털"
url = "http://127.0.0.1:8603/inbox"
edition = "daily"
secrets_from = ["NEW_SECRET", "OLD_SECRET"]
rights = ["own", "licensed"]
sections = ["*"]
loopback = true
"""
NEW, OLD = "whsec_" + "QUJD" * 8, "whsec_" + "REVG" * 8
KEY, OLDER_KEY = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
ENVIRON = {"MAIL_USER": "me", "MAIL_PASSWORD": " word\n", "NEW_SECRET": NEW, "OLD_SECRET": OLD}


def publisher(folder: Path, text: str = WRITTEN, partner: str | None = PORTAL) -> Path:
    (folder / "partners").mkdir(exist_ok=True)
    (folder / "drop").mkdir(exist_ok=True)
    (folder / "publisher.toml").write_text(text, encoding="utf-8")
    if partner is not None:
        (folder / "partners" / "portal.toml").write_text(partner, encoding="utf-8")
    return folder / "publisher.toml"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(publisher(tmp_path), ENVIRON)


def test_the_relay_is_greeted_with_the_outlets_own_domain(tmp_path: Path) -> None:
    korean = WRITTEN.replace("Garam.Example", "가람일보.example").replace("Morning@garam.", "Morning@가람일보.")
    for text, name in ((WRITTEN, "garam.example"), (korean, "가람일보.example".encode("idna").decode())):
        with contextlib.closing(open_house(load(publisher(tmp_path, text), ENVIRON), migrated=False)) as house:
            assert house.ports.mailer.relay.hello == name  # type: ignore[attr-defined]


def test_what_was_written_is_what_is_used(settings: Settings, tmp_path: Path) -> None:
    assert settings.outlet == Outlet(
        name="가람일보",
        domain="garam.example",
        url="https://morning.garam.example",
        address="가람시 한빛로 1",
        contact="editor@garam.example",
        sender_name="가람 아침",
        sender_address="Morning@garam.example",
        accent="#1a5fb4",
    )
    assert settings.sources == (
        Source(
            id="desk",
            kind=SourceKind.FOLDER,
            location=str(tmp_path.resolve() / "drop"),
            outlet="garam",
            silent_after=timedelta(hours=36),
        ),
        Source(
            id="wire",
            kind=SourceKind.FEED,
            location="http://localhost:8601/feed.xml",
            outlet="naru",
            rights=Rights.LICENSED,
            rights_holder="나루신문",
            loopback=True,
        ),
    )
    assert settings.editions == (
        Edition(
            id="daily",
            title="가람 아침",
            days=(0, 1, 2, 3),
            hour=time(6, 30, 15),
            lead=timedelta(minutes=10),
            stations=("서울", "강진군"),
            sources=("wire",),
            channels=(Channel.EMAIL,),
        ),
        Edition(id="evening", title="가람 저녁", hour=time(18, 5), stations=("서울", "거제")),
    )
    assert settings.edition("evening").title == "가람 저녁"


def test_partners_go_by_the_name_of_their_file(settings: Settings) -> None:
    assert settings.partners == (
        Partner(
            id="portal",
            name="한빛포털",
            url="http://127.0.0.1:8603/inbox",
            edition="daily",
            secret_names=("NEW_SECRET", "OLD_SECRET"),
            rights=(Rights.OWN, Rights.LICENSED),
            sections=("*",),
            loopback=True,
        ),
    )
    assert settings.partner_secrets == {"portal": (NEW, OLD)}


def test_the_machinery_is_set_as_written(settings: Settings, tmp_path: Path) -> None:
    home = tmp_path.resolve()
    assert (settings.mode, settings.rehearsing) == (Mode.REHEARSAL, True)
    assert settings.mail == MailRelay(
        host="smtp.garam.example",
        port=587,
        tls=Tls.STARTTLS,
        user="me",
        password="word",
        timeout=timedelta(seconds=90),
    )
    assert settings.allow == ("Reader-1@example.com",)
    assert settings.storage.folder == home / "kept"
    assert settings.storage.database_url == f"sqlite:///{home}/kept/syndication.sqlite3"
    assert (settings.broker.url, settings.broker.embedded) == (None, True)
    assert settings.starts_at == datetime(2026, 1, 19, 21, 0, tzinfo=UTC)
    assert settings.tick == timedelta(seconds=5)
    assert settings.web == Web(host="127.0.0.1", port=8600)
    assert settings.weather.stations == ("서울", "강진군", "거제")
    assert settings.sandbox is not None
    assert (settings.sandbox.origin_port, settings.sandbox.folder) == (9001, home / "origin")


def test_servers_are_reached_by_urls_of_the_environment(tmp_path: Path) -> None:
    text = WRITTEN.replace('folder = "kept"', 'database_from = "DB"') + '[broker]\nurl_from = "BROKER"\n'
    urls = {"DB": "postgresql://me:word@db/news", "BROKER": "redis://cache:6379/0"}
    settings = load(publisher(tmp_path, text), {**ENVIRON, **urls})
    assert (settings.storage.database_url, settings.storage.embedded) == (urls["DB"], False)
    assert (settings.broker.url, settings.broker.embedded) == (urls["BROKER"], False)


def test_settings_never_show_a_secret(tmp_path: Path) -> None:
    text = WRITTEN.replace('folder = "kept"', 'database_from = "DB"') + (
        '[keys]\naddress_key_from = "KEY"\n[weather]\nkma_key_from = "KMA"\n'
    )
    environ = {**ENVIRON, "DB": "postgresql://me:dbword@db/x", "KEY": KEY, "KMA": "kmaword"}
    settings = load(publisher(tmp_path, text), environ)
    assert settings.weather.kma_key == "kmaword"
    for hidden in ("dbword", KEY, "kmaword", "password='word'", NEW):
        assert hidden not in repr(settings)


@pytest.mark.parametrize(
    ("table", "model"), [(SOURCE, Source), (EDITION, Edition), (PARTNER, Partner), (OUTLET, Outlet), (WEB, Web)]
)
def test_the_defaults_of_the_file_are_those_of_the_model(table: object, model: type) -> None:
    defaults = {f.name: f.default for f in dataclasses.fields(model) if f.default is not dataclasses.MISSING}
    written = {f.name: f.default_value() for f in table.fields if not f.required}  # type: ignore[attr-defined]
    shared = {name: value for name, value in written.items() if name in defaults}
    assert shared == {name: defaults[name] for name in shared}
    assert set(defaults) <= set(written)


@pytest.mark.parametrize("field", [f for t in (TOP, *TABLES, PARTNER) for f in t.fields], ids=lambda f: f.name)
def test_every_example_can_be_read(field: object) -> None:
    field.read(tomllib.loads(f"value = {field.example}")["value"])  # type: ignore[attr-defined]


def test_the_default_relay_is_this_machine() -> None:
    assert MAIL.field("relay").default_value() == "127.0.0.1"


# --- keys and secrets -------------------------------------------------------------------------

LINK_TOKEN = Token(purpose=Purpose.UNSUBSCRIBE, number=7)


def keyed(folder: Path, lines: str, environ: Mapping[str, str]) -> Settings:
    text = WRITTEN + f"[keys]\n{lines}\n"
    return load(publisher(folder, text), {**ENVIRON, **environ})


def test_without_a_link_key_the_address_key_signs_links(tmp_path: Path) -> None:
    settings = keyed(tmp_path, 'address_key_from = "A"', {"A": KEY})
    assert settings.link_keys == settings.address_keys
    assert list(settings.address_keys.secrets.values()) == [KEY.encode()]


def test_an_older_key_still_verifies_and_the_newest_signs(tmp_path: Path) -> None:
    before = keyed(tmp_path, 'address_key_from = "A"\nlink_key_from = "L"', {"A": KEY, "L": OLDER_KEY})
    after = keyed(
        tmp_path, 'address_key_from = "A"\nlink_key_from = ["L2", "L"]', {"A": KEY, "L": OLDER_KEY, "L2": KEY.upper()}
    )
    old_link = sign(LINK_TOKEN, before.link_keys)
    assert verify(old_link, Purpose.UNSUBSCRIBE, after.link_keys) == LINK_TOKEN
    assert sign(LINK_TOKEN, after.link_keys) != old_link


def test_a_keys_id_belongs_to_the_key_and_not_to_the_name_of_its_variable(tmp_path: Path) -> None:
    one = keyed(tmp_path, 'address_key_from = "A"', {"A": KEY})
    other = keyed(tmp_path, 'address_key_from = "B"', {"B": KEY})
    assert one.address_keys == other.address_keys
    assert KEY not in one.address_keys.current
    assert "." not in one.address_keys.current


@pytest.mark.parametrize("key", ["short", "a" * 64, "abcabcabcabcabcabcabcabcabcabcabcabc"])
def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadSettings, match="can be guessed"):
        keyed(tmp_path, 'address_key_from = "A"', {"A": key})


def test_a_rehearsal_without_keys_mints_one_and_keeps_it(tmp_path: Path) -> None:
    file = publisher(tmp_path)
    first, second = load(file, ENVIRON), load(file, ENVIRON)
    assert first.address_keys == second.address_keys
    (kept,) = (tmp_path / "kept" / "keys").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(first.address_keys.secrets[first.address_keys.current]) >= 32


def test_two_installations_do_not_share_a_minted_key(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = load(publisher(tmp_path / "a"), ENVIRON), load(publisher(tmp_path / "b"), ENVIRON)
    assert one.address_keys.current != other.address_keys.current


def test_many_that_start_at_once_agree_on_the_minted_key(tmp_path: Path) -> None:
    file = publisher(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: load(file, ENVIRON), range(16)))
    assert len({settings.address_keys.current for settings in loaded}) == 1
    assert len(list((tmp_path / "kept" / "keys").iterdir())) == 1


def test_what_a_rehearsal_signed_stays_valid_under_keys_of_ones_own(tmp_path: Path) -> None:
    rehearsal = load(publisher(tmp_path), ENVIRON)
    later = keyed(tmp_path, 'address_key_from = "A"', {"A": KEY})
    assert verify(sign(LINK_TOKEN, rehearsal.link_keys), Purpose.UNSUBSCRIBE, later.link_keys) == LINK_TOKEN
    assert later.address_keys.current != rehearsal.address_keys.current


def test_the_sandbox_portal_and_the_installation_agree_on_a_secret_without_the_environment(tmp_path: Path) -> None:
    file = publisher(tmp_path)
    one, other = load(file, {}), load(file, {})
    assert one.partner_secrets == other.partner_secrets
    (secret,) = one.partner_secrets["portal"]
    assert secret.startswith("whsec_")


def secret_file(folder: Path, text: str, mode: int) -> Path:
    file = folder / "secret"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_secret_may_stand_in_a_file_that_the_environment_names(tmp_path: Path) -> None:
    file = secret_file(tmp_path, KEY + "\n", 0o600)
    by_file = keyed(tmp_path, 'address_key_from = "A"', {"A_FILE": str(file)})
    by_value = keyed(tmp_path, 'address_key_from = "A"', {"A": KEY})
    assert by_file.address_keys == by_value.address_keys


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_secret_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path, KEY, mode)
    with pytest.raises(BadSettings, match=f"mode {mode:04o}.*chmod 600"):
        keyed(tmp_path, 'address_key_from = "A"', {"A_FILE": str(file)})


def test_a_secret_file_that_is_missing_or_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(BadSettings, match=r"keys\.address_key_from: A_FILE names"):
            keyed(tmp_path, 'address_key_from = "A"', {"A_FILE": str(path)})


def test_a_secret_by_value_and_by_file_at_once_is_refused(tmp_path: Path) -> None:
    file = secret_file(tmp_path, KEY, 0o600)
    with pytest.raises(BadSettings, match="both A and A_FILE"):
        keyed(tmp_path, 'address_key_from = "A"', {"A": KEY, "A_FILE": str(file)})


@pytest.mark.parametrize("secret", ["whsec_short", "whsec_!!!", "QUJD" * 8, "whsec_" + "QUJD" * 40])
def test_a_signing_secret_of_another_shape_is_refused(tmp_path: Path, secret: str) -> None:
    problems = check(publisher(tmp_path), {**ENVIRON, "NEW_SECRET": secret})
    assert [p.field for p in problems if p.is_error] == ["secrets_from"]
    assert not any(secret in str(p) for p in problems)


# --- single values ----------------------------------------------------------------------------

ANY_LENGTH = kinds.duration(timedelta(), timedelta(days=400))


@given(st.integers(0, 400 * 86400))
def test_a_length_of_time_in_words_reads_back_as_itself(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert ANY_LENGTH(in_words(length)) == length


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("30m", 30),
        ("36h", 2160),
        ("10 min", 10),
        ("1h 30m", 90),
        ("1h30m", 90),
        ("90분", 90),
        ("2일", 2880),
        ("2 Hours", 120),
    ],
)
def test_lengths_of_time_are_read_with_their_unit(words: str, minutes: int) -> None:
    assert ANY_LENGTH(words) == timedelta(minutes=minutes)


@given(st.times(timezones=st.none()).map(lambda t: t.replace(microsecond=0)))
def test_every_time_of_day_reads_back_as_itself(moment: time) -> None:
    assert kinds.time_of_day(moment.isoformat()) == moment


JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.dates())
READERS = [f.read for t in (TOP, *TABLES, PARTNER) for f in t.fields]


@given(st.sampled_from(READERS), JUNK)
def test_a_reader_gives_a_value_or_says_what_is_wrong_whatever_it_is_given(read: kinds.Read, value: object) -> None:
    with contextlib.suppress(Wrong):  # any other error is a failure
        read(value)


# --- disks ------------------------------------------------------------------------------------

MOUNTS = r"""/dev/sda1 / ext4 rw 0 0
server:/export /srv/news nfs4 rw 0 0
//server/share /mnt/with\040blank cifs rw 0 0
/dev/sdb1 /srv/news/local xfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/srv/news", "nfs4"),
        ("/srv/news/var", "nfs4"),
        ("/srv/newspaper", "ext4"),
        ("/srv/news/local/var", "xfs"),
        ("/mnt/with blank/var", "cifs"),
    ],
)
def test_a_folder_lies_on_the_innermost_mount_around_it(folder: str, kind: str) -> None:
    assert disk_kind(PurePosixPath(folder), MOUNTS) == kind


@pytest.mark.parametrize("spoil", [lambda f: f.chmod(0o644), lambda f: f.write_text("")], ids=["readable", "emptied"])
def test_a_rehearsal_key_that_was_spoilt_is_told_and_never_replaced(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    file = publisher(tmp_path)
    load(file, ENVIRON)
    kept = tmp_path / "kept" / "keys" / "rehearsal"
    spoil(kept)
    before = kept.read_text()
    with pytest.raises(BadSettings, match=r"storage\.folder: the rehearsal key"):
        load(file, ENVIRON)
    assert kept.read_text() == before


def test_a_storage_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    file = publisher(tmp_path, WRITTEN.replace('"kept"', '"publisher.toml/kept"'))
    with pytest.raises(BadSettings, match=r"storage\.folder"):
        load(file, ENVIRON)


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


RSA, OTHER_RSA = (pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)) for _ in range(2))
ED25519 = pem(ed25519.Ed25519PrivateKey.generate())
OLD_KEY = '{ selector = "mail2026", key_from = "OLD" }'
NEW_KEY = '{ selector = "mail2027", key_from = "NEW", from = "2027-01-01" }'


def signing(folder: Path, *keys: str, more: str = "") -> Path:
    write_starter(folder)
    file = folder / FILE
    asked = f"[mail]\n{more}dkim = [{', '.join(keys)}]\n"
    file.write_text(file.read_text(encoding="utf-8").replace("[mail]\n", asked), encoding="utf-8")
    return file


def test_mail_is_signed_with_the_key_that_the_environment_holds(tmp_path: Path) -> None:
    file = signing(tmp_path, OLD_KEY)
    (signer,) = load(file, {"OLD": RSA}).mail.signers
    assert (signer.domain, signer.selector, signer.transport) == ("garam.example", "mail2026", Transport.SMTP)
    with pytest.raises(BadSettings, match=r"mail\.dkim\[1\]: the signing key is no PEM"):
        load(file, {"OLD": "no key at all, but long enough to be one"})


def test_what_ses_writes_over_is_not_signed_when_mail_goes_that_way(tmp_path: Path) -> None:
    ses = 'ses = { region = "ap-northeast-2", configuration_set = "digest" }'
    file = signing(tmp_path, OLD_KEY, more=f'transport = "ses"\n{ses}\n')
    (signer,) = load(file, {"OLD": RSA}).mail.signers
    assert signer.transport is Transport.SES


def test_keys_sign_by_turns_and_two_kinds_side_by_side(tmp_path: Path) -> None:
    edwards = '{ selector = "ed", key_from = "ED", from = 2026-06-01 }'
    file = signing(tmp_path, NEW_KEY, edwards, OLD_KEY)
    signers = load(file, {"OLD": RSA, "NEW": OTHER_RSA, "ED": ED25519}).mail.signers

    def at(*moment: int) -> list[str]:
        return [one.selector for one in active(signers, datetime(*moment, tzinfo=UTC))]  # type: ignore[misc]

    assert at(2026, 5, 31, 23, 59) == ["mail2026"]
    assert at(2026, 6, 1) == ["mail2026", "ed"]
    assert at(2027, 1, 1) == ["mail2027", "ed"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (['{ selector = "a" }'], r"dkim\[1\]: key_from is missing"),
        (['{ selector = "a", key_from = "OLD", form = "2026-01-01" }'], r'dkim\[1\]: a key has no "form"'),
        ([OLD_KEY, '"mail2027"'], r"dkim\[2\]: .*where a table is expected"),
        ([NEW_KEY], r"mail\.dkim: every key has a from"),
        ([OLD_KEY, NEW_KEY], r'dkim\[2\]: the key "mail2027" never signs'),
        (['{ selector = "a", key_from = "OLD", from = "soon" }'], r"dkim\[1\]: .*soon"),
        (['{ selector = "a", key_from = "OLD", from = 2026-01-01T00:00:00 }'], r"dkim\[1\]: .*no offset"),
    ],
)
def test_keys_that_cannot_sign_by_turns_are_told_by_their_place(tmp_path: Path, keys: list[str], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        load(signing(tmp_path, *keys), {"OLD": RSA, "NEW": OTHER_RSA})
