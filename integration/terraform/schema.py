"""Writes the schema of the provider double, as `terraform providers schema -json` would show the real provider's.

It is read out of the JavaScript in the published bindings: what an attribute is called, its type, whether it must, may
or cannot be set. It is cut to the resources and data sources that the given .tf files use. What the bindings do not
tell is left out: enumerations, the syntax of values, conflicts between attributes, attributes that are both optional
and computed (but for a few they count as optional), and computed ones that are lists of objects.

Usage: schema.py PROVIDER_VERSION WHEEL OUTPUT FILE.tf...
"""

import io
import json
import re
import sys
import tarfile
import zipfile

USE = re.compile(r'^\s*(resource|data)\s+"(aws_\w+)"', re.M)
# One entry of the map that a class or a struct hands to the writer of HCL.
SETTABLE = re.compile(
    r"^ {8,12}(\w+): \{\n\s+value: .*?(?:this\._|struct\.)(\w+?)(?:\.internalValue)?\)+,\n"
    r"\s+isBlock: (\w+),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\",",
    re.M,
)
READABLE = re.compile(r"this\.get(String|Number|Boolean|List|StringMap|NumberList)Attribute\('(\w+)'\)")
PRIMITIVES = {"boolean": "bool", "number": "number", "string": "string", "any": "dynamic"}
READ_TYPES = {
    "String": "string", "Number": "number", "Boolean": "bool",
    "List": ["list", "string"], "StringMap": ["map", "string"], "NumberList": ["list", "number"],
}
# What the provider fills in where it is not set, as far as the module reads it.
COMPUTED_TOO = {"code_sha256", "id", "tags_all"}


def used(paths):
    """Returns what the files use, as sorted pairs of kind and type."""
    return sorted({use for path in paths for use in USE.findall(open(path, encoding="utf-8").read())})


def folder_of(kind, type_name):
    name = type_name.removeprefix("aws_").replace("_", "-")
    return f"data-aws-{name}" if kind == "data" else name


def sources_of(wheel, folders):
    """Returns the text of each folder's index.js."""
    wanted = {f"package/lib/{folder}/index.js": folder for folder in folders}
    found = {}
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner)), mode="r|gz") as package:
            for member in package:
                if member.name == "package/package.json":
                    found["package.json"] = package.extractfile(member).read().decode()
                elif member.name in wanted:
                    found[wanted[member.name]] = package.extractfile(member).read().decode()
    return found


def body(source, start, otherwise=None):
    """Returns the text from a line that begins with `start` to the next that ends the function or class."""
    at = source.find(f"\n{start}")
    if at < 0 and otherwise is not None:
        return otherwise
    if at < 0:
        raise LookupError(f"the bindings have no {start}")
    return source[at + 1 : source.index("\n}", at)]


def type_of(kind, storage):
    """Returns the type of an attribute as Terraform writes it in JSON."""
    primitive, collection = re.fullmatch(r"(boolean|number|string|any)(List|Map)?", storage).groups()
    if collection is None:
        return PRIMITIVES[primitive]
    return ["map" if collection == "Map" else kind, PRIMITIVES[primitive]]


def block_of(source, settables, owner):
    """Returns the block of a class with the text `owner`, whose settable part the text `settables` tells."""
    attributes, blocks = {}, {}
    for name, property_name, is_block, kind, storage in SETTABLE.findall(settables):
        reset = f"reset{property_name[0].upper()}{property_name[1:]}("
        is_optional = reset in owner or not owner
        if is_block == "true":
            blocks[name] = nested(source, owner, name, kind, storage, is_optional)
        else:
            attributes[name] = {"type": type_of(kind, storage), "optional" if is_optional else "required": True}
            if is_optional and name in COMPUTED_TOO:
                attributes[name]["computed"] = True
    for read, name in READABLE.findall(owner):
        attributes.setdefault(name, {"type": READ_TYPES[read], "computed": True})
    return {"attributes": attributes, "block_types": blocks}


def nested(source, owner, name, kind, storage, is_optional):
    base = storage.removesuffix("List")
    settables = body(source, f"function {base[0].lower()}{base[1:]}ToHclTerraform(")
    # Blocks of the provider's own configuration have no such class: all in them counts as optional.
    block = block_of(source, settables, body(source, f"class {base}OutputReference ", ""))
    if kind == "struct":
        return {"nesting_mode": "single", "block": block}
    found = {"nesting_mode": kind, "block": block}
    if not is_optional:
        found["min_items"] = 1
    if f'OutputReference(this, "{name}")' in owner:
        found["max_items"] = 1
    return found


def schema_of(source):
    """Returns the schema of the one resource, data source or provider that a file is about."""
    (name,) = re.findall(r"^class (\w+) extends cdktn\.Terraform(?:Resource|DataSource|Provider) ", source, re.M)
    owner = body(source, f"class {name} ")
    return {"version": 0, "block": block_of(source, owner[owner.index("synthesizeHclAttributes()") :], owner)}


def main(version, wheel, output, *paths):
    uses = used(paths)
    folders = {use: folder_of(*use) for use in uses}
    sources = sources_of(wheel, {*folders.values(), "provider"})
    unknown = [type_name for (kind, type_name), folder in folders.items() if folder not in sources]
    if unknown:
        sys.exit(f"schema: the bindings know no {', '.join(unknown)}")
    package = json.loads(sources["package.json"])
    if package["cdktn"]["provider"]["version"] != version:
        sys.exit(f"schema: the bindings are of version {package['cdktn']['provider']['version']}, not {version}")
    schemas = {"resource": {}, "data": {}}
    for (kind, type_name), folder in folders.items():
        schemas[kind][type_name] = schema_of(sources[folder])
    # What chooses an object to read is filled in by the reading.
    for schema in schemas["data"].values():
        for attribute in schema["block"]["attributes"].values():
            attribute["computed"] = "required" not in attribute
    document = {
        "bindings": f"cdktn-provider-aws {package['version']}",
        "provider": schema_of(sources["provider"]),
        "resource_schemas": schemas["resource"],
        "data_source_schemas": schemas["data"],
    }
    with open(output, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, sort_keys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
