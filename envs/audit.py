"""Print the result of `pip-audit --format json`: known vulnerabilities and skipped packages.

`make audit` pipes the report in. The exit status is 1 if a pinned package has a known
vulnerability, 2 if no package could be looked up.
"""

import json
import sys


def main() -> int:
    """Print the findings; return the exit status."""
    report = sys.stdin.read()
    if not report.strip():
        print("pip-audit gave no report: it needs the internet")
        return 2
    packages = json.loads(report)["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    holes = [(package, hole) for package in packages for hole in package.get("vulns", [])]
    for package, hole in holes:
        fixed = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {hole['id']}, fixed by {fixed}")
    print(f"{len(packages) - len(skipped)} packages looked up, known vulnerabilities: {len(holes)}")
    print(f"{len(skipped)} skipped{':' if skipped else ''}")
    for package in skipped:
        print(f"  {package['name']}: {package['skip_reason']}")
    if len(skipped) == len(packages):
        print("no package could be looked up, so there is no result: PyPI's JSON pages are needed")
        return 2
    return int(bool(holes))


if __name__ == "__main__":
    sys.exit(main())
