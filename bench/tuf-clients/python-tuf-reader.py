"""Reads a repository with python-tuf as often as it is told, and says how long each reading took.

usage: python-tuf-reader.py ROOT.json METADATA_URL DIRECTORY TARGET, then lines on standard input:
cold (nothing cached: refresh and lookup), warm (the same with what the last one left), refresh (no lookup).
"""

import os
import sys
import time

from tuf.ngclient import Updater, UpdaterConfig

root_path, url, directory, target = sys.argv[1:]
with open(root_path, "rb") as file:
    root = file.read()
config = UpdaterConfig(snapshot_max_length=1 << 28, targets_max_length=1 << 28)
runs = 0
for line in sys.stdin:
    mode = line.strip()
    if mode == "cold":
        runs += 1
    metadata = os.path.join(directory, str(runs))
    os.makedirs(metadata, exist_ok=True)
    started = time.perf_counter()
    updater = Updater(metadata, url, config=config, bootstrap=root if mode == "cold" else None)
    updater.refresh()
    if mode != "refresh" and updater.get_targetinfo(target) is None:
        sys.exit(f"no target {target}")
    print((time.perf_counter() - started) * 1000, flush=True)
