"""Packs a program as the function of Lambda that it is: `bootstrap`, executable, alone, the same bytes for the same program.

Usage: zip.py PROGRAM ZIP
"""

import sys
import zipfile

# The oldest moment that a zip can hold: when a package was built says nothing of what is in it.
MOMENT = (1980, 1, 1, 0, 0, 0)
EXECUTABLE_FILE = 0o100755

program, target = sys.argv[1:]
entry = zipfile.ZipInfo("bootstrap", MOMENT)
entry.create_system = 3
entry.external_attr = EXECUTABLE_FILE << 16
entry.compress_type = zipfile.ZIP_DEFLATED
with open(program, "rb") as opened, zipfile.ZipFile(target, "w") as package:
    package.writestr(entry, opened.read(), compresslevel=9)
