"""The bad arguments that follow from good ones: each argument in turn is replaced by what its type can do wrong."""
import re

NUMBERS = (-1, 0, 1, 2, 7, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64)
STRINGS = ("", "nothing", None, "a/b", "/", "<", "-1", "w\u00f6rter", " ", "x" * 300)
DOCUMENTS = ("", "<", "<nothing/>", "nothing", None, "<?xml version='1.0'?>")
BITMAPS = ((), (True,), (False,) * 8, (True,) * 40, None)
FLAG_BITS = tuple(1 << bit for bit in range(32)) + (3, 2**32 - 1, 2**32, -1)
#: Enough where every bit has been tried on an object in another state.
FEW_BITS = tuple(1 << bit for bit in range(8)) + (3, 1 << 31)
#: Calls that change nothing leave what they were called on fit for the next row.
READS = re.compile(r"^(get|list|num|is|lookup|XMLDesc|info|name|UUID|ID$|has|state|snapshotNum|interfaceAddresses|bridgeName|parent$|.*[lL]ookup|autostart$|OSType|max|memory(Stats|Parameters|Peek)|block(Info|Stats|IoTune)|.*(Parameters|Info|Stats|Events|Errors|Type|Names|Label)$|vcpus|hostname|metadata|messages)")
CHANGES = re.compile(r"^(set|create|define|restore|add|del)")

#: What the library or the binding does not survive in its own process, or takes gigabytes for: method and argument.
LEFT_OUT = {("memoryPeek", number) for number in NUMBERS if number >= 2**31 - 1} | {
    ("interfaceParameters", None),
    ("setInterfaceParameters", None),
}


class Flags(int):
    """A number whose bits mean something each."""


FLAGS = Flags(0)


def is_reading(method):
    return READS.match(method) is not None and CHANGES.match(method) is None


def replacements(argument):
    """What an argument is replaced by."""
    if isinstance(argument, Flags):
        return FLAG_BITS
    if isinstance(argument, bool) or argument is None or callable(argument):
        return ()
    if isinstance(argument, int):
        return NUMBERS
    if isinstance(argument, str):
        return DOCUMENTS if argument.startswith("<") else STRINGS
    if isinstance(argument, tuple):
        return BITMAPS
    if isinstance(argument, dict):
        return dictionaries(argument)
    if isinstance(argument, list):
        return ([], [None], ["nothing"], argument * 2, None)
    return (None,)


def dictionaries(good):
    key = next(iter(good))
    wrong = ({}, {"nothing": 1}, {**good, "nothing": 1}, None)
    return wrong + tuple({key: value} for value in ("", "text", -1, 0, 2**31, 2**63, 2**64 - 1, 1.5, True, None))


def flag_rows(method, arguments):
    """The same call with other flags."""
    flags = [at for at, argument in enumerate(arguments) if isinstance(argument, Flags)]
    return [arguments[:at] + (value,) + arguments[at + 1 :] for at in flags for value in FEW_BITS]


def bad_rows(method, arguments):
    """The same call with one argument wrong."""
    return [row for at in range(len(arguments)) for row in replaced(method, arguments, at)]


def no_rows(method, arguments):
    """Nothing but the good row."""
    return []


def replaced(method, arguments, at):
    values = [value for value in replacements(arguments[at]) if not is_left_out(method, value)]
    return [arguments[:at] + (value,) + arguments[at + 1 :] for value in values]


def is_left_out(method, value):
    return any(method == name and value is argument or value == argument and method == name for name, argument in LEFT_OUT)
