# SPDX-License-Identifier: GPL-2.0-or-later
"""A control connection after RFC 2637 sections 2 and 3.1, either end of it."""
import collections
import random
import socket
import struct

import calls
import mutants
import wire
from mutants import bad

TO_PAC = ("OCRQ", "ICRP", "CCRQ", "SLI")
TO_PNS = ("OCRP", "ICRQ", "ICCN", "CDN", "WEN")
REPLIES = {"SCCRQ": "SCCRP", "STOPRQ": "STOPRP", "ECHORQ": "ECHORP", "OCRQ": "OCRP", "ICRQ": "ICRP"}
NOT_CONNECTED, BAD_FORMAT, BAD_VALUE, NO_RESOURCE, BAD_CALL_ID, PAC_ERROR = range(1, 7)
GRACE = 2.0  # seconds that what the peer still sends is read after our end


class Connection:
    """States: connecting, waiting (for the SCCRP), idle (for the SCCRQ), established, stopping, over."""

    def __init__(self, device, sock, peer, originated):
        self.device, self.sock, self.peer, self.originated = device, sock, peer, originated
        self.loop = device.loop
        self.own = sock.getsockname()[0]
        self.state = "connecting" if originated else "idle"
        self.buffer = b""
        self.calls = {}       # by our Call ID
        self.ended = False    # our half
        self.unread = collections.deque()  # what came and waits for its turn, by the style
        self.reply_timer = self.idle_timer = self.echo_timer = None
        self.echo_identifier = random.getrandbits(32)
        self.echoes = set()
        self.refused = False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wait_reply(self.stop_waiting)
        if bad("speaks-first") and not originated:
            self.send("SCCRQ", **self.about_us(), version=wire.VERSION)

    # --- octets

    def minute(self, name, seconds=60):
        return mutants.value(name, seconds) * self.device.scale

    def wait_reply(self, call, name="timer-reply"):
        self.loop.cancel(self.reply_timer)
        self.reply_timer = self.loop.later(self.minute(name), call)

    def readable(self):
        try:
            octets = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            octets = None
        if not octets:
            self.loop.forget(self.sock)
        if octets and mutants.bad("one-message-a-read"):
            length = struct.unpack(">H", octets[:2])[0] if len(octets) > 1 else 0
            octets = octets[:length] if 16 <= length < len(octets) else octets
        delay = self.device.style.delay()
        if delay or self.unread:
            self.unread.append(octets)
            self.loop.later(delay, self.catch_up, len(self.unread))
        else:
            self.octets(octets)

    def catch_up(self, count):
        """Takes what had come by a moment, and what came before."""
        for _ in range(min(count, len(self.unread))):
            self.octets(self.unread.popleft())

    def octets(self, octets):
        """What came, after the style's delay; empty: the peer's end, None: a reset."""
        if self.state == "over":
            if not octets:
                self.shut()
            return
        if not octets:
            self.device.log("%s: the peer %s the connection" % (self.peer, "ended" if octets == b"" else "reset"))
            if bad("fin-ignored") and octets == b"":
                return
            self.over("peer")
            self.shut()
            return
        if bad("no-reassembly") and len(octets) < 16:
            return
        self.buffer += octets
        while self.state != "over" and self.message():
            pass

    def message(self):
        """Takes a message off the buffer: false when there is no whole one."""
        if len(self.buffer) < 12:
            return False
        length, kind, cookie, number = struct.unpack(">HHIH", self.buffer[:10])
        if cookie != wire.COOKIE:
            if bad("resynchronises"):
                at = self.buffer.find(struct.pack(">I", wire.COOKIE), 5)
                self.buffer = self.buffer[at - 4:] if at > 3 else b""
                return at > 3
            if not bad("cookie-ignored"):
                self.end("the magic cookie is wrong")
                return False
        layout = wire.BY_NUMBER.get(number)
        if bad("length-ignored") and layout:
            length = layout.length
        if kind != 1 and not bad("message-type-ignored") or not layout or length != layout.length:
            return self.malformed(layout, length, kind)
        if len(self.buffer) < length:
            return False
        octets, self.buffer = self.buffer[:length], self.buffer[length:]
        self.take(wire.decode(layout, octets))
        return True

    def malformed(self, layout, length, kind):
        """Length, type or message type are wrong: true when the connection goes on after it."""
        what = "a message is malformed: length %d, message type %d, %s" % (length, kind, layout and layout.name)
        if bad("unknown-type-ignored") and not layout and 16 <= length <= 220:
            if len(self.buffer) < length:
                return False
            self.buffer = self.buffer[length:]
            return True
        if self.device.style.replies and layout and kind == 1 and 16 <= length <= 256 and self.state == "established":
            if len(self.buffer) < length:
                return False
            octets, self.buffer = self.buffer[:length], self.buffer[length:]
            self.invalid(wire.decode(layout, octets), BAD_FORMAT, what)
            return self.state != "over"
        self.end(what)
        return False

    def send(self, name, **fields):
        if self.ended:
            return
        octets = wire.encode(name, **fields)
        try:
            if self.device.style.segments:
                self.sock.send(octets[:7])
                self.sock.send(octets[7:])
            else:
                self.sock.send(octets)
        except OSError:
            pass

    # --- ends

    def over(self, why):
        """Calls are released; the connection is no one's any more."""
        self.state = "over"
        for timer in (self.reply_timer, self.idle_timer, self.echo_timer):
            self.loop.cancel(timer)
        if not bad("calls-survive"):
            for call in list(self.calls.values()):
                call.release()
        self.device.gone(self, why)

    def end(self, why):
        """Closes in order: what was written still arrives."""
        if self.state == "over":
            return
        if bad("never-closes"):
            return
        self.device.log("%s: closed: %s" % (self.peer, why))
        self.over(why)
        self.half_close()

    def half_close(self):
        self.ended = True
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.loop.later(GRACE, self.shut)

    def shut(self):
        self.ended = True
        self.loop.forget(self.sock)
        self.sock.close()

    def invalid(self, message, error, why):
        """What is not valid: by style an error reply, the end of the connection, or both."""
        reply = REPLIES.get(message.name)
        style = self.device.style
        if bad("invalid-ignored"):
            return
        if bad("invalid-accepted") and reply:
            self.send(reply, **self.error_reply(message, 1, 0))
            return
        if reply and style.replies:
            self.send(reply, **self.error_reply(message, 2, error))
        if not (reply and style.replies) or style.closes or self.state != "established":
            self.end(why)
        else:
            self.device.log("%s: refused: %s" % (self.peer, why))

    def error_reply(self, message, result, error):
        fields = {"result": result, "error": mutants.value("error-code", error)}
        if message.name == "SCCRQ":
            fields.update(self.about_us(), version=wire.VERSION)
        elif message.name == "ECHORQ":
            fields["identifier"] = message.fields["identifier"]
        elif message.name in ("OCRQ", "ICRQ"):
            fields["peer"] = message.fields["call_id"]
        return fields

    # --- dispatch

    def take(self, message):
        if self.state == "established":
            self.heard()
        number = wire.BY_NAME[message.name].number
        if number <= 6:
            getattr(self, "on_" + message.name.lower())(message)
        elif self.state == "stopping":
            self.late_call_message(message)
        elif self.state != "established":
            if bad("calls-before-start") and message.name in ("OCRQ", "ICRQ"):
                calls.take(self, message)
            else:
                self.invalid(message, NOT_CONNECTED, "%s before the control connection is up" % message.name)
        elif (message.name in TO_PAC) != (self.device.role == "pac"):
            if bad("wrong-direction-served") and message.name in ("OCRQ", "ICRQ"):
                self.send(REPLIES[message.name], call_id=1, peer=message.fields["call_id"], result=1, window=8)
                return
            self.invalid(message, BAD_VALUE, "%s is not for a %s" % (message.name, self.device.role.upper()))
        else:
            calls.take(self, message)

    def late_call_message(self, message):
        """Between StopCCRQ and its reply."""
        if bad("serves-while-stopping"):
            calls.take(self, message)

    def heard(self):
        """Any message restarts the keep-alive."""
        if bad("keepalive-only-echo"):
            return
        self.loop.cancel(self.idle_timer)
        self.idle_timer = self.loop.later(self.minute("timer-idle"), self.idle)

    def tunnel_heard(self):
        if bad("keepalive-by-tunnel") and self.state == "established":
            self.heard()

    def idle(self):
        self.echo_identifier = self.echo_identifier + mutants.value("echo-identifier-step", 1) & 0xFFFFFFFF
        self.echoes.add(self.echo_identifier)
        self.send("ECHORQ", identifier=self.echo_identifier)
        self.loop.cancel(self.echo_timer)
        self.echo_timer = self.loop.later(self.minute("timer-echo"), self.no_echo)

    def no_echo(self):
        if bad("stop-before-echo-close"):
            self.send("STOPRQ", reason=1)
        self.end("no Echo-Reply")

    def stop_waiting(self):
        self.end("nothing came in time while %s" % self.state)

    # --- control connection

    def about_us(self):
        style, pac = self.device.style, self.device.role == "pac"
        return {"framing": 3, "bearer": 3, "channels": self.device.config["channels"] if pac else 0,
                "firmware": style.firmware, "host": style.host, "vendor": style.vendor}

    def connected(self):
        self.state = "waiting"
        self.wait_reply(self.stop_waiting, "timer-estab")
        if bad("two-sccrq"):
            self.send("SCCRQ", **self.about_us(), version=wire.VERSION)
        self.send("SCCRQ", **self.about_us(), version=wire.VERSION)
        if bad("echo-before-start"):
            self.send("ECHORQ", identifier=7)

    def established(self):
        self.state = "established"
        self.loop.cancel(self.reply_timer)
        self.heard()
        if bad("keepalive-only-echo"):
            self.idle_timer = self.loop.later(self.minute("timer-idle"), self.idle)
        self.device.up(self)

    def on_sccrq(self, message):
        if self.state == "established" and bad("second-sccrq-answered"):
            self.send("SCCRP", **self.about_us(), version=wire.VERSION, result=1)
            return
        if self.state != "idle":
            self.invalid(message, BAD_VALUE, "SCCRQ where none is expected")
            return
        if self.device.config["refuse-peer"]:
            self.refuse(mutants.value("refuse-result", 4))
            return
        version = message.fields["version"]
        if version < wire.VERSION and not bad("version-not-checked") or \
                bad("newer-version-refused") and version > wire.VERSION:
            self.refuse(mutants.value("version-result", 5))
            return
        if message.reserved0 or message.fields["reserved1"]:
            if self.device.style.checks_reserved:
                self.invalid(message, BAD_VALUE, "reserved fields are not zero")
                return
        if bad("channels-heeded"):
            self.device.limit = message.fields["channels"] or None
        pending = self.device.pending(self.peer)
        if pending:
            if (ip(self.own) > ip(self.peer)) != bad("collision-reversed"):
                self.device.log("%s: collision won" % self.peer)
                if bad("collision-won-answers"):
                    self.send("SCCRP", **self.about_us(), version=wire.VERSION, result=3)
                if bad("collision-won-gives-up"):
                    pending.end("collision")
                return
            self.device.log("%s: collision lost" % self.peer)
            if bad("collision-lost-stops"):
                pending.send("STOPRQ", reason=1)
            if not bad("collision-lost-stays"):
                pending.end("collision lost")
            if bad("collision-lost-refuses"):
                self.refuse(3)
                return
        other = self.device.established(self.peer)
        if other and not bad("several-connections"):
            if not self.device.style.replaces:
                self.refuse(mutants.value("second-result", 3))
                return
            other.end("replaced by another connection")
        if bad("sccrp-missing"):
            return
        answer = dict(self.about_us(), version=wire.VERSION, result=1)
        if bad("sccrp-echoes-version"):
            answer["version"] = version
        self.send("SCCRP", **answer)
        if bad("sccrp-twice"):
            self.send("SCCRP", **answer)
        self.established()

    def refuse(self, result):
        self.send("SCCRP", **self.about_us(), version=wire.VERSION, result=result,
                  error=mutants.value("refusal-error", 0))
        if bad("refused-stays-open"):
            return
        self.end("refused with Result %d" % result)

    def on_sccrp(self, message):
        if self.state != "waiting":
            if self.state != "stopping":
                self.invalid(message, BAD_VALUE, "SCCRP where none is expected")
            return
        result, version = message.fields["result"], message.fields["version"]
        if result != 1 and not bad("sccrp-result-ignored"):
            self.refused = True
            if bad("refused-goes-on"):
                return
            self.end("the peer refused with Result %d" % result)
        elif version != wire.VERSION and not bad("sccrp-version-ignored"):
            if bad("version-plain-close"):
                self.end("version")
                return
            self.stop(mutants.value("version-reason", 2))
        else:
            self.established()

    def stop(self, reason):
        self.loop.cancel(self.idle_timer)
        self.loop.cancel(self.echo_timer)
        if bad("stops-by-fin"):
            self.end("stopped")
            return
        self.state = "stopping"
        self.send("STOPRQ", reason=mutants.value("stop-reason", reason))
        for call in list(self.calls.values()):
            call.release()
        self.wait_reply(self.stop_waiting, "timer-stop")
        if bad("stops-without-waiting"):
            self.end("stopped")

    def on_stoprq(self, message):
        if self.state not in ("established", "stopping", "waiting"):
            self.invalid(message, NOT_CONNECTED, "StopCCRQ before the control connection is up")
            return
        if bad("stop-by-close"):
            self.end("the peer stopped the connection")
            return
        if bad("stop-ignored-with-calls") and self.calls:
            return
        if bad("stop-reason-checked") and message.fields["reason"] != 1:
            self.send("STOPRP", result=2, error=3)
            return
        self.send("STOPRP", result=1)
        if bad("stop-stays-open"):
            self.state = "stopping"
            return
        if bad("stop-answers-on"):
            self.state = "established"
            self.loop.later(0.3, self.end, "the peer stopped the connection")
            return
        if bad("stop-resets"):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.over("reset")
            self.shut()
            return
        self.end("the peer stopped the connection")

    def on_stoprp(self, message):
        if self.state != "stopping":
            if bad("stop-reply-unsolicited-kills-calls"):
                for call in list(self.calls.values()):
                    call.release()
                return
            self.invalid(message, BAD_VALUE, "StopCCRP where none is expected")
        elif message.fields["result"] == 1:
            if not bad("stopped-stays-open"):
                self.end("stopped")
            else:
                self.loop.cancel(self.reply_timer)

    def on_echorq(self, message):
        if self.state == "stopping":
            return
        if self.state != "established" and not bad("echo-before-established"):
            self.invalid(message, NOT_CONNECTED, "Echo-Request before the control connection is up")
            return
        identifier = message.fields["identifier"]
        if bad("echo-ignored") or bad("echo-lost-with-calls") and self.calls:
            return
        if bad("echo-identifier-own"):
            identifier = 1
        elif bad("echo-identifier-signed"):
            identifier &= 0x7FFFFFFF
        elif bad("echo-identifier-swapped"):
            identifier = struct.unpack("<I", struct.pack(">I", identifier))[0]
        self.send("ECHORP", identifier=identifier, result=1)
        if bad("echo-answered-twice"):
            self.send("ECHORP", identifier=identifier, result=1)

    def on_echorp(self, message):
        if self.state == "stopping":
            return
        if self.state != "established":
            self.invalid(message, NOT_CONNECTED, "Echo-Reply before the control connection is up")
            return
        fields = message.fields
        if fields["identifier"] in self.echoes and fields["result"] == 1 or bad("echo-reply-unchecked"):
            self.echoes.clear()
            self.loop.cancel(self.echo_timer)
            self.echo_timer = None
            self.heard()
        elif bad("echo-reply-unsolicited-closes"):
            self.end("an Echo-Reply to nothing")
            self.device.down_for(3)


def ip(text):
    if bad("collision-signed"):
        return struct.unpack(">i", socket.inet_aton(text))[0]
    if bad("collision-swapped"):
        return struct.unpack("<I", socket.inet_aton(text))[0]
    return struct.unpack(">I", socket.inet_aton(text))[0]
