"""Reads a TUF repository with python-tuf from a root that is brought along, and downloads targets.

usage: python-tuf-client.py ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET...

One line of JSON a target says where it lies, or why there is none. The same directory again is a reader who comes back.
"""

import json
import os
import sys

from tuf.ngclient import Updater


def download(updater, name):
    try:
        info = updater.get_targetinfo(name)
        return {"error": "no such target"} if info is None else {"path": updater.download_target(info)}
    except Exception as error:  # whatever it says is the answer
        return {"error": f"{type(error).__name__}: {error}"}


root, metadata_url, targets_url, directory, *names = sys.argv[1:]
metadata_dir = os.path.join(directory, "metadata")
target_dir = os.path.join(directory, "targets")
os.makedirs(metadata_dir, exist_ok=True)
os.makedirs(target_dir, exist_ok=True)
with open(root, "rb") as file:
    client = Updater(metadata_dir, metadata_url, target_dir, targets_url, bootstrap=file.read())
client.refresh()
for target in names:
    print(json.dumps({"target": target, **download(client, target)}))
