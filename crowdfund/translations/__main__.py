"""`python -m crowdfund.translations`: compile the languages; `--check` them; `--missing` prints what is to be said."""

from __future__ import annotations

import argparse
import sys

from crowdfund.translations import catalogue, check


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 1 when the check finds something."""
    parser = argparse.ArgumentParser(prog="python -m crowdfund.translations", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a message is missing, empty, fuzzy or unused")
    parser.add_argument("--missing", metavar="LOCALE", help="print the missing messages of a language as a .po part")
    options = parser.parse_args(arguments)
    if options.missing:
        print_missing(options.missing)
        return 0
    if options.check:
        found = check.problems()
        sys.stdout.writelines(f"{line}\n" for line in found)
        sys.stdout.write(f"{len(found)} problems\n" if found else "Every message is said in every language.\n")
        return 1 if found else 0
    for locale in catalogue.TRANSLATED:
        catalogue.load(locale)
        sys.stdout.write(f"{locale}: {len(catalogue.merged(locale))} messages\n")
    return 0


def print_missing(locale: str) -> None:
    """Print what a language does not say yet, ready to be filled in."""
    have = {check.key(m) for path in catalogue.parts(locale) for m in catalogue.read_part(path, locale) if m.id}
    for (context, msgid), place in check.used().items():
        if (context, msgid) not in have:
            lines = [f"#: {place}", *([f'msgctxt "{context}"'] if context else [])]
            escaped = msgid.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            sys.stdout.write("\n".join([*lines, f'msgid "{escaped}"', 'msgstr ""', "", ""]))


if __name__ == "__main__":
    sys.exit(main())
