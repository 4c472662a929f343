/*
 * Elements of the page. Values from the service become text, never markup.
 */

const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);

/** Make an element; children are elements or text. A listener is an attribute with a function. */
function element(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** Make an element of a drawing. */
function drawing(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      node.addEventListener(name, value);
    }
    else {
      setAttribute(node, name, value);
    }
  }
  node.append(...children);
  return node;
}

/** Set the text of an element, touching the document only if it changes. */
function setText(node, text) {
  const string = (text === null || text === undefined) ? "" : String(text);
  if (node.textContent !== string) {
    node.textContent = string;
  }
}

/** Set an attribute, or remove it (null, undefined, false), touching the document only if it changes. */
function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) {
      node.removeAttribute(name);
    }
  }
  else {
    const string = (value === true) ? "" : String(value);
    if (node.getAttribute(name) !== string) {
      node.setAttribute(name, string);
    }
  }
}

const setHidden = (node, hidden) => setAttribute(node, "hidden", hidden);

/**
 * Make the children of an element those of a list: an element stays the same as long as its item's key does, so that
 * focus and selection stay where they are.
 */
function reconcile(parent, items, keyOf, create, update) {
  const present = parent.byKey ?? new Map();
  const targets = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!targets.has(key)) {
      targets.set(key, item);
    }
  }
  const next = new Map();
  for (const [key, node] of present) {
    if (!targets.has(key)) {
      node.remove();
    }
  }
  let place = parent.firstChild;
  for (const [key, item] of targets) {
    const node = present.get(key) ?? create(item);
    if (node === place) {
      place = place.nextSibling;
    }
    else {
      parent.insertBefore(node, place);
    }
    update(node, item);
    next.set(key, node);
  }
  parent.byKey = next;
}

let announced;

/** Announce a text to screen readers. */
function announce(text) {
  clearTimeout(announced);
  // The same text is announced again only if it was removed in between.
  byId("announcement").textContent = "";
  announced = setTimeout(() => byId("announcement").textContent = text, 100);
}

let shown;

/** Show and announce a text for a moment. */
function notify(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.hidden = false;
  announce(text);
  clearTimeout(shown);
  shown = setTimeout(() => toast.hidden = true, 6000);
}

export { announce, byId, drawing, element, notify, reconcile, setAttribute, setHidden, setText };
