/*
 * The operations, and the texts of their buttons and confirmations.
 */

import { element, notify, setAttribute } from "./element.js";
import { isKnown } from "./format.js";

const target = ({ consumer, parameters }) => !isKnown(parameters.topic) ? consumer
    : !isKnown(parameters.partition) ? `topic ${parameters.topic}`
    : `${parameters.topic}-${parameters.partition}${isKnown(parameters.offset) ? `@${parameters.offset}` : ""}`;

/** The whole consumer is named explicitly. */
const topicOrAll = (parameters) => isKnown(parameters.topic) ? parameters : { ...parameters, all: true };

const OPERATIONS = {
  "pause": {
    label: "Pause",
    title: (request) => `Pause ${target(request)}?`,
    text: "Nothing more is fetched until it is resumed. Records already fetched are still handled.",
    parameters: topicOrAll
  },
  "resume": {
    label: "Resume",
    title: (request) => `Resume ${target(request)}?`,
    text: "Fetching continues where it was paused.",
    parameters: topicOrAll
  },
  "start": {
    label: "Start",
    title: (request) => `Start ${request.consumer}?`,
    text: "The consumer joins its group and continues at its committed offsets."
  },
  "stop": {
    label: "Stop",
    danger: true,
    title: (request) => `Stop ${request.consumer}?`,
    text: "Waits for records in progress and commits completed offsets. Other instances of the group take over the partitions; "
        + "without any, nothing is handled until the consumer is started again."
  },
  "max-concurrency": {
    label: "Concurrency",
    title: (request) => `Change the concurrency of ${request.consumer}?`,
    text: "Maximum number of records handled concurrently on this instance, until the service is restarted."
  },
  "begin-outage": {
    label: "Begin outage",
    danger: true,
    title: (request) => `Begin an outage of what ${request.consumer} depends on?`,
    text: "No more attempts are made on this instance until the outage is ended; attempts in progress are finished."
  },
  "end-outage": {
    label: "End outage",
    title: (request) => `End the outage of what ${request.consumer} depends on?`,
    text: "Attempts are made again, one at a time at first. If most of them fail, the outage is detected again."
  },
  "retry": {
    label: "Retry now",
    title: (request) => `Retry ${target(request)} now?`,
    text: "The record is delivered to its handler again. If that fails, it returns to its present state."
  },
  "skip": {
    label: "Skip",
    danger: true,
    title: (request) => `Skip ${target(request)}?`,
    text: "The record counts as handled: its offset is committed, and it is not delivered again. It stays in its topic."
  },
  "dead-letter": {
    label: "Dead-letter",
    danger: true,
    title: (request) => `Send ${target(request)} to the dead-letter topic?`,
    text: "Once the broker has acknowledged it there, the record counts as handled."
  },
  "retry-all": {
    operation: "retry",
    label: "Retry all",
    title: (request) => `Retry all that match in ${request.consumer}?`,
    text: "They are delivered to their handlers again, in their order. Those that fail again are not retried by this operation."
  },
  "skip-all": {
    operation: "skip",
    label: "Skip all",
    danger: true,
    title: (request) => `Skip all that match in ${request.consumer}?`,
    text: "They count as handled: their offsets are committed, and they are not delivered again. They stay in their topics."
  },
  "dead-letter-all": {
    operation: "dead-letter",
    label: "Dead-letter all",
    danger: true,
    title: (request) => `Send all that match in ${request.consumer} to the dead-letter topic?`,
    text: "Each of them counts as handled once the broker has acknowledged it there."
  },
  "cancel": {
    label: "Cancel",
    title: (request) => `Cancel the decision in ${request.consumer}?`,
    text: "About no more records is decided. What is decided about already is still carried out."
  },
  "replay": {
    ofDeadLetters: true,
    label: "Replay",
    title: ({ consumer, about }) => `Replay ${about} of ${consumer}?`,
    text: "Each is handled again by the worker of its key on this instance. One that fails again becomes a new dead letter."
  },
  "abandon": {
    ofDeadLetters: true,
    label: "Abandon",
    danger: true,
    title: ({ consumer, about }) => `Abandon ${about} of ${consumer}?`,
    text: "They are not offered any more, and stay in their topic."
  },
  "cancel-dead-letters": {
    operation: "cancel",
    ofDeadLetters: true,
    label: "Cancel",
    title: ({ consumer }) => `Cancel what is done with dead letters of ${consumer}?`,
    text: "Records with their handlers are finished; all others stay dead letters."
  },
  "seek": {
    label: "Seek",
    danger: true,
    title: (request) => isKnown(request.parameters.topic) ? `Seek ${target(request)}?` : `Seek ${request.consumer}?`,
    text: "Waits for records in progress, then continues from the new position. Seeking back redelivers records; "
        + "seeking ahead leaves records out."
  }
};

/** Creates the buttons of operations, and disables them where operations are not available. */
class Operations {

  #ask;

  #endpoint;

  #reason = null;

  /**
   * @param ask called with {consumer, operation, parameters, fields, preview, about} when a button is pressed
   * @param endpoint the endpoint that offers the operations
   */
  constructor(ask, endpoint = "kaffeworkers") {
    this.#ask = ask;
    this.#endpoint = endpoint;
  }

  /** Return why operations are not available; null if they are. */
  get reason() {
    return this.#reason;
  }

  /** Apply the access that the service reports. */
  set access(access) {
    // Unless a header forbids it, another page may show this one in a frame and redirect the user's clicks.
    const reason = (window.top !== window.self) ? "Operations are disabled in a frame: open the page directly."
        : (access === "unrestricted") ? null
        : `Read-only: operations require management.endpoint.${this.#endpoint}.access to be unrestricted.`;
    if (reason !== this.#reason) {
      this.#reason = reason;
      document.querySelectorAll(`button.operation[data-endpoint="${this.#endpoint}"]`).forEach((button) => this.#refresh(button));
    }
  }

  /**
   * Make the button of an operation.
   * @param fields inputs to ask for, as in dialog.js
   * @param whose what the button refers to, for screen readers
   * @param preview whether the service is asked first how many records match
   * @param label the button's text, if not that of the operation
   * @param about what the confirmation asks about, if the parameters do not say it
   */
  button(operation, consumer, parameters = {},
      { fields = [], whose = null, preview = false, about = null, label = null } = {}) {
    const { label: usual, danger } = OPERATIONS[operation];
    const name = `${label ?? usual}${(fields.length > 0) ? " …" : ""}`;
    const button = element("button", { type: "button", class: `operation${danger ? " danger" : ""}`,
        "data-operation": operation, "data-endpoint": this.#endpoint, "aria-label": whose ? `${name} ${whose}` : null,
        click: () => (this.#reason === null)
          ? this.#ask({ consumer, operation, parameters, fields, preview, about })
          : notify(this.#reason) }, name);
    this.#refresh(button);
    return button;
  }

  // Not "disabled", so that keyboard users find the button and the reason.
  #refresh(button) {
    setAttribute(button, "aria-disabled", (this.#reason !== null) ? "true" : null);
    setAttribute(button, "aria-describedby", (this.#reason !== null && this.#endpoint === "kaffeworkers") ? "access" : null);
    setAttribute(button, "title", this.#reason);
  }

}

export { Operations, OPERATIONS };
