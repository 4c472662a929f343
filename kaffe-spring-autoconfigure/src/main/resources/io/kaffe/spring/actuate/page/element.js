/*
 * Elements of the page. Whatever the service says becomes text, never markup.
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
  const wanted = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!wanted.has(key)) {
      wanted.set(key, item);
    }
  }
  const next = new Map();
  for (const [key, node] of present) {
    if (!wanted.has(key)) {
      node.remove();
    }
  }
  let place = parent.firstChild;
  for (const [key, item] of wanted) {
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

/** Tell those who do not see the page. */
function announce(text) {
  clearTimeout(announced);
  // A text that is the same as before is told again only if it was away in between.
  byId("announcement").textContent = "";
  announced = setTimeout(() => byId("announcement").textContent = text, 100);
}

let shown;

/** Tell everybody, for a moment. */
function tell(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.hidden = false;
  announce(text);
  clearTimeout(shown);
  shown = setTimeout(() => toast.hidden = true, 6000);
}

export { announce, byId, drawing, element, reconcile, setAttribute, setHidden, setText, tell };
