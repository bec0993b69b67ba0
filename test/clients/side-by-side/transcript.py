"""What a call says, as JSON: its value, or the whole of its error. What differs from run to run is replaced, and by name only."""
import json
import re
import threading

import libvirt

MADE_UP = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
MADE_UP_MAC = re.compile(r"\b52:54:00:[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}\b")
TIMES = re.compile(r"<creationTime>\d+</creationTime>|(?<=<name>)\d{10}(?=</name>)|^\d{10}$")
# Figures of the machine and of the moment, by call: the keys or places of what is replaced.
VARIES = {
    "virDomainBlockStats": range(5),
    "virDomainInterfaceStats": range(8),
    "virDomainGetInfo": [4],
    "virDomainGetVcpus": "time",
    "virDomainGetTime": ["seconds", "nseconds"],
    "virConnectGetHostname": "all",
}
STATS_VARY = re.compile(r"^(cpu\.(time|user|system)|vcpu\.\d+\.time|balloon\.last-update)$")


# Where the binding calls a function otherwise than the library.
OTHER_NAMES = {"virConnectListDomainsID": "virConnectListDomains"}


class Calls:
    """Stands before the binding's C half, and notes which of libvirt's calls are made."""

    def __init__(self, binding):
        self._binding = binding
        self.made = set()
        # Callbacks make calls of their own.
        self.thread = threading.local()

    def __getattr__(self, name):
        function = getattr(self._binding, name)
        if name.startswith("vir") and name not in ("virGetLastError", "virEventRunDefaultImpl"):
            self.made.add(OTHER_NAMES.get(name, name))
            self.thread.last = name
        return function


class Transcript:
    """@param places folders and addresses of this run, and what stands for each"""

    def __init__(self, calls, known, places):
        self.calls = calls
        self.known = known.lower()
        self.places = places

    def note(self, key, value):
        # At once, so that a crash of the library tells where.
        print(json.dumps({"call": self.text(key), "says": value}), flush=True)

    def call(self, key, function):
        """Makes a call, notes what it says, and returns its value and whether it succeeded."""
        self.calls.thread.last = ""
        try:
            value = function()
        except libvirt.libvirtError as error:
            self.note(key, {"error": self.error(error)})
            return None, False
        except Exception as error:
            self.note(key, {"refused by the binding": f"{type(error).__name__}: {error}"})
            return None, False
        self.note(key, {"value": self.value(value, self.calls.thread.last)})
        return value, True

    def error(self, error):
        names = ("code", "domain", "message", "level", "str1", "str2", "str3", "int1", "int2")
        told = dict(zip(names, error.err or ()))
        # Nobody's but ours, which is a hint.
        told.pop("str3", None)
        return {name: self.value(part) for name, part in told.items()}

    def text(self, text):
        for place, name in self.places.items():
            text = text.replace(place, name)
        text = MADE_UP.sub(lambda match: match[0] if match[0] in self.known else "MADE-UP", text)
        text = MADE_UP_MAC.sub(lambda match: match[0] if match[0] in self.known else "MADE-UP", text)
        return TIMES.sub("TIME", text)

    def value(self, value, call=""):
        varies = VARIES.get(call)
        if varies == "all" and value:
            return "VARIES"
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (bytes, bytearray)):
            return value.hex() if len(value) < 64 else f"{len(value)} bytes"
        if value is None or isinstance(value, (int, float, bool)):
            return value
        if isinstance(value, dict):
            return {str(k): "VARIES" if STATS_VARY.match(str(k)) or k in (varies or ()) else self.value(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return self.sequence(value, call, varies)
        return self.object(value)

    def sequence(self, value, call, varies):
        if varies == "time":
            return [[self.value(part[:2] + ("VARIES",) + part[3:]) for part in value[0]], self.value(value[1])]
        told = ["VARIES" if varies and at in varies else self.value(part) for at, part in enumerate(value)]
        # libvirt keeps its objects in tables of random order.
        return sorted(told, key=json.dumps) if "List" in call or "Stats" in call else told

    def object(self, value):
        kind = type(value).__name__
        ways = ("name", "getName", "UUIDString", "MACString", "key", "ID")
        said = []
        for way in ways:
            if hasattr(value, way):
                try:
                    said.append(self.value(getattr(value, way)()))
                except libvirt.libvirtError as error:
                    said.append(error.get_error_code())
        return {kind: said}
