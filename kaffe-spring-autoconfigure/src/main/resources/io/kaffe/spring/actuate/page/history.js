/*
 * The history of the counters, and their rates.
 */

const KEPT_MILLIS = 300_000;

/** The last five minutes of one consumer. */
class History {

  #samples = [];

  /** Add a sample of the consumer. */
  add(consumer) {
    const at = Date.now();
    const previous = this.#samples.at(-1);
    const { handled, failed, commitFailures } = consumer.counters;
    this.#samples.push({ at, handled, failed, commitFailures, lag: consumer.lag,
        handledPerSecond: perSecond(previous, at, handled, "handled"),
        failedPerSecond: perSecond(previous, at, failed, "failed") });
    while (this.#samples[0].at < at - KEPT_MILLIS) {
      this.#samples.shift();
    }
  }

  /** Record that there was no response: the lines have a gap. */
  interrupt() {
    if (this.#samples.length > 0 && this.#samples.at(-1).handled !== undefined) {
      this.#samples.push({ at: Date.now() });
    }
  }

  get last() {
    return this.#samples.at(-1);
  }

  /** Return how many commits have failed in the time that is kept. */
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
  // Counters start at zero when the service restarts.
  if (previous?.[name] === undefined || value < previous[name] || at <= previous.at) {
    return undefined;
  }
  return (value - previous[name]) * 1000 / (at - previous.at);
}

const sum = (items, name) => items.reduce((total, item) => total + item[name], 0);

export { History, sum };
