"""Calls that no other client here makes: further-calls.py URI. Prints for each its name in the C library and what came of it."""
import sys

import libvirt

uri = sys.argv[1]
conn = libvirt.open(uri)
libvirt.registerErrorHandler(lambda *_: None, None)
NETWORK = "<network><name>further</name><bridge name='virbr77'/><ip address='10.77.0.1' prefix='24'/></network>"
PORT = "<networkport><uuid>00000000-0000-4000-8000-00000000000b</uuid><owner><name>a</name><uuid>00000000-0000-4000-8000-00000000000a</uuid></owner><mac address='52:54:00:00:00:0a'/></networkport>"
POOL = "<pool type='dir'><name>further</name><target><path>/further</path></target></pool>"
INTERFACE = "<interface type='ethernet' name='eth77'><start mode='none'/></interface>"
FILTER = "<filter name='further' chain='root'><rule action='drop' direction='in'/></filter>"
SECRET = "<secret ephemeral='no' private='no'><description>further</description></secret>"
DOMAIN = "<domain type='%s'><name>further</name><memory>65536</memory><os><type>hvm</type></os></domain>"


def show(name, function):
    try:
        value = function()
    except libvirt.libvirtError as error:
        value = f"error {error.get_error_code()}: {error}"
    print(f"{name}: {value}", flush=True)


def network_calls():
    network = conn.networkDefineXML(NETWORK)
    show("virConnectListDefinedNetworks", conn.listDefinedNetworks)
    show("virNetworkGetDHCPLeases", network.DHCPLeases)
    network.create()
    port = network.portCreateXML(PORT)
    show("virNetworkPortLookupByUUID", lambda: network.portLookupByUUID(port.UUID()).UUID() == port.UUID())
    show("virNetworkPortGetParameters", lambda: port.parameters()["inbound.average"])
    show("virNetworkPortDelete", port.delete)
    network.destroy()
    network.undefine()


def host_calls():
    conn.storagePoolDefineXML(POOL)
    show("virConnectListDefinedStoragePools", conn.listDefinedStoragePools)
    conn.interfaceDefineXML(INTERFACE)
    show("virConnectListDefinedInterfaces", conn.listDefinedInterfaces)
    show("virConnectGetDomainCapabilities", lambda: "<domainCapabilities>" in conn.getDomainCapabilities())


def filter_calls():
    before = conn.numOfNWFilters()
    filter = conn.nwfilterDefineXMLFlags(FILTER, 0)
    show("virNWFilterDefineXMLFlags", filter.name)
    show("virConnectNumOfNWFilters", lambda: conn.numOfNWFilters() - before)
    show("virConnectListAllNWFilters", lambda: "further" in [each.name() for each in conn.listAllNWFilters()])
    show("virNWFilterLookupByUUID", lambda: conn.nwfilterLookupByUUID(filter.UUID()).name())


def secret_calls():
    secret = conn.secretDefineXML(SECRET)
    show("virConnectListSecrets", lambda: secret.UUIDString() in conn.listSecrets())
    show("virSecretGetXMLDesc", lambda: "<description>further</description>" in secret.XMLDesc())
    show("virSecretUndefine", secret.undefine)


def domain_calls(kind):
    domain = conn.defineXML(DOMAIN % kind)
    show("virConnectListDefinedDomains", lambda: "further" in conn.listDefinedDomains())
    domain.create()
    show("virConnectListDomains", lambda: domain.ID() in conn.listDomainsID())
    if kind == "test":
        domain.snapshotCreateXML("<domainsnapshot><name>one</name></domainsnapshot>")
        show("virDomainSnapshotListNames", domain.snapshotListNames)
    domain.destroy()
    show("virNodeGetFreeMemory", lambda: conn.getFreeMemory() > 0)
    show("virConnectGetSysinfo", lambda: conn.getSysinfo().startswith("<sysinfo"))


if conn.getType() == "QEMU":
    domain_calls("qemu")
else:
    domain_calls("test")
    network_calls()
    host_calls()
    filter_calls()
    secret_calls()
conn.close()
