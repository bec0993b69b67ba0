"""Every call of libvirt's test driver with good arguments, and the states of the objects that it is made on.

A row is a method of the binding and its arguments; `given` makes an argument that is an object of the connection.
"""
import libvirt

from documents import *
from sweep import FLAGS, Flags


class given:
    """An argument that is looked up on the connection of each row."""

    def __init__(self, text, make):
        self.text = text
        self.make = make

    def __call__(self):
        raise TypeError("made by the runner")

    def __repr__(self):
        return self.text


def test_domain(conn):
    return conn.lookupByName("test")


def after(make, *actions):
    """What a maker makes, after its methods were called."""

    def made(conn):
        made = make(conn)
        for name, *arguments in actions:
            getattr(made, name)(*arguments)
        return made

    return made


def defined(conn):
    return conn.defineXML(DOMAIN)


DOMAIN_STATES = {
    "running": test_domain,
    "off": after(test_domain, ("destroy",)),
    "paused": after(test_domain, ("suspend",)),
    "transient": lambda conn: conn.createXML(DOMAIN, 0),
    "gone": after(defined, ("undefine",)),
}
DOMAIN_CALLS = [
    ("create",),
    ("createWithFlags", FLAGS),
    ("createWithFiles", [], FLAGS),
    ("destroy",),
    ("destroyFlags", FLAGS),
    ("shutdown",),
    ("shutdownFlags", FLAGS),
    ("reboot", FLAGS),
    ("reset", FLAGS),
    ("suspend",),
    ("resume",),
    ("undefine",),
    ("undefineFlags", FLAGS),
    ("rename", "other", FLAGS),
    ("state", FLAGS),
    ("info",),
    ("isActive",),
    ("isPersistent",),
    ("isUpdated",),
    ("OSType",),
    ("XMLDesc", FLAGS),
    ("autostart",),
    ("setAutostart", 1),
    ("maxMemory",),
    ("setMaxMemory", 1 << 20),
    ("setMemory", 1 << 20),
    ("setMemoryFlags", 1 << 20, FLAGS),
    ("setMemoryStatsPeriod", 5, FLAGS),
    ("memoryStats",),
    ("memoryPeek", 0, 16, Flags(1)),
    ("maxVcpus",),
    ("vcpusFlags", FLAGS),
    ("setVcpus", 1),
    ("setVcpusFlags", 1, FLAGS),
    ("vcpus",),
    ("vcpuPinInfo", FLAGS),
    ("pinVcpu", 0, (True, False)),
    ("pinVcpuFlags", 0, (True, False), FLAGS),
    ("emulatorPinInfo", FLAGS),
    ("pinEmulator", (True, False), FLAGS),
    ("ioThreadInfo", FLAGS),
    ("addIOThread", 7, FLAGS),
    ("delIOThread", 7, FLAGS),
    ("pinIOThread", 1, (True, False), FLAGS),
    ("setIOThreadParams", 1, {"poll_max_ns": 4000}, FLAGS),
    ("setIOThreadParams", 1, {"poll_grow": 4, "poll_shrink": 2}, FLAGS),
    ("blockStats", "vda"),
    ("blockInfo", "vda", FLAGS),
    ("blockIoTune", "vda", FLAGS),
    ("setBlockIoTune", "vda", {"total_bytes_sec": 5000}, FLAGS),
    ("setBlockIoTune", "vda", {"read_iops_sec": 5, "read_iops_sec_max": 50, "group_name": "fast"}, FLAGS),
    ("setBlockIoTune", "vda", {"total_bytes_sec": 5, "read_bytes_sec": 50}, FLAGS),
    ("blkioParameters", FLAGS),
    ("setBlkioParameters", {"weight": 200}, FLAGS),
    ("setBlkioParameters", {"device_weight": "/dev/sda,300,/dev/sdb,0"}, FLAGS),
    ("setBlkioParameters", {"device_write_iops_sec": "/dev/sda,300"}, FLAGS),
    ("diskErrors", FLAGS),
    ("memoryParameters", FLAGS),
    ("setMemoryParameters", {"hard_limit": 8000000}, FLAGS),
    ("setMemoryParameters", {"soft_limit": 4000000, "swap_hard_limit": 9000000}, FLAGS),
    ("numaParameters", FLAGS),
    ("setNumaParameters", {"numa_nodeset": "0-1", "numa_mode": 0}, FLAGS),
    ("schedulerType",),
    ("schedulerParameters",),
    ("schedulerParametersFlags", FLAGS),
    ("setSchedulerParameters", {"weight": 60}),
    ("setSchedulerParametersFlags", {"weight": 60}, FLAGS),
    ("interfaceParameters", "testnet0", FLAGS),
    ("setInterfaceParameters", "testnet0", {"inbound.average": 100, "inbound.peak": 200}, FLAGS),
    ("setInterfaceParameters", "testnet0", {"outbound.average": 100}, FLAGS),
    ("interfaceStats", "testnet0"),
    ("interfaceAddresses", 0, FLAGS),
    ("perfEvents", FLAGS),
    ("setPerfEvents", {"cmt": True, "mbml": False}, FLAGS),
    ("getCPUStats", True, FLAGS),
    ("getCPUStats", False, FLAGS),
    ("controlInfo", FLAGS),
    ("hostname", FLAGS),
    ("getTime", FLAGS),
    ("setTime", {"seconds": 5, "nseconds": 6}, FLAGS),
    ("fsFreeze", None, FLAGS),
    ("fsFreeze", ["/"], FLAGS),
    ("fsThaw", None, FLAGS),
    ("fsThaw", ["/"], FLAGS),
    ("fSTrim", None, 0, FLAGS),
    ("fSTrim", "/", 0, FLAGS),
    ("fsInfo", FLAGS),
    ("setUserPassword", "root", "secret", FLAGS),
    ("injectNMI", FLAGS),
    ("sendKey", 0, 0, [28], 1, FLAGS),
    ("sendProcessSignal", 1, 15, FLAGS),
    ("setLifecycleAction", 1, 1, FLAGS),
    ("metadata", 0, None, FLAGS),
    ("metadata", 1, None, FLAGS),
    ("metadata", 2, "http://example.org/ns", FLAGS),
    ("setMetadata", 0, "some words", None, None, FLAGS),
    ("setMetadata", 1, "a title", None, None, FLAGS),
    ("setMetadata", 2, "<app><part/></app>", "my", "http://example.org/ns", FLAGS),
    ("messages", FLAGS),
    ("launchSecurityInfo", FLAGS),
    ("securityLabel",),
    ("hasManagedSaveImage", FLAGS),
    ("managedSave", FLAGS),
    ("managedSaveRemove", FLAGS),
    ("save", "FOLDER/saved"),
    ("saveFlags", "FOLDER/saved", None, FLAGS),
    ("saveFlags", "FOLDER/saved", DOMAIN, FLAGS),
    ("coreDump", "FOLDER/dump", FLAGS),
    ("coreDumpWithFormat", "FOLDER/dump", 0, FLAGS),
    ("screenshot", given("stream", lambda conn: conn.newStream()), 0, FLAGS),
    ("hasCurrentSnapshot", FLAGS),
    ("snapshotCurrent", FLAGS),
    ("snapshotCreateXML", SNAPSHOT, FLAGS),
    ("snapshotCreateXML", "<domainsnapshot><name>two</name><memory snapshot='no'/></domainsnapshot>", FLAGS),
    ("snapshotListNames", FLAGS),
    ("listAllSnapshots", FLAGS),
    ("snapshotNum", FLAGS),
    ("snapshotLookupByName", "one", FLAGS),
    ("checkpointCreateXML", CHECKPOINT, FLAGS),
    ("checkpointLookupByName", "one", FLAGS),
    ("listAllCheckpoints", FLAGS),
]


def with_moments(conn):
    domain = test_domain(conn)
    for name in ("one", "two", "three"):
        domain.snapshotCreateXML(f"<domainsnapshot><name>{name}</name></domainsnapshot>", 0)
    return domain


def with_checkpoints(conn):
    domain = test_domain(conn)
    for name in ("one", "two", "three"):
        domain.checkpointCreateXML(CHECKPOINT.replace("one", name), 0)
    return domain


SNAPSHOT_STATES = {
    "middle": lambda conn: with_moments(conn).snapshotLookupByName("two"),
    "root": lambda conn: with_moments(conn).snapshotLookupByName("one"),
    "gone": after(lambda conn: with_moments(conn).snapshotLookupByName("three"), ("delete", 0)),
}
SNAPSHOT_CALLS = [
    ("delete", FLAGS),
    ("getParent", FLAGS),
    ("getXMLDesc", FLAGS),
    ("hasMetadata", FLAGS),
    ("isCurrent", FLAGS),
    ("listChildrenNames", FLAGS),
    ("numChildren", FLAGS),
    ("listAllChildren", FLAGS),
]
REVERT_CALLS = [
    ("revertToSnapshot", given("two", lambda conn: test_domain(conn).snapshotLookupByName("two")), FLAGS),
]
REVERT_STATES = {
    "running": with_moments,
    "off": after(with_moments, ("destroy",)),
    "paused": after(with_moments, ("suspend",)),
}
CHECKPOINT_STATES = {
    "middle": lambda conn: with_checkpoints(conn).checkpointLookupByName("two"),
    "root": lambda conn: with_checkpoints(conn).checkpointLookupByName("one"),
    "gone": after(lambda conn: with_checkpoints(conn).checkpointLookupByName("three"), ("delete", 0)),
}
CHECKPOINT_CALLS = [
    ("delete", FLAGS),
    ("getParent", FLAGS),
    ("getXMLDesc", FLAGS),
    ("listAllChildren", FLAGS),
]
