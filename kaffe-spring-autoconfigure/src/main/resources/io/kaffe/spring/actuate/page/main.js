/*
 * Polls the service every two seconds and shows the result.
 */

import { attention } from "./attention.js";
import { Confirmation, WorkerDetails } from "./dialog.js";
import { announce, byId, element, reconcile, setAttribute, setHidden, setText } from "./element.js";
import { count, duration, plural, time } from "./format.js";
import { History } from "./history.js";
import { Operations } from "./operations.js";
import { Service } from "./service.js";
import { aboutOf, Charts, consumerButtons, countersOf, groupButtons, recordButtons, showConsumers, showCounters, showState,
    tables } from "./views.js";

const POLL_MILLIS = 2000;

const LONGEST_MILLIS = 30_000;

const SHOWN_ITEMS = 8;

const service = new Service(document.body.dataset.workers, document.body.dataset.deadletters);

const confirmation = new Confirmation(service, () => poll());

const operations = new Operations((request) => confirmation.ask(request));

const deadLetterOperations = new Operations((request) => {
  shown.tables?.deadletters?.table.expect();
  confirmation.ask(request);
}, "kaffedeadletters");

const details = new WorkerDetails(service);

const charts = new Charts(byId("charts"));

const histories = new Map();

let consumers = {};

let heardAt = null;

let failures = 0;

let timer;

let dueAt = 0;

let polling = null;

// --------------------------------------------------------------------------------------------------------- polling

/** Poll now, unless a poll is in progress. */
function poll() {
  clearTimeout(timer);
  polling ??= ask().finally(() => polling = null);
  return polling;
}

async function ask() {
  const begin = Date.now();
  let table;
  try {
    table = await service.table();
  }
  catch (failure) {
    failures++;
    next(Math.min(LONGEST_MILLIS, POLL_MILLIS * 2 ** (failures - 1)));
    unheard(failure);
    return;
  }
  // Slow responses are requested less often.
  next(Math.max(POLL_MILLIS, 4 * (Date.now() - begin)));
  heard(table);
}

function next(millis) {
  clearTimeout(timer);
  dueAt = Date.now() + millis;
  if (!document.hidden) {
    timer = setTimeout(poll, millis);
  }
}

function heard(table) {
  if (failures > 0) {
    announce("The service responds again.");
  }
  failures = 0;
  heardAt = Date.now();
  consumers = table.consumers;
  operations.access = table.access;
  for (const [name, consumer] of Object.entries(consumers)) {
    if (!histories.has(name)) {
      histories.set(name, new History());
    }
    histories.get(name).add(consumer);
  }
  [...histories.keys()].filter((name) => !Object.hasOwn(consumers, name)).forEach((name) => histories.delete(name));
  document.body.classList.remove("stale");
  setHidden(byId("unreachable"), true);
  show();
  details.refresh();
}

function unheard(failure) {
  histories.forEach((history) => history.interrupt());
  document.body.classList.add("stale");
  setText(byId("unreachable-reason"), failure.message);
  setHidden(byId("unreachable"), false);
  showConnection();
}

// --------------------------------------------------------------------------------------------------------- showing

function show() {
  setHidden(byId("access"), operations.reason === null);
  setText(byId("access"), operations.reason);
  showConnection();
  showAttention();
  const [chosen, tab] = place();
  showConsumers(byId("consumers"), consumers, histories, chosen);
  showConsumer(chosen, tab);
}

/** Return the consumer and the tab that the address names, or the first ones. */
function place() {
  const [consumer, tab] = location.hash.slice(1).split("/").map(decoded);
  return [Object.hasOwn(consumers, consumer) ? consumer : Object.keys(consumers)[0], tab];
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  }
  catch {
    return text;
  }
}

function showConnection() {
  const connection = byId("connection");
  if (failures > 0) {
    setText(connection, "unreachable");
    setAttribute(connection, "data-severity", "bad");
    const wait = Math.max(0, Math.ceil((dueAt - Date.now()) / 1000));
    setText(byId("unreachable-since"), ((heardAt === null) ? "No response has been received yet."
        : `The data shown is from ${time(heardAt)}, ${duration((Date.now() - heardAt) / 1000)} ago.`)
        + ((wait > 0) ? ` Next try in ${wait} s.` : " Trying …"));
  }
  else if (heardAt !== null) {
    setText(connection, `live · ${time(heardAt)}`);
    setAttribute(connection, "data-severity", "good");
  }
}

let known = new Set();

function showAttention() {
  const items = attention(consumers, histories, service);
  const several = Object.keys(consumers).length > 1;
  setHidden(byId("attention"), false);
  setText(byId("attention-title"), (items.length === 0) ? "Nothing needs attention" : "Needs attention");
  reconcile(byId("attention-items"), items.slice(0, SHOWN_ITEMS), (item) => item.key, attentionItem, (node, item) => {
    setAttribute(node, "data-severity", item.severity);
    const [age, what, why] = node.children;
    setText(age, (item.seconds === undefined) ? "" : duration(item.seconds));
    setText(what.children[0], item.what ?? item.consumer);
    setText(what.children[1], item.state);
    setText(why, (several && item.what) ? `${item.consumer}: ${item.why}` : item.why);
  });
  setHidden(byId("attention-more"), items.length <= SHOWN_ITEMS);
  setText(byId("attention-more"), `and ${plural(items.length - SHOWN_ITEMS, "more", "more")}`);
  document.title = `${(items.length > 0) ? `(${count(items.length)}) ` : ""}Kaffe`;
  const fresh = items.filter((item) => !known.has(item.key));
  if (fresh.length > 0) {
    announce(`Needs attention: ${fresh.slice(0, 3).map((item) => `${item.what ?? item.consumer} ${item.state}`).join(", ")}`
        + ((fresh.length > 3) ? ` and ${fresh.length - 3} more` : ""));
  }
  else if (items.length === 0 && known.size > 0) {
    announce("Nothing needs attention any more.");
  }
  known = new Set(items.map((item) => item.key));
}

function attentionItem(item) {
  const buttons = [];
  if (item.record) {
    buttons.push(...recordButtons(operations, item.consumer, item.record));
  }
  if (item.exception) {
    buttons.push(...groupButtons(operations, item.consumer, item.exception));
  }
  if (item.decision) {
    buttons.push(operations.button("cancel", item.consumer, {}, { whose: item.what }));
  }
  if (item.worker) {
    buttons.push(element("button", { type: "button", click: () => details.show(item.consumer, item.worker) }, "Stack"));
  }
  if (item.state === "stopped") {
    buttons.push(operations.button("start", item.consumer, {}, { whose: item.consumer }));
  }
  if (item.outage) {
    buttons.push(operations.button("end-outage", item.consumer, {}, { whose: item.consumer }));
  }
  if (item.state === "paused") {
    buttons.push(operations.button("resume", item.consumer, item.partition ?? {}, { whose: item.what ?? item.consumer }));
  }
  return element("li", {}, element("span", { class: "age" }),
      element("span", { class: "what" }, element("strong"), element("span", { class: "word" })),
      element("span", { class: "why" }), element("span", { class: "actions" }, ...buttons));
}

let shown = { name: null, buttons: null, tables: null };

function showConsumer(name, tab) {
  setHidden(byId("consumer"), name === undefined);
  if (name === undefined) {
    setText(byId("connection"), "live · no consumer has workers");
    return;
  }
  const consumer = consumers[name];
  if (shown.name !== name) {
    shown = { name, buttons: null, tables: tables(name, { service, operations, details,
        deadLetterOperations }) };
    setText(byId("consumer-name"), name);
    byId("panels").replaceChildren();
    byId("panels").byKey = undefined;
  }
  showState(byId("consumer-state"), consumer.state);
  setText(byId("consumer-about"), aboutOf(consumer));
  showButtons(name, consumer);
  showCounters(byId("counters"), countersOf(consumer, histories.get(name), service));
  charts.update(histories.get(name));
  showTabs(consumer, Object.hasOwn(shown.tables, tab) ? tab : Object.keys(shown.tables)[0]);
}

// Replaced only when something about them changes, so that the focus stays.
function showButtons(name, consumer) {
  const about = JSON.stringify([name, consumer.state === "stopped", Boolean(consumer.outage), consumer.maxConcurrency,
      consumer.topics]);
  if (shown.buttons !== about) {
    shown.buttons = about;
    byId("consumer-actions").replaceChildren(...consumerButtons(operations, name, consumer));
  }
}

function showTabs(consumer, chosen) {
  const ids = Object.keys(shown.tables);
  reconcile(byId("tabs"), ids, (id) => id, (id) => element("button", { type: "button", role: "tab", id: `tab-${id}`,
      "aria-controls": `panel-${id}`, click: () => goTo(id) }, element("span"), element("span", { class: "number" })),
      (node, id) => {
        const { title, rows, count: total } = shown.tables[id];
        setText(node.children[0], title);
        setText(node.children[1], count(total ? total(consumer) : rows(consumer).length));
        setAttribute(node, "aria-selected", String(id === chosen));
        setAttribute(node, "tabindex", (id === chosen) ? 0 : -1);
      });
  reconcile(byId("panels"), [chosen], (id) => id, (id) => element("div", { role: "tabpanel", id: `panel-${id}`,
      "aria-labelledby": `tab-${id}` }, shown.tables[id].table.root),
      (node, id) => shown.tables[id].table.update(shown.tables[id].rows(consumer)));
}

function goTo(tab) {
  history.replaceState(null, "", `#${encodeURIComponent(shown.name)}/${tab}`);
  show();
}

// ---------------------------------------------------------------------------------------------------------- readers

byId("tabs").addEventListener("keydown", (event) => {
  const ids = Object.keys(shown.tables);
  const here = ids.findIndex((id) => byId(`tab-${id}`) === document.activeElement);
  const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: ids.length - 1 }[event.key];
  if (there !== undefined) {
    event.preventDefault();
    const id = ids[(there + ids.length) % ids.length];
    goTo(id);
    byId(`tab-${id}`).focus();
  }
});

byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("consumer").focus();
});

byId("try-now").addEventListener("click", () => poll());

window.addEventListener("hashchange", show);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(timer);
  }
  else if (service.address !== "") {
    poll();
  }
});

setInterval(() => {
  if (failures > 0) {
    showConnection();
  }
}, 1000);

if (service.address === "") {
  setText(byId("connection"), "nothing to show");
  setText(byId("unreachable-reason"), "The endpoint kaffeworkers is not exposed. Add it to "
      + "management.endpoints.web.exposure.include.");
  setHidden(byId("unreachable"), false);
  setHidden(byId("try-now"), true);
}
else {
  poll();
}
