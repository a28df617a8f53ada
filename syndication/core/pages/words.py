"""The words of newspaper pages that are no story: what a single line is, judged by itself.

It knows words and shapes of lines, never an outlet's name; what a line means beside others is `page_text`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from syndication.core.bylines import byline, is_mail
from syndication.core.dates import LABELS, Moment, parse_moment
from syndication.core.flow import one_line


class Kind(Enum):
    BLANK = auto()
    GAP = auto()  # a line of U+00A0: an empty paragraph inside a body
    DATE = auto()  # a date and nothing else
    STAMP = auto()  # a labelled date of the article: 등록, 입력, 승인 …
    CREDIT = auto()  # 기상청 제공
    INTERFACE = auto()  # buttons, menus, sizes, reactions
    MORE = auto()  # 더보기: what stands before it is the heading of a list
    LIST = auto()  # the heading of a list of stories
    SECTION = auto()
    BYLINE = auto()
    FOOTER = auto()  # copyright, address, imprint
    TEXT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a page: its kind, its words, and for a dated one its date with the stamp's label."""

    kind: Kind
    text: str = ""
    moment: Moment | None = None
    label: str | None = None
    bulleted: bool = False


# --- vocabularies ----------------------------------------------------------------------------


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Compared without blanks and in lower case.
_INTERFACE = _words("""
url복사 url복사하기 주소복사 링크복사 기사주소복사 상세검색 검색 통합검색 검색창열기 검색창닫기 검색열기 검색닫기 닫기
열기 펼치기 접기 배너 광고 광고문의 ad advertisement 전체기사 전체메뉴 메뉴 메뉴열기 메뉴닫기 전체보기 바로가기
본문바로가기 컨텐츠바로가기 콘텐츠바로가기 메뉴바로가기 주메뉴바로가기 하단바로가기 로그인 로그아웃 회원가입
마이페이지 시작페이지로 시작페이지 즐겨찾기 즐겨찾기추가 홈 home 홈으로 처음으로 맨위로 위로 top 목록 목록으로
목록보기 이전 다음 이전기사 다음기사 이전글 다음글 이전페이지 다음페이지 프린트 프린트하기 인쇄 인쇄하기 스크랩
스크랩하기 공유 공유하기 기사공유 기사공유하기 sns공유 sns공유하기 sns기사보내기 기사보내기 보내기 메일보내기 메일
이메일 email 문자 페이스북 페이스북공유 트위터 트위터공유 카카오톡 카카오스토리 카톡 밴드 네이버 네이버밴드
네이버블로그 블로그 라인 링크드인 핀터레스트 텔레그램 인스타그램 유튜브 facebook twitter x kakao kakaotalk kakaostory
band naver blog line instagram youtube rss 글자크기 글씨크기 글자크기조절 글자크기변경 글자크게 글자작게 글꼴크기
본문글씨키우기 본문글씨줄이기 글씨크게 글씨작게 폰트크기 아주작게 작게 보통 기본 크게 아주크게 매우작게 매우크게
더작게 더크게 가 가가 가+ 가- +가 -가 +- + - 댓글 댓글쓰기 댓글달기 댓글보기 댓글목록 첫댓글을작성해보세요 등록하기
답글 신고 신고하기 수정 삭제 취소 확인 구독 구독하기 구독신청 기사제보 제보하기 후원하기 추천 비추천 공감 기사반응
이기사에대해 좋아요 싫어요 음성으로듣기 기사듣기 듣기 번역 번역하기 다크모드 라이트모드 pc버전 모바일버전 모바일
pc화면 개인정보처리방침 개인정보취급방침 이용약관 청소년보호정책 이메일무단수집거부 저작권규약 회사소개 신문사소개
매체소개 찾아오시는길 기사문의 불편신고 윤리강령 독자참여 지면보기 pdf보기 사이트맵 스크롤 스크롤이동상태바 로딩중
새창 새창열림 이미지확대 사진확대 확대 확대보기 크게보기 재생 일시정지 정지 닫힘 옵션 더보기닫기 기사더보기닫기 요약
요약봇 powered by mediaon poweredbymediaon
기사스크랩하기 가장작게 가장크게 최상단으로 상단으로 맨위로가기 아이디 비밀번호 자동로그인
비회원글쓰기 회원글쓰기 비밀댓글 댓글등록 등록
""")
_REACTIONS = re.compile(
    r"(?:좋아|싫어|슬퍼|화나|훈훈해|놀라워|추천해|기대돼|기대해|감동이에|감동이예|유익해|재밌어|재미있어|웃겨|아쉬워|응원해|쏠쏠해|흥미진진해|"
    r"공감백배예|분석탁월해|팬이에|후속기사원해|후속강추|궁금해|힘내세|최고예|최고에)요?(?:\d[\d,]*)?"
)
_COUNTED = re.compile(r"(?:조회수?|댓글수?|추천수?|공감수?|좋아요|스크랩|공유|기사반응|배너|광고)[:(]?\d[\d,]*[)개]?")
_SIZES = re.compile(r"\d{1,2}(?:px|pt|포인트)|가[가+\-]{0,3}")
_NUMBERS = re.compile(r"(?:\d{1,3}[.위)]?|[<>«»‹›|/·.\-–—\s]{1,20}|\d{1,2}:\d\d|(?:\d{1,3}\|?){1,12}|\d{1,4}/\d{2,4})")
_SENTENCES = re.compile(
    r".{0,12}(?:복사|완료|등록|추가|저장|신고|삭제)(?:가|이)?(?:완료)?되었습니다\.?|(?:댓글)?첫댓글을.{0,12}|"
    r"이기사를?(?:공유|추천).{0,12}|로그인(?:후|이).{0,20}|자바스크립트.{0,30}|이전다음|"
    r".{0,10}네이버(?:에서)?구독.{0,10}|.{0,12}기자의?(?:다른|전체|최신)?기사(?:더|전체)?보기|update:.*|makefile.*|poweredby.{0,30}|ndsoft|mediaon",
)

_SECTIONS = _words("""
정치 경제 사회 문화 스포츠 연예 국제 세계 교육 환경 농업 농정 농수산 농축산 수산 축산 지역 전국 종합 오피니언 칼럼
사설 기고 사람들 사람 인물 피플 생활 건강 의료 복지 it 과학 산업 금융 부동산 건설 여행 관광 행정 의회 자치 지방
지방자치 자치행정 기획 특집 포토 영상 날씨 라이프 레저 체육 보건 교통 증권 기업 유통 소비자 외교 국방 통일 북한 법조
검찰 사건 사고 사건사고 노동 여성 청년 노인 가족 종교 문학 예술 공연 전시 방송 미디어 음식 맛집 축제 동정 인사 부고
알림 독자투고 독자 투고 시론 논단 기자수첩 인터뷰 탐방 르포 정책 도정 시정 군정 구정 시의회 도의회 군의회 구의회 선거
국회 대통령실 청와대 마을 동네 읍면 이웃 봉사 나눔 역사 문화재 책 출판 영화 음악 패션 뷰티 자동차 기술 테크 디지털
중소기업 일자리 취업 대학 학교 수도권 영남 호남 충청 강원 제주 서울 경기 인천 부산 대구 광주 대전 울산 세종 충북 충남
전북 전남 경북 경남
""")
_PARTS = re.compile(r"[/·ㆍ&|,]+")

_GENERIC = re.compile(
    r"(?:hot|best|photo|most|top|today|news|issue)(?:'?s)?(?:클릭|이슈|뉴스|기사|포토|news|issue|click|topic|read|viewed|story|pick|photo)?"
    r"(?:(?:top|best)?\d{0,2})|cover ?story|headlines?|(?:news)?timeline|latest(?:news)?|pick|editor'?s?pick|"
    r"관련(?:기사|뉴스|글|콘텐츠)|이시각.{0,8}|헤드라인|톱뉴스|핫이슈|핫클릭|"
    r"(?:가장)?(?:많이본|인기|최신|추천|주요|오늘의|랭킹|주간|월간|화제의?|베스트|놓치면안될|함께(?:본|볼만한)|섹션별|분야별|지난|다른|속보|"
    r"포토|영상|동영상|카드|주목받는|섹션|이기자의다른|같은섹션|종합|최근|인기많은|전체|실시간)(?:많이본|인기|최신|주요)?"
    r"(?:기사|뉴스|영상|소식|헤드라인|포토|이슈|콘텐츠|글|갤러리|속보|검색어)(?:top\d*|best\d*|\d+|순위)?"
)
_WEATHER_CREDIT = re.compile(r"(?:날씨|기상|자료)?(?:정보|자료)?(?:제공[:=]?)?(?P<who>기상청)(?:제공)?")
_BULLET = re.compile(r"^[•●∙◦·ㆍ*]\s*")
_PATH = re.compile(r"^(?:홈|home|메인)?\s*[>›»]\s*|\s*[>›»]\s*", re.IGNORECASE)
_PHOTO_CREDIT = re.compile(
    r"[▲△▼▶◀■◆\[(<〈/|\s]{0,4}(?:(?:글|영상)?\s?[·ㆍ/]?\s?사진|자료\s?사진|그래픽|이미지)\s?(?:(?:제공|출처)\s?[=:ㅣ|/]?|[=:ㅣ|/])\s?"
    r"[^.!?]{1,24}[\])>〉]?|[(\[<]?\s?(?:사진|자료)\s?=\s?[^.!?]{1,24}[\])>]?|[ⓒ©]\s?[^.!?ⓒ©]{1,20}"
)
_ERROR = re.compile(
    r"\b(?:403|404|410|500|502|503)\b|not\s?found|(?:찾을|볼|표시할|열)\s?수\s?없|존재하지\s?않는|삭제된\s?(?:기사|게시물|페이지)|^(?:error|오류|에러)\b|"
    r"forbidden|access\s?denied|로그인|회원\s?가입",
    re.IGNORECASE,
)
_NO_YEAR = re.compile(r"\d{1,2}\s?[./]\s?\d{1,2}\.?\s?\(?[월화수목금토일](?:요일)?\)?")

_MORE_BY = re.compile(r"\s*(?:의\s?)?(?:(?:다른|전체|최신)\s?기사|기사)\s?(?:더\s?|전체\s?)?보기\s*$")
_LONGEST_WORD = 30  # longer lines are no button, menu or heading


# --- one line --------------------------------------------------------------------------------


def line_of(raw: str) -> Line:
    """What a line is when nothing is known of its neighbours."""
    return _known_line(raw) if len(raw) <= _SHARED else _line(raw)


def _line(raw: str) -> Line:
    text = one_line(raw)
    if not text:
        return Line(kind=Kind.GAP if "\xa0" in raw or "\u3000" in raw else Kind.BLANK)
    bare = _BULLET.sub("", text)
    if len(bare) <= _LONGEST_WORD:
        short = _short(bare)
        if short is not None:
            return Line(kind=short, text=_section(bare) if short is Kind.SECTION else bare, bulleted=bare != text)
    dated = _dated(bare)
    if dated is not None:
        return dated
    signed = _MORE_BY.sub("", bare)
    if byline(signed) is not None or is_mail(signed):
        return Line(kind=Kind.BYLINE, text=signed)
    if is_photo_credit(bare):
        return Line(kind=Kind.INTERFACE, text=bare)
    return Line(kind=Kind.TEXT, text=text, bulleted=bare != text)


# Pages of one paper share their menus, buttons and footers: such lines are judged once.
_SHARED = 100
_known_line = lru_cache(maxsize=8192)(_line)


def _short(text: str) -> Kind | None:
    """The kind of a line of few words, or None for text."""
    word = "".join(text.split()).lower()
    if word in ("더보기", "기사더보기", "more", "+더보기", "더보기+", "more+", "+more"):
        return Kind.MORE
    if _WEATHER_CREDIT.fullmatch(word) and word != "기상청":
        return Kind.CREDIT
    if _is_interface(word) or all(_is_interface(w) for w in text.lower().split()):
        return Kind.INTERFACE
    if _GENERIC.fullmatch(word):
        return Kind.LIST
    return Kind.SECTION if is_section(text) or is_section(_section(text)) else None


def _is_interface(word: str) -> bool:
    return word in _INTERFACE or any(
        shape.fullmatch(word) for shape in (_REACTIONS, _COUNTED, _SIZES, _NUMBERS, _SENTENCES)
    )


def is_section(text: str) -> bool:
    """Whether a line is a newspaper's section (사회, 정치/행정, 경제·산업)."""
    parts = ["".join(p.split()) for p in _PARTS.split(text.lower()) if p.strip()]
    return 0 < len(parts) <= 3 and all(p in _SECTIONS or p.removesuffix("뉴스") in _SECTIONS for p in parts)


def is_generic(heading: str) -> bool:
    """Whether the heading of a list names no section (Today, HOT클릭 TOP7, 관련기사)."""
    return _GENERIC.fullmatch("".join(heading.split()).lower()) is not None


def _section(text: str) -> str:
    """The last step of a path such as 홈 > 사회."""
    return _PATH.split(text)[-1].strip() if _PATH.search(text) else text


def credit(text: str) -> str:
    """Who is credited in a line of kind CREDIT: 기상청."""
    found = _WEATHER_CREDIT.fullmatch("".join(text.split()))
    return found.group("who") if found else text


def is_photo_credit(text: str) -> bool:
    """Whether a line says whose a picture is and nothing else (▲ 사진=가람시 제공, ⓒ 가람시)."""
    return len(text) <= _LONGEST_WORD and _PHOTO_CREDIT.fullmatch(text) is not None


def is_error(title: str) -> bool:
    """Whether a headline names an error and no story (404, 페이지를 찾을 수 없습니다)."""
    return _ERROR.search(title) is not None


def is_no_year(text: str) -> bool:
    """Whether a line is a date without its year (06.17 (월))."""
    return len(text) <= _LONGEST_WORD and _NO_YEAR.fullmatch(text) is not None


# --- dated lines -----------------------------------------------------------------------------

_STAMP = re.compile(
    rf"(?P<label>{'|'.join(LABELS)})\s*(?:일시|시간|일자|일|날짜)?\s*[:：]?\s*"
    r"(?P<date>\d{4}\s?[-./년]\s?\d{1,2}\s?[-./월]\s?\d{1,2}\s?[일.]?(?:\s?\([월화수목금토일]\))?"
    r"(?:\s*[\[(]?(?:오전|오후)?\s?\d{1,2}\s?[:시]\s?\d{1,2}\s?분?(?::\d{1,2})?[\])]?)?)"
)
# behind these labels a year of two digits is one: boards print it so
_SHORT_STAMP = re.compile(
    r"(?P<label>작성일|등록일|게시일|날\s?짜|일\s?시|작성|등록)\s*[:：]?\s*(?P<date>\d\d\s?(?P<sep>[-./])\s?\d\d\s?(?P=sep)\s?\d\d\.?(?:\s+\d{1,2}:\d\d(?::\d\d)?)?)(?!\d)"
)
_UNLABELLED = re.compile(
    r"(?P<date>\d{4}\s?[-./년]\s?\d{1,2}\s?[-./월]\s?\d{1,2}\s?[일.]?(?:\s?\([월화수목금토일]\))?"
    r"\s*(?:오전|오후)?\s?\d{1,2}\s?[:시]\s?\d{1,2}\s?분?(?::\d{1,2})?)(?!\d)"
)
_WRITER = re.compile(
    r"(?:글쓴이|작성자|이름|기자명)\s*[:：]?\s*(?:관리자|운영자|편집부|편집국|최고관리자|admin\w{0,10})?(?=\s|$)"
)
_BETWEEN = re.compile(r"[\s|/·ㆍ,()\[\]\-:]+")
_COUNTS = re.compile(r"(?:조회수?|댓글수?|추천수?|공감수?|좋아요)\s?[:(]?\s?\d[\d,]{0,8}\s?[)건개회]?")
_MAILED = re.compile(r"[\w.+-]{1,64}@[\w.-]{0,64}", re.ASCII)
LATE = ("최종편집", "최종수정", "수정")  # when it was last touched, not when it came out


def _dated(text: str) -> Line | None:
    if len(text) > 120 or not any(c.isdigit() for c in text):
        return None
    if is_no_year(text):
        return Line(kind=Kind.DATE, text=text)
    stamp = _stamp(_with_century(text))
    if stamp is not None:
        return stamp
    moment = parse_moment(text.removeprefix("오늘").strip(" :"))
    label = next((label for label in LABELS if text.endswith(label)), None)
    if moment and label:
        return Line(kind=Kind.STAMP, label=label, moment=moment)
    return Line(kind=Kind.DATE, text=text, moment=moment) if moment else _signed_date(text)


def _with_century(text: str) -> str:
    """A line whose stamp has a year of two digits, with four."""
    found = _SHORT_STAMP.search(text)
    if found is None:
        return text
    date = found.group("date")
    label = re.sub(r"\s|일$", "", found.group("label"))
    known = label if label in LABELS else "작성"
    century = "20" if int(date[:2]) < 70 else "19"
    return f"{text[: found.start()]} {known}일 {century}{date}{text[found.end() :]}"


def _signed_date(text: str) -> Line | None:
    """A line that holds a byline and an instant and nothing else (다온 기자 | 2026.01.20 18:00)."""
    found = _UNLABELLED.search(text)
    moment = parse_moment(found.group("date")) if found else None
    if found is None or moment is None:
        return None
    rest = " ".join(_BETWEEN.sub(" ", text[: found.start()] + " " + text[found.end() :]).split())
    mail = _MAILED.sub("", rest).strip()
    who = byline(mail) if mail else None
    return Line(kind=Kind.STAMP, text=who, moment=moment) if who else None


def _stamp(text: str) -> Line | None:
    """The first stamp of a line that holds stamps and beside them only a byline or buttons; the byline is its text."""
    found = [(m.group("label"), parse_moment(m.group("date"))) for m in _STAMP.finditer(text)]
    stamps = [(label, moment) for label, moment in found if moment is not None]
    if not stamps:
        return None
    rest = " ".join(_BETWEEN.sub(" ", _WRITER.sub(" ", _COUNTS.sub(" ", _STAMP.sub(" ", text)))).split())
    who = byline(_MAILED.sub("", rest).strip()) if rest else None
    if rest and who is None and not all(_is_interface(word) for word in rest.lower().split()):
        return None
    stamps.sort(key=lambda stamp: stamp[0] in LATE)
    return Line(kind=Kind.STAMP, text=who or "", label=stamps[0][0], moment=stamps[0][1])


# --- the end of a page -----------------------------------------------------------------------

# Words of an imprint that stand nowhere else …
_IMPRINT = re.compile(
    r"copyrights?\s?[@ⓒ©(:]|\bcopyrights?\b.{0,40}reserved|all\s?rights?\s?reserved|"
    r"무단\s?(?:전재|복제|배포)[^.]{0,20}(?:금지|금합|금함|불허)|저작권자\s?[ⓒ©(@:：<|]|[<〈\[(]\s?저작권자|제호\s?[:：|]|"
    r"등록번호\s?[:：|]|등록번호\s[가-힣]{1,4}\s?,?\s?[가-힣]?\s?\d{4,6}|발행[·ㆍ/]?편집인|(?:발행|편집)인\s?[:：|]|청소년\s?보호\s?책임자|사업자\s?등록\s?번호",
    re.IGNORECASE,
)
# … and those that an article uses too: two of them together make an imprint, in no list of an article.
_CONTACT = re.compile(
    r"[ⓒ©]|\(c\)\s?\d{4}|대표\s?전화|(?<!문의)(?<!문의 )(?:주소|팩스|전화)\s?[:：|]|\b(?:tel|fax)\s?[.:：)]",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[^\w\s\"'“‘<(\[ⓒ©]|\d{1,2}[.)]\s")
_SENTENCE = re.compile(r"[다요죠까음함임됨][.!?][\"'”’」』)\]]*")
_ADDRESS = re.compile(
    r"\s*(?:[(（]?우[)）:]?\s?\d{5}[)）]?\s*)?(?:[가-힣]{2,7}\s)?[가-힣]{1,7}(?:도|시|군|구)\s"
    r"[가-힣0-9·]{1,12}(?:\s[가-힣0-9·]{1,12}){0,4}\s\d{1,5}(?:-\d{1,5})?(?:번지|번길\s?\d{1,4})?[,\s]*(?:[가-힣A-Za-z0-9]{0,12}(?:층|호|빌딩|타워|센터|회관)[,\s]*){0,3}"
    r"(?:\([^()]{1,20}\))?\s*"
)
_LONGEST_ADDRESS = 120


def footer_at(text: str) -> int | None:
    """Where in a line the page's footer begins (copyright, imprint, address), or None.

    Pages glue it to the last sentence: it begins right behind that sentence."""
    mark = _imprint(text)
    if mark is not None:
        at = _behind_sentence(text, mark.start())
        return at if not _SENTENCE.search(text, mark.start()) else None
    at = _behind_sentence(text, len(text))
    tail = text[at:]
    return at if 8 < len(tail) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(tail) else None


def is_contact(text: str) -> bool:
    """Whether a line names an address, a number or a holder of rights, as the lines of an imprint do."""
    return _CONTACT.search(text) is not None and not _ITEM.match(text) and not _SENTENCE.search(text)


def _imprint(text: str) -> re.Match[str] | None:
    sure = _IMPRINT.search(text)
    words = list(_CONTACT.finditer(text)) if sure or not _ITEM.match(text) else []
    if sure is None:
        return words[0] if len(words) > 1 else None
    return min((sure, *words[:1]), key=lambda found: found.start())


def signed_before(footer: str) -> str | None:
    """Who is named at the beginning of a footer, between the last sentence and the imprint."""
    mark = _imprint(footer)
    return byline(footer[: mark.start()].strip(" <[(|/-")) if mark else None


def _behind_sentence(text: str, before: int) -> int:
    at = 0
    for found in _SENTENCE.finditer(text, 0, before):
        at = found.end()
    return at
