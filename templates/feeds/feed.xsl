<?xml version="1.0" encoding="utf-8"?>
<!-- Shows a feed to a person who opened it in a browser: what it is, how to use it, what is in it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
  exclude-result-prefixes="atom dc">
<xsl:output method="html" encoding="utf-8" indent="no" doctype-system="about:legacy-compat"/>

<xsl:variable name="language" select="string((/rss/channel/language | /atom:feed/@xml:lang)[1])"/>
<xsl:variable name="korean" select="not(starts-with($language, 'en'))"/>
<xsl:variable name="older" select="string((/rss/channel/atom:link[@rel='prev-archive']/@href | /atom:feed/atom:link[@rel='prev-archive']/@href)[1])"/>
<xsl:variable name="self" select="string((/rss/channel/atom:link[@rel='self']/@href | /atom:feed/atom:link[@rel='self']/@href)[1])"/>

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
        <xsl:choose>
          <xsl:when test="starts-with($home, 'https://') or starts-with($home, 'http://')"><a class="outlet" href="{$home}"><xsl:value-of select="$title"/></a></xsl:when>
          <xsl:otherwise><span class="outlet"><xsl:value-of select="$title"/></span></xsl:otherwise>
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
        </section>
        <section class="section">
          <h2><xsl:choose><xsl:when test="$korean">최근 글</xsl:when><xsl:otherwise>Latest</xsl:otherwise></xsl:choose></h2>
          <xsl:for-each select="$entries[position() &lt;= 50]"><xsl:call-template name="entry"/></xsl:for-each>
          <xsl:if test="starts-with($older, 'https://') or starts-with($older, 'http://')"><p><a href="{$older}"><xsl:choose><xsl:when test="$korean">지난 글</xsl:when><xsl:otherwise>Older ones</xsl:otherwise></xsl:choose></a></p></xsl:if>
          <xsl:if test="not($entries)"><p class="quiet"><xsl:choose><xsl:when test="$korean">아직 글이 없습니다.</xsl:when><xsl:otherwise>Nothing here yet.</xsl:otherwise></xsl:choose></p></xsl:if>
        </section>
      </main>
    </body>
  </html>
</xsl:template>

<xsl:template name="entry">
  <xsl:variable name="address" select="string((link | atom:link[not(@rel) or @rel='alternate']/@href)[1])"/>
  <xsl:variable name="summary" select="string((description | atom:summary)[1])"/>
  <xsl:variable name="when" select="string((pubDate | atom:published | dc:date)[1])"/>
  <article class="story">
    <h3>
      <xsl:choose>
        <xsl:when test="starts-with($address, 'https://') or starts-with($address, 'http://')"><a href="{$address}"><xsl:value-of select="title | atom:title"/></a></xsl:when>
        <xsl:otherwise><xsl:value-of select="title | atom:title"/></xsl:otherwise>
      </xsl:choose>
    </h3>
    <!-- a summary with markup cannot be shown safely by every browser: the headline leads to the text -->
    <xsl:if test="$summary != '' and not(contains($summary, '&lt;'))"><div class="body"><p><xsl:value-of select="$summary"/></p></div></xsl:if>
    <xsl:if test="$when != ''"><p class="byline"><xsl:choose>
      <xsl:when test="pubDate"><span><xsl:value-of select="substring($when, 1, 22)"/><xsl:call-template name="zone"><xsl:with-param name="offset" select="substring($when, 27)"/></xsl:call-template></span></xsl:when>
      <xsl:otherwise><span><xsl:value-of select="translate(substring($when, 1, 16), 'T', ' ')"/><xsl:call-template name="zone"><xsl:with-param name="offset" select="substring($when, string-length($when) - 5)"/></xsl:call-template></span></xsl:otherwise>
    </xsl:choose></p></xsl:if>
  </article>
</xsl:template>
<!-- which clock a time is told by -->
<xsl:template name="zone">
  <xsl:param name="offset"/>
  <xsl:choose>
    <xsl:when test="contains($offset, '+0900') or contains($offset, '+09:00')"><xsl:text> KST</xsl:text></xsl:when>
    <xsl:when test="contains($offset, '+0000') or contains($offset, '+00:00') or contains($offset, 'Z') or contains($offset, 'GMT')"><xsl:text> UTC</xsl:text></xsl:when>
    <xsl:otherwise><xsl:value-of select="concat(' ', $offset)"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>
</xsl:stylesheet>
