"""The hostile documents by name; each must be refused, and none may run."""

from __future__ import annotations


def fan_out(levels: int) -> str:
    """Each fragment is spread twice by the one before: 2^levels fields."""
    chain = "".join(f"fragment f{n} on Query{{...f{n + 1} ...f{n + 1}}}" for n in range(levels))
    return f"{{...f0}}{chain}fragment f{levels} on Query{{viewer{{name}}}}"


def nested(depth: int) -> str:
    """A field in a field in a field."""
    return "{viewer" + "{company" * (depth - 2) + "{name}" + "}" * (depth - 1)


def list_recursion(depth: int) -> str:
    """Lists in lists, each with as many entries as a page may have."""
    down = "{nodes{sessions(first:500)" * ((depth - 1) // 2)
    return f"{{sims(first:500){down}{{totalCount}}{'}}' * ((depth - 1) // 2)}}}"


HOSTILE = {
    "fragment fan-out 2^30": fan_out(30),
    "20,000 aliases": "{" + " ".join(f"a{n}:__typename" for n in range(20_000)) + "}",
    "2,000-token aliases": "{" + " ".join(f"a{n}:viewer{{name}}" for n in range(330)) + "}",
    "10,000 equal fields": "{viewer{" + "name " * 10_000 + "}}",
    "1,990 equal fields": "{viewer{" + "name " * 1_990 + "}}",
    "480 equal objects": "{" + "viewer{name}" * 480 + "}",
    "depth 1,000": nested(1_000),
    "depth 40": nested(40),
    "list recursion of depth 40": list_recursion(40),
    "list recursion of depth 11": list_recursion(11),
    "introspection recursion": "{__schema{types" + "{fields{type" * 4 + "{name}" + "}}" * 4 + "}}",
    "1,000 directives": "{viewer{name" + "@skip(if:false)" * 280 + "}}",
    "99 fragments that overlap": "{"
    + " ".join(f"...f{n}" for n in range(99))
    + "}"
    + "".join(f"fragment f{n} on Query{{viewer{{name}}...f{n + 1}}}" for n in range(98))
    + "fragment f98 on Query{viewer{name}}",
    "600 unknown fields": "{" + " ".join(f"nothing{n}" for n in range(600)) + "}",
    "a circle of fragments": "{...a}fragment a on Query{...b}fragment b on Query{...a}",
    "100,000 brackets": "{" * 49_000,
}
