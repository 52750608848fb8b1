#!/usr/bin/env python3
"""Holds Cargo.lock to deny.toml where no advisory database is at hand: floors, banned crates, one version of each
crate, licences and sources."""

import json
import re
import subprocess
import sys
import tomllib

with open("deny.toml", "rb") as file:
    rules = tomllib.load(file)
metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--locked", "--format-version", "1"]))
packages = metadata["packages"]
wrong = []


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version.split("-")[0].split("+")[0])]


def matches(package, spec):
    """`name`, `name:1.2` (that version and what is compatible by prefix) or `name:<1.2`."""
    name, _, version = spec.partition(":")
    if package["name"] != name:
        return False
    if version.startswith("<"):
        return numbers(package["version"]) < numbers(version)
    return numbers(package["version"])[: len(numbers(version))] == numbers(version)


for rule in rules["bans"]["deny"]:
    for package in packages:
        if matches(package, rule["crate"]):
            wrong.append(f"{package['name']} {package['version']} is denied ({rule['crate']}): {rule['reason']}")

versions = {}
for package in packages:
    skipped = any(matches(package, rule["crate"]) and rule.get("reason") for rule in rules["bans"].get("skip", []))
    if not skipped:
        versions.setdefault(package["name"], set()).add(package["version"])
# What is only for systems that are not built here may come twice: it is in the lock, not in the program.
built = subprocess.check_output(["cargo", "tree", "--locked", "--edges", "all", "--prefix", "none"], text=True)
built = {tuple(line.split()[:2]) for line in built.splitlines() if line}
for name, all_versions in sorted(versions.items()):
    here = sorted(version for version in all_versions if (name, "v" + version) in built)
    if len(here) > 1:
        wrong.append(f"{name} comes in {len(here)} versions: {', '.join(here)} (give a reason in deny.toml)")

allowed = set(rules["licenses"]["allow"])


def licensed(expression):
    """An `OR` needs one side, an `AND` both; a slash is an old `OR`."""
    expression = expression.replace("/", " OR ").strip()
    if expression.startswith("(") and ")" in expression and " AND " in expression.split(")", 1)[1]:
        inner, rest = expression[1:].split(")", 1)
        return licensed(inner) and licensed(rest.split(" AND ", 1)[1])
    if " AND " in expression:
        return all(licensed(side) for side in expression.split(" AND "))
    return any(side.strip().strip("()") in allowed for side in expression.split(" OR "))


for package in packages:
    if not package["license"] or not licensed(package["license"]):
        wrong.append(f"{package['name']} has the licence {package['license']!r}")
    if package["source"] and not package["source"].startswith("registry+"):
        wrong.append(f"{package['name']} does not come from the registry")

for line in wrong:
    print(f"dependencies: {line}")
print(f"dependencies: {len(packages)} crates in the lock, {len(wrong)} objections")
sys.exit(bool(wrong))
