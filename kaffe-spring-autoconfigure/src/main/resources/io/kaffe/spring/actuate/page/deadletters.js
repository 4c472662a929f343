/*
 * The dead letters of a consumer: read when they are looked at, since that is not free for the service.
 */

import { element, reconcile, setAttribute, setHidden, setText } from "./element.js";
import { count, duration, isKnown, plural, simpleName, time, UNKNOWN } from "./format.js";
import { Table } from "./table.js";

const DEFAULT_RATE = 100;

const rateField = { name: "maxPerSecond", label: "Maximum per second", type: "number", min: 1, step: 1,
    value: DEFAULT_RATE, read: Number };

const coordinates = ({ topic, partition, offset }) => `${topic}-${partition}@${offset}`;

const stateOf = (letter) => (letter.state === "here") ? ((letter.replays > 0) ? "failed again" : "to be replayed")
    : (letter.state === "elsewhere") ? "of another instance" : "foreign";

const exceptionOf = ({ exception, cause, message }) => !isKnown(exception) ? null : [[simpleName(exception), message].filter(isKnown).join(": "),
    (isKnown(cause) && cause !== exception) ? `caused by ${simpleName(cause)}` : null].filter(isKnown).join(", ");

/** Shows the dead letters of a consumer, and what is being done with them. */
class DeadLetters {

  #name;

  #service;

  #operations;

  #letters = [];

  #next = null;

  #counted = null;

  #run = null;

  #expected = false;

  #loading = false;

  #loaded = false;

  #problem = element("p", { class: "problem", role: "alert", hidden: true });

  #progress = element("p", { class: "dead-letter-run", hidden: true });

  #summary = element("p", { class: "quiet" });

  #exceptions = element("ul", { class: "dead-letter-exceptions" });

  #buttons = element("div", { class: "actions" });

  #more = element("button", { type: "button", hidden: true, click: () => this.#load(this.#next) }, "More");

  #table;

  /** @param name the consumer; operations those of dead letters, whose access comes with them */
  constructor(name, { service, operations }) {
    this.#name = name;
    this.#service = service;
    this.#operations = operations;
    this.#table = new Table({
      caption: `Dead letters of ${name}`,
      empty: "No dead letters.",
      keyOf: (letter) => coordinates(letter),
      words: (letter) => [coordinates(letter), stateOf(letter), letter.exception ?? "", letter.cause ?? "",
          letter.message ?? "", letter.key ?? "", letter.original ? coordinates(letter.original) : ""],
      columns: [
        { title: "Dead letter", value: coordinates },
        { title: "State", value: stateOf, cell: (cell, letter) => {
          setText(cell, stateOf(letter));
          setAttribute(cell, "title", letter.problem);
        } },
        { title: "Since", value: (letter) => Date.parse(letter.at), kind: "number",
          text: (letter) => duration(this.#service.secondsSince(letter.at)) },
        { title: "Was", value: (letter) => letter.original ? coordinates(letter.original) : UNKNOWN },
        { title: "Replays", value: (letter) => letter.replays, kind: "number", text: (letter) => count(letter.replays) },
        { title: "Exception", value: (letter) => simpleName(letter.exception), kind: "wide",
          text: (letter) => exceptionOf(letter) ?? letter.problem ?? UNKNOWN },
        { title: "Key and value", value: (letter) => letter.key, kind: "wide",
          text: (letter) => [letter.key, letter.value].filter(isKnown).join(" · ") || UNKNOWN },
        { title: "Operations", cell: (cell, letter) => {
          if (cell.firstChild === null) {
            const { topic, partition, offset } = letter;
            const options = { whose: coordinates(letter), about: coordinates(letter) };
            cell.append(element("div", { class: "actions" },
                this.#button("replay", { topic, partition, offset }, options),
                this.#button("abandon", { topic, partition, offset }, options)));
          }
          setHidden(cell.firstChild.firstChild, letter.state !== "here");
        } }
      ]
    });
    this.#buttons.append(element("button", { type: "button", click: () => this.#load(null) }, "Refresh"),
        this.#button("replay", { all: true }, { label: "Replay all", about: "all dead letters", fields: [rateField] }),
        this.#button("abandon", { all: true }, { label: "Abandon all", about: "all dead letters" }),
        this.#button("cancel-dead-letters", {}));
    this.root = element("div", { class: "dead-letters" }, this.#buttons, this.#progress, this.#problem, this.#summary,
        this.#exceptions, this.#table.root, this.#more);
  }

  #button(operation, parameters, options = {}) {
    return this.#operations.button(operation, this.#name, parameters, options);
  }

  /** Return how many there are; undefined if they were not counted. */
  get total() {
    return this.#counted ? this.#counted.here + this.#counted.elsewhere : undefined;
  }

  /** Note that an operation was requested, so that its progress is looked for. */
  expect() {
    this.#expected = true;
  }

  /** Called every time that the page polls while this is shown. */
  update() {
    if (!this.#loaded) {
      this.#load(null);
    }
    else if (this.#expected || this.#run?.state === "running") {
      this.#follow();
    }
  }

  async #follow() {
    const before = this.#run;
    try {
      this.#run = await this.#service.deadLetterRun(this.#name);
    }
    catch (failure) {
      if (failure.status !== 404) {
        this.#explain(failure);
      }
      return;
    }
    this.#showRun();
    if (this.#run.state !== "running" && (before === null || before.startedAt !== this.#run.startedAt
        || before.state === "running")) {
      this.#expected = false;
      this.#load(null);
    }
  }

  async #load(from) {
    if (this.#loading) {
      return;
    }
    this.#loading = true;
    this.#loaded = true;
    setText(this.#summary, "Reading …");
    try {
      const [page, counted] = await Promise.all([this.#service.deadLetters(this.#name, from),
          this.#service.deadLetterCount(this.#name)]);
      this.#letters = (from === null) ? page.letters : [...this.#letters, ...page.letters];
      this.#next = page.next;
      this.#run = page.run;
      this.#counted = counted;
      this.#operations.access = page.access;
      setHidden(this.#problem, true);
      this.#show(page.missingTopics);
    }
    catch (failure) {
      setText(this.#summary, "");
      this.#explain(failure);
    }
    finally {
      this.#loading = false;
    }
  }

  #explain(failure) {
    setText(this.#problem, failure.message);
    setHidden(this.#problem, false);
  }

  #show(missingTopics) {
    const { here, elsewhere, foreign, byException, oldest, complete } = this.#counted;
    setText(this.#summary, [`${complete ? "" : "at least "}${plural(here, "dead letter")} of this instance`,
        `${count(elsewhere)} of others`, (foreign > 0) ? `${count(foreign)} foreign` : null,
        oldest ? `the oldest from ${time(oldest)}` : null,
        (missingTopics.length > 0) ? `missing: ${missingTopics.join(", ")}` : null].filter(isKnown).join("  ·  "));
    reconcile(this.#exceptions, Object.entries(byException), ([exception]) => exception, ([exception]) => {
      const options = { about: `all by ${simpleName(exception)}`, whose: `all by ${simpleName(exception)}` };
      return element("li", {}, element("span"), element("span", { class: "actions" },
          this.#button("replay", { exception }, { ...options, fields: [rateField] }),
          this.#button("abandon", { exception }, options)));
    }, (node, [exception, number]) => {
      setText(node.firstChild, `${count(number)} by ${simpleName(exception)}`);
      setAttribute(node.firstChild, "title", exception);
    });
    this.#table.update(this.#letters);
    setHidden(this.#more, this.#next === null);
    this.#showRun();
  }

  #showRun() {
    const run = this.#run;
    setHidden(this.#progress, run === null);
    if (run !== null) {
      const { replayed, failed, abandoned, inFlight, returned, elsewhere } = run.progress;
      const parts = (run.operation === "abandon") ? [`${count(abandoned)} abandoned`]
          : [`${count(replayed)} replayed`, `${count(failed)} failed again`, `${count(inFlight)} in flight`,
              (returned > 0) ? `${count(returned)} left` : null,
              (elsewhere > 0) ? `${count(elsewhere)} of other instances` : null];
      setText(this.#progress, [`${(run.operation === "abandon") ? "Abandonment" : "Replay"} ${run.state}`, ...parts,
          run.message].filter(isKnown).join("  ·  "));
      setAttribute(this.#progress, "data-severity", (run.state === "failed") ? "bad" : null);
    }
  }

}

export { DeadLetters };
