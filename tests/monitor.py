#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""monitor: what it tells of is what audit reports of the same traffic."""
import json
import os

import common


def events_of(path, *options, statuses=(0, 1, 3)):
    done = common.run("monitor", "--read-pipe", path, "--format", "json", *options)
    if done.returncode not in statuses:
        return None, "exit status %d: %s" % (done.returncode, done.stderr)
    return common.lines(done.stdout), done.stderr


def report_of(*paths):
    return common.parse(common.run("audit", "--format", "json", *paths).stdout)


def of_type(events, kind):
    return [e for e in events if e["type"] == kind]


def findings_of_report(report):
    return sorted(json.dumps([f[k] for k in ("id", "certainty", "severity", "tunnel", "control_connection", "call",
                                             "at_fault", "role", "frame", "time", "message", "expected", "observed")])
                  for f in report["findings"])


def findings_of_events(events):
    return sorted(json.dumps([f[k] if k != "time" or f["frame"] else None
                              for k in ("id", "certainty", "severity", "tunnel", "control_connection", "call",
                                        "at_fault", "role", "frame", "time", "message", "expected", "observed")])
                  for f in of_type(events, "finding"))


def differences(events, report):
    """What a report has and events have not, or otherwise; what both have, value by value."""
    wrong = []
    calls = {e["call"]: e for e in of_type(events, "call_close")}
    connections = {e["control_connection"]: e for e in of_type(events, "control_connection_close")}
    for tunnel in report["tunnels"]:
        for told, kind in ((connections, "control_connections"), (calls, "calls")):
            for item in tunnel[kind]:
                event = told.pop(item.pop("id"), None)
                if event is None:
                    wrong.append("%s of the report: not told of" % kind)
                    continue
                wrong += ["%s: %s is %s, not %s" % (kind, k, event.get(k), v) for k, v in item.items()
                          if event.get(k) != v]
    wrong += ["not in the report: %s" % e for e in list(calls.values()) + list(connections.values())]
    a, b = findings_of_report(report), findings_of_events(events)
    wrong += ["only in the report: " + f for f in a if f not in b] + ["only told: " + f for f in b if f not in a]
    if len(b) != len(set(b)):
        wrong.append("a finding is told twice")
    return wrong


def check_pipes(folder):
    for path in common.captured() + common.made(folder):
        events, said = events_of(path)
        name = os.path.basename(path)
        if not common.ok(events is not None, "%s is read" % name, said):
            continue
        common.ok(not (wrong := differences(events, report_of(path))), "events of %s are those of audit" % name, *wrong)


def main():
    folder = common.temporary_folder()
    check_pipes(folder)
    common.end()


main()
