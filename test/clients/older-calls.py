"""Calls that others have taken the place of since, each beside the newer one: older-calls.py URI XML_FILE DEVICE_FILE SAVE_FILE.
Prints JSON: where the two do not come to the same, and how many did. Defines the file's domain, and removes it in the end."""
import json
import sys
import threading

import libvirt

uri, save_file = sys.argv[1], sys.argv[4]
xml, device = open(sys.argv[2]).read(), open(sys.argv[3]).read()
same, differences = [], []


def run_events():
    while True:
        libvirt.virEventRunDefaultImpl()


libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=run_events, daemon=True).start()
libvirt.registerErrorHandler(lambda *_: None, None)
conn = libvirt.open(uri)


def outcome(function):
    try:
        return "answers", function()
    except libvirt.libvirtError as error:
        return "fails", error.get_error_code()


def compare(name, older, newer):
    """A newer call that the driver lacks has nothing to say of the older one."""
    old, new = outcome(older), outcome(newer)
    if old == new or new == ("fails", libvirt.VIR_ERR_NO_SUPPORT):
        same.append(name)
    else:
        differences.append(f"{name}: {old}, and the newer one: {new}")


def domain():
    return conn.lookupByUUIDString(uuid)


def start():
    if not domain().isActive():
        domain().create()
    return domain()


def stop():
    if domain().isActive():
        domain().destroy()
    return domain()


def fresh():
    """Started anew: one that is shutting down ends at a moment of its own."""
    try:
        stop()
    except libvirt.libvirtError:
        pass
    return start()


def names(connection, flags=0):
    return sorted(each.name() for each in connection.listAllDomains(flags))


def compare_changes(when, calls):
    """Each of them on a domain that is as it was before the other."""
    for name, older, newer in calls:
        compare(name, lambda: older(when()), lambda: newer(when()))


def heard_of(register, deregister):
    heard = threading.Event()
    listener = lambda *_: heard.set()
    stop()
    known = register(listener)
    start()
    said = heard.wait(120)
    deregister(listener, known)
    return said


def transient(create):
    made = create(xml, 0)
    uuid_of = made.UUIDString()
    made.destroy()
    return uuid_of


uuid = conn.defineXML(xml).UUIDString()
stop()
inactive = libvirt.VIR_CONNECT_LIST_DOMAINS_INACTIVE
compare("ListDefinedDomains", lambda: sorted(conn.listDefinedDomains()), lambda: names(conn, inactive))
compare("IsUpdated", lambda: domain().isUpdated() in (0, 1), lambda: True)
outcome(lambda: domain().snapshotCreateXML("<domainsnapshot><name>older</name></domainsnapshot>"))
compare("SnapshotListNames", lambda: domain().snapshotListNames(0), lambda: [each.getName() for each in domain().listAllSnapshots(0)])
outcome(lambda: domain().snapshotLookupByName("older").delete())
compare("DefineXMLFlags", lambda: conn.defineXMLFlags(xml, 0).UUIDString(), lambda: conn.defineXML(xml).UUIDString())

# Those of Hyper-V and VirtualBox are about a domain as it is, all others' about one that runs.
live = 0 if conn.getType() in ("Hyper-V", "VBOX") else libvirt.VIR_DOMAIN_AFFECT_LIVE


def most_vcpus(one):
    """VirtualBox tells what any machine may have."""
    return conn.getMaxVcpus(None) if conn.getType() == "VBOX" else one.vcpusFlags(live | libvirt.VIR_DOMAIN_VCPU_MAXIMUM)


sizes = [
    ("GetMaxVcpus", lambda d: d.maxVcpus(), most_vcpus),
    ("SetMemory", lambda d: d.setMemory(32768), lambda d: d.setMemoryFlags(32768, live)),
    ("SetVcpus", lambda d: d.setVcpus(1), lambda d: d.setVcpusFlags(1, live)),
    (
        "AttachDevice and DetachDevice",
        lambda d: (outcome(lambda: d.attachDevice(device)), outcome(lambda: d.detachDevice(device))),
        lambda d: (outcome(lambda: d.attachDeviceFlags(device, live)), outcome(lambda: d.detachDeviceFlags(device, live))),
    ),
]
compare_changes(stop, sizes)
compare_changes(stop, [("CreateWithFlags", lambda d: d.createWithFlags(0), lambda d: d.create())])
compare_changes(start, sizes[:3])
compare_changes(fresh, [("ShutdownFlags", lambda d: d.shutdownFlags(0), lambda d: d.shutdown())])
compare_changes(fresh, [("DestroyFlags", lambda d: d.destroyFlags(0), lambda d: d.destroy())])
start()
compare("ListDomains", lambda: sorted(conn.listDomainsID()), lambda: sorted(each.ID() for each in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)))
compare("LookupByID", lambda: conn.lookupByID(domain().ID()).UUIDString(), lambda: uuid)
compare(
    "DomainEventRegister",
    lambda: heard_of(lambda listener: conn.domainEventRegister(listener, None), lambda listener, _: conn.domainEventDeregister(listener)),
    lambda: heard_of(
        lambda listener: conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, listener, None),
        lambda _, known: conn.domainEventDeregisterAny(known),
    ),
)
compare_changes(start, [("Save", lambda d: d.save(save_file), lambda d: d.saveFlags(save_file, None, 0))])
stop()
compare("Undefine", lambda: domain().undefine(), lambda: conn.defineXML(xml).undefine())
compare("CreateLinux", lambda: transient(conn.createLinux), lambda: transient(conn.createXML))
print(json.dumps({"same": same, "differences": differences}))
