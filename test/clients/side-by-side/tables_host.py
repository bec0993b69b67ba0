"""The same for the connection, and for networks, storage, interfaces and devices of the host."""
from documents import *
from sweep import FLAGS, Flags
from tables import after, given, test_domain

UUID = bytes.fromhex(NOBODY.replace("-", ""))

CONNECTION_STATES = {"open": lambda conn: conn}
CONNECTION_CALLS = [
    ("getType",),
    ("getVersion",),
    ("getHostname",),
    ("getURI",),
    ("getCapabilities",),
    ("getSysinfo", FLAGS),
    ("getMaxVcpus", "test"),
    ("isAlive",),
    ("isEncrypted",),
    ("isSecure",),
    ("getInfo",),
    ("getSecurityModel",),
    ("getCPUMap", FLAGS),
    ("getCPUStats", 0, FLAGS),
    ("getCPUStats", -1, FLAGS),
    ("getCPUModelNames", "x86_64", FLAGS),
    ("getCellsFreeMemory", 0, 2),
    ("getFreeMemory",),
    ("getFreePages", [4, 2048], 0, 2, FLAGS),
    ("getMemoryStats", 0, FLAGS),
    ("baselineCPU", [CPU, CPU_OTHER], FLAGS),
    ("getAllDomainStats", FLAGS, FLAGS),
    ("domainListGetStats", given("[test]", lambda conn: [test_domain(conn)]), FLAGS, FLAGS),
    ("listAllDomains", FLAGS),
    ("listDomainsID",),
    ("listDefinedDomains",),
    ("numOfDomains",),
    ("numOfDefinedDomains",),
    ("lookupByID", 1),
    ("lookupByName", "test"),
    ("lookupByUUID", UUID),
    ("lookupByUUIDString", BEGINNING[:36]),
    ("createXML", DOMAIN, FLAGS),
    ("createLinux", DOMAIN, FLAGS),
    ("createXMLWithFiles", DOMAIN, [], FLAGS),
    ("defineXML", DOMAIN),
    ("defineXMLFlags", DOMAIN, FLAGS),
    ("restore", "FOLDER/nothing"),
    ("restoreFlags", "FOLDER/nothing", None, FLAGS),
    ("saveImageGetXMLDesc", "FOLDER/nothing", FLAGS),
    ("saveImageDefineXML", "FOLDER/nothing", DOMAIN, FLAGS),
    ("listAllNetworks", FLAGS),
    ("listNetworks",),
    ("listDefinedNetworks",),
    ("numOfNetworks",),
    ("numOfDefinedNetworks",),
    ("networkLookupByName", "default"),
    ("networkLookupByUUID", UUID),
    ("networkLookupByUUIDString", BEGINNING[37:73]),
    ("networkCreateXML", NETWORK),
    ("networkCreateXMLFlags", NETWORK, FLAGS),
    ("networkDefineXML", NETWORK),
    ("networkDefineXMLFlags", NETWORK, FLAGS),
    ("listAllStoragePools", FLAGS),
    ("listStoragePools",),
    ("listDefinedStoragePools",),
    ("numOfStoragePools",),
    ("numOfDefinedStoragePools",),
    ("storagePoolLookupByName", "default-pool"),
    ("storagePoolLookupByUUID", UUID),
    ("storagePoolLookupByUUIDString", BEGINNING[74:110]),
    ("storagePoolLookupByTargetPath", "/default-pool"),
    ("storagePoolCreateXML", POOL, FLAGS),
    ("storagePoolDefineXML", POOL, FLAGS),
    ("findStoragePoolSources", "logical", None, FLAGS),
    ("findStoragePoolSources", "netfs", "<source><host name='server'/></source>", FLAGS),
    ("storageVolLookupByKey", "/default-pool/one"),
    ("storageVolLookupByPath", "/default-pool/one"),
    ("listAllInterfaces", FLAGS),
    ("listInterfaces",),
    ("listDefinedInterfaces",),
    ("numOfInterfaces",),
    ("numOfDefinedInterfaces",),
    ("interfaceLookupByName", "eth1"),
    ("interfaceLookupByMACString", "aa:bb:cc:dd:ee:ff"),
    ("interfaceDefineXML", INTERFACE, FLAGS),
    ("changeBegin", FLAGS),
    ("changeCommit", FLAGS),
    ("changeRollback", FLAGS),
    ("listAllDevices", FLAGS),
    ("listDevices", "scsi_host", FLAGS),
    ("listDevices", None, FLAGS),
    ("numOfDevices", "scsi_host", FLAGS),
    ("numOfDevices", None, FLAGS),
    ("nodeDeviceLookupByName", "scsi_host1"),
    ("nodeDeviceLookupSCSIHostByWWN", "2000000012341234", "1000000012341234", FLAGS),
    ("nodeDeviceCreateXML", DEVICE, FLAGS),
]


def default_network(conn):
    return conn.networkLookupByName("default")


NETWORK_STATES = {
    "active": default_network,
    "inactive": after(default_network, ("destroy",)),
    "transient": lambda conn: conn.networkCreateXML(NETWORK),
    "gone": after(lambda conn: conn.networkDefineXML(NETWORK), ("undefine",)),
}
NETWORK_CALLS = [
    ("XMLDesc", FLAGS),
    ("autostart",),
    ("setAutostart", 1),
    ("bridgeName",),
    ("create",),
    ("destroy",),
    ("isActive",),
    ("isPersistent",),
    ("undefine",),
    ("update", 3, 4, -1, DHCP_HOST, FLAGS),
]


def default_pool(conn):
    return conn.storagePoolLookupByName("default-pool")


def source_volume(conn):
    if "source" in default_pool(conn).listVolumes():
        return default_pool(conn).storageVolLookupByName("source")
    return default_pool(conn).createXML(VOLUME.replace("one", "source"), 0)


POOL_STATES = {
    "active": default_pool,
    "inactive": after(default_pool, ("destroy",)),
    "transient": lambda conn: conn.storagePoolCreateXML(POOL, 0),
    "gone": after(lambda conn: conn.storagePoolDefineXML(POOL, 0), ("undefine",)),
}
POOL_CALLS = [
    ("XMLDesc", FLAGS),
    ("autostart",),
    ("setAutostart", 1),
    ("build", FLAGS),
    ("create", FLAGS),
    ("delete", FLAGS),
    ("destroy",),
    ("info",),
    ("isActive",),
    ("isPersistent",),
    ("listVolumes",),
    ("listAllVolumes", FLAGS),
    ("numOfVolumes",),
    ("refresh", FLAGS),
    ("undefine",),
    ("storageVolLookupByName", "one"),
    ("createXML", VOLUME, FLAGS),
    ("createXMLFrom", VOLUME_COPY, given("one", source_volume), FLAGS),
]


def volume(conn):
    return default_pool(conn).createXML(VOLUME, 0)


def volume_of_stopped_pool(conn):
    made = volume(conn)
    default_pool(conn).destroy()
    return made


VOLUME_STATES = {
    "there": volume,
    "of an inactive pool": volume_of_stopped_pool,
    "gone": after(volume, ("delete", 0)),
}
VOLUME_CALLS = [
    ("XMLDesc", FLAGS),
    ("info",),
    ("infoFlags", FLAGS),
    ("path",),
    ("delete", FLAGS),
    ("storagePoolLookupByVolume",),
    ("resize", 1 << 30, FLAGS),
    ("wipe", FLAGS),
]

INTERFACE_STATES = {
    "active": lambda conn: conn.interfaceLookupByName("eth1"),
    "inactive": after(lambda conn: conn.interfaceLookupByName("eth1"), ("destroy", 0)),
    "gone": after(lambda conn: conn.interfaceDefineXML(INTERFACE, 0), ("undefine",)),
}
INTERFACE_CALLS = [
    ("XMLDesc", FLAGS),
    ("create", FLAGS),
    ("destroy", FLAGS),
    ("isActive",),
    ("undefine",),
]

DEVICE_STATES = {
    "computer": lambda conn: conn.nodeDeviceLookupByName("computer"),
    "scsi_host1": lambda conn: conn.nodeDeviceLookupByName("scsi_host1"),
    "made": lambda conn: conn.nodeDeviceCreateXML(DEVICE, 0),
    "gone": after(lambda conn: conn.nodeDeviceCreateXML(DEVICE, 0), ("destroy",)),
}
DEVICE_CALLS = [
    ("XMLDesc", FLAGS),
    ("destroy",),
    ("listCaps",),
    ("numOfCaps",),
    ("parent",),
]
