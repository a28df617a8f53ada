"""For the operator: /health and /metrics, told from the database.

It watches nothing between requests and keeps no counters of its own.
"""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import JSONResponse, PlainTextResponse, Response

from syndication.core.health import Finding, FindingKind, newest_beats
from syndication.dispatch import in_doubt
from syndication.publish import namespace_of
from syndication.watch import Survey, survey
from syndication.web.look import NOT_KEPT, Look
from syndication.web.metrics import SurveyCollector
from syndication.web.pages import READ
from syndication.web.site import Site


def router(look: Look) -> APIRouter:
    operating = APIRouter()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SurveyCollector(lambda: look_over(look.site)))

    @operating.api_route("/health", methods=READ)
    def health() -> Response:
        try:
            found = look_over(look.site)
        except Exception as error:  # noqa: BLE001 - whatever the database says, health answers
            return unreachable(look.site, error)
        status = 503 if found.findings else 200
        return JSONResponse(health_of(found, look.site), status_code=status, headers=NOT_KEPT)

    @operating.api_route("/metrics", methods=READ)
    def metrics() -> Response:
        return PlainTextResponse(
            generate_latest(registry), headers={**NOT_KEPT, "Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )

    return operating


def look_over(site: Site) -> Survey:
    now, doubt = site.ports.clock.now(), in_doubt(site.ports)
    namespace = namespace_of(site.outlet, site.editions, site.templates)
    return survey(site.ports.store, site.editions, site.sources, now, doubt=doubt, namespace=namespace)


def health_of(found: Survey, site: Site) -> dict[str, object]:
    """What /health says: the facts asked of it by name, then everything that is wrong in sentences."""
    return {
        "status": "wrong" if found.findings else "ok",
        "at": found.at.isoformat(),
        "mode": site.mode,
        "database": {"reachable": True, "kind": site.database or None},
        "heartbeat_age_seconds": {
            role: round((found.at - at).total_seconds(), 1) for role, at in sorted(newest_beats(found.beats).items())
        },
        "overdue_issues": _subjects(found.findings, FindingKind.OVERDUE),
        "open_balances": _subjects(found.findings, FindingKind.BALANCE),
        "silent_sources": _subjects(found.findings, FindingKind.SILENT),
        "uncertain": found.uncertain,
        "findings": [{"kind": f.kind, "subject": f.subject, "sentence": f.sentence} for f in found.findings],
    }


def unreachable(site: Site, error: Exception) -> Response:
    """The kind of the error only: its text may hold an address or a password."""
    facts = {
        "status": "wrong",
        "database": {"reachable": False, "kind": site.database or None, "error": type(error).__name__},
        "findings": [{"kind": "database", "subject": "database", "sentence": "The database does not answer."}],
    }
    return JSONResponse(facts, status_code=503, headers=NOT_KEPT)


def _subjects(findings: tuple[Finding, ...], kind: FindingKind) -> list[str]:
    return sorted({f.subject for f in findings if f.kind is kind})
