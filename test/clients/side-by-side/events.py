"""All events of a connection, in the order in which they come."""
import threading

import libvirt

DOMAIN_EVENTS = [getattr(libvirt, name) for name in dir(libvirt) if name.startswith("VIR_DOMAIN_EVENT_ID_")]
PROBE = "event-probe"
PROBE_XML = f"<domain type='test'><name>{PROBE}</name><memory>1024</memory><os><type>hvm</type></os></domain>"
DEADLINE = 60


def start_loop():
    """Dispatches events in a thread of its own; before the first connection is opened."""
    libvirt.virEventRegisterDefaultImpl()

    def run():
        while True:
            libvirt.virEventRunDefaultImpl()

    threading.Thread(target=run, daemon=True).start()


class Events:
    """@param transcript tells values"""

    def __init__(self, conn, transcript, kinds=DOMAIN_EVENTS):
        self.conn = conn
        self.transcript = transcript
        self.seen = []
        self.arrived = threading.Event()
        self.ids = []
        for kind in kinds:
            self.register(conn.domainEventRegisterAny, conn.domainEventDeregisterAny, "domain", kind)
        self.register(conn.networkEventRegisterAny, conn.networkEventDeregisterAny, "network", 0)
        for kind in (0, 1):
            self.register(conn.storagePoolEventRegisterAny, conn.storagePoolEventDeregisterAny, "pool", kind)
            self.register(conn.nodeDeviceEventRegisterAny, conn.nodeDeviceEventDeregisterAny, "device", kind)

    def register(self, register, deregister, family, kind):
        def heard(_, subject, *details):
            if family == "domain" and subject.name() == PROBE:
                self.arrived.set()
            else:
                self.seen.append([family, kind, subject.name(), self.transcript.value(list(details[:-1]))])

        self.ids.append((deregister, register(None, kind, heard, None)))

    def end(self):
        """Waits for all that has happened, and returns it. The probe's events come after all others."""
        self.conn.defineXML(PROBE_XML).undefine()
        if not self.arrived.wait(DEADLINE):
            self.seen.append(["the probe's event never came"])
        for deregister, number in self.ids:
            deregister(number)
        return self.seen
