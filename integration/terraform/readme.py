"""Writes the tables of a module's README, in the layout of terraform-docs, from the module's formatted sources.

Usage: readme.py [--check] MODULE; with --check nothing is written, and a README that is not fresh is a failure.
"""

import pathlib
import re
import sys

BEGIN, END = "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->"
ADDRESS = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs"


def blocks(text, keyword):
    """Returns the labels and the body of each top-level block of a kind, in the order of the file."""
    for found in re.finditer(rf'^{keyword}((?: "[\w-]+")+) \{{\n(.*?)^\}}$|^{keyword}((?: "[\w-]+")+) \{{\}}$', text, re.M | re.S):
        yield re.findall(r'"([\w-]+)"', found[1] or found[3]), found[2] or ""


def argument(body, name):
    """Returns the source of an argument's value, which ends where the next line is indented as the argument is."""
    found = re.search(rf"^  {name} += (.*?)(?=^  [a-z]|^\n|\Z)", body, re.M | re.S)
    return re.sub(r"^  ", "", found[1], flags=re.M).rstrip() if found else None


def text_of(value):
    """Returns what a description says, on one line."""
    heredoc = re.fullmatch(r"<<-?EOT\n(.*)\nEOT", value, re.S)
    if heredoc:
        lines = [line.strip() for line in heredoc[1].splitlines()]
        return "".join(f"<br/>{line}" if line.startswith("- ") else f" {line}" for line in lines).strip()
    return value[1:-1].replace('\\"', '"')


def code(value):
    if "\n" not in value:
        return f"`{value}`"
    return "<pre>" + "<br/>".join(value.splitlines()) + "</pre>"


def table(heading, columns, rows):
    lines = [f"## {heading}", "", "| " + " | ".join(columns) + " |", "|" + "|".join(["---"] * len(columns)) + "|"]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in sorted(rows)] + [""]


def tables(text):
    (terraform,) = re.findall(r'required_version = "(.*)"', text)
    (aws,) = re.findall(r'^ +version = "(.*)"', text, re.M)
    resources = [(*labels, "resource") for labels, _ in blocks(text, "resource")]
    resources += [(*labels, "data source") for labels, _ in blocks(text, "data")]
    kinds = {"resource": "resources", "data source": "data-sources"}
    variables = list(blocks(text, "variable"))
    outputs = list(blocks(text, "output"))
    return [
        *table("Requirements", ["Name", "Version"], [("terraform", terraform), ("aws", aws)]),
        *table("Providers", ["Name", "Version"], [("aws", aws)]),
        "## Modules", "", "No modules.", "",
        *table("Resources", ["Name", "Type"], [
            (f"[{type_name}.{name}]({ADDRESS}/{kinds[kind]}/{type_name.removeprefix('aws_')})", kind)
            for type_name, name, kind in resources
        ]),
        *table("Inputs", ["Name", "Description", "Type", "Default", "Required"], [
            (
                name,
                text_of(argument(body, "description")),
                code(argument(body, "type")),
                code(argument(body, "default")) if argument(body, "default") else "n/a",
                "no" if argument(body, "default") else "yes",
            )
            for (name,), body in variables
        ]),
        *table("Outputs", ["Name", "Description"], [
            (name, text_of(argument(body, "description"))) for (name,), body in outputs
        ]),
    ]


def main(*arguments):
    module = pathlib.Path(arguments[-1])
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(module.glob("*.tf")))
    readme = module / "README.md"
    said = readme.read_text(encoding="utf-8")
    before, after = said.split(BEGIN)[0], said.split(END)[1]
    fresh = "\n".join([before + BEGIN, *tables(text)]).rstrip() + "\n" + END + after
    if "--check" not in arguments:
        readme.write_text(fresh, encoding="utf-8")
    elif fresh != said:
        sys.exit(f"terraform: the tables in {readme} are not fresh: run `make references`")


if __name__ == "__main__":
    main(*sys.argv[1:])
