"""hands.py ROLE NAME: waits until a window shows such a thing that can be used, and presses it with the pointer.

It is found as programs for people who do not see find it. Where it stands is printed. hands.py - NAME waits until NAME is shown.
"""
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

DEADLINE = 90


def things(parent):
    yield parent
    for at in range(parent.get_child_count()):
        child = parent.get_child_at_index(at)
        if child is not None:
            yield from things(child)


def is_wanted(thing, role, name):
    states = thing.get_state_set()
    usable = role == "-" or states.contains(Atspi.StateType.SENSITIVE)
    return name in (thing.get_name() or "").split("\n") and role in ("-", thing.get_role_name()) and usable and states.contains(Atspi.StateType.SHOWING)


def find(role, name):
    for thing in things(Atspi.get_desktop(0)):
        try:
            if is_wanted(thing, role, name):
                return thing.get_extents(Atspi.CoordType.SCREEN)
        except gi.repository.GLib.Error:
            continue  # it has gone meanwhile
    return None


def main(role, name):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        place = find(role, name)
        if place is not None and place.width > 0:
            x, y = place.x + place.width // 2, place.y + place.height // 2
            print(f"{name} at {x},{y}")
            if role != "-":
                subprocess.run(["xdotool", "mousemove", str(x), str(y), "click", "1"], check=True)
            return 0
        time.sleep(0.3)
    for thing in things(Atspi.get_desktop(0)):
        print(thing.get_role_name(), repr(thing.get_name()), file=sys.stderr)
    return 1


sys.exit(main(*sys.argv[1:]))
