/** Python program that imports modules and prints their commands as JSON. A string, so that the build copies no other files. */
import { PYTHON_OWN_CODECS } from "./python-own-codecs.ts";

export const PYTHON_PROGRAM: string = `
import sys

# \`python -c\` searches the working directory first: its ./json.py must not replace a standard module.
sys.path[:] = [place for place in sys.path if place != ""]

import hashlib, importlib, importlib.util, inspect, json, os, pkgutil, traceback, zlib

sys.dont_write_bytecode = True  # do not write into the folder of the user
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # output of the module must not mix with the JSON


def fail(code, message, module=""):
    json.dump({"failure": code, "message": message, "module": module}, out)
    out.flush()
    sys.exit(0)


try:
    from twisted.protocols import amp
    from twisted.python.reflect import accumulateClassDict
except ImportError as error:
    fail("twisted", str(error))

CONVERSIONS = ["toBox", "fromBox", "toString", "fromString", "toStringProto", "fromStringProto", "retrieve"]
PLAIN = ["Integer", "String", "Unicode", "Boolean", "Float", "Decimal", "DateTime", "Path", "Descriptor", "ListOf", "AmpList"]


def loadedFrom(path):
    """Return the module that was loaded from a file already, for example because another module imports it."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and os.path.exists(file) and os.path.exists(path) and os.path.samefile(file, path):
            return module
    return None


def load(name):
    if (os.sep in name or name in (".", "..")) and os.path.isdir(name):
        name = os.path.join(name, "__init__.py")
    if not name.endswith(".py"):
        sys.path.append(os.getcwd())  # last, so that installed modules win
        return importlib.import_module(name)
    path = os.path.abspath(name)
    known = loadedFrom(path)
    if known is not None:
        return known
    folder, file = os.path.split(path)
    parts = [] if file == "__init__.py" else [file[:-3]]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    sys.path.insert(0, folder)
    if len(parts) > 1 or file == "__init__.py":
        return importlib.import_module(".".join(parts))
    # Load the file by its path: it may have the name of a standard module.
    spec = importlib.util.spec_from_file_location(parts[0], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(parts[0], module)
    spec.loader.exec_module(module)
    return module


def text(name):
    return name.decode("utf-8", "surrogateescape")


def documentation(thing):
    found = vars(thing).get("__doc__")
    return inspect.cleandoc(found) if isinstance(found, str) and found.strip() else None


def typeName(argument):
    """Return the type name in AMP. A subclass that does not change conversions has the type of its base."""
    own = getattr(argument, "ampwireType", None)
    if isinstance(own, str):
        return own
    if isinstance(argument, amp._LocalArgument):
        return "Local"
    for name in PLAIN:
        plain = getattr(amp, name, None)
        if type(argument) is plain:
            return name
    for name in PLAIN:
        plain = getattr(amp, name, None)
        if plain and isinstance(argument, plain):
            if all(getattr(type(argument), each) is getattr(plain, each) for each in CONVERSIONS):
                return name
    return "Unknown"

${PYTHON_OWN_CODECS}

def describeOwn(argument):
    """Describe a class with conversions of its own: a known codec, rows, or an unknown type."""
    if isinstance(argument, type):
        name = argument.__module__ + "." + argument.__qualname__
        return {"type": "Unknown", "className": name + ", which the command does not instantiate", "ownBox": True}
    own = type(argument)
    className = own.__module__ + "." + own.__qualname__
    ownBox = any(getattr(own, each, None) is not getattr(amp.Argument, each) for each in ("toBox", "fromBox"))
    rows = isinstance(argument, amp.AmpList)
    fields = {"fields": describeTypes(argument.subargs)} if rows else {}
    kind, layout, compression = codecOf(argument) or (None, None, None)
    if kind is not None:
        options = {"layout": layout} if layout == "numbered-from-0" else {}
        if layout is not None:
            found = {"type": "Big" if rows else kind, "options": options, "compression": compression}
            if rows:
                found["element"] = {"type": "AmpList", "optional": False, **fields}
            return found
        if compression != "none":
            plain = "AmpList" if rows else "Unicode" if kind == "BigUnicode" else "String"
            return {"type": "Compressed", "element": {"type": plain, "optional": False, **fields}}
        if rows:
            return {"type": "AmpList", **fields}
    if rows and not ownBox:
        return {"type": "AmpList", "className": className, **fields}
    return {"type": "Unknown", "className": className, "ownBox": ownBox, **fields}


def describeType(argument):
    name = typeName(argument)
    found = {"type": name, "optional": bool(getattr(argument, "optional", False))}
    if name == "ListOf":
        found["element"] = describeType(argument.elementType)
    if name == "AmpList":
        found["fields"] = describeTypes(argument.subargs)
    if name == "Unknown":
        found.update(describeOwn(argument))
    options = getattr(argument, "ampwireOptions", None)
    if isinstance(options, dict) and options:
        # JSON has no infinity.
        found["options"] = {key: "Infinity" if value == float("inf") else value for key, value in options.items()}
    return found


def describeTypes(fields):
    return {text(name): describeType(argument) for name, argument in fields}


class Errors:
    def __init__(self):
        self.found = {}

    def nameOf(self, errorClass):
        """Return the name of the class in the module, and add the class to the found ones."""
        name = errorClass.__name__
        if errorClass not in self.found:
            base = errorClass.__bases__[0]
            builtin = errorClass.__module__ == "builtins"
            self.found[errorClass] = {"name": self.free(name), "builtin": builtin, "documentation": None if builtin else documentation(errorClass)}
        return self.found[errorClass]["name"]

    def free(self, name):
        taken = {each["name"] for each in self.found.values()}
        while name in taken:
            name += "_"
        return name

    def describe(self):
        # Set a base only if a command declares it too.
        for errorClass, found in self.found.items():
            bases = [each for each in errorClass.__mro__[1:] if each in self.found]
            found["base"] = self.found[bases[0]]["name"] if bases and not found["builtin"] else None
        ordered = sorted(self.found, key=lambda errorClass: len([each for each in errorClass.__mro__ if each in self.found]))
        return [self.found[each] for each in ordered]


def kindOf(command):
    if issubclass(command, amp.StartTLS):
        return "startTLS"
    return "protocolSwitch" if issubclass(command, amp.ProtocolSwitchCommand) else "command"


def describeErrors(command, attribute, errors):
    found = {}
    accumulateClassDict(command, attribute, found)
    return {text(code): errors.nameOf(errorClass) for errorClass, code in found.items()}


def describeCommand(name, command, names, errors):
    base = next((names[each] for each in command.__mro__[1:] if each in names), None)
    return {
        "className": name,
        "name": text(command.commandName),
        "kind": kindOf(command),
        "base": base,
        "documentation": documentation(command),
        "arguments": describeTypes(command.arguments),
        "response": describeTypes(command.response),
        "errors": describeErrors(command, "errors", errors),
        "fatalErrors": describeErrors(command, "fatalErrors", errors),
        "requiresAnswer": bool(command.requiresAnswer),
        "requireTLS": bool(getattr(command, "requireTLS", False)),
        "idempotent": bool(getattr(command, "idempotent", False)),
        "quits": issubclass(command.responseType, amp.QuitBox),
    }


def classesIn(owner, module):
    """Return the names and classes in a module, and in the classes that the module defines."""
    found = [(name, value) for name, value in list(vars(owner).items()) if isinstance(value, type)]
    for name, value in list(found):
        if value.__module__ == module and value.__qualname__ == getattr(owner, "__qualname__", "") + "." * isinstance(owner, type) + name:
            found.extend(classesIn(value, module))
    return found


def described(name, command, names, errors):
    try:
        return describeCommand(name, command, names, errors)
    except Exception as error:
        fail("module", "%s: %s" % (name, describeError(error)), command.__module__)


def describe(modules):
    names = {}
    for module in modules:
        for name, value in classesIn(module, module.__name__):
            if issubclass(value, amp.Command) and value is not vars(amp).get(value.__name__):
                if value not in names:
                    while name in names.values():
                        name += "_"
                    names[value] = name
    # A base has fewer ancestors. Classes with equally many keep the order of the module.
    ordered = sorted(names, key=lambda command: len([each for each in command.__mro__ if each in names]))
    errors = Errors()
    commands = [described(names[each], each, names, errors) for each in (ordered if mustMove(names) else names)]
    return {"errors": errors.describe(), "commands": commands, "skipped": skipped}


def mustMove(names):
    """Return whether a base is defined after its subclass."""
    seen = set()
    for command in names:
        if any(each in names and each not in seen for each in command.__mro__[1:]):
            return True
        seen.add(command)
    return False


TESTS = {"test", "tests", "testing", "conftest", "setup", "__main__"}
skipped = []  # modules of a package that do not load


def partsOf(package):
    """Load the modules of a package and of the packages in it, except tests and programs."""
    found = []
    for each in pkgutil.iter_modules(package.__path__):
        if each.name in TESTS or each.name.startswith("test_"):
            continue
        name = package.__name__ + "." + each.name
        try:
            module = importlib.import_module(name)
        except BaseException as error:
            skipped.append({"module": name, "message": describeError(error)})
            continue
        found.append(module)
        if each.ispkg:
            found.extend(partsOf(module))
    return found


def describeError(error):
    return type(error).__name__ + (": " + str(error) if str(error) else "")


def placeOf(error):
    """Return the last place outside of Twisted where an error was raised, in parentheses. A SyntaxError contains it."""
    if isinstance(error, SyntaxError):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    library = os.path.dirname(os.path.dirname(amp.__file__)) + os.sep
    own = [each for each in frames if not each.filename.startswith("<") and not each.filename.startswith(library)]
    return " (%s, line %d)" % (os.path.basename(own[-1].filename), own[-1].lineno) if own else ""


def isDependency(error, module):
    """Return whether a module is missing that the requested one imports."""
    return isinstance(error, ModuleNotFoundError) and error.name and not (module + ".").startswith(error.name + ".")


modules = []
for argument in sys.argv[1:]:
    try:
        module = load(argument)
    except BaseException as error:
        if isDependency(error, argument):
            fail("dependency", "it needs the Python module %s, which %s does not have" % (error.name, sys.executable), argument)
        if isinstance(error, ModuleNotFoundError):
            fail("import", describeError(error), argument)
        fail("module", describeError(error) + placeOf(error), argument)
    modules.append(module)
    if hasattr(module, "__path__"):
        modules.extend(partsOf(module))
json.dump(describe(modules), out)
out.flush()
os._exit(0)  # the module may have started threads
`;
