"""Runs a scenario: a file of Python whose statements are calls, noted one by one, with the events of them all in the end.

A scenario has a fresh driver. It knows `conn`, `libvirt`, the documents, `folder` for files, `uri`.
"""
import ast
import pathlib

import libvirt

import documents
from events import Events

FILES = {path.stem: path for path in sorted((pathlib.Path(__file__).parent / "scenarios").glob("*.py"))}


def play(path, uri, transcript, folder):
    conn = libvirt.open(uri)
    names = {**vars(documents), "libvirt": libvirt, "conn": conn, "folder": folder, "uri": uri}
    events = Events(conn, transcript)
    for number, statement in enumerate(ast.parse(path.read_text()).body, 1):
        run(statement, f"{path.stem} {number}", names, transcript)
    transcript.note(f"{path.stem}: events", events.end())
    conn.close()


def run(statement, place, names, transcript):
    """Notes what an expression or an assignment says; other statements only do what they do."""
    if isinstance(statement, (ast.Expr, ast.Assign)):
        code = compile(ast.Expression(statement.value), place, "eval")
        value, _ = transcript.call(f"{place}: {ast.unparse(statement)}", lambda: eval(code, names))
        if isinstance(statement, ast.Assign):
            names[statement.targets[0].id] = value
    else:
        exec(compile(ast.Module([statement], []), place, "exec"), names)
