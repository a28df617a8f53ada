"""A WebSub hub and a subscriber of somebody else's making (Flask-WebSub), as a process: python websub_party.py FOLDER

It prints where the hub and the subscriber listen, and runs until its input is closed.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from celery import Celery
from flask import Flask, jsonify, request
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.subscriber import SQLite3SubscriberStorage, SQLite3TempSubscriberStorage, Subscriber, discover
from werkzeug.serving import make_server


def hub_app(folder: Path) -> Flask:
    app = Flask("hub")
    app.config["PUBLISH_SUPPORTED"] = True
    celery = Celery("hub", broker="memory://")
    celery.conf.task_always_eager = True
    hub = Hub(SQLite3HubStorage(str(folder / "hub.sqlite3")), celery, MAX_ATTEMPTS=1)
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    app.asked = []  # type: ignore[attr-defined]

    @app.before_request
    def note() -> None:
        app.asked.append({"mode": request.form.get("hub.mode"), "topic": request.form.get("hub.topic")})  # type: ignore[attr-defined]

    @app.get("/asked")
    def asked() -> object:
        return jsonify([one for one in app.asked if one["mode"]])  # type: ignore[attr-defined]

    return app


def subscriber_app(folder: Path) -> Flask:
    app = Flask("subscriber")
    received: list[dict[str, str]] = []
    subscriber = Subscriber(
        SQLite3SubscriberStorage(str(folder / "subscriber.sqlite3")),
        SQLite3TempSubscriberStorage(str(folder / "asking.sqlite3")),
    )
    subscriber.add_listener(lambda topic, _, body: received.append({"topic": topic, "body": body.decode()}))
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))

    @app.post("/subscribe")
    def subscribe() -> object:
        found = discover(request.form["url"])
        subscriber.subscribe(**found, lease_seconds=86400)
        return jsonify(found)

    @app.get("/received")
    def taken() -> object:
        return jsonify(received)

    return app


def main(folder: Path) -> None:
    # Flask-WebSub sends secrets over https only; on loopback there is neither
    subscriber = subscriber_app(folder)
    subscriber.config["AUTO_SET_SECRET"] = False
    ports = []
    for app in (hub_app(folder), subscriber):
        server = make_server("127.0.0.1", 0, app, threaded=True)
        if app is subscriber:
            app.config["SERVER_NAME"] = f"127.0.0.1:{server.port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports.append(server.port)
    print(json.dumps({"hub": ports[0], "subscriber": ports[1]}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
