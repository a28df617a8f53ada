<?xml version="1.0" encoding="utf-8"?>
<!-- Shows a feed to a person who opened it in a browser: what it is, how to use it, what is in it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:at="http://purl.org/atompub/tombstones/1.0" exclude-result-prefixes="atom dc at">
<xsl:output method="html" encoding="utf-8" indent="no" doctype-system="about:legacy-compat"/>

<xsl:variable name="language" select="string((/rss/channel/language | /atom:feed/@xml:lang)[1])"/>
<xsl:variable name="korean" select="not(starts-with($language, 'en'))"/>
<xsl:variable name="older" select="string((/rss/channel/atom:link[@rel='prev-archive']/@href | /atom:feed/atom:link[@rel='prev-archive']/@href)[1])"/>
<xsl:variable name="self" select="string((/rss/channel/atom:link[@rel='self']/@href | /atom:feed/atom:link[@rel='self']/@href)[1])"/>

<xsl:variable name="outlet" select="string((/rss/channel/copyright | /atom:feed/atom:rights)[1])"/>
<!-- the same feed in its other dialects, and the list of all: addresses of ours end alike -->
<xsl:variable name="bare"><xsl:call-template name="without-dialect"/></xsl:variable>
<xsl:variable name="months">JanFebMarAprMayJunJulAugSepOctNovDec</xsl:variable>

<xsl:template match="/">
  <xsl:apply-templates select="rss/channel | atom:feed"/>
</xsl:template>

<xsl:template match="rss/channel">
  <xsl:call-template name="page">
    <xsl:with-param name="title" select="title"/>
    <xsl:with-param name="about" select="description"/>
    <xsl:with-param name="home" select="string(link)"/>
    <xsl:with-param name="entries" select="item"/>
    <xsl:with-param name="type">application/rss+xml</xsl:with-param>
  </xsl:call-template>
</xsl:template>

<xsl:template match="atom:feed">
  <xsl:call-template name="page">
    <xsl:with-param name="title" select="atom:title"/>
    <xsl:with-param name="about" select="atom:subtitle"/>
    <xsl:with-param name="home" select="string(atom:link[not(@rel) or @rel='alternate'][1]/@href)"/>
    <xsl:with-param name="entries" select="atom:entry"/>
    <xsl:with-param name="type">application/atom+xml</xsl:with-param>
  </xsl:call-template>
</xsl:template>

<xsl:template name="page">
  <xsl:param name="title"/>
  <xsl:param name="about"/>
  <xsl:param name="home"/>
  <xsl:param name="entries"/>
  <xsl:param name="type"/>
  <html>
    <xsl:attribute name="lang"><xsl:choose><xsl:when test="$korean">ko</xsl:when><xsl:otherwise>en</xsl:otherwise></xsl:choose></xsl:attribute>
    <head>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="robots" content="noindex"/>
      <title><xsl:value-of select="$title"/></title>
      <link rel="icon" href="/assets/icon.svg" type="image/svg+xml"/>
      <link rel="stylesheet" href="/assets/site.css"/>
      <xsl:if test="$self != ''"><link rel="alternate" type="{$type}" title="{$title}" href="{$self}"/></xsl:if>
    </head>
    <body class="page paper feed">
      <header class="top">
        <xsl:variable name="name"><xsl:choose><xsl:when test="starts-with($outlet, '© ')"><xsl:value-of select="substring($outlet, 3)"/></xsl:when><xsl:otherwise><xsl:value-of select="$title"/></xsl:otherwise></xsl:choose></xsl:variable>
        <xsl:choose>
          <xsl:when test="starts-with($home, 'https://') or starts-with($home, 'http://')"><a class="outlet" href="{$home}"><xsl:value-of select="$name"/></a></xsl:when>
          <xsl:otherwise><span class="outlet"><xsl:value-of select="$name"/></span></xsl:otherwise>
        </xsl:choose>
      </header>
      <main id="content">
        <div class="masthead">
          <h1><xsl:value-of select="$title"/></h1>
          <xsl:if test="string($about) != ''"><p class="dateline"><span><xsl:value-of select="$about"/></span></p></xsl:if>
        </div>
        <section class="mark about">
          <xsl:choose>
            <xsl:when test="$korean">
              <p><strong>이 페이지는 피드입니다.</strong> 피드는 새 글을 알려 주는 주소입니다. 아래 주소를 피드 리더(구독 프로그램)에 붙여 넣으면 새 글이 나올 때마다 그곳에서 읽을 수 있습니다. 가입도 이메일도 필요 없습니다.</p>
            </xsl:when>
            <xsl:otherwise>
              <p><strong>This page is a feed.</strong> A feed is an address that announces what is new. Paste the address below into a feed reader and you will find everything new there. It takes no account and no e-mail address.</p>
            </xsl:otherwise>
          </xsl:choose>
          <xsl:if test="$self != ''"><p><code><xsl:value-of select="$self"/></code></p></xsl:if>
          <xsl:if test="(starts-with($bare, 'https://') or starts-with($bare, 'http://')) and contains($bare, '/feeds/') and not(contains($bare, '/feeds/deleted'))">
            <p class="quiet"><xsl:choose><xsl:when test="$korean">다른 형식: </xsl:when><xsl:otherwise>Other formats: </xsl:otherwise></xsl:choose><a href="{$bare}.rss">RSS</a><xsl:text> · </xsl:text><a href="{$bare}.atom">Atom</a><xsl:text> · </xsl:text><a href="{$bare}.json">JSON Feed</a><xsl:text> · </xsl:text><a href="{substring-before($bare, '/feeds/')}/feeds/all.opml"><xsl:choose><xsl:when test="$korean">모든 피드(OPML)</xsl:when><xsl:otherwise>All feeds (OPML)</xsl:otherwise></xsl:choose></a></p>
          </xsl:if>
        </section>
        <section class="section">
          <h2><xsl:choose><xsl:when test="$korean">최근 글</xsl:when><xsl:otherwise>Latest</xsl:otherwise></xsl:choose></h2>
          <xsl:for-each select="$entries[position() &lt;= 50]"><xsl:call-template name="entry"/></xsl:for-each>
          <xsl:if test="starts-with($older, 'https://') or starts-with($older, 'http://')"><p><a href="{$older}"><xsl:choose><xsl:when test="$korean">지난 글</xsl:when><xsl:otherwise>Older ones</xsl:otherwise></xsl:choose></a></p></xsl:if>
          <xsl:for-each select="/atom:feed/at:deleted-entry[position() &lt;= 50]">
            <article class="story"><div class="body"><p><xsl:value-of select="at:comment"/></p></div><p class="byline"><span><code><xsl:value-of select="@ref"/></code></span><span><xsl:call-template name="instant"><xsl:with-param name="at" select="string(@when)"/></xsl:call-template></span></p></article>
          </xsl:for-each>
          <xsl:if test="not($entries | /atom:feed/at:deleted-entry)"><p class="quiet"><xsl:choose><xsl:when test="$korean">아직 글이 없습니다.</xsl:when><xsl:otherwise>Nothing here yet.</xsl:otherwise></xsl:choose></p></xsl:if>
        </section>
      </main>
    </body>
  </html>
</xsl:template>

<xsl:template name="entry">
  <xsl:variable name="address" select="string((link | atom:link[not(@rel) or @rel='alternate']/@href)[1])"/>
  <xsl:variable name="told" select="string((description | atom:summary)[1])"/>
  <xsl:variable name="when" select="string((pubDate | atom:published | dc:date)[1])"/>
  <article class="story">
    <h3>
      <xsl:choose>
        <xsl:when test="starts-with($address, 'https://') or starts-with($address, 'http://')"><a href="{$address}"><xsl:value-of select="title | atom:title"/></a></xsl:when>
        <xsl:otherwise><xsl:value-of select="title | atom:title"/></xsl:otherwise>
      </xsl:choose>
    </h3>
    <!-- a summary with markup cannot be shown safely by every browser: the headline leads to the text -->
    <xsl:if test="$told != '' and not(contains($told, '&lt;'))"><div class="body"><p><xsl:call-template name="unescaped"><xsl:with-param name="text" select="$told"/></xsl:call-template></p></div></xsl:if>
    <xsl:if test="$when != '' or dc:creator or atom:author"><p class="byline">
      <xsl:for-each select="dc:creator | atom:author/atom:name"><span><xsl:value-of select="."/></span></xsl:for-each>
      <xsl:if test="$when != ''"><span><xsl:choose>
        <xsl:when test="pubDate"><xsl:call-template name="moment">
          <xsl:with-param name="year" select="number(substring($when, 13, 4))"/>
          <xsl:with-param name="month" select="string-length(substring-before($months, substring($when, 9, 3))) div 3 + 1"/>
          <xsl:with-param name="day" select="number(substring($when, 6, 2))"/>
          <xsl:with-param name="clock" select="substring($when, 18, 5)"/>
          <xsl:with-param name="offset" select="substring($when, 27)"/>
        </xsl:call-template></xsl:when>
        <xsl:otherwise><xsl:call-template name="instant"><xsl:with-param name="at" select="$when"/></xsl:call-template></xsl:otherwise>
      </xsl:choose></span></xsl:if>
    </p></xsl:if>
  </article>
</xsl:template>

<!-- a time as Atom writes it -->
<xsl:template name="instant">
  <xsl:param name="at"/>
  <xsl:call-template name="moment">
    <xsl:with-param name="year" select="number(substring($at, 1, 4))"/>
    <xsl:with-param name="month" select="number(substring($at, 6, 2))"/>
    <xsl:with-param name="day" select="number(substring($at, 9, 2))"/>
    <xsl:with-param name="clock" select="substring($at, 12, 5)"/>
    <xsl:with-param name="offset" select="substring($at, 20)"/>
  </xsl:call-template>
</xsl:template>

<!-- the moment of a story: in Korean by the clock of Seoul, else as it stands there -->
<xsl:template name="moment">
  <xsl:param name="year"/><xsl:param name="month"/><xsl:param name="day"/><xsl:param name="clock"/><xsl:param name="offset"/>
  <xsl:variable name="utc" select="contains($offset, 'GMT') or contains($offset, '+0000') or contains($offset, '+00:00') or $offset = 'Z'"/>
  <xsl:variable name="seoul" select="contains($offset, '+0900') or contains($offset, '+09:00')"/>
  <xsl:variable name="hour" select="number(substring($clock, 1, 2))"/>
  <xsl:variable name="days"><xsl:choose>
    <xsl:when test="$month = 2 and (($year mod 4 = 0 and $year mod 100 != 0) or $year mod 400 = 0)">29</xsl:when>
    <xsl:when test="$month = 2">28</xsl:when>
    <xsl:when test="$month = 4 or $month = 6 or $month = 9 or $month = 11">30</xsl:when>
    <xsl:otherwise>31</xsl:otherwise>
  </xsl:choose></xsl:variable>
  <xsl:variable name="next" select="number($korean and $utc and $hour &gt; 14)"/>
  <xsl:variable name="turns" select="number($next = 1 and $day = number($days))"/>
  <xsl:variable name="ends" select="number($turns = 1 and $month = 12)"/>
  <xsl:variable name="y" select="$year + $ends"/>
  <xsl:variable name="m" select="($month + $turns) * (1 - $ends) + $ends"/>
  <xsl:variable name="d" select="($day + $next) * (1 - $turns) + $turns"/>
  <xsl:choose>
    <xsl:when test="$korean and ($utc or $seoul)">
      <xsl:value-of select="concat($y, '년 ', $m, '월 ', $d, '일 ', format-number(($hour + 9 * number($utc)) mod 24, '00'), substring($clock, 3))"/>
    </xsl:when>
    <xsl:otherwise>
      <xsl:value-of select="concat($day, ' ', substring($months, $month * 3 - 2, 3), ' ', $year, ' ', $clock, ' ')"/>
      <xsl:choose><xsl:when test="$utc">UTC</xsl:when><xsl:when test="$seoul">KST</xsl:when><xsl:otherwise><xsl:value-of select="$offset"/></xsl:otherwise></xsl:choose>
    </xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- a summary is text: it is escaped once more only because readers take it for HTML -->
<xsl:template name="unescaped">
  <xsl:param name="text"/>
  <xsl:choose>
    <xsl:when test="contains($text, '&amp;')">
      <xsl:variable name="rest" select="substring-after($text, '&amp;')"/>
      <xsl:variable name="sign"><xsl:choose>
        <xsl:when test="starts-with($rest, 'lt;')">&lt;</xsl:when>
        <xsl:when test="starts-with($rest, 'gt;')">&gt;</xsl:when>
        <xsl:otherwise>&amp;</xsl:otherwise>
      </xsl:choose></xsl:variable>
      <xsl:value-of select="concat(substring-before($text, '&amp;'), $sign)"/>
      <xsl:call-template name="unescaped">
        <xsl:with-param name="text"><xsl:choose>
          <xsl:when test="starts-with($rest, 'lt;') or starts-with($rest, 'gt;')"><xsl:value-of select="substring($rest, 4)"/></xsl:when>
          <xsl:when test="starts-with($rest, 'amp;')"><xsl:value-of select="substring($rest, 5)"/></xsl:when>
          <xsl:otherwise><xsl:value-of select="$rest"/></xsl:otherwise>
        </xsl:choose></xsl:with-param>
      </xsl:call-template>
    </xsl:when>
    <xsl:otherwise><xsl:value-of select="$text"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- this feed's address without .rss or .atom; nothing where it ends otherwise -->
<xsl:template name="without-dialect">
  <xsl:variable name="length" select="string-length($self)"/>
  <xsl:choose>
    <xsl:when test="substring($self, $length - 3) = '.rss'"><xsl:value-of select="substring($self, 1, $length - 4)"/></xsl:when>
    <xsl:when test="substring($self, $length - 4) = '.atom'"><xsl:value-of select="substring($self, 1, $length - 5)"/></xsl:when>
  </xsl:choose>
</xsl:template>
</xsl:stylesheet>
