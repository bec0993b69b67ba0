"""Runs a script of steps on libvirt's own test driver, in process, and prints the transcript.

In: a JSON list of steps, each [operation, domain name or null, arguments...]. Out: a JSON list of
{"step", "result" or "error": [code, part of the system, message], "events"}.
"""

import json
import sys

import libvirt

libvirt.registerErrorHandler(lambda *_: None, None)
libvirt.virEventRegisterDefaultImpl()
libvirt.virEventAddTimeout(0, lambda *_: None, None)

connection = libvirt.open("test:///default")
handles = {}
events = []


def remember(domain):
    handles[domain.name()] = domain
    return describe(domain)


def describe(domain):
    return {"name": domain.name(), "uuid": domain.UUIDString(), "id": domain.ID()}


def names(domains):
    return sorted(domain.name() for domain in domains)


def stats(records):
    return sorted([record[0].name(), record[1]] for record in records)


def vcpus(domain):
    info, maps = domain.vcpus()
    return [[number, state, cpu] for number, state, _, cpu in info], [list(one) for one in maps]


OPERATIONS = {
    "getType": lambda _: connection.getType(),
    "getVersion": lambda _: connection.getVersion(),
    "getMaxVcpus": lambda _: connection.getMaxVcpus(None),
    "getInfo": lambda _: connection.getInfo(),
    "getCapabilities": lambda _: connection.getCapabilities(),
    "getHostname": lambda _: connection.getHostname(),
    "getFreeMemory": lambda _: connection.getFreeMemory(),
    "getSysinfo": lambda _, flags: connection.getSysinfo(flags),
    "getURI": lambda _: connection.getURI(),
    "lookupByName": lambda _, name: remember(connection.lookupByName(name)),
    "lookupByID": lambda _, number: remember(connection.lookupByID(number)),
    "lookupByUUID": lambda _, uuid: remember(connection.lookupByUUIDString(uuid)),
    "numOfDomains": lambda _: connection.numOfDomains(),
    "numOfDefinedDomains": lambda _: connection.numOfDefinedDomains(),
    "listDomainsID": lambda _: sorted(connection.listDomainsID()),
    "listDefinedDomains": lambda _: sorted(connection.listDefinedDomains()),
    "listAllDomains": lambda _, flags: names(connection.listAllDomains(flags)),
    "getAllDomainStats": lambda _, groups, flags: stats(connection.getAllDomainStats(groups, flags)),
    "domainListGetStats": lambda _, named, groups, flags: stats(
        connection.domainListGetStats([handles[name] for name in named], groups, flags)
    ),
    "defineXML": lambda _, xml: remember(connection.defineXML(xml)),
    "defineXMLFlags": lambda _, xml, flags: remember(connection.defineXMLFlags(xml, flags)),
    "createXML": lambda _, xml, flags: remember(connection.createXML(xml, flags)),
    "create": lambda domain: domain.create(),
    "createWithFlags": lambda domain, flags: domain.createWithFlags(flags),
    "destroy": lambda domain: domain.destroy(),
    "destroyFlags": lambda domain, flags: domain.destroyFlags(flags),
    "shutdown": lambda domain: domain.shutdown(),
    "shutdownFlags": lambda domain, flags: domain.shutdownFlags(flags),
    "reboot": lambda domain, flags: domain.reboot(flags),
    "reset": lambda domain, flags: domain.reset(flags),
    "suspend": lambda domain: domain.suspend(),
    "resume": lambda domain: domain.resume(),
    "undefine": lambda domain: domain.undefine(),
    "undefineFlags": lambda domain, flags: domain.undefineFlags(flags),
    "info": lambda domain: domain.info()[:4],
    "state": lambda domain, flags: domain.state(flags),
    "XMLDesc": lambda domain, flags: domain.XMLDesc(flags),
    "isActive": lambda domain: domain.isActive(),
    "isPersistent": lambda domain: domain.isPersistent(),
    "isUpdated": lambda domain: domain.isUpdated(),
    "OSType": lambda domain: domain.OSType(),
    "autostart": lambda domain: domain.autostart(),
    "setAutostart": lambda domain, value: domain.setAutostart(value),
    "hasManagedSaveImage": lambda domain, flags: domain.hasManagedSaveImage(flags),
    "maxMemory": lambda domain: domain.maxMemory(),
    "setMaxMemory": lambda domain, size: domain.setMaxMemory(size),
    "setMemory": lambda domain, size: domain.setMemory(size),
    "setMemoryFlags": lambda domain, size, flags: domain.setMemoryFlags(size, flags),
    "memoryStats": lambda domain: domain.memoryStats(),
    "maxVcpus": lambda domain: domain.maxVcpus(),
    "vcpusFlags": lambda domain, flags: domain.vcpusFlags(flags),
    "setVcpus": lambda domain, count: domain.setVcpus(count),
    "setVcpusFlags": lambda domain, count, flags: domain.setVcpusFlags(count, flags),
    "vcpus": vcpus,
}

# Calls of which the binding tells with 0 that they went well.
SILENT = {
    "create", "createWithFlags", "destroy", "destroyFlags", "shutdown", "shutdownFlags", "reboot", "reset", "suspend",
    "resume", "undefine", "undefineFlags", "setAutostart", "setMaxMemory", "setMemory", "setMemoryFlags", "setVcpus",
    "setVcpusFlags",
}  # fmt: skip


def run(operation, name, *arguments):
    domain = handles[name] if name is not None else None
    result = OPERATIONS[operation](domain, *arguments)
    return None if operation in SILENT else result


def drain():
    for _ in range(3):
        libvirt.virEventRunDefaultImpl()
    seen = events[:]
    events.clear()
    return seen


def on_lifecycle(_, domain, event, detail, __):
    events.append(["lifecycle", domain.name(), domain.ID(), event, detail])


def on_reboot(_, domain, __):
    events.append(["reboot", domain.name(), domain.ID()])


connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_lifecycle, None)
connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT, on_reboot, None)

transcript = []
for step in json.load(sys.stdin):
    try:
        outcome = {"result": run(*step)}
    except libvirt.libvirtError as error:
        outcome = {"error": [error.get_error_code(), error.get_error_domain(), error.get_error_message()]}
    transcript.append({"step": step, **outcome, "events": drain()})
json.dump(transcript, sys.stdout)
