# Makes the files beside it with python-tuf and securesystemslib: keys and signatures of every kind, canonical JSON, and a
# repository with root rotation, delegations by pattern, by hash prefix and succinct ones. Every run makes new keys.
# usage: python3 -m venv V && V/bin/pip install tuf "securesystemslib[crypto]" && V/bin/python make_vectors.py
import copy
import json
from datetime import datetime, timezone
from hashlib import sha256, sha512
from pathlib import Path

import securesystemslib
import tuf
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles, TargetFile, Targets, Timestamp)
from tuf.api.serialization.json import JSONSerializer

here = Path(__file__).parent
expires = datetime(2036, 11, 22, tzinfo=timezone.utc)


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n")


def signer(private, scheme=None):
    return CryptoSigner(private, SSlibKey.from_crypto(private.public_key(), scheme=scheme))


def pem(private):
    return private.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()).decode()


def key_vectors():
    message = b'{"_type":"example","n":1}'
    rsa_key = rsa.generate_private_key(65537, 2048)
    cases = [("ed25519", ed25519.Ed25519PrivateKey.generate(), None)]
    for curve, scheme in [(ec.SECP256R1, "ecdsa-sha2-nistp256"), (ec.SECP384R1, "ecdsa-sha2-nistp384"),
                          (ec.SECP521R1, "ecdsa-sha2-nistp521")]:
        cases.append((scheme, ec.generate_private_key(curve()), scheme))
    for scheme in ["rsassa-pss-sha256", "rsassa-pss-sha384", "rsassa-pss-sha512", "rsa-pkcs1v15-sha256",
                   "rsa-pkcs1v15-sha384", "rsa-pkcs1v15-sha512"]:
        cases.append((scheme, rsa_key, scheme))
    vectors = []
    for name, private, scheme in cases:
        made = signer(private, scheme)
        spki = private.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
        signature = made.sign(message)
        vectors.append({
            "name": name, "keyid": made.public_key.keyid, "key": made.public_key.to_dict(),
            "spki": spki.hex(), "message": message.decode(), "signature": signature.signature, "privatePem": pem(private)})
        if name == "ecdsa-sha2-nistp256":
            public = private.public_key()
            for form, point in [("uncompressed", ser.PublicFormat.UncompressedPoint),
                                ("compressed", ser.PublicFormat.CompressedPoint)]:
                vectors[-1][f"{form}PointHex"] = public.public_bytes(ser.Encoding.X962, point).hex()
    return vectors


def canonical_vectors():
    inputs = [
        {"b": 1, "a": 2}, {}, [], "", 0, -1, 2**53 - 1, -(2**53 - 1), True, False, None,
        {"a": {"z": None, "y": [3, "x", True, False]}, "A": 1, "é": 2, "Z": 3},
        {"s": 'a"b\\c/d'}, {"s": "tab\tnl\ncr\rbel\u0007bs\bff\f del\u007f nul\u0000"},
        {"s": "é\u2028\u2029\U0001f600<&>"}, {"\uff61": 1, "\U0001f600": 2, "\ue000": 3, "a": 4},
        {"10": 1, "9": 2, "1": 3}, {"": 1, "\u0000": 2}, {"__proto__": {"x": 1}, "constructor": 2},
        {"a\"b": 1, "a\\b": 2, "a b": 3}, [[[[[]]]]], ["-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"],
    ]
    refused = [1.5, {"n": 1.0}]
    vectors = [{"input": json.dumps(value), "canonicalHex": encode_canonical(value).encode().hex()} for value in inputs]
    for value in refused:
        try:
            encode_canonical(value)
        except securesystemslib.exceptions.FormatError as error:
            vectors.append({"input": json.dumps(value), "error": str(error)})
        else:
            raise SystemExit(f"not refused: {value}")
    return vectors


def target(data):
    return TargetFile(len(data), {"sha256": sha256(data).hexdigest(), "sha512": sha512(data).hexdigest()}, "unused")


def save(folder, name, metadata, compact):
    folder.mkdir(parents=True, exist_ok=True)
    data = metadata.to_bytes(JSONSerializer(compact=compact))
    (folder / name).write_bytes(data)
    return data


def repository(folder, compact):
    ed = lambda: signer(ed25519.Ed25519PrivateKey.generate())
    p256 = lambda: signer(ec.generate_private_key(ec.SECP256R1()))
    rsa2048 = lambda: signer(rsa.generate_private_key(65537, 2048))
    roots = [ed(), p256(), rsa2048()]
    online, targets_signer, pattern_signer, prefix_signer, bins_signer = p256(), rsa2048(), ed(), p256(), p256()

    root = Root(expires=expires, consistent_snapshot=True)
    for one in roots:
        root.add_key(one.public_key, "root")
    root.roles["root"].threshold = 2
    root.add_key(targets_signer.public_key, "targets")
    root.add_key(online.public_key, "snapshot")
    root.add_key(online.public_key, "timestamp")
    first = Metadata(copy.deepcopy(root))
    for one in roots[:2]:
        first.sign(one, append=True)
    save(folder, "1.root.json", first, compact)
    # Version 2 replaces one root key; it is signed by the old and the new threshold.
    added = p256()
    root.revoke_key(roots[0].public_key.keyid, "root")
    root.add_key(added.public_key, "root")
    root.version = 2
    second = Metadata(root)
    for one in [*roots, added]:
        second.sign(one, append=True)
    save(folder, "2.root.json", second, compact)

    targets = Targets(expires=expires, version=3)
    targets.targets["1.4.2"] = target(b"manifest 1.4.2")
    targets.targets["1.4.2"].unrecognized_fields["custom"] = {"note": "<&> \u00e9 \u2028", "list": [1, None, True]}
    targets.targets["dist/app.tar"] = target(b"app")
    targets.delegations = Delegations({}, {
        "releases": DelegatedRole("releases", [], 1, False, ["releases/*", "v?"]),
        "hashed": DelegatedRole("hashed", [], 1, True, None, ["0", "a3", "ffff"]),
        "bins": DelegatedRole("bins", [], 1, False, ["*", "*/*"])})
    targets.add_key(pattern_signer.public_key, "releases")
    targets.add_key(prefix_signer.public_key, "hashed")
    targets.add_key(bins_signer.public_key, "bins")
    releases = Targets(expires=expires)
    releases.targets["releases/2.0"] = target(b"manifest 2.0")
    hashed = Targets(expires=expires)
    bins = Targets(expires=expires)
    bins.delegations = Delegations({}, succinct_roles=SuccinctRoles([], 1, 2, "bin"))
    bins.add_key(bins_signer.public_key)
    documents = {"targets": (Metadata(targets), targets_signer), "releases": (Metadata(releases), pattern_signer),
                 "hashed": (Metadata(hashed), prefix_signer), "bins": (Metadata(bins), bins_signer)}
    for name in bins.delegations.succinct_roles.get_roles():
        documents[name] = (Metadata(Targets(expires=expires)), bins_signer)
    snapshot = Snapshot(expires=expires, version=5, meta={})
    for name, (metadata, by) in documents.items():
        metadata.sign(by)
        data = save(folder, f"{metadata.signed.version}.{name}.json", metadata, compact)
        snapshot.meta[f"{name}.json"] = MetaFile(metadata.signed.version, len(data), {"sha256": sha256(data).hexdigest()})
    # As python-tuf writes it when lengths and hashes are left out.
    snapshot.meta["releases.json"] = MetaFile(1)
    signed_snapshot = Metadata(snapshot)
    signed_snapshot.sign(online)
    data = save(folder, "5.snapshot.json", signed_snapshot, compact)
    timestamp = Metadata(Timestamp(expires=expires, version=7, snapshot_meta=MetaFile(
        5, len(data), {"sha256": sha256(data).hexdigest(), "sha512": sha512(data).hexdigest()})))
    timestamp.sign(online)
    save(folder, "timestamp.json", timestamp, compact)


def main():
    write(here / "made-by.json", {"python-tuf": tuf.__version__, "securesystemslib": securesystemslib.__version__})
    write(here / "keys.json", key_vectors())
    write(here / "canonical-json.json", canonical_vectors())
    repository(here / "repository-indented", compact=False)
    repository(here / "repository-compact", compact=True)


main()
