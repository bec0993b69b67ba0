"""calls.py URI XML_FILE: takes a domain from definition to end through libvirt's Python binding, with events.
Prints one line per call: its name and what it returned, or the error's code, domain, level and message.
What differs from run to run (times, loads) is left out, so that two daemons can be compared line by line."""
import sys
import threading

import libvirt

uri, xml = sys.argv[1], open(sys.argv[2]).read()
qemu = uri.startswith("qemu")
MANAGED_SAVE, SNAPSHOTS = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE, libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
events = []


def show(name, value):
    print(f"{name}: {value}", flush=True)


def call(name, function, *args):
    try:
        value = function(*args)
    except libvirt.libvirtError as error:
        show(name, f"error {error.get_error_code()} {error.get_error_domain()} {error.get_error_level()} {error}")
        return None
    if isinstance(value, libvirt.virDomain):
        value = f"{value.name()} {value.UUIDString()} {value.ID() != -1}"
    show(name, value)
    return value


def fails(function, *args):
    try:
        function(*args)
    except libvirt.libvirtError as error:
        return f"error {error.get_error_code()} {error.get_error_domain()}"


def lifecycle(conn, domain, event, detail, seen):
    if domain.name() == "probe":
        seen.set()
    else:
        events.append(f"{domain.name()} lifecycle {event} {detail}")


def rebooted(conn, domain, _):
    events.append(f"{domain.name()} reboot")


def run_events():
    while True:
        libvirt.virEventRunDefaultImpl()


libvirt.registerErrorHandler(lambda *_: None, None)
libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=run_events, daemon=True).start()
conn = libvirt.open(uri)
seen = threading.Event()
subscriptions = [
    conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle, seen),
    conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, rebooted, None),
]
call("close callback", conn.registerCloseCallback, lambda *_: None, None)

call("type", conn.getType)
call("hypervisor version", conn.getVersion)
call("library version", lambda: conn.getLibVersion() > 0)
call("hostname", conn.getHostname)
call("secure, encrypted, alive", lambda: (conn.isSecure(), conn.isEncrypted(), conn.isAlive()))
# Memory and frequency change while the machine runs.
call("node info", lambda: [part for index, part in enumerate(conn.getInfo()) if index not in (1, 3)])
call("max vcpus", conn.getMaxVcpus, "qemu" if qemu else "test")
call("capabilities", lambda: "<capabilities>" in conn.getCapabilities())
call("counts", lambda: (conn.numOfDomains(), conn.numOfDefinedDomains()))
call("lists", lambda: (conn.listDomainsID(), sorted(conn.listDefinedDomains())))

call("lookup of nobody", conn.lookupByName, "nobody")
call("lookup of no id", conn.lookupByID, 4711)
call("lookup of no uuid", conn.lookupByUUIDString, "00000000-0000-4000-8000-000000000000")
# The parsers of two daemons find different words for one mistake.
call("define nonsense", lambda: fails(conn.defineXML, "<domain"))
call("define too little", conn.defineXML, "<domain type='test'/>")

domain = call("define", conn.defineXML, xml) and conn.lookupByName("guest")
call("lookup by name", conn.lookupByName, "guest")
call("lookup by uuid", conn.lookupByUUID, domain.UUID())
call("inactive", lambda: (domain.ID(), domain.isActive(), domain.isPersistent(), domain.isUpdated()))
call("state", domain.state)
call("info", lambda: domain.info()[:4])
call("os type", domain.OSType)
call("autostart", lambda: (domain.autostart(), domain.setAutostart(1), domain.autostart(), domain.setAutostart(0)))
call("bad autostart", domain.setAutostart, 2)
call("max memory", lambda: (domain.maxMemory(), domain.setMemoryFlags(131072, 6), domain.maxMemory()))
call("max vcpus of nobody running", domain.maxVcpus)
call("more vcpus", lambda: (domain.setVcpusFlags(2, 6), domain.setVcpusFlags(2, 2)))
call("vcpus", lambda: (domain.vcpusFlags(2), domain.vcpusFlags(6)))
call("inactive xml", lambda: domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE))
call("suspend too early", domain.suspend)
call("resume too early", domain.resume)
call("destroy too early", domain.destroy)
call("stats of the stopped", lambda: conn.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_STATE)[0][1])

call("create", domain.create)
call("create again", domain.create)
call("undefine with an unknown flag", domain.undefineFlags, 1 << 20)
call("active", lambda: (domain.isActive(), domain.ID() > 0))
call("lookup by id", lambda: conn.lookupByID(domain.ID()).name())
call("state", domain.state)
call("suspend", domain.suspend)
call("state", domain.state)
call("suspend again", domain.suspend)
call("resume", domain.resume)
call("state", domain.state)
call("resume again", domain.resume)
call("max vcpus", domain.maxVcpus)
call("stats", lambda: conn.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_STATE)[0][1])
call("stats of all", lambda: sorted((d.name(), s["state.state"]) for d, s in conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE)))
call("stats of an unknown kind", lambda: len(conn.getAllDomainStats(1 << 30, 1 << 31)))
call("list all", lambda: sorted(d.name() for d in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)))
call("reset", domain.reset, 0)
call("reboot", domain.reboot, 0)
call("destroy", domain.destroy)
call("state", domain.state)
call("undefine", domain.undefineFlags, MANAGED_SAVE | SNAPSHOTS)
call("info of the gone", lambda: domain.info()[:4])
call("create of the gone", domain.create)

transient = call("create xml", conn.createXML, xml, 0) and conn.lookupByName("guest")
call("persistent", transient.isPersistent)
call("destroy", transient.destroy)

# The probe's event comes after all others: when it is here, so are they.
probe = conn.defineXML("<domain type='%s'><name>probe</name><memory>1024</memory><os><type>hvm</type></os></domain>" % ("qemu" if qemu else "test"))
probe.undefine()
seen.wait(20)
for event in events:
    show("event", event)
for subscription in subscriptions:
    conn.domainEventDeregisterAny(subscription)
call("close", conn.close)
