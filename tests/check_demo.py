#!/usr/bin/env python3
"""Judges the demo: recomputes from the input what must have come out, and compares every count and every value.

usage: check_demo.py FOLDER

Python's standard library only, and nothing of rosterd: the rules below were written from the documents. FOLDER holds
what tests/demo/run.sh left there: people.csv (the input), directory.csv (what the hub delivered), and what commands
printed with --format json.
"""

import csv
import json
import os
import re
import sys
import unicodedata
from collections import Counter, defaultdict

COLUMNS = ["工号", "用户名", "姓名", "邮箱", "手机号", "组织路径", "职位", "上级工号", "状态"]
NUMBER, USER, NAME, EMAIL, PHONE, PATH, TITLE, MANAGER, STATUS = range(9)
FORMULA = tuple("=+-@\t\r\n\0＝＋－＠")
MOST_CELL_BYTES = 64 * 1024
ACTIVE_WORDS = {"在职": True, "停用": False}

# Words for a row that is set aside, by what is wrong with it: the judge's name, and the reasons that rosterd may give.
REASONS = {
    "no-number": {"rejected"},
    "ragged": {"rejected"},
    "cell-too-long": {"rejected"},
    "bad-email": {"rejected", "invalid", "mapping"},
    "damaged-phone": {"rejected", "invalid", "mapping"},
    "number-twice": {"duplicate"},
    "user-name-twice": {"disputed", "collision"},
}

failures = []


def check(what, have, want):
    """Compares two values; sets and dictionaries are compared by their differences."""
    if have == want:
        print(f"  ok  {what}: {want if isinstance(want, (int, str, bool)) else len(want)}")
        return
    if isinstance(want, (set, dict)) and isinstance(have, (set, dict)):
        extra, missing = sorted(map(str, set(have) - set(want))), sorted(map(str, set(want) - set(have)))
        detail = f"too many {extra[:3]} ({len(extra)}), missing {missing[:3]} ({len(missing)})"
        if isinstance(want, dict):
            wrong = [(key, have[key], want[key]) for key in want if key in have and have[key] != want[key]]
            detail += f", different {wrong[:3]} ({len(wrong)})"
    else:
        detail = f"have {have!r}, want {want!r}"
    print(f"  NO  {what}: {detail}")
    failures.append(what)


# ---- the input -------------------------------------------------------------------------------------------------------


def rows_with_lines(path):
    """Rows of a CSV file with the physical line on which each starts, from 1."""
    csv.field_size_limit(1 << 30)
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=False)
        line = 1
        for row in reader:
            yield line, row
            line = reader.line_num + 1


def compact(text):
    return unicodedata.normalize("NFKC", text).strip()


def phone(text):
    """A Chinese mobile number in E.164 form; None: this is no phone number."""
    digits = "".join(letter for letter in compact(text) if letter not in " -()")
    plus = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if plus:
        return "+" + digits
    return "+86" + digits if len(digits) == 11 and digits.startswith("1") else None


def email(text):
    """An address in lower case; None: this is no address."""
    address = compact(text).lower()
    local, at, domain = address.partition("@")
    return address if local and at and domain and "@" not in domain and "." in domain else None


def unescaped(cell):
    """Takes off the apostrophe that protects a spreadsheet from a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def text(cell):
    return unicodedata.normalize("NFC", unescaped(cell).strip())


def broken(row):
    """What is wrong with one row by itself; None: nothing."""
    if len(row) < len(COLUMNS) or any(cell.strip() for cell in row[len(COLUMNS):]):
        return "ragged"
    if any(len(cell.encode()) > MOST_CELL_BYTES for cell in row):
        return "cell-too-long"
    if not row[NUMBER].strip():
        return "no-number"
    if row[EMAIL].strip() and email(row[EMAIL]) is None:
        return "bad-email"
    if row[PHONE].strip() and phone(row[PHONE]) is None:
        return "damaged-phone"
    return None


class Company:
    """What the input says, after everything that may not be guessed was set aside."""

    def __init__(self, path):
        rows = list(rows_with_lines(path))
        (_, header), rows = rows[0], [(line, row) for line, row in rows[1:] if any(row)]
        assert header == COLUMNS, f"the input has the columns {header}"
        self.rows = len(rows)
        self.aside = {}
        self.number = {line: text(row[NUMBER]) if row else "" for line, row in rows}
        readable = []
        for line, row in rows:
            reason = broken(row)
            if reason:
                self.aside[line] = reason
            else:
                readable.append((line, row))

        # The same number twice: the same row twice is one person, two different rows are nobody.
        by_number = defaultdict(list)
        for line, row in readable:
            by_number[text(row[NUMBER])].append((line, row))
        self.listed_twice = 0
        people = {}
        for number, found in by_number.items():
            if len({tuple(row) for _, row in found}) > 1:
                self.aside.update({line: "number-twice" for line, _ in found})
                continue
            self.listed_twice += len(found) - 1
            people[number] = found[0]

        # Two people who want one user name: neither gets it.
        by_user = defaultdict(list)
        for number, (line, row) in people.items():
            by_user[compact(row[USER]).lower()].append(number)
        for numbers in by_user.values():
            if len(numbers) > 1:
                for number in numbers:
                    self.aside[people.pop(number)[0]] = "user-name-twice"

        self.people = {number: row for number, (_, row) in people.items()}
        self.units_at_least = units(row[PATH] for row in self.people.values())
        self.units_at_most = units(row[PATH] for _, row in rows if len(row) > PATH)

    def expected(self):
        """Number to the values that must have been delivered."""
        return {number: self.values(row) for number, row in self.people.items()}

    def values(self, row):
        manager = text(row[MANAGER])
        return {
            "工号": text(row[NUMBER]),
            "用户名": text(row[USER]).lower(),
            "姓名": text(row[NAME]),
            "邮箱": email(row[EMAIL]) or "",
            "手机号": phone(row[PHONE]) or "",
            "组织路径": text(row[PATH]),
            "职位": text(row[TITLE]),
            "上级工号": manager,
            "状态": "true" if ACTIVE_WORDS[text(row[STATUS])] else "false",
        }


def segments(path):
    """The names of a path; a backslash makes the next letter part of a name."""
    names, name, letters = [], "", iter(text(path))
    for letter in letters:
        if letter == "\\":
            name += next(letters, "")
        elif letter == "/":
            names.append(name)
            name = ""
        else:
            name += letter
    return tuple(names + [name])


def units(paths):
    """All units on the way to the given paths."""
    split = {segments(path) for path in set(paths) if path.strip()}
    return {names[:depth] for names in split for depth in range(1, len(names) + 1)}


# ---- what rosterd printed: the only place that knows the shape of its JSON ---------------------------------------------


class Printed:
    def __init__(self, folder):
        self.folder = folder

    def load(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return json.load(file)

    def counts(self, name):
        """(operation, class, target) to the number of steps."""
        plan = self.load(name)["plan"] or {"counts": []}
        return {(row["operation"], row["class"], row["target"]): row["count"] for row in plan["counts"]}

    def accounts(self, name):
        """Employee number to the attributes of the account."""
        rows = self.load(name)["accounts"]
        return {row["attributes"].get("employeeNumber"): row["attributes"] for row in rows}

    def cases(self):
        """Reasons of what was set aside: by line where the place is known, else by number."""
        by_line, by_number = {}, {}
        for case in self.load("quarantine.json")["cases"]:
            place = re.match(r"line (\d+)", case["position"])
            if place:
                by_line[int(place.group(1))] = case["reason"]
            else:
                by_number[case["id"]] = case["reason"]
        return by_line, by_number


# ---- the output ------------------------------------------------------------------------------------------------------

OUT = {
    "username": "用户名", "display_name": "姓名", "email": "邮箱", "mobile": "手机号", "employee_number": "工号",
    "org_path": "组织路径", "title": "职位", "manager": "上级工号", "status": "状态",
}


def delivered(path):
    """Number to values, with the protection against formulas taken off; every cell must have it where it needs it."""
    rows = [row for _, row in rows_with_lines(path)]
    header, rows = rows[0], rows[1:]
    naked = [cell for row in [header] + rows for cell in row if cell.startswith(FORMULA)]
    check("cells that a spreadsheet would run", len(naked), 0)
    check("ragged rows delivered", sum(len(row) != len(header) for row in rows), 0)
    names = [OUT.get(name, name) for name in header]
    check("columns delivered", set(names) >= set(COLUMNS), True)
    people = {}
    for row in rows:
        values = {name: unescaped(cell) for name, cell in zip(names, row) if name in COLUMNS}
        people[values["工号"]] = values
    check("rows delivered twice", len(rows) - len(people), 0)
    return people, rows


def protected(rows):
    return sum(cell.startswith("'") and cell[1:].startswith(FORMULA) for row in rows for cell in row)


def judge(folder):
    printed = Printed(folder)
    company = Company(os.path.join(folder, "people.csv"))
    want = company.expected()
    reasons = Counter(company.aside.values())
    print(f"check_demo: {company.rows} rows, {len(want)} people, {company.listed_twice} listed twice, "
          f"{len(company.aside)} rows set aside: {dict(sorted(reasons.items()))}")

    have, rows = delivered(os.path.join(folder, "directory-before.csv"))
    # Who is suspended is known to the hub and not made at a destination that does not have him.
    out = {key: row for key, row in want.items() if row["状态"] == "true"}
    # A reference is delivered once the destination has both ends: who is not there is nobody's manager there.
    for row in out.values():
        if row["上级工号"] not in out:
            row["上级工号"] = ""
    check("people delivered", set(have), set(out))
    for column in COLUMNS:
        check(f"column {column}", {key: row[column] for key, row in have.items() if key in out},
              {key: row[column] for key, row in out.items()})
    needy = sum(value.startswith(FORMULA) for row in out.values() for value in row.values())
    check("cells protected against formulas", protected(rows), needy)

    counts = printed.counts("plan.json")
    check("plan: accounts to create in the hub", counts.get(("create", "account", "hub")), len(want))
    check("plan: accounts to create in directory", counts.get(("create", "account", "directory")), len(out))
    made = counts.get(("create", "org-unit", "hub"), 0)
    least, most = len(company.units_at_least), len(company.units_at_most)
    if least == most:
        check("plan: org units to create", made, least)
    else:  # a unit of which only rows that were set aside speak may or may not be made
        check(f"plan: org units to create, {least} to {most}", least <= made <= most, True)
    others = {key: count for key, count in counts.items() if key[0] not in ("create", "update")}
    check("plan: nothing but creates", others, {})

    accounts = printed.accounts("accounts.json")
    check("accounts of the hub", set(accounts), set(want))
    for attribute, column in [("userName", "用户名"), ("displayName", "姓名"), ("title", "职位")]:
        check(f"account attribute {attribute}",
              {key: row.get(attribute) or "" for key, row in accounts.items()},
              {key: row[column] for key, row in want.items()})

    cases = printed.cases()
    by_line, by_number = cases
    lines = {line for line in company.aside if line in by_line}
    others = {company.number[line] for line in company.aside if line not in by_line}
    check("rows set aside, by line", set(by_line), lines)
    check("people set aside, by number", set(by_number), others)
    wrong = {line: by_line.get(line, by_number.get(company.number[line])) for line, kind in company.aside.items()
             if by_line.get(line, by_number.get(company.number[line])) not in REASONS[kind]}
    check("rows set aside for another reason", wrong, {})

    check("the same file again: steps", sum(printed.counts("again.json").values()), 0)
    # Whoever was in dispute with somebody in the other half may come in; everybody else stays as he was.
    half = printed.accounts("accounts-half.json")
    check("half of the file: accounts of the hub", {key: half.get(key) for key in accounts}, accounts)
    states = Counter(row["lifecycle"] for row in printed.load("accounts-half.json")["accounts"])
    check("half of the file: nobody disabled", states.get("disabled", 0), 0)
    check("half of the file: the run", printed.load("half.json")["runs"][0]["state"], "held")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    judge(sys.argv[1])
    if failures:
        sys.exit(f"check_demo: {len(failures)} checks failed")
    print("check_demo: input and output agree")
