"""The scenarios of ``peer.py client`` by name. Each is a coroutine with its Run as argument."""

from call_scenarios import calls, notify
from descriptor_scenarios import descriptors
from driven_scenarios import echoStdin, serve
from error_scenarios import errors
from switch_scenarios import switch
from tls_scenarios import beAskedForTLS, secureStart, starttls

SCENARIOS = {
    "calls": calls,
    "errors": errors,
    "notify": notify,
    "switch": switch,
    "descriptors": descriptors,
    "starttls": starttls,
    "secure-start": secureStart,
    "be-asked-for-tls": beAskedForTLS,
    "serve": serve,
    "echo-stdin": echoStdin,
}
