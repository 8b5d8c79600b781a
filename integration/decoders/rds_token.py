"""Makes login tokens of RDS as AWS's own SDK for Python makes them; asks nobody.

Usage: rds_token.py, with a line of JSON for each token on standard input: key_id, secret, session_token (or null),
region, host, port, user. Prints a line for each token.
"""

import json
import sys

import botocore.session


def token(session, wanted):
    """Returns one token."""
    client = session.create_client(
        "rds",
        region_name=wanted["region"],
        aws_access_key_id=wanted["key_id"],
        aws_secret_access_key=wanted["secret"],
        aws_session_token=wanted["session_token"],
    )
    return client.generate_db_auth_token(wanted["host"], wanted["port"], wanted["user"])


def main():
    session = botocore.session.Session()
    for line in sys.stdin:
        print(token(session, json.loads(line)))


if __name__ == "__main__":
    main()
