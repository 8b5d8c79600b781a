"""Holds lines of JSON against a JSON Schema, which is held against its own schema first.

Usage: schema.py SCHEMA < LINES. Prints one line per line of input: `fits`, or the first thing that does not and where.
"""

import json
import sys

import jsonschema
from jsonschema.exceptions import best_match


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    for line in sys.stdin:
        wrong = best_match(validator(schema).iter_errors(json.loads(line)))
        print("fits" if wrong is None else f"{wrong.json_path}: {wrong.message[:200]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
