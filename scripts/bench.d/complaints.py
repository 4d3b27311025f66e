"""Complaints as benches send them: the sample of the repository, again and again under other ids."""

import csv
import gzip
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "complaints" / "test.csv.gz"
SAMPLE = ROOT / "examples" / "complaints-sample.csv.gz"
# What a bank's own system has of each, too.
COLUMNS = ("complaint_id", "date_received", "product", "issue", "narrative", "company", "state", "submitted_via")


def source():
    """The file whose mix of lengths is sent: the data sets' test split where it is, else the repository's sample."""
    return SHARED if SHARED.exists() else SAMPLE


def narratives():
    """Those of the source."""
    with gzip.open(source(), "rt", newline="") as lines:
        return [row["narrative"] for row in csv.DictReader(lines)]


def write(path, count, first=0):
    """Writes `count` complaints, numbered from `first`, each with an id of its own."""
    with gzip.open(source(), "rt", newline="") as lines:
        rows = [[row[name] for name in COLUMNS] for row in csv.DictReader(lines)]
    with open(path, "w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        for number in range(first, first + count):
            writer.writerow([f"bench-{number:08d}", *rows[number % len(rows)][1:]])
    return path
