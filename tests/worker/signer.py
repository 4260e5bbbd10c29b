"""Cloudflare Access, for the time being: signs tokens with PyJWT and serves the keys, which rotate.

Reads one order as JSON from each line of its input and answers each with one line. Ends with its input.
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

keys = {}  # by name; whatever is in it is served
fetches = 0


def make(name):
    keys[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def served():
    algorithm = jwt.algorithms.RSAAlgorithm
    told = [json.loads(algorithm.to_jwk(key.public_key())) for key in keys.values()]
    named = [{**key, "kid": name, "alg": "RS256", "use": "sig"} for name, key in zip(keys, told)]
    return json.dumps({"keys": [{k: v for k, v in key.items() if k != "key_ops"} for key in named]}).encode()


class Certs(BaseHTTPRequestHandler):
    def do_GET(self):
        global fetches
        fetches += 1
        body = served()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def hs256_with_the_public_key(name, claims):
    """What a library that believes the token's own `alg` would take; PyJWT itself refuses to make it."""
    pem = keys[name].public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    part = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    signed = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": name}).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(pem, signed, hashlib.sha256).digest())).decode()


def sign(order):
    claims, name, alg = order["claims"], order["key"], order["alg"]
    headers = {"kid": order.get("kid", name)}
    if alg == "none":
        return jwt.encode(claims, None, algorithm="none", headers=headers)
    if alg == "HS256":
        return hs256_with_the_public_key(name, claims)
    # A key that is asked for and not served is one that only its maker has.
    key = keys.get(name) or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, algorithm=alg, headers=headers)


def main():
    make("first")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Certs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}/certs"}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "sign":
            answer = sign(order)
        elif order["do"] == "rotate":
            keys.clear()
            make(order["key"])
            answer = order["key"]
        else:
            answer = fetches
        print(json.dumps(answer), flush=True)


main()
