"""Defines documents and reads them back: documents.py URI, with {"name": ..., "xml": ...} a line on standard input.

Prints a JSON object for each: the code and message of the error, or the domain's XML plain, inactive and migratable.
"""
import json
import sys

import libvirt

libvirt.registerErrorHandler(lambda _, error: None, None)

READS = {"plain": 0, "inactive": libvirt.VIR_DOMAIN_XML_INACTIVE, "migratable": libvirt.VIR_DOMAIN_XML_MIGRATABLE}
REMOVE = libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_TPM


def read(domain, flags):
    try:
        return domain.XMLDesc(flags)
    except libvirt.libvirtError as error:
        return "error %d: %s" % (error.get_error_code(), error.get_error_message())


def told(connection, xml, remove):
    try:
        domain = connection.defineXML(xml)
    except libvirt.libvirtError as error:
        return {"code": error.get_error_code(), "message": error.get_error_message()}
    documents = {name: read(domain, flags) for name, flags in READS.items()}
    domain.undefineFlags(remove)
    return documents


connection = libvirt.open(sys.argv[1])
remove = 0 if sys.argv[1].startswith("test") else REMOVE
for line in sys.stdin:
    document = json.loads(line)
    print(json.dumps({"name": document["name"], **told(connection, document["xml"], remove)}), flush=True)
