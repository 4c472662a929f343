/*
 * Dialogs. The browser keeps the focus in them, and returns it to where it was.
 */

import { element, notify, setHidden, setText } from "./element.js";
import { count, duration, simpleName, time } from "./format.js";
import { OPERATIONS } from "./operations.js";

/**
 * Asks for confirmation of an operation, performs it, and shows the result. Fields of a request are {name, label,
 * options} or {name, label, type, value, placeholder, shownFor}: shownFor names what has to be chosen in
 * the select before it; an option is {value, label}.
 */
class Confirmation {

  #service;

  #afterwards;

  #dialog;

  constructor(service, afterwards) {
    this.#service = service;
    this.#afterwards = afterwards;
  }

  /** Ask about a request {consumer, operation, parameters, fields, preview}. */
  ask(request) {
    const { title, text, label, danger } = OPERATIONS[request.operation];
    const preview = element("p", { class: "preview", role: "status", hidden: !request.preview }, "Counting …");
    const problem = element("p", { class: "problem", role: "alert", hidden: true });
    const cancel = element("button", { type: "button", click: () => this.#dialog.close() }, "Cancel");
    const confirm = element("button", { type: "submit", class: danger ? "primary danger" : "primary" }, label);
    const inputs = request.fields.map((field) => input(field));
    const form = element("form", { submit: (event) => {
      event.preventDefault();
      this.#carryOut(request, inputs, { confirm, problem, preview });
    } }, element("h2", { id: "dialog-title" }, title(request)), preview, element("p", { id: "dialog-text" }, text),
        ...inputs.map((each) => each.root), problem, element("div", { class: "buttons" }, cancel, confirm));
    const show = () => inputs.forEach((each, index) =>
        each.show(inputs.slice(0, index).filter((other) => other.chooses).at(-1)?.value));
    form.addEventListener("input", show);
    show();
    this.#dialog?.remove();
    this.#dialog = element("dialog", { "aria-labelledby": "dialog-title", "aria-describedby": "dialog-text" }, form);
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    // An operation that cannot be undone must not be confirmed by one key too many.
    (request.preview ? cancel : inputs[0]?.control ?? (danger ? cancel : confirm)).focus();
    if (request.preview) {
      this.#count(request, { confirm, problem, preview });
    }
  }

  /** Ask how many records match, which must not be exceeded when the operation is confirmed. */
  async #count(request, { confirm, problem, preview }) {
    const { operation, label } = OPERATIONS[request.operation];
    confirm.disabled = true;
    try {
      const answer = await this.#service.operate(request.consumer, operation, { ...request.parameters, preview: true });
      request.atMost = answer.matched;
      setText(preview, answer.message);
      setText(confirm, `${label} ${count(answer.matched)}`);
      confirm.disabled = answer.matched === 0;
    }
    catch (failure) {
      setHidden(preview, true);
      setText(problem, failure.message);
      setHidden(problem, false);
    }
  }

  async #carryOut(request, inputs, parts) {
    const { confirm, problem } = parts;
    const dialog = this.#dialog;
    const chosen = { ...request.parameters };
    inputs.forEach((each) => each.write(chosen));
    if (request.preview) {
      chosen.atMost = request.atMost;
    }
    const { operation = request.operation, ofDeadLetters = false, parameters: complete } = OPERATIONS[request.operation];
    const parameters = complete?.(chosen) ?? chosen;
    confirm.disabled = true;
    setHidden(problem, true);
    try {
      const answer = await this.#service.operate(request.consumer, operation, parameters, ofDeadLetters);
      dialog.close();
      notify(answer.message);
    }
    catch (failure) {
      setText(problem, failure.message);
      setHidden(problem, false);
      if (request.preview && failure.status === 409) {
        await this.#count(request, parts);
        return;
      }
    }
    finally {
      confirm.disabled = false;
    }
    this.#afterwards();
  }

}

function input(field) {
  const control = field.options
      ? element("select", { name: field.name }, ...field.options.map((option) =>
          element("option", { value: option.value }, option.label)))
      : element("input", { name: field.name, type: field.type, value: field.value, placeholder: field.placeholder,
          min: field.min, max: field.max, step: field.step, required: true, autocomplete: "off" });
  const root = element("label", {}, element("span", {}, field.label), control);
  return { root, control, chooses: field.options !== undefined,
    get value() {
      return control.value;
    },
    show(before) {
      const hidden = field.shownFor !== undefined && field.shownFor !== before;
      setHidden(root, hidden);
      control.disabled = hidden;
    },
    write(parameters) {
      if (!control.disabled && control.value !== "") {
        parameters[field.name] = (field.read ?? String)(control.value);
      }
    } };
}

/** Shows a worker, with the stack of the thread that runs it. */
class WorkerDetails {

  #service;

  #dialog = null;

  #shown = null;

  #facts = element("dl", { class: "facts" });

  #stack = element("pre", { tabindex: 0, role: "region", "aria-label": "Stack" });

  #note = element("p", { class: "quiet" });

  constructor(service) {
    this.#service = service;
  }

  /** Show a worker until the dialog is closed. */
  show(consumer, worker) {
    this.#shown = { consumer, worker };
    this.#facts.replaceChildren();
    setText(this.#stack, "");
    setHidden(this.#stack, true);
    setText(this.#note, "Loading …");
    this.#dialog?.remove();
    this.#dialog = element("dialog", { class: "wide", "aria-labelledby": "worker-title", close: () => this.#shown = null },
        element("h2", { id: "worker-title" }, worker), this.#facts, this.#note, this.#stack,
        element("div", { class: "buttons" },
            element("button", { type: "button", click: () => this.#dialog.close() }, "Close")));
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.refresh();
  }

  /** Load it again, if a worker is shown. */
  async refresh() {
    const shown = this.#shown;
    if (shown === null) {
      return;
    }
    try {
      const worker = await this.#service.worker(shown.consumer, shown.worker);
      if (this.#shown === shown) {
        this.#fill(worker);
      }
    }
    catch (failure) {
      if (this.#shown === shown) {
        setText(this.#note, failure.message);
      }
    }
  }

  #fill(worker) {
    const facts = [["State", worker.state], ["Partitions", worker.partitions.join(", ")],
        ["Queued", count(worker.queued)], ["Handled", count(worker.handled)], ["Failed", count(worker.failed)],
        ["Restarts", count(worker.restarts)],
        ...worker.current.map((record) => ["Record", `${record.partition}@${record.offset}, attempt ${record.attempt}, since `
            + `${time(record.since)} (${duration(this.#service.secondsSince(record.since))})`
            + ((record.key !== undefined && record.key !== null) ? `, key ${record.key}` : "")]),
        ...(worker.lastFailure ? [["Last failure", `${simpleName(worker.lastFailure.exception)} at `
            + `${time(worker.lastFailure.at)}, ${worker.lastFailure.record}`]] : [])];
    this.#facts.replaceChildren(...facts.map(([term, text]) =>
        element("div", { class: (text.length > 40) ? "long" : null }, element("dt", {}, term),
            element("dd", {}, text))));
    const stack = worker.stack ?? [];
    setText(this.#stack, stack.join("\n"));
    setHidden(this.#stack, stack.length === 0);
    setText(this.#note, (stack.length > 0) ? "Stack of the thread that runs it:" : "No thread is running it.");
  }

}

export { Confirmation, WorkerDetails };
