# libvirt-glib against any daemon: binding-glib.py URI. Prints a line for each step and each event.
import sys

import gi

gi.require_version("LibvirtGLib", "1.0")
gi.require_version("LibvirtGConfig", "1.0")
gi.require_version("LibvirtGObject", "1.0")
from gi.repository import GLib, LibvirtGConfig, LibvirtGLib, LibvirtGObject

LibvirtGObject.init_object([])
LibvirtGLib.event_register()
conn = LibvirtGObject.Connection.new(sys.argv[1])
conn.open(None)
conn.fetch_domains(None)
print("domains", " ".join(sorted(each.get_name() for each in conn.get_domains())))
seen = []


def note(what):
    def heard(_, domain=None, *rest):
        seen.append(what)
        print("event", (domain or dom).get_name(), what, flush=True)

    return heard


conn.connect("domain-added", note("added"))
conn.connect("domain-removed", note("removed"))
dom = conn.create_domain(LibvirtGConfig.Domain.new_from_xml(sys.stdin.read()))
dom.connect("started", lambda each, *_: note("started")(conn, each))
dom.connect("stopped", lambda each, *_: note("stopped")(conn, each))
context = GLib.MainContext.default()


def wait_for(count):
    GLib.timeout_add_seconds(20, lambda: sys.exit("no more events: " + " ".join(seen)))
    while len(seen) < count:
        context.iteration(True)


dom.start(0)
print("state", dom.get_info().state.value_nick)
dom.stop(0)
wait_for(3)
dom.delete(0)
wait_for(4)
conn.close()
