"""Calls of libvirt's library that are the connection's own business, or reach a daemon by another name: library-calls.py URI XML_FILE.
Prints a line for each: its name in the C library, and what came of it."""
import sys
import threading

import libvirt
import libvirt_qemu

uri, xml = sys.argv[1], open(sys.argv[2]).read()


def show(name, value):
    print(f"{name}: {value}", flush=True)


def run_events():
    while True:
        libvirt.virEventRunDefaultImpl()


def refusal(function, *args):
    try:
        function(*args)
    except libvirt.libvirtError as error:
        return error.get_error_code()


def started(domain):
    running = domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    domain.destroy()
    return running


libvirt.virEventRegisterDefaultImpl()
threading.Thread(target=run_events, daemon=True).start()
libvirt.registerErrorHandler(lambda *_: None, None)

looking = libvirt.openReadOnly(uri)
show("virConnectOpenReadOnly", refusal(looking.createXML, xml, 0))
looking.close()
asked = libvirt.openAuth(uri, [[], lambda *_: 0, None], 0)
show("virConnectOpenAuth", asked.getType() != "")
asked.close()

conn = libvirt.open(uri)
show("virConnectIsAlive", conn.isAlive())
show("virConnectIsEncrypted", conn.isEncrypted())
show("virConnectSetKeepAlive", conn.setKeepAlive(5, 6))
show("virConnectIsSecure", conn.isSecure())
show("virConnectGetLibVersion", conn.getLibVersion() > 0)
show("virConnectSetIdentity", conn.setIdentity({libvirt.VIR_CONNECT_IDENTITY_USER_NAME: "somebody"}, 0))
show("virConnectRegisterCloseCallback", conn.registerCloseCallback(lambda *_: None, None))
show("virConnectUnregisterCloseCallback", conn.unregisterCloseCallback())

heard = threading.Event()
listener = lambda conn, domain, event, detail, _: heard.set()
conn.domainEventRegister(listener, None)
show("virDomainCreateLinux", started(conn.createLinux(xml, 0)))
show("virConnectDomainEventRegister", heard.wait(60))
show("virConnectDomainEventDeregister", conn.domainEventDeregister(listener))

domain_events = [
    getattr(libvirt, name)
    for name in dir(libvirt)
    if name.startswith("VIR_DOMAIN_EVENT_ID_") and name != "VIR_DOMAIN_EVENT_ID_LAST"
]
ids = [conn.domainEventRegisterAny(None, kind, lambda *_: None, None) for kind in domain_events]
show("virConnectDomainEventRegisterAny", len(ids) == len(domain_events))
show("virConnectDomainEventDeregisterAny", [conn.domainEventDeregisterAny(each) for each in ids][0])
if conn.getType() == "QEMU":
    number = libvirt_qemu.qemuMonitorEventRegister(conn, None, None, lambda *_: None, None)
    show("virConnectDomainQemuMonitorEventRegister", number >= 0)
    show("virConnectDomainQemuMonitorEventDeregister", libvirt_qemu.qemuMonitorEventDeregister(conn, number))
for about in sys.argv[3:]:
    register, deregister = (getattr(conn, f"{about}Event{verb}Any") for verb in ("Register", "Deregister"))
    name = f"virConnect{about[0].upper()}{about[1:]}Event%sAny"
    number = register(None, 0, lambda *_: None, None)
    show(name % "Register", number >= 0)
    show(name % "Deregister", deregister(number))
conn.close()
