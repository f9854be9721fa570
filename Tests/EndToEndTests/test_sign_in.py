"""Learners who sign in with tokens of an issuer: the real API against an issuer that signs with a library of its own."""

import http.server
import json
import re
import threading
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from conftest import LEARNER, Stack, poll_text, problem, running, wait_for
from openapi import Description, address

SLUG = "ch01-digital-vs-physical-ai"
CHALLENGE = 'Bearer realm="lectern"'


class Issuer:
    """An OpenID provider's two addresses: its description of itself and its keys."""

    def __init__(self):
        self.keys = {"r": ("RS256", rsa.generate_private_key(65537, 2048)),
                     "e": ("ES256", ec.generate_private_key(ec.SECP256R1()))}
        self.is_away = False
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answers = {"/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"},
                           "/keys": {"keys": [issuer.published(name) for name in issuer.keys]}}
                body = json.dumps(answers.get(self.path)).encode()
                self.send_response(503 if issuer.is_away else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def published(self, name):
        algorithm, key = self.keys[name]
        kind = RSAAlgorithm if algorithm == "RS256" else ECAlgorithm
        return kind.to_jwk(key.public_key(), as_dict=True) | {"kid": name, "use": "sig", "alg": algorithm}

    def claims(self, subject, **changes):
        now = int(time.time())
        return {"iss": self.url, "sub": subject, "aud": ["other", "lectern"], "exp": now + 300, "iat": now} | changes

    def token(self, subject, name="e", **changes):
        algorithm, key = self.keys[name]
        return jwt.encode(self.claims(subject, **changes), key, algorithm, headers={"kid": name})

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def school(cluster, tmp_path_factory, issuer):
    """An installation whose learners sign in."""
    stack = Stack(tmp_path_factory.mktemp("sign-in"), cluster.create("sign_in"), {
        "LECTERN_OIDC_ISSUER": issuer.url, "LECTERN_OIDC_AUDIENCE": "lectern", "LECTERN_RATE_LEARNER": "0"})
    with running(stack):
        stack.start_all()
        stack.sync()
        yield stack


@pytest.fixture(scope="module")
def description(school):
    return Description.printed_by(school)


def signed_in(stack, token):
    return stack.client(headers={"Authorization": f"Bearer {token}"})


def test_every_path_of_learners_wants_a_token_and_says_so(school, issuer, description):
    ids = {"user_id": uuid.uuid4(), "id": uuid.uuid4(), "slug": SLUG}
    good = issuer.token("curious")
    unsigned = jwt.encode(issuer.claims("curious"), None, "none")
    foreign = jwt.encode(issuer.claims("curious"), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "e"})
    guessed = jwt.encode(issuer.claims("curious"), b"a secret of more than thirty-two bytes", "HS256",
                         headers={"kid": "e"})
    refused = {
        None: "missing_token", unsigned: "invalid_token", foreign: "invalid_token", guessed: "invalid_token",
        issuer.token("curious", exp=int(time.time()) - 61): "invalid_token",
        issuer.token("curious", nbf=int(time.time()) + 120): "invalid_token",
        issuer.token("curious", aud="elsewhere"): "invalid_token",
        issuer.token("curious", iss="https://elsewhere.example"): "invalid_token",
        issuer.token("x" * 20_000): "invalid_token",
    }
    personal = [one for one in description.operations() if {"signIn": []} in one[2].get("security", [])]
    assert len(personal) >= 22
    with school.client() as client:
        for method, template, _ in personal:
            path = address(template, {name: value for name, value in ids.items() if "{%s}" % name in template})
            for token, word in refused.items():
                headers = {"X-User-ID": str(ids["user_id"])} | ({"Authorization": f"Bearer {token}"} if token else {})
                answer = client.request(method, path, headers=headers)
                assert problem(answer, 401)["error"] == word, (method, template)
                challenge = answer.headers["www-authenticate"]
                assert challenge == CHALLENGE or challenge.startswith(CHALLENGE + ', error="invalid_token", error_des')
                description.check(method, template, answer)
            twice = client.request(method, path, headers=[("Authorization", f"Bearer {good}")] * 2)
            assert problem(twice, 400)["error"] == "malformed_request"
            assert 'error="invalid_request"' in twice.headers["www-authenticate"]
            description.check(method, template, twice)
        for path in ("/api/content/book", f"/api/content/lessons/{SLUG}/content", "/api/problems", "/openapi.json", "/"):
            assert client.get(path).status_code == 200, path
    log = school.log("api").read_text()
    assert "curious" not in log and good.split(".")[2] not in log and str(ids["user_id"]) not in log


@pytest.mark.parametrize("key", ["r", "e"])
def test_a_sign_in_has_one_account_from_the_first_request_to_its_deletion(school, issuer, description, key):
    subject = f"learner-{key}"
    with signed_in(school, issuer.token(subject, key)) as first, signed_in(school, issuer.token(subject, key)) as second:
        early = first.get("/api/progress")
        assert problem(early, 404)["error"] == "unknown_user"
        created = first.post("/api/user/create")
        description.check("POST", "/api/user/create", created)
        user = created.json()["id"]
        again = second.post("/api/user/create")
        assert problem(again, 409)["error"] == "already_exists"
        assert again.headers["location"] == f"/api/user/{user}"
        description.check("POST", "/api/user/create", again)
        assert second.post("/api/onboarding", json={"user_id": user, **LEARNER}).status_code == 200
        assert second.post("/api/personalize", json={"lesson_slug": SLUG}).status_code in (200, 202)
        assert poll_text(first, SLUG)["cached"] is True
        with signed_in(school, issuer.token("somebody-else")) as other:
            other.post("/api/user/create")
            for client in (other, signed_in(school, issuer.token("nobody-yet"))):
                stolen = client.get("/api/user/preferences", headers={"X-User-ID": user})
                assert problem(stolen, 404)["error"] == "unknown_user"
        export = first.get(f"/api/user/{user}/export")
        description.check("GET", "/api/user/{user_id}/export", export)
        sign_in = export.json()["sign_in"]
        assert (sign_in["issuer"], sign_in["subject"]) == (issuer.url, subject)
        kept = school.database.query("SELECT i::text FROM lectern.learner_identity i WHERE user_id = %s", user)
        assert len(kept) == 1 and sign_in["fingerprint"] in kept[0][0]
        assert subject not in kept[0][0] and issuer.url not in kept[0][0]
        assert first.delete(f"/api/user/{user}").status_code == 204
        assert second.get("/api/progress").status_code == 404
        assert not school.database.query("SELECT FROM lectern.learner_identity WHERE identity = %s",
                                         sign_in["fingerprint"])


def test_pages_make_no_learner_that_the_api_would_refuse(school, issuer):
    browser = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    answers = {name: value for name, value in LEARNER.items()} | {"robotics_background": "false"}
    with school.client(headers=browser) as stranger:
        assert stranger.get("/profile").status_code == 401
        assert stranger.post("/onboarding", data=answers).status_code == 401
        assert "lectern_learner" not in stranger.cookies
    with school.client(headers=browser | {"Authorization": f"Bearer {issuer.token('reader')}"}) as reader:
        assert reader.get("/profile").status_code == 200
        assert reader.post("/onboarding", data=answers).status_code == 303
        user = reader.cookies["lectern_learner"]
        assert re.fullmatch(r"[0-9a-f-]{36}", user)
        assert reader.get("/api/user/preferences", headers={"X-User-ID": user}).status_code == 200


def test_an_issuer_that_is_away_is_said_and_keeps_nobody_from_reading(school, issuer, description):
    assert "gives its keys" in school.command("doctor", check=False).stdout
    school.start("api-2")
    issuer.is_away = True
    try:
        with school.client() as client:
            second = school.api.replace(str(school.ports["api"]), str(school.ports["api-2"]))
            headers = {"Authorization": f"Bearer {issuer.token('early')}"}
            answer = client.get(f"{second}/api/progress", headers=headers)
            assert problem(answer, 503)["error"] == "identity_unavailable"
            description.check("GET", "/api/progress", answer)
            assert issuer.url not in answer.text
            assert client.get(f"{second}/lessons/{SLUG}", headers=headers | {"Accept": "text/html"}).status_code == 200
            # Who had the keys before goes on with them.
            assert client.get("/api/progress", headers=headers).status_code == 404
        doctor = school.command("doctor", check=False)
        assert doctor.returncode == 7 and "sign-in" in doctor.stdout
    finally:
        issuer.is_away = False
    # Asked again half a minute later at the earliest.
    with signed_in(school, issuer.token("early")) as client:
        wait_for("the issuer to be asked again",
                 lambda: client.get(f"{second}/api/progress").status_code == 404, seconds=60)
