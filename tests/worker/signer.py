"""A stand-in for Cloudflare Access: signs tokens with PyJWT, and serves the public keys, which can be rotated.

Reads one command as JSON from each line of standard input and responds to each with one line. Exits when the input
ends.
"""

import base64
import hashlib
import hmac
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

keys = {}  # private keys by key id; the public keys of all of them are served
fetches = 0


def add_key(name):
    keys[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks():
    algorithm = jwt.algorithms.RSAAlgorithm
    public_keys = [json.loads(algorithm.to_jwk(key.public_key())) for key in keys.values()]
    with_ids = [{**key, "kid": name, "alg": "RS256", "use": "sig"} for name, key in zip(keys, public_keys)]
    return json.dumps({"keys": [{k: v for k, v in key.items() if k != "key_ops"} for key in with_ids]}).encode()


class Certs(BaseHTTPRequestHandler):
    def do_GET(self):
        global fetches
        fetches += 1
        body = jwks()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def hs256_with_the_public_key(name, claims):
    """A token that a library accepts if it trusts the token's own `alg`. PyJWT refuses to make one, so it is made by hand."""
    pem = keys[name].public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    part = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    signed = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": name}).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(pem, signed, hashlib.sha256).digest())).decode()


def sign(command):
    claims, name, alg = command["claims"], command["key"], command["alg"]
    headers = {"kid": command.get("kid", name)}
    if alg == "none":
        return jwt.encode(claims, None, algorithm="none", headers=headers)
    if alg == "HS256":
        return hs256_with_the_public_key(name, claims)
    # An unknown name means a key that is not served, as an attacker would use.
    key = keys.get(name) or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, algorithm=alg, headers=headers)


def main():
    add_key("first")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Certs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}/certs"}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "sign":
            response = sign(command)
        elif command["do"] == "rotate":
            keys.clear()
            add_key(command["key"])
            response = command["key"]
        else:
            response = fetches
        print(json.dumps(response), flush=True)


main()
