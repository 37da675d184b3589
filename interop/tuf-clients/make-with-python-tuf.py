"""Makes TUF repositories with python-tuf, one directory each, for our client to read.

usage: make-with-python-tuf.py DIRECTORY

Each has metadata/, targets/, root.json (where a reader begins) and expect.json: {"found": {path: role}, "absent": [path]}.
"""

import hashlib
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

EXPIRES = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30)
MAKERS = {
    "ed25519": CryptoSigner.generate_ed25519,
    "ecdsa": CryptoSigner.generate_ecdsa,
    "rsa": CryptoSigner.generate_rsa,
}


class Repository:
    def __init__(self, directory, key="ed25519", consistent=True, threshold=1, hashes=False):
        self.directory, self.hashes, self.make = directory, hashes, MAKERS[key]
        self.root = Root(expires=EXPIRES, consistent_snapshot=consistent)
        self.roles = {"targets": Targets(expires=EXPIRES)}
        self.snapshot, self.timestamp = Snapshot(expires=EXPIRES), Timestamp(expires=EXPIRES)
        self.signers = {}
        self.found, self.absent = {}, ["nowhere"]
        os.makedirs(os.path.join(directory, "metadata"))
        os.makedirs(os.path.join(directory, "targets"))
        for role in ["root", "timestamp", "snapshot", "targets"]:
            self.signers[role] = [self.make() for _ in range(threshold + 1)]
            for signer in self.signers[role]:
                self.root.add_key(signer.public_key, role)
            self.root.roles[role].threshold = threshold
            self.signers[role].pop()  # listed, and never signs

    def delegate(self, parent, name, **how):
        signer = self.make()
        delegator = self.roles[parent]
        if delegator.delegations is None:
            delegator.delegations = Delegations({}, {})
        role = DelegatedRole(name, [], how.pop("threshold", 1), how.pop("terminating", False), **how)
        delegator.delegations.roles[name] = role
        delegator.add_key(signer.public_key, name)
        self.signers[name] = [signer]
        self.roles[name] = Targets(expires=EXPIRES)

    def succinct(self, bits):
        signer = self.make()
        bins = SuccinctRoles([], 1, bits, "bin")
        self.roles["targets"].delegations = Delegations({}, None, bins)
        self.roles["targets"].add_key(signer.public_key)
        for name in bins.get_roles():
            self.roles[name], self.signers[name] = Targets(expires=EXPIRES), [signer]
        return bins

    def add(self, role, path, is_found=True):
        data = f"content of {path}".encode()
        target = TargetFile.from_data(path, data, ["sha256", "sha512"])
        self.roles[role].targets[path] = target
        folder, _, name = path.rpartition("/")
        prefixes = [f"{h}." for h in target.hashes.values()] if self.root.consistent_snapshot else [""]
        for prefix in prefixes:
            file = os.path.join(self.directory, "targets", folder, prefix + name)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "wb") as out:
                out.write(data)
        if is_found:
            self.found[path] = role
        else:
            self.absent.append(path)

    def write(self, role, signed, signers, versioned):
        metadata = Metadata(signed)
        for signer in signers:
            metadata.sign(signer, append=True)
        data = metadata.to_bytes()
        name = f"{quote(role, '')}.json"
        file = f"{signed.version}.{name}" if versioned else name
        with open(os.path.join(self.directory, "metadata", file), "wb") as out:
            out.write(data)
        hashes = {"sha256": hashlib.sha256(data).hexdigest()}
        return MetaFile(signed.version, len(data), hashes) if self.hashes else MetaFile(signed.version)

    def publish_root(self, more_signers=()):
        self.write("root", self.root, [*self.signers["root"], *more_signers], True)

    def rotate(self, role):
        before = self.signers[role]
        for signer in before:
            self.root.revoke_key(signer.public_key.keyid, role)
        self.signers[role] = [self.make() for _ in before]
        for signer in self.signers[role]:
            self.root.add_key(signer.public_key, role)
        self.root.version += 1
        self.publish_root(before if role == "root" else ())

    def publish(self):
        consistent = self.root.consistent_snapshot
        self.snapshot.meta = {
            f"{name}.json": self.write(name, targets, self.signers[name], consistent)
            for name, targets in self.roles.items()
        }
        self.timestamp.snapshot_meta = self.write("snapshot", self.snapshot, self.signers["snapshot"], consistent)
        self.write("timestamp", self.timestamp, self.signers["timestamp"], False)

    def bump(self):
        for signed in [*self.roles.values(), self.snapshot, self.timestamp]:
            signed.version += 1

    def finish(self):
        metadata = os.path.join(self.directory, "metadata")
        with open(os.path.join(metadata, "1.root.json"), "rb") as first:
            data = first.read()
        with open(os.path.join(self.directory, "root.json"), "wb") as out:
            out.write(data)
        with open(os.path.join(self.directory, "expect.json"), "w", encoding="utf-8") as out:
            json.dump({"found": self.found, "absent": self.absent}, out)


def three_deep(repository):
    repository.delegate("targets", "team", paths=["team/*", "team/*/*", "team/?-?.txt"])
    repository.delegate("team", "../odd name?", paths=["team/*/*"])
    repository.delegate("../odd name?", "last", paths=["team/x/*"], terminating=True)
    repository.add("targets", "top.txt")
    repository.add("team", "team/app.txt")
    repository.add("last", "team/x/a file, 100%.txt")
    repository.add("last", "elsewhere/app.txt", is_found=False)


def main(base):
    def at(name):
        return os.path.join(base, name)

    for key in MAKERS:
        for consistent in [True, False]:
            name = f"{key}-{'consistent' if consistent else 'plain'}"
            repository = Repository(at(name), key, consistent, threshold=2, hashes=consistent)
            three_deep(repository)
            repository.publish_root()
            repository.publish()
            repository.finish()

    for bits in [1, 3, 4, 8]:
        repository = Repository(at(f"succinct-{bits}"))
        bins = repository.succinct(bits)
        for number in range(12):
            path = f"dist/file-{number}"
            repository.add(bins.get_role_for_target(path), path)
        repository.publish_root()
        repository.publish()
        repository.finish()

    repository = Repository(at("hash-prefixes"))
    for digit in range(16):
        repository.delegate("targets", f"prefix-{digit:x}", path_hash_prefixes=[f"{digit:x}"])
    for number in range(12):
        path = f"dist/file-{number}"
        digit = hashlib.sha256(path.encode()).hexdigest()[0]
        repository.add(f"prefix-{digit}", path)
    repository.publish_root()
    repository.publish()
    repository.finish()

    repository = Repository(at("rotated"))
    three_deep(repository)
    repository.publish_root()
    repository.publish()
    for role in ["root", "snapshot", "root", "timestamp", "targets", "root"]:
        repository.rotate(role)
    repository.bump()
    # A role renamed: delegated to under another name, the old one gone since the online keys changed.
    repository.roles["targets"].delegations.roles.pop("team")
    for path in ["team/app.txt", "team/x/a file, 100%.txt"]:
        repository.found.pop(path)
        repository.absent.append(path)
    for name in ["team", "../odd name?", "last"]:
        repository.roles.pop(name)
    repository.delegate("targets", "renamed", paths=["new/*"])
    repository.add("renamed", "new/app.txt")
    repository.publish()
    repository.finish()


main(sys.argv[1])
