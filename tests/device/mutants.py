# SPDX-License-Identifier: GPL-2.0-or-later
"""
What the device may do wrong, one thing at a time.  Most are asked for by name where they matter: bad(name), or
value(name, right) for a number.
"""
import random
import struct

FULL = 0xFFFFFFFF

# What is wrong in a field of every message of a kind: (roles, message, field, value or function of the right one).
FIELDS = {}


def _field(roles, message, field, change, name=None):
    FIELDS[name or "%s-%s" % (message.lower(), field.replace("_", "-"))] = (roles, message, field, change)


BOTH, PAC, PNS = ("pac", "pns"), ("pac",), ("pns",)
_RESERVED = {"SCCRQ": BOTH, "SCCRP": BOTH, "STOPRQ": BOTH, "STOPRP": BOTH, "ECHORQ": BOTH, "ECHORP": BOTH, "OCRQ": PNS,
             "OCRP": PAC, "ICRQ": PAC, "ICRP": PNS, "ICCN": PAC, "CCRQ": PNS, "CDN": PAC, "WEN": PAC, "SLI": PNS}
for _name, _roles in _RESERVED.items():
    _field(_roles, _name, "reserved0", 0x0100)
    _field(_roles, _name, "length", lambda right: right + 4)
for _name in ("SCCRQ", "STOPRQ", "STOPRP", "ECHORP", "OCRQ", "ICRP", "ICCN", "CCRQ", "CDN", "WEN", "SLI"):
    _field(_RESERVED[_name], _name, "reserved1", 1)
_field(BOTH, "STOPRQ", "reserved2", 0x8000)
for _name in ("SCCRQ", "SCCRP"):
    _field(BOTH, _name, "version", 0x0200)
    _field(BOTH, _name, "framing", 7)
    _field(BOTH, _name, "bearer", 0x00030000)
    _field(BOTH, _name, "host", lambda right: right.ljust(20, b"\0") + b"left over")
    _field(BOTH, _name, "vendor", lambda right: right[:10].ljust(20, b"\0") + b"left over")
    _field(PNS, _name, "channels", 5, _name.lower() + "-channels-pns")
    _field(BOTH, _name, "cookie", 0x4D3C2B1A)
_field(PAC, "SCCRQ", "channels", 0, "sccrq-channels-pac")
_field(BOTH, "SCCRP", "result", 0)
_field(BOTH, "SCCRP", "error", 4)
_field(BOTH, "STOPRP", "result", 0)
_field(BOTH, "STOPRP", "error", 2)
_field(BOTH, "STOPRQ", "reason", 0)
_field(BOTH, "ECHORP", "result", 0)
_field(BOTH, "ECHORP", "error", 1)
_field(BOTH, "ECHORP", "message_type", 2)
_field(PNS, "OCRQ", "min_bps", 20000000)
_field(PNS, "OCRQ", "max_bps", 0)
_field(PNS, "OCRQ", "bearer", 4)
_field(PNS, "OCRQ", "framing", 0)
_field(PNS, "OCRQ", "window", 0)
_field(PNS, "OCRQ", "delay", 500)
_field(PNS, "OCRQ", "number_length", 65)
_field(PNS, "OCRQ", "number_length", lambda right: right + 2, "ocrq-number-length-more")
_field(PNS, "OCRQ", "number", lambda right: right.ljust(20, b"\0") + b"99", "ocrq-number-padding")
_field(PNS, "OCRQ", "number", lambda right: right[:-1] + b"\x80", "ocrq-number-not-ascii")
_field(PNS, "OCRQ", "subaddress", b"\0" * 60 + b"four")
_field(PAC, "OCRP", "result", 8)
_field(PAC, "OCRP", "error", 3)
_field(PAC, "OCRP", "cause", 16)
_field(PAC, "OCRP", "speed", 0)
_field(PAC, "OCRP", "window", 0)
_field(PAC, "OCRP", "delay", 30000)
_field(PAC, "ICRQ", "bearer", 3)
_field(PAC, "ICRQ", "dialed_length", 70)
_field(PAC, "ICRQ", "dialing_length", lambda right: right + 1)
_field(PAC, "ICRQ", "dialed", lambda right: right.ljust(63, b"\0") + b"x")
_field(PAC, "ICRQ", "dialing", lambda right: right.ljust(40, b"\0") + b"x")
_field(PAC, "ICRQ", "subaddress", b"\0x")
_field(PNS, "ICRP", "result", 4)
_field(PNS, "ICRP", "error", 5)
_field(PNS, "ICRP", "window", 0)
_field(PNS, "ICRP", "delay", 60000)
_field(PAC, "ICCN", "speed", 0)
_field(PAC, "ICCN", "window", 0)
_field(PAC, "ICCN", "framing", 3)
_field(PAC, "CDN", "result", 0)
_field(PAC, "CDN", "error", 6)
_field(PAC, "CDN", "statistics", lambda right: right.ljust(100, b"\0") + b"left over", "cdn-statistics-padding")
_field(PAC, "CDN", "statistics", b"\xff\xfe\x01" * 9, "cdn-statistics-binary")
_field(BOTH, "ECHORQ", "cookie", 0)
for _name, _roles in _RESERVED.items():
    FIELDS[_name.lower() + "-short"] = (_roles, _name, "surplus", -4)

# What is wrong in the header of each tunnel packet: (field, change).
GRE = {"gre-c": ("flags", lambda v: v | 0x8000), "gre-r": ("flags", lambda v: v | 0x4000),
       "gre-k": ("flags", lambda v: v & ~0x2000), "gre-s-missing": ("flags", lambda v: v & ~0x1000),
       "gre-s-always": ("flags", lambda v: v | 0x1000), "gre-a-missing": ("flags", lambda v: v & ~0x0080),
       "gre-a-always": ("flags", lambda v: v | 0x0080),
       "gre-ssr": ("flags", lambda v: v | 0x0800), "gre-recur": ("flags", lambda v: v | 0x0300),
       "gre-flags": ("flags", lambda v: v | 0x0008), "gre-version": ("flags", lambda v: v & ~7),
       "gre-protocol": ("protocol", lambda v: 0x0800), "gre-length": ("length", lambda v: v + 1 if v else 0),
       "gre-length-with-header": ("length", lambda v: v + 4 if v else 0),
       "gre-length-swapped": ("length", lambda v: v >> 8 | (v & 255) << 8),
       "gre-key-off": ("call_id", lambda v: v ^ 1), "gre-key-zero": ("call_id", lambda v: 0),
       "gre-key-swapped": ("call_id", lambda v: v >> 8 | (v & 255) << 8)}
GRE_TAIL = {"gre-tail": b"\0\0", "gre-fcs": b"\x12\x34"}

# name: (roles, the wrong value)
VALUES = {
    "timer-reply": (BOTH, 1e9), "timer-estab": (BOTH, 1e9), "timer-idle": (BOTH, 1e9), "timer-echo": (BOTH, 1e9),
    "timer-stop": (BOTH, 1e9), "timer-icrq": (PAC, 1e9), "timer-wen": (PAC, 20), "timer-ocrq": (PNS, 20),
    "timer-ccrq": (PNS, 1e9), "timer-iccn": (PNS, 1e9), "dial-timeout": (PAC, 1e9),
    "gre-start": (BOTH, 7), "gre-ack-offset": (BOTH, 1), "ack-late": (BOTH, 3.0),
    "echo-identifier-step": (BOTH, 0), "error-code": (BOTH, 0), "refuse-result": (BOTH, 1), "refusal-error": (BOTH, 4),
    "version-result": (BOTH, 1), "second-result": (BOTH, 4), "version-reason": (BOTH, 1), "stop-reason": (BOTH, 4),
    "cdn-times": (PAC, 2), "ocrp-times": (PAC, 2), "icrq-times": (PAC, 2), "iccn-times": (PAC, 2),
    "ocrq-times": (PNS, 2), "ccrq-times": (PNS, 2), "icrp-times": (PNS, 2),
    "cdn-result-1": (PAC, 4), "cdn-result-3": (PAC, 1), "cdn-result-4": (PAC, 1),
    "ocrp-result-3": (PAC, 4), "ocrp-result-4": (PAC, 3), "ocrp-result-5": (PAC, 6), "ocrp-result-6": (PAC, 4),
    "ocrp-cause": (PAC, 99), "ocrp-refusal-error": (PAC, 1), "icrp-refusal-error": (PNS, 0), "barred-result": (PAC, 4),
    "full-answer": (BOTH, (1, 0)), "dialed-length": (PAC, 0), "number-length": (PNS, 0), "ocrq-bearer": (PNS, 1),
    "serial-step": (BOTH, 0),
}
# name: (roles, function of the right value)
CHANGES = {"ocrp-peer": (PAC, lambda v: v ^ 0x0100), "iccn-peer": (PAC, lambda v: v ^ 1),
           "icrp-peer": (PNS, lambda v: v ^ 0x8000)}
STEPS = {"gre-number-skips": lambda number: 2 if number == 20 else 1, "gre-number-stands": lambda number: number != 11,
         "gre-number-wraps-early": lambda number: 1 if number < 100 else -100}

# Asked for by bad(): (role, names).
BEHAVIOURS = (
    (BOTH, "gre-any-header gre-any-protocol gre-length-ignored window-starts-full traffic-goes-on window-ignored"
     " gre-ack-without-receiving gre-sends-twice gre-key-own gre-key-first gre-ack-counts ato-never gre-retransmits"
     " window-never-closes window-closes-to-one ato-no-backoff ato-no-limit ack-for-one-only ato-no-adaption"
     " window-no-cap window-never-opens late-delivered duplicates-delivered ack-goes-back holes-stop-it gap-limit"
     " no-acks acks-every-third acks-only-riding ack-has-number ack-has-octets"
     " ack-counts-as-data gre-drops-tenth gre-any-source gre-any-call-id gre-peer-id-too gre-unknown-closes"
     " gre-after-clear mru-ignored"),
    (BOTH, "speaks-first one-message-a-read fin-ignored no-reassembly resynchronises cookie-ignored length-ignored"
     " message-type-ignored unknown-type-ignored calls-survive never-closes invalid-ignored invalid-accepted"
     " calls-before-start wrong-direction-served serves-while-stopping keepalive-only-echo keepalive-by-tunnel"
     " stop-before-echo-close two-sccrq echo-before-start second-sccrq-answered version-not-checked"
     " newer-version-refused channels-heeded collision-won-answers collision-won-gives-up collision-lost-stops"
     " collision-lost-stays collision-lost-refuses collision-reversed collision-signed collision-swapped"
     " several-connections sccrp-missing sccrp-echoes-version sccrp-twice refused-stays-open sccrp-result-ignored"
     " refused-goes-on refusal-loops sccrp-version-ignored version-plain-close stops-by-fin stops-without-waiting"
     " stop-by-close stop-ignored-with-calls stop-reason-checked stop-stays-open stop-answers-on stop-resets"
     " stop-reply-unsolicited-kills-calls stopped-stays-open echo-before-established echo-ignored"
     " echo-lost-with-calls echo-identifier-own echo-identifier-signed echo-identifier-swapped echo-answered-twice"
     " echo-reply-unchecked echo-reply-unsolicited-closes wrong-port log-empty"),
    (BOTH, "refusals-accepted refusal-unsaid call-id-twice call-replaced capacity-ignored call-id-constant"
     " call-id-lowest-free call-ids-leak"),
    (PAC, "wen-counters-kept line-stays-up cdn-missing cdn-peer-id ccrq-ignored ccrq-ignored-when-dialling"
     " ccrq-dialling-answered ccrq-keeps-call ccrq-dialling-goes-on far-hangup-ignored caller-gone-unsaid ocrp-at-once"
     " ocrp-missing gre-before-ocrp failure-by-cdn failure-unsaid failure-with-cdn answers-before-icrp"
     " icrq-bearer-swapped iccn-without-icrp icrp-again-drops icrp-again-iccn icrp-result-ignored"
     " icrp-refusal-leaves-ringing icrp-refusal-cdn-twice iccn-at-once iccn-missing gre-before-iccn wen-too-often"
     " wen-not-cumulative wen-missing wen-own-id wen-crc-as-framing wen-without-errors sli-ignored sli-first-only"
     " sli-masks-swapped sli-answered sli-clears bearer-unchecked framing-unchecked bps-unchecked"
     " number-length-unchecked barred-ignored speed-ignored one-dialling-at-a-time ccrq-any-id ccrq-own-id"
     " ccrq-clears-all icrp-unknown-iccn sli-any-call"),
    (PNS, "pns-gre-before-ocrp forgets-call sli-missing sli-own-id ccrq-pac-id clears-unsaid clear-closes clear-forgets"
     " ccrq-repeats no-iccn-forgets cdn-ignored cdn-answered cdn-leaves-tunnel cdn-closes"
     " ocrp-after-abort-used ocrp-again-used ocrp-result-ignored"
     " failure-answered-by-ccrq failure-closes failed-call-stuck iccn-framing-unchecked iccn-after-abort-used"
     " iccn-after-abort-closes iccn-again-restarts icrq-bearer-unchecked icrq-numbers-demanded"
     " refuse-number-ignored icrp-missing pns-gre-before-iccn ocrp-any-peer iccn-unknown-used cdn-any-id cdn-own-id"
     " cdn-clears-all wen-clears wen-answered wen-unknown-clears channels-never-full one-call-only"),
)
ROLES = {name: roles for roles, text in BEHAVIOURS for name in text.split()}
for _table in (VALUES, CHANGES, FIELDS):
    ROLES.update({name: row[0] for name, row in _table.items()})
for _table in (GRE, GRE_TAIL, STEPS):
    ROLES.update({name: BOTH for name in _table})

_chosen = None


def choose(name):
    global _chosen
    _chosen = name


def names(role=None):
    return [name for name, roles in ROLES.items() if role is None or role in roles]


def bad(name):
    assert name in ROLES, name
    return _chosen == name


def value(name, right):
    if name not in VALUES and not name.startswith(("cdn-result-", "ocrp-result-")):
        raise KeyError(name)
    return VALUES[name][1] if _chosen == name else right


def change(name, right):
    return CHANGES[name][1](right) if _chosen == name else right


def step(number):
    return STEPS[_chosen](number) if _chosen in STEPS else 1


def spoil(name, head, fields):
    """Changes a message by the mutant: octets to add behind it, or to leave off."""
    row = FIELDS.get(_chosen)
    if not row or row[1] != name:
        return 0
    field, changed = row[2:]
    if field == "surplus":
        return changed
    where = head if field in head else fields
    right = where[field]
    where[field] = changed(right) if callable(changed) else changed
    return max(where[field] - right, 0) if field == "length" else 0


def spoil_gre(head):
    if _chosen in GRE:
        field, changed = GRE[_chosen]
        head[field] = changed(head[field]) & 0xFFFF


def gre_tail(seq):
    return GRE_TAIL.get(_chosen, b"") if seq is not None else b""
