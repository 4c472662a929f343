/*
 * What an operator can have done, and what to say about it before and after.
 */

import { element, setAttribute, tell } from "./element.js";
import { isKnown } from "./format.js";

const target = ({ consumer, parameters }) => !isKnown(parameters.topic) ? consumer
    : !isKnown(parameters.partition) ? `topic ${parameters.topic}`
    : `${parameters.topic}-${parameters.partition}${isKnown(parameters.offset) ? `@${parameters.offset}` : ""}`;

const OPERATIONS = {
  "pause": {
    label: "Pause",
    title: (request) => `Pause ${target(request)}?`,
    text: "Nothing more is fetched until it is resumed. What is fetched already is handled."
  },
  "resume": {
    label: "Resume",
    title: (request) => `Resume ${target(request)}?`,
    text: "Fetching goes on where it stopped."
  },
  "start": {
    label: "Start",
    title: (request) => `Start ${request.consumer}?`,
    text: "It joins its group and goes on where it has committed."
  },
  "stop": {
    label: "Stop",
    danger: true,
    title: (request) => `Stop ${request.consumer}?`,
    text: "What is running is waited for, what is complete is committed. Other instances of the group take its partitions; "
        + "if there are none, nothing is handled until it is started."
  },
  "max-concurrency": {
    label: "Concurrency",
    title: (request) => `Change the concurrency of ${request.consumer}?`,
    text: "How many of its workers run at once, on this instance, until it is restarted."
  },
  "retry": {
    label: "Retry now",
    title: (request) => `Retry ${target(request)} now?`,
    text: "Its handler is given the record once more. If that fails, the record is where it is now."
  },
  "skip": {
    label: "Skip",
    danger: true,
    title: (request) => `Skip ${target(request)}?`,
    text: "The record is taken for handled: it is committed, and nobody sees it again. It stays in its topic."
  },
  "dead-letter": {
    label: "Dead-letter",
    danger: true,
    title: (request) => `Send ${target(request)} to the dead-letter topic?`,
    text: "When the broker has it there, the record is taken for handled."
  },
  "seek": {
    label: "Seek",
    danger: true,
    title: (request) => isKnown(request.parameters.topic) ? `Seek ${target(request)}?` : `Seek ${request.consumer}?`,
    text: "What is running is waited for, then reading goes on from there. Going back has records handled again; "
        + "going ahead leaves records out."
  }
};

/** Makes the buttons of operations, and knows whether they are of use. */
class Operations {

  #ask;

  #reason = null;

  /** @param ask called with {consumer, operation, parameters, fields} when a button is pressed */
  constructor(ask) {
    this.#ask = ask;
  }

  /** Return why operations are of no use, null if they are. */
  get reason() {
    return this.#reason;
  }

  /** Take over what the service says about access. */
  set access(access) {
    // Where no header forbids it, somebody else's page may have this one in a frame, and guide the reader's clicks.
    const reason = (window.top !== window.self) ? "Operations are off in a frame: open the page by itself."
        : (access === "unrestricted") ? null : (access === "read-only")
        ? "Read-only: operations need management.endpoint.kaffeworkers.access to be unrestricted."
        : "Read-only: this service offers no operations.";
    if (reason !== this.#reason) {
      this.#reason = reason;
      document.querySelectorAll("button.operation").forEach((button) => this.#refresh(button));
    }
  }

  /**
   * Make the button of an operation.
   * @param fields inputs to ask for, as in dialog.js
   * @param whose what the button is about, for those who do not see where it stands
   */
  button(operation, consumer, parameters = {}, { fields = [], whose = null } = {}) {
    const { label, danger } = OPERATIONS[operation];
    const name = (fields.length > 0) ? `${label} …` : label;
    const button = element("button", { type: "button", class: `operation${danger ? " danger" : ""}`,
        "data-operation": operation, "aria-label": whose ? `${name} ${whose}` : null,
        click: () => (this.#reason === null) ? this.#ask({ consumer, operation, parameters, fields })
          : tell(this.#reason) }, name);
    this.#refresh(button);
    return button;
  }

  // Not "disabled": whoever comes by with the keyboard is to find it, and the reason.
  #refresh(button) {
    setAttribute(button, "aria-disabled", (this.#reason !== null) ? "true" : null);
    setAttribute(button, "aria-describedby", (this.#reason !== null) ? "access" : null);
    setAttribute(button, "title", this.#reason);
  }

}

export { Operations, OPERATIONS };
