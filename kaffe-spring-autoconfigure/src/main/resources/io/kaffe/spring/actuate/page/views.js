/*
 * The views of a consumer.
 */

import { parkedOf, parkedSeverity } from "./attention.js";
import { Chart } from "./chart.js";
import { DeadLetters } from "./deadletters.js";
import { element, reconcile, setAttribute, setHidden, setText } from "./element.js";
import { bytes, count, duration, isKnown, millis, parkedText, plural, rate, simpleName, time, topicPartition, UNKNOWN }
    from "./format.js";
import { sum } from "./history.js";
import { Table } from "./table.js";

const OLD_SECONDS = 30;

const VERY_OLD_SECONDS = 300;

const severityOf = (seconds) => !isKnown(seconds) ? null : (seconds >= VERY_OLD_SECONDS) ? "bad"
    : (seconds >= OLD_SECONDS) ? "warn" : null;

const STATES = { "stopped": "bad", "lost": "bad", "stalled": "warn", "parked": "warn", "backing-off": "warn",
    "retrying": "warn", "recovering": "warn", "draining": "warn", "rebalancing": "warn", "paused": "warn",
    "starting": "note", "running": "good", "idle": "none" };

/** Return the exception of an attempt and its root cause. */
function exceptionText({ exception, message, cause, causeMessage }) {
  const thrown = [simpleName(exception), message].filter(isKnown).join(": ");
  return isKnown(cause) ? `${thrown}, caused by ${[simpleName(cause), causeMessage].filter(isKnown).join(": ")}` : thrown;
}

const exceptionNames = ({ exception, cause }) => isKnown(cause) ? `${exception}, caused by ${cause}` : exception;

/** Return how large the key and the value of a record are. */
function sizeText({ keySize, valueSize }) {
  const sizes = [isKnown(keySize) ? `key ${bytes(keySize)}` : null, isKnown(valueSize) ? `value ${bytes(valueSize)}` : null]
      .filter(isKnown);
  return (sizes.length > 0) ? `(${sizes.join(", ")})` : null;
}

/** Show a state: a word, never a colour alone. */
function showState(node, state) {
  setText(node, state);
  setAttribute(node, "class", `state ${STATES[state] ?? "note"}`);
}

function stateCell(cell, state) {
  if (cell.firstChild === null) {
    cell.append(element("span"));
  }
  showState(cell.firstChild, state);
}

function ageCell(cell, seconds) {
  setText(cell, isKnown(seconds) ? duration(seconds) : UNKNOWN);
  setAttribute(cell, "data-severity", severityOf(seconds));
}

/** Fill a cell with buttons once: its row keeps them. */
function buttonsCell(cell, make) {
  if (cell.firstChild === null) {
    cell.append(element("div", { class: "actions" }, ...make()));
  }
}

/** The record that has been unfinished for longest, as {record, seconds}; null if there is none. */
function oldestOf(consumer, service) {
  let oldest = null;
  for (const partition of consumer.partitions) {
    const seconds = service.secondsSince(partition.oldestUnfinished?.since);
    if (seconds !== undefined && (oldest === null || seconds > oldest.seconds)) {
      oldest = { record: `${partition.topic}-${partition.partition}@${partition.oldestUnfinished.offset}`, seconds };
    }
  }
  return oldest;
}

/** The counters of a consumer, as [name, value, remark, severity]. */
function countersOf(consumer, history, service) {
  const { buffered, counters, inFlight, lagSeconds } = consumer;
  const parked = parkedOf(consumer);
  const oldest = oldestOf(consumer, service);
  const stalled = consumer.workers.filter((worker) => worker.state === "stalled").length;
  const paused = consumer.partitions.filter((partition) => partition.paused).length;
  return [
    ["Handled", count(counters.handled), `${rate(history.last?.handledPerSecond)} / s`],
    ["In flight", count(inFlight), (stalled > 0) ? `${count(stalled)} stalled`
        : `of ${plural(consumer.workerCount, "worker")}`, (stalled > 0) ? "warn" : null],
    ["Queued", count(Math.max(sum(consumer.workers, "queued"), buffered.records - inFlight)),
        `${bytes(buffered.bytes)} buffered`],
    ["Lag", count(consumer.lag), consumer.noAnswerSince ? "brokers do not answer"
        : isKnown(lagSeconds) ? `${duration(lagSeconds)} behind` : "records",
        consumer.noAnswerSince ? "bad" : severityOf(lagSeconds)],
    ["Oldest", oldest ? duration(oldest.seconds) : UNKNOWN, oldest ? oldest.record : "nothing unfinished",
        severityOf(oldest?.seconds)],
    ["Parked", count(parked), (parked > 0) ? "awaiting a decision" : "none",
        (parked > 0) ? parkedSeverity(consumer) : null],
    ["Retries", count(counters.retries), `${count(counters.failed)} failed`],
    ...((counters.lost > 0) ? [["Lost", count(counters.lost), "deleted before they were handled", "bad"]] : []),
    ["Commits", count(counters.commits), `${count(counters.commitFailures)} failed`,
        (history.commitFailures > 0) ? "warn" : null],
    ["Paused", count(paused), `of ${plural(consumer.partitions.length, "partition")}`, (paused > 0) ? "warn" : null]
  ];
}

/** Show the counters. */
function showCounters(root, counters) {
  reconcile(root, counters, ([name]) => name,
      ([name]) => element("div", {}, element("dt", {}, name), element("dd"), element("dd", { class: "quiet" })),
      (node, [, value, remark, severity]) => {
        setText(node.children[1], value);
        setText(node.children[2], remark);
        setAttribute(node, "data-severity", severity);
      });
}

/** The charts of a consumer. */
class Charts {

  #rate = new Chart("Handled", " / s", rate);

  #failures = new Chart("Failed attempts", " / s", rate);

  #lag = new Chart("Lag", "", count);

  constructor(root) {
    this.#failures.root.classList.add("failures");
    this.#lag.root.classList.add("lag");
    root.append(this.#rate.root, this.#lag.root, this.#failures.root);
  }

  /** Draw the history. */
  update(history) {
    this.#rate.update(history.points("handledPerSecond"));
    this.#lag.update(history.points("lag"));
    this.#failures.update(history.points("failedPerSecond"));
  }

}

/** Returns how many records of blocked keys are evicted from memory, such as "300 of 2 keys". */
const evictedText = ({ evictedKeys, evictedRecords }) => (evictedKeys > 0)
    ? `${count(evictedRecords)} of ${plural(evictedKeys, "key")}` : count(evictedRecords);

const instantValue = (instant) => instant ? Date.parse(instant) : null;

const currentText = (worker) => worker.current.map((record) => `${record.partition}@${record.offset}`
    + ((record.attempt > 1) ? ` · attempt ${record.attempt}` : "")
    + (isKnown(record.key) ? ` · ${record.key}` : "")).join(", ");

const listText = (list, most = 6) => (list.length > most)
    ? `${list.slice(0, most).join(", ")} and ${list.length - most} more` : list.join(", ");

/** The tables of a consumer, by the ids of their tabs: {title, rows, table}. */
function tables(name, { service, operations, details, deadLetterOperations }) {
  const age = (record) => service.secondsSince(record?.since);
  const deadLetters = (service.deadLettersAddress !== "")
      ? new DeadLetters(name, { service, operations: deadLetterOperations }) : null;
  return {
    workers: {
      title: "Workers",
      rows: (consumer) => consumer.workers,
      count: (consumer) => consumer.workerCount,
      table: new Table({
        caption: `Workers of ${name}`,
        empty: "No workers: no partitions are assigned, or nothing is in flight.",
        keyOf: (worker) => worker.name,
        words: (worker) => [worker.name, worker.state, ...worker.partitions, currentText(worker),
            worker.lastFailure?.exception ?? ""],
        columns: [
          { title: "Worker", value: (worker) => worker.name, cell: (cell, worker) => {
            if (cell.firstChild === null) {
              cell.append(element("button", { type: "button", class: "link",
                  click: () => details.show(name, worker.name) }, worker.name));
            }
          } },
          { title: "State", value: (worker) => worker.state, cell: (cell, worker) => stateCell(cell, worker.state) },
          { title: "Record", value: currentText, kind: "record", text: (worker) => currentText(worker) || UNKNOWN },
          { title: "For", value: (worker) => age(worker.current[0]), kind: "number",
            cell: (cell, worker) => ageCell(cell, age(worker.current[0])) },
          { title: "Queued", value: (worker) => worker.queued, kind: "number", text: (worker) => count(worker.queued) },
          { title: "Handled", value: (worker) => worker.handled, kind: "number",
            text: (worker) => count(worker.handled) },
          { title: "Failed", value: (worker) => worker.failed, kind: "number", text: (worker) => count(worker.failed) },
          { title: "Restarts", value: (worker) => worker.restarts, kind: "number",
            text: (worker) => count(worker.restarts) },
          { title: "Partitions", kind: "wide", value: (worker) => listText(worker.partitions) },
          { title: "Last failure", value: (worker) => instantValue(worker.lastFailure?.at), kind: "wide",
            text: (worker) => worker.lastFailure
              ? `${simpleName(worker.lastFailure.exception)} · ${worker.lastFailure.record} · ${time(worker.lastFailure.at)}`
              : UNKNOWN }
        ]
      })
    },
    partitions: {
      title: "Partitions",
      rows: (consumer) => consumer.partitions,
      table: new Table({
        caption: `Partitions of ${name}`,
        empty: "No partitions are assigned to this instance.",
        keyOf: (partition) => `${partition.topic}-${partition.partition}`,
        words: (partition) => [`${partition.topic}-${partition.partition}`, partition.worker ?? "",
            partition.paused ?? ""],
        columns: [
          { title: "Partition", value: (partition) => `${partition.topic}-${partition.partition}` },
          { title: "Oldest", value: (partition) => partition.oldestUnfinished?.offset, kind: "number",
            text: (partition) => count(partition.oldestUnfinished?.offset) },
          { title: "For", value: (partition) => age(partition.oldestUnfinished), kind: "number",
            cell: (cell, partition) => ageCell(cell, age(partition.oldestUnfinished)) },
          { title: "Lag", value: (partition) => partition.lag, kind: "number", text: (partition) => count(partition.lag) },
          { title: "Behind", value: (partition) => partition.lagSeconds, kind: "number",
            cell: (cell, partition) => ageCell(cell, partition.lagSeconds) },
          { title: "Completed", value: (partition) => partition.completedOffset, kind: "number",
            text: (partition) => count(partition.completedOffset) },
          { title: "Ahead", value: (partition) => partition.completedAhead, kind: "number",
            text: (partition) => count(partition.completedAhead) },
          { title: "Committed", value: (partition) => partition.committedOffset, kind: "number",
            text: (partition) => count(partition.committedOffset) },
          { title: "End", value: (partition) => partition.endOffset, kind: "number",
            text: (partition) => count(partition.endOffset) },
          { title: "Parked", value: (partition) => partition.parked, kind: "number", cell: (cell, partition) => {
            setText(cell, count(partition.parked));
            setAttribute(cell, "data-severity", (partition.parked > 0) ? "warn" : null);
          } },
          { title: "Evicted", value: (partition) => partition.evictedRecords, kind: "number", text: evictedText },
          { title: "Paused", value: (partition) => partition.paused, text: (partition) => partition.paused ?? UNKNOWN },
          { title: "Worker", value: (partition) => partition.worker, text: (partition) => partition.worker ?? UNKNOWN },
          { title: "Operations", cell: (cell, { topic, partition, paused }) => {
            const whose = { whose: `${topic}-${partition}` };
            buttonsCell(cell, () => [operations.button("pause", name, { topic, partition }, whose),
                operations.button("resume", name, { topic, partition }, whose),
                operations.button("seek", name, { topic, partition }, { ...whose, fields: positionFields() })]);
            const [pause, resume] = cell.firstChild.children;
            setHidden(pause, paused === "operator");
            setHidden(resume, paused !== "operator");
          } }
        ]
      })
    },
    failing: {
      title: "Failing records",
      rows: (consumer) => consumer.failing,
      count: (consumer) => consumer.failingCount,
      table: new Table({
        caption: `Failing records of ${name}`,
        empty: "No record is failing.",
        keyOf: (failing) => `${failing.partition}@${failing.offset}`,
        words: (failing) => [`${failing.partition}@${failing.offset}`, failing.state, failing.exception,
            failing.message ?? "", failing.cause ?? "", failing.causeMessage ?? "", failing.key ?? ""],
        columns: [
          { title: "Record", value: (failing) => `${failing.partition}@${failing.offset}` },
          { title: "State", value: (failing) => failing.state, cell: (cell, failing) => stateCell(cell, failing.state) },
          { title: "For", value: age, kind: "number", cell: (cell, failing) => ageCell(cell, age(failing)) },
          { title: "Attempts", value: (failing) => failing.attempts, kind: "number",
            text: (failing) => count(failing.attempts) },
          { title: "Parked", value: (failing) => instantValue(failing.parkedSince), text: parkedText },
          { title: "Next attempt", value: (failing) => instantValue(failing.nextAttemptAt),
            text: (failing) => failing.nextAttemptAt ? time(failing.nextAttemptAt) : UNKNOWN },
          { title: "Exception", value: (failing) => simpleName(failing.exception), kind: "wide",
            cell: (cell, failing) => {
              setText(cell, exceptionText(failing));
              setAttribute(cell, "title", exceptionNames(failing));
            } },
          { title: "Key and value", kind: "wide", value: (failing) => failing.key,
            text: (failing) => [failing.key, failing.value, sizeText(failing)].filter(isKnown).join(" · ") || UNKNOWN },
          { title: "Operations", cell: (cell, failing) => buttonsCell(cell,
              () => recordButtons(operations, name, failing)) }
        ]
      })
    },
    ...(deadLetters !== null ? { deadletters: {
      title: "Dead letters",
      rows: () => [],
      count: () => deadLetters.total,
      table: deadLetters
    } } : {}),
    failures: {
      title: "Failures",
      rows: (consumer) => consumer.failures,
      table: new Table({
        caption: `Last failures of ${name}`,
        empty: "No attempt has failed.",
        keyOf: (failure) => `${failure.at}|${failure.record}|${failure.attempt}`,
        words: (failure) => [failure.record, failure.exception, failure.action, failure.message ?? "",
            failure.cause ?? "", failure.causeMessage ?? ""],
        columns: [
          { title: "Time", value: (failure) => instantValue(failure.at), text: (failure) => time(failure.at) },
          { title: "Record", value: (failure) => failure.record },
          { title: "Attempt", value: (failure) => failure.attempt, kind: "number" },
          { title: "Then", value: (failure) => failure.action },
          { title: "Exception", value: (failure) => simpleName(failure.exception), kind: "wide",
            cell: (cell, failure) => {
              setText(cell, exceptionText(failure));
              setAttribute(cell, "title", exceptionNames(failure));
            } }
        ]
      })
    },
    rebalances: {
      title: "Rebalances",
      rows: (consumer) => consumer.rebalances,
      table: new Table({
        caption: `Last rebalances of ${name}`,
        empty: "No partition has been assigned or revoked.",
        keyOf: (rebalance) => `${rebalance.at}|${rebalance.kind}|${rebalance.partitions[0]}`,
        words: (rebalance) => [rebalance.kind, ...rebalance.partitions, ...rebalance.givenUp],
        columns: [
          { title: "Time", value: (rebalance) => instantValue(rebalance.at), text: (rebalance) => time(rebalance.at) },
          { title: "What", value: (rebalance) => rebalance.kind, cell: (cell, rebalance) => stateCell(cell, rebalance.kind) },
          { title: "Partitions", value: (rebalance) => rebalance.partitions.length, kind: "wide",
            text: (rebalance) => listText(rebalance.partitions, 12) || UNKNOWN },
          { title: "Drain", value: (rebalance) => rebalance.drainMillis, kind: "number",
            text: (rebalance) => millis(rebalance.drainMillis) },
          { title: "Abandoned", value: (rebalance) => rebalance.givenUp.length, kind: "wide",
            text: (rebalance) => listText(rebalance.givenUp) || UNKNOWN }
        ]
      })
    }
  };
}

/** The buttons of a failing record. */
function recordButtons(operations, name, failing) {
  const record = { ...topicPartition(failing.partition), offset: failing.offset };
  const whose = { whose: `${failing.partition}@${failing.offset}` };
  return ["retry", "skip", "dead-letter"].map((operation) => operations.button(operation, name, record, whose));
}

/** The buttons of all records that are parked by an exception. */
function groupButtons(operations, name, exception) {
  const options = { whose: `parked by ${simpleName(exception)}`, preview: true, fields: [{ name: "maxPerSecond",
      label: "Records per second, at most", type: "number", min: 1, max: 10_000, step: 1, value: 100, read: Number }] };
  return ["retry-all", "skip-all", "dead-letter-all"].map((operation) =>
      operations.button(operation, name, { all: true, exception }, options));
}

/** The buttons of a consumer, by its state. */
function consumerButtons(operations, name, consumer) {
  if (consumer.state === "stopped") {
    return [operations.button("start", name)];
  }
  const scope = { name: "topic", label: "What", options: [{ value: "", label: "the whole consumer" },
      ...consumer.topics.map((topic) => ({ value: topic, label: `topic ${topic}` }))] };
  const scopes = (scope.options.length > 2) ? [scope] : [];
  const topics = { name: "topic", label: "Topic", options: consumer.topics.map((topic) =>
      ({ value: topic, label: topic })) };
  return [
    operations.button("pause", name, {}, { fields: scopes }),
    operations.button("resume", name, {}, { fields: scopes }),
    operations.button("max-concurrency", name, {}, { fields: [{ name: "maxConcurrency", label: "Maximum concurrency",
        type: "number", min: 1, step: 1, value: consumer.maxConcurrency ?? "", placeholder: "unlimited",
        read: Number }] }),
    operations.button("seek", name, { allPartitions: true }, { fields: [topics, ...positionFields(false)] }),
    operations.button(consumer.outage ? "end-outage" : "begin-outage", name),
    operations.button("stop", name)
  ];
}

function positionFields(offsets = true) {
  return [
    { name: "to", label: "To", options: [{ value: "beginning", label: "the beginning" }, { value: "end", label: "the end" },
        ...(offsets ? [{ value: "offset", label: "an offset" }] : []), { value: "time", label: "a time" }] },
    { name: "to", label: "Offset", type: "number", min: 0, step: 1, shownFor: "offset" },
    { name: "to", label: "Time, in your time zone", type: "datetime-local", step: 1, shownFor: "time",
        read: (value) => new Date(value).toISOString() }
  ];
}

/** The description of a consumer below its name. */
function aboutOf(consumer) {
  return [consumer.groupId ? `group ${consumer.groupId}` : "no group", consumer.workerAllocationStrategy,
      isKnown(consumer.maxConcurrency) ? `max concurrency ${consumer.maxConcurrency}` : "unlimited concurrency",
      consumer.topics.join(", ")].filter(isKnown).join("  ·  ");
}

/** Show the consumers to choose from. */
function showConsumers(root, consumers, histories, chosen) {
  reconcile(root, Object.entries(consumers), ([name]) => name,
      ([name]) => element("a", { href: `#${encodeURIComponent(name)}` }, element("strong", {}, name),
          element("span"), element("span", { class: "quiet" })),
      (node, [name, consumer]) => {
        showState(node.children[1], consumer.state);
        const parked = parkedOf(consumer);
        setText(node.children[2], `${rate(histories.get(name).last?.handledPerSecond)} / s  ·  lag ${count(consumer.lag)}`
            + ((parked > 0) ? `  ·  ${count(parked)} parked` : ""));
        setAttribute(node, "aria-current", (name === chosen) ? "true" : null);
      });
  setHidden(root, Object.keys(consumers).length < 2);
}

export { aboutOf, Charts, consumerButtons, countersOf, groupButtons, recordButtons, showConsumers, showCounters, showState, tables };
