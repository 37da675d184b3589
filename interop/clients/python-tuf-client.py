"""Downloads one target with python-tuf, starting from a pinned root, and prints where it lies.

usage: python-tuf-client.py ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET
"""

import os
import sys

from tuf.ngclient import Updater

root, metadata_url, targets_url, directory, name = sys.argv[1:]
metadata_dir = os.path.join(directory, "metadata")
target_dir = os.path.join(directory, "targets")
os.makedirs(metadata_dir)
os.makedirs(target_dir)
with open(root, "rb") as file:
    updater = Updater(metadata_dir, metadata_url, target_dir, targets_url, bootstrap=file.read())
updater.refresh()
info = updater.get_targetinfo(name)
if info is None:
    sys.exit(f"no target {name}")
print(updater.download_target(info))
