#!/usr/bin/env bash
# Ask the package index whether every requirement comes as a wheel, for each Python that
# the metadata names and for each extra. Nothing is installed; the metadata of wheels is
# all that is fetched.
#
# Usage: scripts/resolve_wheels.sh PYTHON [VERSION...]
set -euo pipefail

cd "$(dirname "$0")/.."
python="$1"
shift
work="$PWD/build/resolve"
rm -rf "$work"
mkdir -p "$work"
"$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work" .
wheel=$(ls "$work"/*.whl)

for version in "${@:-3.11 3.12 3.13}"; do
    for minor in $version; do
        for extra in "" "[tokens]" "[encode]"; do
            "$python" -m pip install --quiet --dry-run --ignore-installed \
                --only-binary=:all: --python-version "$minor" --target "$work/none" \
                --report "$work/report-$minor$extra.json" -c constraints.txt \
                "isinglass$extra @ file://$wheel"
            count=$("$python" -c 'import json, sys
print(len(json.load(open(sys.argv[1]))["install"]))' "$work/report-$minor$extra.json")
            echo "Python $minor, isinglass$extra: $count wheels"
        done
    done
done
