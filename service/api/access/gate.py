"""The gate: lets a request in by its key, before anything of its body is read.

A key is looked up by its SHA-256. What an attacker can learn from how long that takes is about the digest of a guess,
which says nothing of any other key's; the digests are compared in constant time besides. It costs two microseconds.

While nobody has made a key, a service on a loopback address is open to its machine. That is not to be open to each web
page that somebody looks at on it: what comes under another name (DNS rebinding) or from a page of elsewhere is refused.
"""

import hmac
import ipaddress
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from service.api.access.rates import Bucket, Rates, neighbourhood
from service.api.access.scopes import scope_of
from service.api.bodies import header
from service.contracts.access import Scope
from service.contracts.errors import BadSetting, MissingScope, NoKey, NotLocal
from service.settings import Settings
from service.storage.keys import Key, KeyFile, digest_of

Connection = ASGIConnection[Any, Any, Any, Any]

_LOOK_S = 1.0
"""A key that is made or revoked while the service runs counts after so long at most."""

_ADMITTED: Final = "hearthbeat.admitted"
_LONGEST = 200
_LOG = logging.getLogger("hearthbeat.access")


class Admitted(Struct, frozen=True, eq=False):
    """What a request was let in by; asked again by those that last.

    Attributes:
        gate: Who let it in.
        digest: Of its key, or None without one.
        scope: What it needs.
        bucket: What its items count on, or None without a rate limit.
    """

    gate: "Gate"
    digest: bytes | None
    scope: Scope
    bucket: Bucket | None

    def still(self) -> None:
        """Raises `NoKey` or `MissingScope` once the key is revoked."""
        if self.digest is not None:
            self.gate.check(self.digest, self.scope)

    def wait_s(self) -> float:
        """How long until more may be taken, in seconds."""
        return 0.0 if self.bucket is None else self.bucket.wait_s()

    def charge(self, items: int) -> None:
        """Count what was taken."""
        if self.bucket is not None:
            self.bucket.charge(items)


class Gate:
    """Who may come in.

    Args:
        keys: The keys; looked at again at most once a second.
        settings: Checked settings.
        address: The numeric address that is listened on.
        clock: Seconds that only grow.

    Raises:
        BadSetting: There is no good key, and other machines can reach the address; or the keys cannot be read.
    """

    def __init__(
        self, keys: KeyFile, settings: Settings, address: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file, self._clock = keys, clock
        self._names = {settings.host.lower(), "localhost", "[::1]"}
        self._by_digest: dict[bytes, tuple[Key, bytes]] = {}
        self._stamp = keys.stamp()
        self._look_at_s = clock() + _LOOK_S
        self.open = loopback = ipaddress.ip_address(address).is_loopback
        self._take(keys.read())
        if not loopback and not self._by_digest:
            detail = (
                f"{settings.host} can be reached from other machines, and there is no key: make one with "
                f"`hearthbeat keys create --data {settings.data_dir} --name NAME --scope ingest "
                "--scope read --scope admin`, or listen on 127.0.0.1"
            )
            raise BadSetting(detail, field="host")
        rate = settings.rate_limit
        self._of_keys = Rates(rate, clock) if rate else None
        self._of_addresses = Rates(rate, clock) if rate else None

    async def admit(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Let a request in, or raise; a guard of the whole application.

        Raises:
            NoKey: It has no key, or none that is good.
            MissingScope: Its key is not for this.
            NotLocal: There are no keys yet, and it is not from this machine.
            TooFast: There is a rate limit, and nothing is left for it.
        """
        scope = scope_of(handler.opt)
        if scope is None:
            return
        try:
            digest = self._who(connection)
            name = None if digest is None else self.check(digest, scope).name
        except NoKey:
            self._count(None, connection)
            raise
        bucket = self._count(name, connection)
        if digest is not None or bucket is not None:
            connection.scope["state"][_ADMITTED] = Admitted(self, digest, scope, bucket)

    def check(self, digest: bytes, scope: Scope) -> Key:
        """The key of a digest, which must be good for this.

        Raises:
            NoKey: There is none, or it was revoked.
            MissingScope: It is not for this.
        """
        self._look()
        found = self._by_digest.get(digest)
        if found is None or not hmac.compare_digest(found[1], digest):
            raise NoKey("the key that was sent is not known, or was revoked", sent=True)
        if scope not in found[0].scopes:
            raise MissingScope(scope)
        return found[0]

    def _who(self, connection: Connection) -> bytes | None:
        """Digest of the key that a request carries; None where none is needed."""
        self._look()
        if self.open:
            self._check_local(connection)
            return None
        sent = header(connection, b"authorization")
        if sent is None:
            raise NoKey("send a key, as Authorization: Bearer KEY", sent=False)
        scheme, _, token = sent.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
            raise NoKey("Authorization is not of the form Bearer KEY", sent=True)
        return digest_of(token.strip(" ").encode("latin-1"))

    def _check_local(self, connection: Connection) -> None:
        host, origin = header(connection, b"host"), header(connection, b"origin")
        if host is not None and not self._is_local(host):
            raise NotLocal("the Host is no name of this machine; make a key to be reached under other names")
        if origin is not None and not self._is_local(origin.partition("://")[2]):
            raise NotLocal("a web page of another site may not ask a service that has no keys")

    def _is_local(self, host: str) -> bool:
        """Whether a name, perhaps with a port, is of this machine. It need not resolve: browsers know these, too."""
        name = (host if host.endswith("]") else host.rpartition(":")[0] or host).lower()
        numbers = name.split(".")
        return (
            name in self._names
            or name.endswith(".localhost")
            or (len(numbers) == 4 and numbers[0] == "127" and all(n.isascii() and n.isdigit() for n in numbers))
        )

    def _count(self, name: str | None, connection: Connection) -> Bucket | None:
        """Count the request on its key, or else on its address."""
        if self._of_keys is None or self._of_addresses is None:
            return None
        if name is not None:
            bucket = self._of_keys.of(name)
        else:
            client: Any = connection.scope.get("client")
            bucket = self._of_addresses.of(neighbourhood(client[0]) if client else "")
        bucket.take_one()
        return bucket

    def _look(self) -> None:
        """Take over keys that were made or revoked."""
        now_s = self._clock()
        if now_s < self._look_at_s:
            return
        self._look_at_s = now_s + _LOOK_S
        stamp = self._file.stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._take(self._file.read())
        except BadSetting as error:
            _LOG.error("the keys stay as they were: %s", error)

    def _take(self, keys: list[Key]) -> None:
        good = [key for key in keys if key.revoked_at is None]
        # What has been closed once is not opened by the loss of a file, but by a start without one.
        self.open = self.open and not keys
        self._by_digest = {(digest := bytes.fromhex(key.sha256)): (key, digest) for key in good}
        _LOG.info("keys that are good: %s", ", ".join(key.name for key in good) or "none")


def admitted(connection: Connection) -> Admitted | None:
    """What a request was let in by; None where there is nothing to count and no key to be revoked."""
    found: Admitted | None = connection.scope["state"].get(_ADMITTED)
    return found
