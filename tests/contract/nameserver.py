"""A name server on loopback, over UDP and TCP, that answers from a table and misbehaves where told."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]  # (TXT, name.) -> records as a zone file writes them


@dataclass
class NameServer:
    """What is asked is answered by the zone; `faults` name a misbehaviour by domain."""

    zone: Zone
    faults: Mapping[str, str] = field(default_factory=dict)  # servfail, refused, silent, garbage, truncated, huge
    port: int = 0
    over: list[tuple[str, str]] = field(default_factory=list)  # (udp or tcp, name) of each question

    def answer(self, wire: bytes, way: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.over.append((way, name))
        fault = self.faults.get(name)
        if fault == "silent":
            return None
        if fault == "garbage":
            return wire[:2] + b"\xff" * 40
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if fault in ("servfail", "refused"):
            reply.set_rcode(dns.rcode.from_text(fault))
        elif fault == "truncated" and way == "udp":
            reply.flags |= dns.flags.TC
        elif not self._fill(reply, name, kind):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire(max_size=65535)

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> bool:
        if name not in {there for _, there in self.zone}:
            return False
        alias = self.zone.get(("CNAME", name))
        if alias:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", *alias))
            name = alias[0]
        records = self.zone.get((kind, name))
        if records:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
        return True


@contextmanager
def serving(server: NameServer) -> Iterator[NameServer]:
    """The server while it answers; its port is in `port`."""

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, channel = self.request
            reply = server.answer(wire, "udp")
            if reply is not None:
                channel.sendto(reply, self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (length,) = struct.unpack("!H", self.rfile.read(2))
            reply = server.answer(self.rfile.read(length), "tcp")
            if reply is not None:
                self.wfile.write(struct.pack("!H", len(reply)) + reply)

    udp, tcp = _both(Datagram, Stream)
    server.port = udp.server_address[1]
    threads = [threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True) for one in (udp, tcp)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        for one in (udp, tcp):
            one.shutdown()
            one.server_close()


def _both(
    datagram: type[socketserver.BaseRequestHandler], stream: type[socketserver.BaseRequestHandler]
) -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
    """The two on one port."""
    for _ in range(50):
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), datagram)
        try:
            tcp = socketserver.ThreadingTCPServer(("127.0.0.1", udp.server_address[1]), stream)
        except OSError:
            udp.server_close()
            continue
        udp.daemon_threads = tcp.daemon_threads = True
        return udp, tcp
    raise OSError("no port is free for both")


def unanswering_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
