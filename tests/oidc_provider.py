"""A small OpenID Connect provider on loopback, which checks what a real one does, and lies when a test tells it to."""

from __future__ import annotations

import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

CLIENT, SECRET = "exchange-1", "s3cret of the exchange"


@dataclass
class Provider:
    """`claims` are what it says of whoever signs in; `forge` makes another ID token of them."""

    now: Callable[[], int]
    key: RSAKey | ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    claims: dict[str, Any] = field(default_factory=dict)
    forge: Callable[[dict[str, Any]], str] | None = None
    issuer: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def sign(self, claims: dict[str, Any], key: Any = None, alg: str = "ES256", kid: str = "k1") -> str:
        key = key or self.key
        algorithms = ["ES256", "RS256", "HS256"]
        return jwt.encode({"alg": alg, "kid": kid}, claims, key, algorithms=algorithms)

    def sign_by_secret(self, claims: dict[str, Any]) -> str:
        return self.sign(claims, OctKey.import_key(SECRET), "HS256")

    async def _discovery(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        assert ("code", CLIENT, "S256") == (query["response_type"], query["client_id"], query["code_challenge_method"])
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = urlencode({"code": code, "state": query["state"], "iss": self.issuer})
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{back}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        begun = self.codes.pop(form.get("code", ""), None)
        basic = b64decode(request.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        user, _, password = basic.partition(":")
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if begun is None or (unquote(user), unquote(password)) != (CLIENT, SECRET):
            return web.json_response({"error": "invalid_grant"}, status=400)
        assert challenge == begun["code_challenge"] and form["redirect_uri"] == begun["redirect_uri"]
        now = self.now() // 1000
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": begun["nonce"],
            **self.claims,
        }
        token = self.forge(claims) if self.forge is not None else self.sign(claims)
        return web.json_response({"access_token": "a", "token_type": "Bearer", "id_token": token})


@asynccontextmanager
async def serve_provider(now: Callable[[], int]) -> AsyncIterator[Provider]:
    provider = Provider(now)
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", provider._discovery)
    app.router.add_get("/keys", provider._keys)
    app.router.add_get("/authorize", provider._authorize)
    app.router.add_post("/token", provider._token)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        provider.issuer = f"http://{host}:{port}"
        yield provider
    finally:
        await runner.cleanup()
