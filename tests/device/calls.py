# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls after RFC 2637 section 3.2, of a PAC with its telephone lines and of a PNS."""
import random

import mutants
import ppp
import tunnel
from mutants import bad

BAD_VALUE, NO_RESOURCE, BAD_CALL_ID, PAC_ERROR = 3, 4, 5, 6
MTU, HEADER = 1500, 36
NO_ANSWER = 90.0          # seconds until a PAC gives a number up, scaled
SLOW = 5.0                # seconds that a slow number rings
ERRORS = ("crc", "framing", "hardware", "buffer", "timeout", "alignment")
# What dialling meets: OCRP Result, Error, Cause of an ISDN line.
OUTCOMES = {"busy": (4, 0, 17), "no-carrier": (3, 0, 0), "no-dialtone": (5, 0, 0), "barred": (7, 0, 0),
            "unallocated": (2, PAC_ERROR, 1), "rejected": (2, PAC_ERROR, 21)}


def text(octets):
    return octets.split(b"\0")[0].decode("ascii", "replace")


class Call:
    """What both sides have in common.  States are those of section 3.2."""

    def __init__(self, conn, own_id, peer_id, incoming):
        self.conn, self.device, self.loop = conn, conn.device, conn.loop
        self.own_id, self.peer_id, self.incoming = own_id, peer_id, incoming
        self.state = "idle"
        self.session = None
        self.timer = None
        self.lcp = None
        conn.calls[own_id] = self

    def later(self, seconds, call, *arguments):
        return self.loop.later(seconds, self.if_up, call, arguments)

    def if_up(self, call, arguments):
        if self.session and self.session.alive:
            call(*arguments)

    def send_ppp(self, octets):
        if self.session:
            self.session.send(octets)

    def lcp_up(self):
        pass

    def wait(self, seconds, call, *arguments):
        self.loop.cancel(self.timer)
        self.timer = self.loop.later(seconds, call, *arguments)

    def minute(self, name):
        return mutants.value(name, 60) * self.device.scale

    def up(self, window, delay):
        self.state = "established"
        self.loop.cancel(self.timer)
        self.session = tunnel.Session(self, window, delay)
        style = self.device.style
        self.lcp = ppp.Lcp(self, self.device.role == "pns" or style.client_speaks, style.address_control,
                           style.negotiates or self.device.role == "pns")
        self.lcp.start()

    def deliver(self, octets):
        self.lcp.take(octets)

    def release(self):
        """Goes to idle: no more data, the Call ID is free."""
        self.loop.cancel(self.timer)
        if self.session and not (bad("gre-after-clear") and self.session.traffic):
            self.session.stop()
            self.lcp.stop()
        self.state = "idle"
        if not bad("call-ids-leak"):
            self.conn.calls.pop(self.own_id, None)


# --- PAC ---------------------------------------------------------------------------------------------------


class PacCall(Call):
    def __init__(self, conn, own_id, peer_id, incoming, digital, number):
        super().__init__(conn, own_id, peer_id, incoming)
        self.digital, self.number = digital, number
        self.events = []
        self.line = bytearray()
        self.accm = 0xFFFFFFFF
        self.live = True
        self.speed = 0
        self.counters = dict.fromkeys(ERRORS, 0)
        if bad("wen-counters-kept"):
            self.counters = self.device.leftovers
        self.wen_timer, self.wen_due = None, False
        self.device.lines.append(self)

    def delay(self):
        """Tenths of a second that the window takes on the line (4.4)."""
        window = self.device.window()
        return min((MTU - HEADER) * window * 8 * 10 // max(self.speed, 1) + 1, 600)

    def happened(self, event):
        self.events.append(event)
        self.device.log("call %d: line: %s" % (self.own_id, event))

    def release(self):
        super().release()
        self.loop.cancel(self.wen_timer)
        if self.live and not bad("line-stays-up"):
            self.live = False
            self.happened("hangup")

    def deliver(self, octets):
        if self.digital:
            self.line += octets
        else:
            self.line += ppp.on_the_line(octets, self.accm)
        del self.line[:-8192]
        super().deliver(octets)

    def notify(self, result, error=0, cause=0):
        """CDN, and the end of the call."""
        if bad("cdn-missing"):
            self.release()
            return
        own = self.own_id
        if bad("cdn-peer-id"):
            own = self.peer_id or 0
        self.release()
        statistics = ("%s call, %d octets" % ("incoming" if self.incoming else "outgoing", len(self.line))).encode()
        for _ in range(mutants.value("cdn-times", 1)):
            self.conn.send("CDN", call_id=own, result=mutants.value("cdn-result-%d" % result, result), error=error,
                           cause=cause if self.digital else 0, statistics=statistics)

    def cleared(self):
        """CCRQ."""
        if bad("ccrq-ignored"):
            return
        if bad("ccrq-ignored-when-dialling") and self.state == "dialling":
            return
        if bad("ccrq-dialling-answered") and self.state == "dialling":
            self.failed(7, 0, 0)
            return
        if bad("ccrq-keeps-call"):
            self.conn.send("CDN", call_id=self.own_id, result=4)
            return
        if bad("ccrq-dialling-goes-on") and self.state == "dialling":
            self.conn.send("CDN", call_id=self.own_id, result=4)
            return
        self.notify(4)

    def operator_clears(self):
        if self.state == "dialling":
            self.failed(7, 0, 0)
        else:
            self.notify(3)

    def far_end(self, cause, event):
        """The caller or the called hangs up, or the line is lost."""
        self.happened(event)
        if bad("far-hangup-ignored"):
            return
        if self.state == "dialling":
            self.failed(3, 0, cause)
        elif bad("caller-gone-unsaid") and self.state == "wait_reply":
            self.release()
        else:
            self.notify(1, 0, cause)

    # outgoing

    def dial(self, outcome):
        self.state = "dialling"
        if bad("ocrp-at-once"):
            self.connected()
            return
        if outcome in ("answer", "slow"):
            self.happened("dial " + self.number)
            self.wait(SLOW if outcome == "slow" else self.device.style.connect_time, self.connected)
        elif outcome == "ring":
            self.happened("dial " + self.number)
            self.wait(mutants.value("dial-timeout", NO_ANSWER) * self.device.scale, self.failed, 6, 0, 18)
        elif outcome == "barred":
            self.live = False
            self.failed(*OUTCOMES[outcome])
        else:
            if outcome != "no-dialtone":
                self.happened("dial " + self.number)
            self.wait(self.device.style.connect_time, self.failed, *OUTCOMES[outcome])

    def connected(self):
        self.happened("connect %d" % self.speed)
        if bad("ocrp-missing"):
            return
        early = bad("gre-before-ocrp") and not self.session
        if early:
            self.up(self.peer_window, self.peer_delay)
            self.session.start_traffic(3, 32, 0)
            self.later(0.1, self.connected_reply)
            return
        self.connected_reply()

    def connected_reply(self):
        peer = mutants.change("ocrp-peer", self.peer_id)
        for _ in range(mutants.value("ocrp-times", 1)):
            self.conn.send("OCRP", call_id=self.own_id, peer=peer, result=1, speed=self.speed,
                           window=self.device.window(), delay=self.delay(), channel=self.device.channel(self))
        if not self.session:
            self.up(self.peer_window, self.peer_delay)

    def failed(self, result, error, cause):
        own, peer = self.own_id, self.peer_id
        self.release()
        if bad("failure-by-cdn"):
            self.conn.send("CDN", call_id=own, result=1)
            return
        if bad("failure-unsaid"):
            return
        self.conn.send("OCRP", call_id=own, peer=peer, result=mutants.value("ocrp-result-%d" % result, result),
                       error=error, cause=mutants.value("ocrp-cause", cause if self.digital else 0))
        if bad("failure-with-cdn"):
            self.conn.send("CDN", call_id=own, result=1)

    # incoming

    def ring(self, how, dialed, dialing, serial):
        self.how = how
        self.state = "wait_reply"
        self.happened("ring")
        if bad("answers-before-icrp"):
            self.happened("answer")
        self.wait(self.minute("timer-icrq"), self.no_reply)
        for _ in range(mutants.value("icrq-times", 1)):
            self.conn.send("ICRQ", call_id=self.own_id, serial=serial, channel=self.device.channel(self),
                           bearer=2 if self.digital != bad("icrq-bearer-swapped") else 1,
                           dialed_length=mutants.value("dialed-length", len(dialed)), dialing_length=len(dialing),
                           dialed=dialed.encode(), dialing=dialing.encode())
        if bad("iccn-without-icrp"):
            self.loop.later(1.0, self.answered)

    def no_reply(self):
        self.conn.end("no Incoming-Call-Reply")

    def replied(self, fields):
        if self.state != "wait_reply":
            if bad("icrp-again-drops") and fields["result"] != 1:
                self.notify(3)
            elif bad("icrp-again-iccn") and self.state == "established":
                self.answered()
            return
        if fields["result"] != 1:
            if bad("icrp-result-ignored"):
                fields = dict(fields, result=1)
            elif bad("icrp-refusal-leaves-ringing"):
                return
            else:
                if bad("icrp-refusal-cdn-twice"):
                    self.notify(3)
                    self.conn.send("CDN", call_id=self.own_id, result=3)
                self.release()
                return
        self.peer_id = fields["call_id"]
        self.peer_window, self.peer_delay = fields["window"], fields["delay"]
        self.state = "answering"
        self.happened("answer")
        if bad("iccn-at-once"):
            self.answered()
        elif self.how == "fail":
            self.wait(self.device.style.connect_time, self.notify, 1, 0, 16)
        else:
            self.wait(SLOW if self.how == "slow" else self.device.style.connect_time, self.answered)

    def answered(self):
        if self.state not in ("answering", "wait_reply", "established") or bad("iccn-missing"):
            return
        if self.state == "wait_reply":
            self.peer_id, self.peer_window, self.peer_delay = 0, 4, 0
        self.happened("connect %d" % self.speed)
        if bad("gre-before-iccn"):
            self.up(self.peer_window, self.peer_delay)
            self.session.start_traffic(3, 32, 0)
        for _ in range(mutants.value("iccn-times", 1)):
            self.conn.send("ICCN", peer=mutants.change("iccn-peer", self.peer_id), speed=self.speed,
                           window=self.device.window(), delay=self.delay(), framing=2 if self.digital else 1)
        if not self.session:
            self.up(self.peer_window, self.peer_delay)

    # WAN-Error-Notify, Set-Link-Info

    def count_errors(self, counts):
        for name, number in counts.items():
            self.counters[name] += number
        if not self.wen_timer or bad("wen-too-often"):
            self.send_wen()
        else:
            self.wen_due = True

    def send_wen(self):
        self.wen_due = False
        counters = dict(self.counters)
        if bad("wen-not-cumulative"):
            self.counters = dict.fromkeys(ERRORS, 0)
        if bad("wen-missing"):
            return
        peer = self.own_id if bad("wen-own-id") else self.peer_id
        if bad("wen-crc-as-framing"):
            counters["crc"], counters["framing"] = counters["framing"], counters["crc"]
        self.conn.send("WEN", peer=peer, **counters)
        self.loop.cancel(self.wen_timer)
        self.wen_timer = self.loop.later(self.minute("timer-wen"), self.wen_again)

    def wen_again(self):
        self.wen_timer = None
        if self.wen_due or bad("wen-without-errors"):
            self.send_wen()

    def link_info(self, fields):
        if bad("sli-ignored") or bad("sli-first-only") and getattr(self, "told", False):
            return
        self.told = True
        self.accm = fields["receive_accm" if bad("sli-masks-swapped") else "send_accm"]
        if bad("sli-answered"):
            self.conn.send("ECHORQ", identifier=0)
        if bad("sli-clears"):
            self.notify(3)

    def status(self):
        return {"call_id": self.own_id, "peer_call_id": self.peer_id, "number": self.number, "state": self.state,
                "events": self.events, "accm": self.accm, "live": self.live}


def of_peer(conn, peer_id):
    """The call by the peer's Call ID; the PAC does not know it of a ringing one."""
    for call in conn.calls.values():
        if call.peer_id == peer_id and call.state != "wait_reply":
            return call
    return None


def take_ocrq(conn, message):
    device, fields = conn.device, message.fields
    peer_id = fields["call_id"]

    def refuse(result, error=0):
        if bad("refusals-accepted"):
            result, error = 1, 0
        if bad("refusal-unsaid"):
            return
        conn.send("OCRP", peer=peer_id, result=result, error=mutants.value("ocrp-refusal-error", error))

    if reserved(conn, message):
        return
    wrong = not 1 <= fields["bearer"] <= 3 and not bad("bearer-unchecked") or \
        not 1 <= fields["framing"] <= 3 and not bad("framing-unchecked") or \
        fields["min_bps"] > fields["max_bps"] and not bad("bps-unchecked") or \
        fields["number_length"] > 64 and not bad("number-length-unchecked")
    if wrong:
        if device.style.replies:
            refuse(2, BAD_VALUE)
        else:
            conn.invalid(message, BAD_VALUE, "a field of the OCRQ is out of range")
        return
    if of_peer(conn, peer_id) and not bad("call-id-twice"):
        old = of_peer(conn, peer_id)
        if not bad("call-replaced"):
            refuse(2, BAD_CALL_ID)
            return
        old.release()
    number = text(fields["number"][:min(fields["number_length"], 64)])
    if number in device.config["bar-number"] and not bad("barred-ignored"):
        refuse(mutants.value("barred-result", 7))
        return
    if device.full():
        refuse(*mutants.value("full-answer", (2, NO_RESOURCE)))
        return
    digital = fields["bearer"] == 2 or fields["bearer"] == 3 and device.style.isdn
    speed = min(device.speed(digital), fields["max_bps"])
    if bad("speed-ignored"):
        speed = device.speed(digital) + 1000000
    if speed < fields["min_bps"]:
        refuse(2, NO_RESOURCE)
        return
    call = PacCall(conn, device.new_call_id(), peer_id, False, digital, number)
    call.speed, call.peer_window, call.peer_delay = speed, fields["window"], fields["delay"]
    device.log("call %d: outgoing, serial number %d, to %s" % (call.own_id, fields["serial"], number))
    if bad("one-dialling-at-a-time") and any(c.state == "dialling" for c in conn.calls.values() if c is not call):
        call.wait(SLOW + 3, call.connected)
        return
    call.dial(device.outcome(number))


def reserved(conn, message):
    """Whether reserved fields were not zero and the style minds."""
    if not conn.device.style.checks_reserved:
        return False
    if not message.reserved0 and not message.fields.get("reserved1"):
        return False
    conn.invalid(message, BAD_VALUE, "reserved fields of %s are not zero" % message.name)
    return True


def unknown(conn, message):
    """A Call ID that is none."""
    conn.device.log("%s: %s for no call" % (conn.peer, message.name))
    if message.name == "CCRQ" and conn.device.style.answers_unknown and \
            message.fields["call_id"] not in conn.calls:
        conn.send("CDN", call_id=message.fields["call_id"], result=2, error=BAD_CALL_ID)


def take_ccrq(conn, message):
    call = of_peer(conn, message.fields["call_id"])
    if not call and bad("ccrq-any-id") and conn.calls:
        call = next(iter(conn.calls.values()))
    if not call and bad("ccrq-own-id"):
        call = conn.calls.get(message.fields["call_id"])
    if bad("ccrq-clears-all"):
        for each in list(conn.calls.values()):
            each.notify(4)
        return
    if call:
        call.cleared()
    else:
        unknown(conn, message)


def take_icrp(conn, message):
    call = conn.calls.get(message.fields["peer"])
    if call and call.incoming:
        call.replied(message.fields)
    else:
        if bad("icrp-unknown-iccn"):
            conn.send("ICCN", peer=message.fields["call_id"], speed=9600, window=4, framing=1)
        unknown(conn, message)


def take_sli(conn, message):
    call = conn.calls.get(message.fields["peer"])
    if not call and bad("sli-any-call") and conn.calls:
        call = next(iter(conn.calls.values()))
        call.notify(3)
    if call and call.state == "established":
        call.link_info(message.fields)
    else:
        unknown(conn, message)


# --- PNS ---------------------------------------------------------------------------------------------------


class PnsCall(Call):
    """States: wait_reply (of an OCRQ), wait_connect (for the ICCN), established, wait_disconnect."""

    pac_id = None

    def dial(self, number, serial):
        self.state = "wait_reply"
        device = self.device
        self.wait(self.minute("timer-ocrq"), self.no_answer, "Outgoing-Call-Reply")
        for _ in range(mutants.value("ocrq-times", 1)):
            self.conn.send("OCRQ", call_id=self.own_id, serial=serial, min_bps=300,
                           max_bps=device.config["max-bps"] or 10000000,
                           bearer=mutants.value("ocrq-bearer", 3), framing=3,
                           window=device.window(), delay=device.style.pns_delay,
                           number_length=mutants.value("number-length", len(number)), number=number.encode())
        if bad("pns-gre-before-ocrp"):
            self.peer_id = 0
            self.up(4, 0)

    def no_answer(self, what):
        if bad("forgets-call"):
            self.release()
            return
        self.conn.end("no " + what)

    def up(self, window, delay):
        self.pac_id = self.peer_id
        super().up(window, delay)

    def lcp_up(self):
        if bad("sli-missing"):
            return
        peer = self.own_id if bad("sli-own-id") else self.peer_id
        self.conn.send("SLI", peer=peer, send_accm=ppp.ACCM, receive_accm=ppp.ACCM)

    def clear(self):
        if self.state == "wait_disconnect":
            return
        if self.session:
            self.session.stop()
            self.lcp.stop()
        call_id = self.own_id
        if bad("ccrq-pac-id") and self.peer_id is not None:
            call_id = self.peer_id
        self.state = "wait_disconnect"
        self.wait(self.minute("timer-ccrq"), self.no_answer, "Call-Disconnect-Notify")
        if bad("clears-unsaid"):
            return
        for _ in range(mutants.value("ccrq-times", 1)):
            self.conn.send("CCRQ", call_id=call_id)
        if bad("clear-closes"):
            self.conn.end("the call was cleared")
        if bad("clear-forgets"):
            self.release()
        if bad("ccrq-repeats"):
            self.loop.later(2.0, lambda: self.conn.send("CCRQ", call_id=call_id))

    def abandon(self):
        """No ICCN came."""
        if self.device.style.replies:
            if bad("no-iccn-forgets"):
                self.loop.cancel(self.timer)
                return
            self.clear()
        else:
            self.no_answer("Incoming-Call-Connected")

    def disconnected(self):
        if bad("cdn-ignored"):
            return
        if bad("cdn-answered"):
            self.conn.send("CCRQ", call_id=self.own_id)
        if bad("cdn-leaves-tunnel") and self.session and self.state == "established":
            self.conn.calls.pop(self.own_id, None)
            self.session.start_traffic(0, 64, 20)
            return
        if bad("cdn-closes"):
            self.conn.end("CDN")
            return
        self.release()

    def replied(self, fields):
        if self.state == "wait_disconnect":
            if fields["result"] != 1:
                self.release()
            elif fields["result"] == 1:
                self.peer_id = fields["call_id"]
                if bad("ocrp-after-abort-used"):
                    self.up(fields["window"], fields["delay"])
        elif self.state != "wait_reply":
            if bad("ocrp-again-used"):
                self.peer_id = fields["call_id"]
        elif fields["result"] == 1 or bad("ocrp-result-ignored"):
            self.peer_id = fields["call_id"]
            self.up(fields["window"], fields["delay"])
        else:
            self.device.log("call %d failed: Result %d, Error %d" % (self.own_id, fields["result"], fields["error"]))
            if bad("failure-answered-by-ccrq"):
                self.clear()
                return
            if bad("failure-closes"):
                self.conn.end("the call failed")
                return
            if bad("failed-call-stuck"):
                self.device.config["channels"] = 0
                return
            self.release()

    def iccn(self, fields):
        if self.state == "wait_connect":
            if not 1 <= fields["framing"] <= 2 and not bad("iccn-framing-unchecked"):
                if self.device.style.replies:
                    self.clear()
                else:
                    self.conn.end("Framing Type of an ICCN is out of range")
                return
            self.up(fields["window"], fields["delay"])
        elif self.state == "wait_disconnect":
            if bad("iccn-after-abort-used"):
                self.up(fields["window"], fields["delay"])
            elif bad("iccn-after-abort-closes"):
                self.conn.end("an ICCN crossed")
        elif bad("iccn-again-restarts"):
            self.session.stop()
            self.up(fields["window"], fields["delay"])


def take_icrq(conn, message):
    device, fields = conn.device, message.fields
    pac_id = fields["call_id"]

    def refuse(result, error=0):
        if bad("refusals-accepted"):
            result, error = 1, 0
        if not bad("refusal-unsaid"):
            conn.send("ICRP", peer=pac_id, result=result, error=mutants.value("icrp-refusal-error", error))

    if reserved(conn, message):
        return
    wrong = fields["bearer"] not in (1, 2) and not bad("icrq-bearer-unchecked") or \
        max(fields["dialed_length"], fields["dialing_length"]) > 64
    if bad("icrq-numbers-demanded") and not fields["dialed_length"]:
        conn.end("an ICRQ without numbers")
        return
    if wrong:
        if device.style.replies:
            refuse(2, BAD_VALUE)
        else:
            conn.invalid(message, BAD_VALUE, "a field of the ICRQ is out of range")
        return
    twice = [c for c in conn.calls.values() if c.peer_id == pac_id]
    if twice and not bad("call-id-twice"):
        if not bad("call-replaced"):
            refuse(2, BAD_CALL_ID)
            return
        twice[0].release()
    numbers = (text(fields["dialed"][:fields["dialed_length"]]), text(fields["dialing"][:fields["dialing_length"]]))
    if any(number in device.config["refuse-number"] for number in numbers) and not bad("refuse-number-ignored"):
        refuse(3)
        return
    if device.full():
        refuse(*mutants.value("full-answer", (2, NO_RESOURCE)))
        return
    call = PnsCall(conn, device.new_call_id(), pac_id, True)
    call.state = "wait_connect"
    device.log("call %d: incoming, serial number %d, from %s" % (call.own_id, fields["serial"], numbers[1]))
    call.wait(call.minute("timer-iccn"), call.abandon)
    if bad("icrp-missing"):
        return
    for _ in range(mutants.value("icrp-times", 1)):
        conn.send("ICRP", call_id=call.own_id, peer=mutants.change("icrp-peer", pac_id), result=1,
                  window=device.window(), delay=device.style.pns_delay)
    if bad("pns-gre-before-iccn"):
        call.up(4, 0)


def take_ocrp(conn, message):
    call = conn.calls.get(message.fields["peer"])
    if not call and bad("ocrp-any-peer"):
        waiting = [c for c in conn.calls.values() if c.state == "wait_reply"]
        call = waiting[0] if waiting else None
    if call and not call.incoming:
        call.replied(message.fields)
    else:
        unknown(conn, message)


def take_iccn(conn, message):
    call = conn.calls.get(message.fields["peer"])
    if call and call.incoming:
        call.iccn(message.fields)
    else:
        if bad("iccn-unknown-used"):
            call = PnsCall(conn, message.fields["peer"], message.fields["peer"], True)
            call.up(4, 0)
        unknown(conn, message)


def take_cdn(conn, message):
    found = [c for c in conn.calls.values() if c.peer_id == message.fields["call_id"]]
    if not found:  # after an abort the PAC's Call ID was never told
        found = [c for c in conn.calls.values() if c.state == "wait_disconnect" and c.peer_id is None]
        found = found if len(found) == 1 else []
    if not found and bad("cdn-any-id") and conn.calls:
        found = [next(iter(conn.calls.values()))]
    if not found and bad("cdn-own-id"):
        found = [c for c in conn.calls.values() if c.own_id == message.fields["call_id"]]
    if bad("cdn-clears-all"):
        found = list(conn.calls.values())
    if not found:
        unknown(conn, message)
    for call in found:
        call.disconnected()


def take_wen(conn, message):
    call = conn.calls.get(message.fields["peer"])
    if call and call.state == "established":
        conn.device.log("call %d: errors: %s" % (call.own_id, message.fields))
        if bad("wen-clears"):
            call.clear()
        if bad("wen-answered"):
            conn.send("ECHORQ", identifier=9)
    else:
        unknown(conn, message)
        if bad("wen-unknown-clears") and conn.calls:
            next(iter(conn.calls.values())).clear()


TAKE = {"OCRQ": take_ocrq, "CCRQ": take_ccrq, "ICRP": take_icrp, "SLI": take_sli, "ICRQ": take_icrq,
        "OCRP": take_ocrp, "ICCN": take_iccn, "CDN": take_cdn, "WEN": take_wen}


def take(conn, message):
    TAKE[message.name](conn, message)


def pick(calls, name):
    """By either side's Call ID; the latest when there is no name."""
    if not name:
        return calls[-1:]
    if name == "all":
        return list(calls)
    return [c for c in calls if name in (str(c.own_id), str(c.peer_id))]


def new_serial():
    return random.getrandbits(15)
