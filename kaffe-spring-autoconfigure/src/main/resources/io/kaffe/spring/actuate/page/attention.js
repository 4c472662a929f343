/*
 * What somebody has to look at: the records, partitions and consumers that are held up, the worst first.
 */

import { isKnown, plural, simpleName, time } from "./format.js";

const SEVERITIES = ["bad", "warn", "note"];

// As health has them: red is down, and nothing else.
const SEVERITY_OF = { down: "bad", warning: "warn" };

// Problems of single records; more is known about most of them than what health says.
const OF_RECORDS = ["stalled", "parked", "retrying", "recovering", "stopping"];

// A record that is not final for as long as this holds its partition up, whatever its worker says.
const LONG_SECONDS = 60;

// Failed attempts are everyday life; those that go on are not.
const MANY_ATTEMPTS = 3;

/**
 * Return what needs attention as a list of {key, severity, what, state, why, seconds, since, consumer, record, worker},
 * the worst first.
 */
function attention(consumers, histories, service) {
  const items = [];
  for (const [name, consumer] of Object.entries(consumers)) {
    const partitions = new Map((consumer.partitions ?? []).map((partition) => [nameOf(partition), partition]));
    const found = [...ofConsumer(consumer, histories.get(name)), ...ofFailing(consumer, partitions),
        ...ofWorkers(consumer, partitions)];
    found.push(...ofOtherRecords(consumer, found));
    found.push(...ofPartitions(consumer, blockedWorkers(consumer, found), service));
    const records = new Set();
    for (const item of found) {
      // What is said about a record first is said best.
      if (item.what === undefined || !records.has(item.what)) {
        records.add(item.what);
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
  const key = `${consumer}|${item.state}|${item.what ?? ""}`;
  const same = (item.what === undefined) ? items.filter((other) => other.key.startsWith(key)).length : 0;
  return (same === 0) ? key : `${key}|${same}`;
}

// Not the age, which grows from one item to the next while it is asked for.
const beginningOf = ({ since }) => since ? Date.parse(since) : Number.MAX_SAFE_INTEGER;

function* ofConsumer(consumer, history) {
  if (consumer.stopped) {
    yield { severity: "bad", state: "stopped", why: consumer.stopped.reason, since: consumer.stopped.at };
  }
  const problems = problemsOf(consumer);
  for (const { severity, message, since } of problems.filter(({ kind }) => kind !== "stopped" && !OF_RECORDS.includes(kind))) {
    const [state, ...why] = message.split(": ");
    yield { severity: SEVERITY_OF[severity] ?? "warn", state, why: why.join(": "), since };
  }
  const failures = history?.commitFailures ?? 0;
  if (failures > 0 && !problems.some(({ kind }) => kind === "commits-failing")) {
    yield { severity: "warn", state: "commits fail", why: `${plural(failures, "commit")} failed in the last minutes` };
  }
  if (consumer.paused || consumer.state === "paused") {
    yield { severity: "note", state: "paused", why: "Somebody has paused the consumer" };
  }
}

function* ofFailing(consumer, partitions) {
  const severity = parkedSeverity(consumer);
  for (const failing of failingOf(consumer)) {
    const parked = failing.state === "parked";
    if (parked || failing.state === "recovering" || (failing.attempts ?? 0) >= MANY_ATTEMPTS) {
      yield { severity: parked ? severity : "warn", what: recordName(failing), state: failing.state,
          why: [`${simpleName(failing.cause ?? failing.exception)} after ${plural(failing.attempts, "attempt")}`,
            failing.nextAttemptAt ? `next at ${time(failing.nextAttemptAt)}` : null, heldUpBy(partitions, failing)]
            .filter((part) => part !== null).join(", "), since: failing.since, record: failing };
    }
  }
}

function* ofWorkers(consumer, partitions) {
  for (const worker of consumer.workers ?? []) {
    const current = worker.current?.[0];
    if (worker.state === "stalled" && current) {
      yield { severity: "warn", what: recordName(current), state: "stalled",
          why: [`its handler does not return, on ${worker.name}`, heldUpBy(partitions, current)]
            .filter((part) => part !== null).join(", "), since: current.since, worker: worker.name };
    }
  }
}

/** What health tells of records that are not found otherwise, such as those whose handlers answer later. */
function* ofOtherRecords(consumer, found) {
  const records = new Set(found.map((item) => item.what));
  for (const { kind, severity, message, since } of problemsOf(consumer)) {
    const [, what, why] = /^[^:]+: (\S+@\d+),? (.*)$/.exec(message) ?? [];
    if (OF_RECORDS.includes(kind) && what !== undefined && !records.has(what)) {
      yield { severity: SEVERITY_OF[severity] ?? "warn", what, state: kind, why, since };
    }
  }
}

/** Return the names of the workers that are at one of the records that were found. */
function blockedWorkers(consumer, found) {
  const records = new Set(found.map((item) => item.what));
  return new Set((consumer.workers ?? []).filter((worker) =>
      (worker.current ?? []).some((current) => records.has(recordName(current)))).map((worker) => worker.name));
}

function* ofPartitions(consumer, blocked, service) {
  for (const partition of consumer.partitions ?? []) {
    const name = nameOf(partition);
    const oldest = partition.oldestUnfinished;
    // What waits behind a record that is listed already is no news.
    if (oldest && !blocked.has(partition.worker) && service.secondsSince(oldest.since) > LONG_SECONDS) {
      yield { severity: "warn", what: `${name}@${oldest.offset}`, state: "held up",
          why: `nothing of ${name} is committed beyond it, ${plural(partition.lag, "record")} behind`,
          since: oldest.since, worker: partition.worker };
    }
    if (partition.paused === "operator" && !consumer.paused && consumer.state !== "paused") {
      yield { severity: "note", what: name, state: "paused", why: "Somebody has paused the partition",
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

/** Return the failing records: as the service lists them, else those that its workers are at. */
function failingOf(consumer) {
  if (consumer.failing) {
    return consumer.failing;
  }
  return (consumer.workers ?? []).filter((worker) => worker.state === "parked" || worker.state === "backing-off")
    .flatMap((worker) => (worker.current ?? []).map((current) => ({ partition: current.partition,
        offset: current.offset, state: (worker.state === "parked") ? "parked" : "retrying",
        attempts: current.attempt, since: current.since, nextAttemptAt: null,
        exception: worker.lastFailure?.exception })));
}

const problemsOf = (consumer) => consumer.problems ?? [];

/** Return how bad it is that a record is parked: that is a setting of the consumer. */
const parkedSeverity = (consumer) =>
    problemsOf(consumer).some(({ kind, severity }) => kind === "parked" && severity === "down") ? "bad" : "warn";

/** Return how many records are parked. */
function parkedOf(consumer) {
  const partitions = consumer.partitions ?? [];
  return partitions.some((partition) => isKnown(partition.parked))
      ? partitions.reduce((total, partition) => total + (partition.parked ?? 0), 0)
      : failingOf(consumer).filter((failing) => failing.state === "parked").length;
}

export { attention, failingOf, parkedOf, parkedSeverity };
