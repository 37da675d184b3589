"""Makes the TUF repositories of a list of plans with python-tuf.

usage: make-with-python-tuf.py PLANS.json DIRECTORY

DIRECTORY/PLAN/STATE/ has metadata/ and targets/ as they are once that state is published; states count from 1.
"""

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
TOP = ["root", "timestamp", "snapshot", "targets"]


class Repository:
    def __init__(self, plan):
        self.plan, self.make, self.consistent = plan, MAKERS[plan["keyType"]], plan["isConsistent"]
        self.root = Root(expires=EXPIRES, consistent_snapshot=self.consistent)
        self.signers, self.files, self.listed = {}, {}, {}
        for role in TOP:
            self.list_keys(role)
            self.root.roles[role].threshold = plan["threshold"]
        self.publish_root()

    def signers_of(self, role, threshold):
        """As many as have to sign, and one more that is listed and never signs."""
        if role not in self.signers:
            self.signers[role] = [self.make() for _ in range(threshold + 1)]
        return self.signers[role]

    def list_keys(self, role):
        for signer in self.signers_of(role, self.plan["threshold"]):
            self.root.add_key(signer.public_key, role)

    def rotate(self, role):
        before = self.signers.pop(role)
        for signer in before:
            self.root.revoke_key(signer.public_key.keyid, role)
        self.list_keys(role)
        self.root.version += 1
        self.publish_root(before[:-1] if role == "root" else [])

    def publish_root(self, before=()):
        data = signed(self.root, [*self.signers["root"][:-1], *before])
        self.files[f"metadata/{self.root.version}.root.json"] = data

    def publish(self, number, state):
        for role in state["rotate"]:
            self.rotate(role)
        if "snapshot" in state["rotate"]:
            self.listed = {}  # no reader remembers what was listed under the old keys
        roles = {"targets": Targets(version=number, expires=EXPIRES)}
        for delegation in state["delegations"]:
            roles[delegation["name"]] = self.delegate(roles[delegation["parent"]], delegation, number)
        if "succinctBits" in state:
            self.lay_out(roles, state["succinctBits"], number)
        for target in state["targets"]:
            self.add(roles[target["role"]], target["path"])
        for name, targets in roles.items():
            self.listed[f"{name}.json"] = self.write(name, targets, self.consistent)
        snapshot = Snapshot(version=number, expires=EXPIRES, meta=dict(self.listed))
        entry = self.write("snapshot", snapshot, self.consistent)
        self.write("timestamp", Timestamp(version=number, expires=EXPIRES, snapshot_meta=entry), False)

    def delegate(self, parent, delegation, number):
        threshold, name = delegation.get("threshold", 1), delegation["name"]
        if parent.delegations is None:
            parent.delegations = Delegations({}, {})
        parent.delegations.roles[name] = DelegatedRole(
            name,
            [],
            threshold,
            delegation.get("isTerminating", False),
            paths=delegation.get("paths"),
            path_hash_prefixes=delegation.get("hashPrefixes"),
        )
        for signer in self.signers_of(name, threshold):
            parent.add_key(signer.public_key, name)
        return Targets(version=number, expires=EXPIRES)

    def lay_out(self, roles, bits, number):
        bins = SuccinctRoles([], 1, bits, "bin")
        roles["targets"].delegations = Delegations({}, None, bins)
        signers = self.signers_of("bins", 1)
        for signer in signers:
            roles["targets"].add_key(signer.public_key)
        for name in bins.get_roles():
            roles[name], self.signers[name] = Targets(version=number, expires=EXPIRES), signers

    def add(self, role, path):
        data = f"content of {path}".encode()
        target = TargetFile.from_data(path, data, ["sha256", "sha512"])
        role.targets[path] = target
        folder, slash, name = path.rpartition("/")
        for prefix in [f"{digest}." for digest in target.hashes.values()] if self.consistent else [""]:
            self.files[f"targets/{folder}{slash}{prefix}{name}"] = data

    def write(self, role, content, versioned):
        data = signed(content, self.signers[role][:-1])
        prefix = f"{content.version}." if versioned else ""
        self.files[f"metadata/{prefix}{quote(role, '')}.json"] = data
        return MetaFile.from_data(content.version, data, ["sha256"]) if self.plan["listsHashes"] else MetaFile(content.version)


def signed(content, signers):
    metadata = Metadata(content)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def main(plans, base):
    with open(plans, encoding="utf-8") as file:
        todo = json.load(file)
    for plan in todo:
        repository = Repository(plan)
        for number, state in enumerate(plan["states"], 1):
            repository.publish(number, state)
            for name, data in repository.files.items():
                path = os.path.join(base, plan["name"], str(number), name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as out:
                    out.write(data)


main(*sys.argv[1:])
