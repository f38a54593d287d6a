"""Bodies of requests: whatever comes is decoded or refused with its problem."""

import asyncio
import json
from collections.abc import Callable
from threading import Event
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from litestar.exceptions import HTTPException

from service.api.bodies import decode_items, decode_one
from service.api.exchange import NdjsonExchange
from service.app import openapi_document
from service.contracts.errors import MalformedBody, MalformedItem
from service.contracts.forgetting import Forget
from service.contracts.models import Deed, PinMember, Rollback
from service.contracts.outcomes import OutcomeDecoder, OutcomesDecoder
from service.contracts.predictions import Receipt, WhatIf
from service.contracts.readings import ReadingDecoder, ReadingsDecoder
from service.contracts.standing import Advance
from tests.decoders.spoil import JUNK, Decoder, spoilt

REFUSED = (MalformedBody, MalformedItem, HTTPException)


def _examples(path: str) -> list[bytes]:
    content = openapi_document()["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    if "example" in content:
        return [json.dumps(content["example"]).encode()]
    return [json.dumps(example["value"]).encode() for example in content["examples"].values()]


def _one(kind: Any, path: str) -> Decoder:
    decoder = msgspec.json.Decoder(kind)
    return Decoder(lambda body: decode_one(decoder, body), REFUSED, _examples(path))


def _many(one: Any, many: Any, path: str) -> Decoder:
    return Decoder(lambda body: decode_items(one, many, body, 100), REFUSED, _examples(path))


def _exchanged(decoder: Any) -> Callable[[bytes], int]:
    """Sends a body to an NDJSON exchange; returns how many receipts came back, each of which must be one."""

    async def run(body: bytes) -> bytes:
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        told: list[bytes] = []

        async def receive() -> Any:
            return messages.pop()

        async def send(message: Any) -> None:
            told.append(message.get("body", b""))

        async def commit(items: list[Any]) -> Receipt:
            return Receipt(accepted=len(items))

        scope: Any = {}
        await NdjsonExchange(decoder, commit, Event())(scope, receive, send)
        return b"".join(told)

    return lambda body: len([msgspec.json.decode(line, type=Receipt) for line in asyncio.run(run(body)).splitlines()])


READINGS, OUTCOMES = _examples("/v1/readings"), _examples("/v1/outcomes")
DECODERS = {
    "readings": _many(ReadingDecoder, ReadingsDecoder, "/v1/readings"),
    "outcomes": _many(OutcomeDecoder, OutcomesDecoder, "/v1/outcomes"),
    "lines of readings": Decoder(_exchanged(ReadingDecoder), (), [READINGS[0] + b"\n" + READINGS[0] + b"\n"]),
    "lines of outcomes": Decoder(_exchanged(OutcomeDecoder), (), [OUTCOMES[0] + b"\n\n" + OUTCOMES[0]]),
    "what if": _one(WhatIf, "/v1/predict"),
    "advance": _one(Advance, "/v1/advance"),
    "forget": _one(Forget, "/v1/forget"),
    "refresh": _one(Deed, "/v1/models/{home_type}/refresh"),
    "rollback": _one(Rollback, "/v1/models/{home_type}/rollback"),
    "pin": _one(PinMember, "/v1/models/{home_type}/pin"),
}


@pytest.mark.parametrize("name", DECODERS)
def test_bodies_are_decoded_or_refused(name: str) -> None:
    """Junk, and the examples of the document with something else in them."""
    decoder = DECODERS[name]
    for junk in JUNK:
        decoder.try_on(junk)

    @settings(max_examples=50)
    @given(spoilt(decoder.good))
    def spoil(body: bytes) -> None:
        decoder.try_on(body)

    spoil()
