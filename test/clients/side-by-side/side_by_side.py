"""side_by_side.py URI FOLDER [SCENARIO]: makes every call of libvirt's test driver, with good and bad arguments and on objects in each
state, and prints what each says, one JSON object a line. The last line names the calls of the C library that were made."""
import os
import subprocess
import sys

import libvirt

import tables
import tables_host
from documents import KNOWN
from events import start_loop
from scenario import FILES, play
from sweep import bad_rows, flag_rows, is_reading, no_rows
from tables import given
from transcript import Calls, Transcript

FAMILIES = {
    "connection": (tables_host.CONNECTION_STATES, tables_host.CONNECTION_CALLS),
    "domain": (tables.DOMAIN_STATES, tables.DOMAIN_CALLS),
    "domain with snapshots": (tables.REVERT_STATES, tables.REVERT_CALLS),
    "snapshot": (tables.SNAPSHOT_STATES, tables.SNAPSHOT_CALLS),
    "checkpoint": (tables.CHECKPOINT_STATES, tables.CHECKPOINT_CALLS),
    "network": (tables_host.NETWORK_STATES, tables_host.NETWORK_CALLS),
    "pool": (tables_host.POOL_STATES, tables_host.POOL_CALLS),
    "volume": (tables_host.VOLUME_STATES, tables_host.VOLUME_CALLS),
    "interface": (tables_host.INTERFACE_STATES, tables_host.INTERFACE_CALLS),
    "device": (tables_host.DEVICE_STATES, tables_host.DEVICE_CALLS),
}


class Subject:
    """What rows are called on, in one state; made anew, with the whole driver, when a call may have changed it."""

    def __init__(self, run, make, read_only=False):
        self.run, self.make, self.read_only = run, make, read_only
        self.conn = self.other = self.object = None

    def get(self):
        if self.object is None:
            self.conn = libvirt.open(self.run.uri)
            self.object = self.make(self.conn)
            if self.read_only:
                # The objects of another connection, as one meets them that may change nothing.
                self.other, self.conn = self.conn, libvirt.openReadOnly(self.run.uri)
                self.object = self.run.same(self.conn, self.object)
        return self.object

    def drop(self):
        self.object = None
        for conn in (self.conn, self.other):
            if conn is not None:
                conn.close()
        self.conn = self.other = None


class Run:
    def __init__(self, uri, folder):
        self.uri, self.folder = uri, folder
        self.calls = libvirt.libvirtmod = Calls(libvirt.libvirtmod)
        self.transcript = Transcript(self.calls, KNOWN, {folder: "FOLDER"})

    @staticmethod
    def same(conn, thing):
        """The same object on another connection."""
        if isinstance(thing, libvirt.virConnect):
            return conn
        ways = {
            libvirt.virDomain: lambda: conn.lookupByName(thing.name()),
            libvirt.virNetwork: lambda: conn.networkLookupByName(thing.name()),
            libvirt.virStoragePool: lambda: conn.storagePoolLookupByName(thing.name()),
            libvirt.virStorageVol: lambda: conn.storageVolLookupByKey(thing.key()),
            libvirt.virInterface: lambda: conn.interfaceLookupByName(thing.name()),
            libvirt.virNodeDevice: lambda: conn.nodeDeviceLookupByName(thing.name()),
            libvirt.virDomainSnapshot: lambda: conn.lookupByName("test").snapshotLookupByName(thing.getName()),
            libvirt.virDomainCheckpoint: lambda: conn.lookupByName("test").checkpointLookupByName(thing.getName()),
        }
        return ways[type(thing)]()

    def sweep(self):
        for family, (states, table) in FAMILIES.items():
            for place, (state, make) in enumerate(states.items()):
                # The first state is the usual one, on which every argument is tried.
                rows = [(row, bad_rows if place == 0 else flag_rows) for row in table]
                self.rows(f"{family} {state}", Subject(self, make), rows)
            first = next(iter(states.values()))
            self.rows(f"{family} read-only", Subject(self, first, True), [(row, no_rows) for row in table])

    def rows(self, name, subject, rows):
        for (method, *good), variants in rows:
            good = tuple(good)
            for arguments in [good, *variants(method, good)]:
                self.row(name, subject, method, arguments)
        subject.drop()

    def row(self, name, subject, method, arguments):
        thing = subject.get()
        key = f"{name}: {method}({', '.join(map(repr, arguments))})"

        def call():
            return getattr(thing, method)(*[self.filled(argument, subject.conn) for argument in arguments])

        _, succeeded = self.transcript.call(key, call)
        if succeeded and not is_reading(method):
            subject.drop()

    def filled(self, argument, conn):
        if isinstance(argument, given):
            return argument.make(conn)
        return argument.replace("FOLDER", self.folder) if isinstance(argument, str) else argument


def main(uri, folder, scenario=None):
    libvirt.registerErrorHandler(lambda *_: None, None)
    start_loop()
    # Calls that write files are given relative names, too.
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    run = Run(uri, folder)
    if scenario is not None:
        play(FILES[scenario], uri, run.transcript, folder)
    else:
        run.sweep()
        for name in FILES:
            # Callbacks may keep a connection for a moment, and with it the driver: a process of its own begins afresh.
            subprocess.run([sys.executable, __file__, uri, folder, name], check=True)
    run.transcript.note("made", sorted(run.calls.made))


main(*sys.argv[1:])
