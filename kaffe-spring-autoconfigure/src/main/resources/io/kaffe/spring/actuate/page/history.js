/*
 * What the counters were, and so how fast they move.
 */

const KEPT_MILLIS = 300_000;

/** The last five minutes of one consumer. */
class History {

  #samples = [];

  /** Add what the consumer says. */
  add(consumer) {
    const at = Date.now();
    const previous = this.#samples.at(-1);
    const handled = handledBy(consumer);
    const failed = consumer.counters?.failed ?? sum(consumer.workers, "failed");
    const commitFailures = consumer.counters?.commitFailures;
    this.#samples.push({ at, handled, failed, commitFailures, lag: lagOf(consumer),
        handledPerSecond: perSecond(previous, at, handled, "handled"),
        failedPerSecond: perSecond(previous, at, failed, "failed") });
    while (this.#samples[0].at < at - KEPT_MILLIS) {
      this.#samples.shift();
    }
  }

  /** Say that nothing was heard: the lines have a gap. */
  interrupt() {
    if (this.#samples.length > 0 && this.#samples.at(-1).lag !== undefined) {
      this.#samples.push({ at: Date.now() });
    }
  }

  get last() {
    return this.#samples.at(-1);
  }

  /** Return how many commits have failed within what is kept. */
  get commitFailures() {
    const known = this.#samples.filter((sample) => sample.commitFailures !== undefined);
    return (known.length < 2) ? 0 : Math.max(0, known.at(-1).commitFailures - known[0].commitFailures);
  }

  /** Return points {at, value}; an undefined value is a gap. */
  points(name) {
    return this.#samples.map((sample) => ({ at: sample.at, value: sample[name] }));
  }

}

function perSecond(previous, at, value, name) {
  // Counters begin anew when the service does.
  if (previous?.[name] === undefined || value < previous[name] || at <= previous.at) {
    return undefined;
  }
  return (value - previous[name]) * 1000 / (at - previous.at);
}

const sum = (items, name) => (items ?? []).reduce((total, item) => total + (item[name] ?? 0), 0);

const handledBy = (consumer) => consumer.counters?.handled ?? sum(consumer.workers, "handled");

/** Return the records of all partitions that are not final, null if nothing is known about them. */
function lagOf(consumer) {
  if (consumer.lag !== undefined) {
    return consumer.lag;
  }
  const known = (consumer.partitions ?? []).filter((partition) => partition.lag !== null && partition.lag !== undefined);
  return (known.length > 0) ? sum(known, "lag") : null;
}

export { handledBy, History, lagOf, sum };
