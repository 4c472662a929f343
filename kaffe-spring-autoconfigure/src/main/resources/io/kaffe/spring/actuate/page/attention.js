/*
 * What needs an operator's attention: the records, partitions and consumers that are held up, the worst first.
 */

import { count, parkedText, plural, simpleName, time } from "./format.js";

const SEVERITIES = ["bad", "warn", "note"];

// As in health: red means down, and nothing else.
const SEVERITY_OF = { down: "bad", warning: "warn" };

// Problems of single records; the table has more details about most of them than health.
const OF_RECORDS = ["stalled", "parked", "retrying", "recovering", "stopping"];

// A record that is not completed for as long as this holds up its partition, whatever the state of its worker.
const LONG_SECONDS = 60;

// So many records that are parked by the same exception are one item.
const GROUPED_RECORDS = 4;

// For so long the result of a decision about many records is shown.
const RESULT_SECONDS = 300;

// Single failed attempts are normal; repeated ones are not.
const MANY_ATTEMPTS = 3;

/**
 * Return what needs attention as a list of {key, severity, what, state, why, seconds, since, consumer, record, worker,
 * exception, decision}, the worst first. What may change while the item stays the same has an id besides.
 */
function attention(consumers, histories, service) {
  const items = [];
  for (const [name, consumer] of Object.entries(consumers)) {
    const partitions = new Map(consumer.partitions.map((partition) => [nameOf(partition), partition]));
    const found = [...ofConsumer(consumer, histories.get(name)), ...ofDecision(consumer, service), ...ofParked(consumer),
        ...ofFailing(consumer, partitions), ...ofWorkers(consumer, partitions)];
    found.push(...ofOtherRecords(consumer, found));
    found.push(...ofPartitions(consumer, blockedWorkers(consumer, found), service));
    const records = new Set();
    for (const item of found) {
      // The first item about a record is the most specific.
      const id = item.id ?? item.what;
      if (id === undefined || !records.has(id)) {
        records.add(id);
        items.push({ ...item, consumer: name, key: keyOf(name, item, items),
            seconds: service.secondsSince(item.since) });
      }
    }
  }
  return items.sort((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity)
      || beginningOf(one) - beginningOf(other));
}

/** Two threads may have the same problem. */
function keyOf(consumer, item, items) {
  const key = `${consumer}|${item.state}|${item.id ?? item.what ?? ""}`;
  const same = (item.what === undefined) ? items.filter((other) => other.key.startsWith(key)).length : 0;
  return (same === 0) ? key : `${key}|${same}`;
}

// Not the age, which grows from one item to the next while it is computed.
const beginningOf = ({ since }) => since ? Date.parse(since) : Number.MAX_SAFE_INTEGER;

function* ofConsumer(consumer, history) {
  if (consumer.stopped) {
    yield { severity: "bad", state: "stopped", why: consumer.stopped.reason, since: consumer.stopped.at };
  }
  if (consumer.outage) {
    yield { severity: SEVERITY_OF.down, state: "outage", why: consumer.outage.message.replace(/^[^ ]+ since [^ ]+: /, ""),
        since: consumer.outage.since, outage: consumer.outage };
  }
  for (const { severity, message, since } of consumer.problems.filter(({ kind }) => !["stopped", "outage", "retention"].includes(kind) && !OF_RECORDS.includes(kind))) {
    const [state, ...why] = message.split(": ");
    yield { severity: SEVERITY_OF[severity] ?? "warn", state, why: why.join(": "), since };
  }
  const failures = history.commitFailures;
  if (failures > 0 && !consumer.problems.some(({ kind }) => kind === "commits-failing")) {
    yield { severity: "warn", state: "commits fail", why: `${plural(failures, "commit")} failed in the last minutes` };
  }
  if (consumer.paused) {
    yield { severity: "note", state: "paused", why: "paused by an operator" };
  }
}

/** The decision about many records that is running, or has just ended. */
function* ofDecision(consumer, service) {
  const decision = consumer.bulkDecision;
  if (decision && (decision.state === "running" || service.secondsSince(decision.until) < RESULT_SECONDS)) {
    const counts = [["left", "left"], ["inProgress", "in progress"], ["completed", "completed"], ["failed", "failed again"],
        ["revoked", "of revoked partitions"], ["superseded", "decided otherwise"]]
        .filter(([name]) => decision[name] > 0).map(([name, words]) => `${count(decision[name])} ${words}`);
    yield { severity: "note", id: `decision ${decision.since}`, what: `${decision.decision} of ${plural(decision.matched, "record")}`,
        state: decision.state, why: [decision.filter, ...counts].join(", "), since: decision.since,
        decision: (decision.state === "running") ? decision : undefined };
  }
}

const groupsOf = (consumer) => (consumer.parkedBy ?? []).filter(({ records }) => records >= GROUPED_RECORDS);

const isIn = (group, failing) => failing.state === "parked" && group.exception === (failing.cause ?? failing.exception);

/** Records that are parked by the same exception. */
function* ofParked(consumer) {
  for (const group of groupsOf(consumer)) {
    const oldest = consumer.failing.find((failing) => isIn(group, failing));
    yield { severity: parkedSeverity(consumer), id: `parked by ${group.exception}`, what: plural(group.records, "record"),
        state: "parked", why: [`by ${simpleName(group.exception)}`, oldest ? `the oldest is ${recordName(oldest)}` : null]
          .filter((part) => part !== null).join(", "), since: oldest?.since, exception: group.exception };
  }
}

function* ofFailing(consumer, partitions) {
  const severity = parkedSeverity(consumer);
  const groups = groupsOf(consumer);
  for (const failing of consumer.failing.filter((each) => !groups.some((group) => isIn(group, each)))) {
    const parked = failing.state === "parked";
    if (parked || failing.state === "recovering" || failing.attempts >= MANY_ATTEMPTS) {
      yield { severity: parked ? severity : "warn", what: recordName(failing), state: failing.state,
          why: [`${simpleName(failing.cause ?? failing.exception)} after ${plural(failing.attempts, "attempt")}`,
            (failing.owners > 1) ? `parked ${parkedText(failing)}` : null,
            failing.nextAttemptAt ? `next at ${time(failing.nextAttemptAt)}` : null, heldUpBy(partitions, failing)]
            .filter((part) => part !== null).join(", "), since: failing.since, record: failing };
    }
  }
}

function* ofWorkers(consumer, partitions) {
  for (const worker of consumer.workers) {
    const current = worker.current[0];
    if (worker.state === "stalled" && current) {
      yield { severity: "warn", what: recordName(current), state: "stalled",
          why: [`its handler has not returned, on ${worker.name}`, heldUpBy(partitions, current)]
            .filter((part) => part !== null).join(", "), since: current.since, worker: worker.name };
    }
  }
}

/** Records that only health reports, such as those whose handlers complete asynchronously. */
function* ofOtherRecords(consumer, found) {
  const records = new Set(found.map((item) => item.what));
  for (const { kind, severity, message, since } of consumer.problems) {
    const [, what, why] = /^[^:]+: (\S+@\d+),? (.*)$/.exec(message) ?? [];
    const grouped = kind === "parked" && groupsOf(consumer).length > 0;
    if (OF_RECORDS.includes(kind) && !grouped && what !== undefined && !records.has(what)) {
      yield { severity: SEVERITY_OF[severity] ?? "warn", what, state: kind, why, since };
    }
  }
}

/** Return the names of the workers that handle one of the records that were found. */
function blockedWorkers(consumer, found) {
  const records = new Set(found.map((item) => item.what));
  return new Set(consumer.workers.filter((worker) =>
      (worker.state === "parked" && groupsOf(consumer).length > 0)
      || worker.current.some((current) => records.has(recordName(current)))).map((worker) => worker.name));
}

function* ofPartitions(consumer, blocked, service) {
  for (const partition of consumer.partitions) {
    const name = nameOf(partition);
    const oldest = partition.oldestUnfinished;
    // Partitions behind a record that is already listed are left out.
    const deletion = partition.deletionExpected;
    if (deletion) {
      const due = service.secondsSince(deletion.at) > 0;
      yield { severity: "warn", id: `retention ${name}@${deletion.offset}`, what: `${name}@${deletion.offset}`, state: "retention",
          why: `will be deleted by the log's retention ${due ? "at any time" : `at ${time(deletion.at)}`}`, since: oldest?.since };
    }
    const grouped = partition.parked > 0 && groupsOf(consumer).length > 0;
    if (oldest && !grouped && !blocked.has(partition.worker) && service.secondsSince(oldest.since) > LONG_SECONDS) {
      yield { severity: "warn", what: `${name}@${oldest.offset}`, state: "held up",
          why: `nothing beyond it is committed, ${plural(partition.lag, "record")} behind`,
          since: oldest.since, worker: partition.worker };
    }
    if (partition.paused === "operator" && !consumer.paused) {
      yield { severity: "note", what: name, state: "paused", why: "paused by an operator",
          partition: { topic: partition.topic, partition: partition.partition } };
    }
  }
}

function heldUpBy(partitions, record) {
  const found = partitions.get(record.partition);
  return (found?.oldestUnfinished?.offset === record.offset && found.lag > 0)
      ? `holds up ${record.partition} with ${plural(found.lag, "record")}` : null;
}

const recordName = ({ partition, offset }) => `${partition}@${offset}`;

const nameOf = ({ topic, partition }) => `${topic}-${partition}`;

/** Return the severity of parked records, which is a setting of the consumer. */
const parkedSeverity = (consumer) =>
    consumer.problems.some(({ kind, severity }) => kind === "parked" && severity === "down") ? "bad" : "warn";

/** Return how many records are parked. */
const parkedOf = (consumer) => consumer.partitions.reduce((total, partition) => total + partition.parked, 0);

export { attention, parkedOf, parkedSeverity };
