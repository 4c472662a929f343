/*
 * Tables that are sorted, filtered and shown page by page, so that ten thousand rows are as quick as ten.
 */

import { element, reconcile, setAttribute, setHidden, setText } from "./element.js";
import { count } from "./format.js";

const PAGE = 100;

const collator = new Intl.Collator("en", { numeric: true });

/**
 * A table. Its columns are {title, value, text, cell, kind}: value(row) is what is sorted by, text(row) what is shown, by
 * default the value; cell(td, row) fills a cell in a way of its own. Rows come in the service's order until a column is
 * chosen.
 */
class Table {

  #columns;

  #keyOf;

  #words;

  #rows = [];

  #sorted = null;

  #descending = false;

  #page = 0;

  #heads;

  #body = element("tbody");

  #filter;

  #found = element("span", { class: "quiet" });

  #empty = element("p", { class: "empty" });

  #scroll;

  #pages;

  #previous;

  #next;

  #emptyText;

  constructor({ caption, columns, keyOf, words, empty }) {
    this.#columns = columns;
    this.#keyOf = keyOf;
    this.#words = words;
    this.#emptyText = empty;
    this.#filter = element("input", { type: "search", placeholder: "Filter", "aria-label": `Filter: ${caption}`,
        autocomplete: "off", spellcheck: "false", input: () => {
          this.#page = 0;
          this.#render();
        } });
    this.#heads = columns.map((column, index) => element("th", { scope: "col", class: column.kind },
        column.value ? element("button", { type: "button", click: () => this.#sort(index) }, column.title)
          : element("span", {}, column.title)));
    this.#previous = element("button", { type: "button", click: () => this.#turn(-1) }, "Previous");
    this.#next = element("button", { type: "button", click: () => this.#turn(1) }, "Next");
    this.#pages = element("div", { class: "pages" }, this.#previous, this.#next);
    this.#scroll = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
        element("table", {}, element("caption", { class: "hidden" }, caption),
            element("thead", {}, element("tr", {}, ...this.#heads)), this.#body));
    this.root = element("div", { class: "table" },
        element("div", { class: "tools" }, this.#filter, this.#found, this.#pages), this.#scroll, this.#empty);
  }

  /** Show rows. */
  update(rows) {
    this.#rows = rows;
    this.#render();
  }

  #sort(index) {
    // Numbers are sorted largest first, names alphabetically; the third click restores the service's order.
    const first = this.#columns[index].kind === "number";
    if (this.#sorted !== index) {
      this.#sorted = index;
      this.#descending = first;
    }
    else if (this.#descending === first) {
      this.#descending = !first;
    }
    else {
      this.#sorted = null;
    }
    this.#page = 0;
    this.#render();
  }

  #turn(pages) {
    this.#page += pages;
    this.#render();
    this.#scroll.scrollTop = 0;
  }

  #render() {
    const words = this.#filter.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    let rows = this.#rows;
    if (words.length > 0) {
      rows = rows.filter((row) => {
        const text = this.#words(row).join(" ").toLowerCase();
        return words.every((word) => text.includes(word));
      });
    }
    if (this.#sorted !== null) {
      rows = this.#inOrder(rows);
    }
    const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
    this.#page = Math.max(0, Math.min(this.#page, last));
    const begin = this.#page * PAGE;
    const visible = rows.slice(begin, begin + PAGE);
    this.#heads.forEach((head, index) => setAttribute(head, "aria-sort",
        (this.#sorted !== index) ? null : this.#descending ? "descending" : "ascending"));
    reconcile(this.#body, visible, this.#keyOf, () => this.#row(), (node, row) => this.#fill(node, row));
    setHidden(this.#pages, last === 0);
    setAttribute(this.#previous, "disabled", this.#page === 0);
    setAttribute(this.#next, "disabled", this.#page === last);
    const all = (words.length > 0) ? `${count(rows.length)} of ${count(this.#rows.length)}` : count(rows.length);
    setText(this.#found, (last > 0) ? `${count(begin + 1)}–${count(begin + visible.length)} of ${all}` : `${all} shown`);
    setHidden(this.#scroll, visible.length === 0);
    setHidden(this.#empty, visible.length > 0);
    setText(this.#empty, (words.length > 0 && this.#rows.length > 0) ? "Nothing matches the filter." : this.#emptyText);
  }

  #inOrder(rows) {
    const value = this.#columns[this.#sorted].value;
    const direction = this.#descending ? -1 : 1;
    return rows.map((row) => ({ row, value: value(row) ?? null })).sort((one, other) => {
      // Unknown values come last in either direction.
      if (one.value === null || other.value === null) {
        return (one.value === null) - (other.value === null);
      }
      return direction * ((typeof one.value === "number") ? one.value - other.value
          : collator.compare(one.value, other.value));
    }).map((entry) => entry.row);
  }

  #row() {
    return element("tr", {}, ...this.#columns.map((column, index) =>
        element((index === 0) ? "th" : "td", { class: column.kind, scope: (index === 0) ? "row" : null })));
  }

  #fill(node, row) {
    this.#columns.forEach((column, index) => {
      const cell = node.children[index];
      if (column.cell) {
        column.cell(cell, row);
      }
      else {
        const text = (column.text ?? column.value)(row);
        setText(cell, text);
        // Wide cells may be cut off.
        setAttribute(cell, "title", (column.kind === "wide") ? text : null);
      }
    });
  }

}

export { Table };
