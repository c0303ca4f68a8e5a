"use strict";
// Everything here shows text through text nodes: no value is ever read as markup.
(() => {
  const at = (id) => document.getElementById(id);
  const facts = JSON.parse(at("facts").textContent);
  const changes = JSON.parse(at("data").textContent);
  at("data").remove();

  const [TRAITS, ACTION, TYPE, KEY, PLACES, ROWS, RELEASED] = [0, 1, 2, 3, 4, 5, 6];
  const [NAME, SYMBOL, OPERATOR, SIDES, NOTES] = [0, 1, 2, 3, 4];
  const SIGNS = { create: "+", update: "~", release: "." };
  const chips = [...document.querySelectorAll(".chip")];
  const tags = chips.filter((chip) => chip.dataset.tag);
  const asked = { terms: [], attribute: -1, chips: 0, page: 0 };
  let found = [];

  // Order

  // Every change has a trait, and the riskiest has the lowest bit.
  const rank = (change) => 31 - Math.clz32(change[TRAITS] & -change[TRAITS]);
  const byRisk = () => {
    const ranks = Array.from({ length: facts.risks }, () => []);
    changes.forEach((change, number) => ranks[rank(change)].push(number));
    return ranks.flat();
  };
  const orders = { risk: byRisk(), key: changes.map((_, number) => number) };

  // Search

  const fold = (text) => text.normalize("NFC").toLowerCase();
  const words = (change) => {
    const parts = [facts.types[change[TYPE]], change[KEY], ...change[PLACES]];
    parts.push(facts.actions[change[ACTION]]);
    for (const row of change[ROWS]) {
      parts.push(facts.attributes[row[NAME]], row[OPERATOR], ...row[SIDES]);
      if (row[NOTES]) parts.push(...row[NOTES]);
    }
    for (const name of change[RELEASED] ?? []) {
      parts.push(facts.attributes[name], "release");
    }
    return fold(parts.join("\n"));
  };
  const known = new Array(changes.length);
  const haystack = (number) => (known[number] ??= words(changes[number]));
  const termsOf = (text) =>
    [...fold(text).matchAll(/"([^"]+)"?|\S+/g)].map((match) => match[1] ?? match[0]);

  const touches = (change, attribute) =>
    change[ROWS].some((row) => row[NAME] === attribute) ||
    Boolean(change[RELEASED]?.includes(attribute));
  const matches = (number) => {
    const { attribute, terms } = asked;
    if (attribute >= 0 && !touches(changes[number], attribute)) return false;
    return terms.every((term) => haystack(number).includes(term));
  };
  const isChosen = (traits) => !asked.chips || (traits & asked.chips) !== 0;

  const search = () => {
    const counts = new Map(chips.map((chip) => [Number(chip.dataset.bit), 0]));
    const bits = [...counts.keys()];
    found = [];
    for (const number of orders[at("order").value]) {
      if (!matches(number)) continue;
      const traits = changes[number][TRAITS];
      for (const bit of bits) {
        if (traits & bit) counts.set(bit, counts.get(bit) + 1);
      }
      if (isChosen(traits)) found.push(number);
    }
    for (const chip of chips) {
      const count = counts.get(Number(chip.dataset.bit));
      chip.lastChild.textContent = count.toLocaleString("en");
      chip.classList.toggle("none", !count);
    }
    asked.page = 0;
    show();
  };

  // Elements

  const marked = (text) => {
    const terms = asked.terms.filter(Boolean).sort((a, b) => b.length - a.length);
    if (!terms.length) return [text];
    const escaped = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pieces = text.split(new RegExp(`(${escaped.join("|")})`, "iu"));
    return pieces.map((piece, n) => (n % 2 ? element("mark", "", piece) : piece));
  };
  const element = (name, className, ...contents) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    node.append(...contents);
    return node;
  };
  const plain = (name, className, text) => element(name, className, ...marked(text));
  const operatorClass = (operator) => `op-${operator.split(" ")[0].replace(/[$,]/g, "")}`;

  const value = (row) => {
    const cell = element("td", "");
    row[SIDES].forEach((side, number) => {
      if (number) cell.append(element("span", "arrow", "→"));
      cell.append(plain("bdi", "value", side));
    });
    for (const note of row[NOTES] ?? []) cell.append(plain("div", "soft", note));
    return cell;
  };
  const line = (number, symbol, operator, cell) => {
    const name = element("th", "", plain("bdi", "", facts.attributes[number]));
    name.scope = "row";
    const sign = element("td", "sign", symbol);
    const how = plain("td", "", operator);
    return element("tr", operatorClass(operator), sign, name, cell, how);
  };
  const operationLine = (row) => line(row[NAME], row[SYMBOL], row[OPERATOR], value(row));
  const releasedLine = (number) => {
    const cell = element("td", "", element("span", "soft", facts.released));
    return line(number, ".", "release", cell);
  };
  const heading = (change) => {
    const action = facts.actions[change[ACTION]];
    const sign = element("span", `sign ${action}`, SIGNS[action]);
    sign.title = action;
    const type = element("span", "type", facts.types[change[TYPE]]);
    const who = element("div", "who", sign, type, plain("bdi", "key", change[KEY]));
    for (const { dataset } of tags) {
      if (change[TRAITS] & dataset.bit) {
        who.append(element("span", `tag trait-${dataset.bit}`, dataset.tag));
      }
    }
    if (change[PLACES].length) {
      who.append(plain("bdi", "places", change[PLACES].join(", ")));
    }
    return who;
  };
  const item = (change) => {
    const lines = change[ROWS].map(operationLine);
    lines.push(...(change[RELEASED] ?? []).map(releasedLine));
    const rows = element("tbody", "", ...lines);
    return element("li", "", heading(change), element("table", "", rows));
  };

  // Pages

  const size = () => Number(at("size").value);
  const pages = () => Math.max(1, Math.ceil(found.length / size()));
  const show = () => {
    const start = asked.page * size();
    const shown = found.slice(start, start + size());
    const list = at("list");
    list.replaceChildren(...shown.map((number) => item(changes[number])));
    const all = changes.length.toLocaleString("en");
    at("count").textContent = found.length
      ? `${found.length.toLocaleString("en")} of ${all} changes`
      : `None of ${all} changes match`;
    at("page").value = asked.page + 1;
    at("page").max = pages();
    at("pages").textContent = `of ${pages().toLocaleString("en")}`;
    at("previous").disabled = asked.page === 0;
    at("next").disabled = asked.page + 1 >= pages();
  };
  const turnTo = (page) => {
    const kept = Math.min(Math.max(page, 0), pages() - 1);
    if (!Number.isInteger(kept) || kept === asked.page) return show();
    asked.page = kept;
    show();
    at("changes").scrollIntoView();
  };

  // What the reader does

  let waiting;
  const typed = () => {
    asked.terms = termsOf(at("search").value);
    search();
  };
  const chooseAttribute = (number) => {
    at("attribute").value = number < 0 ? "" : String(number);
    asked.attribute = number;
    search();
  };
  const showOnly = (bit) => {
    clear();
    for (const chip of chips) if (chip.dataset.bit === bit) press(chip);
  };
  const press = (chip) => {
    const pressed = chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(pressed));
    asked.chips ^= Number(chip.dataset.bit);
    search();
  };
  const clear = () => {
    at("search").value = "";
    asked.terms = [];
    asked.chips = 0;
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    chooseAttribute(-1);
  };
  const isTyping = (node) => /^(INPUT|SELECT|TEXTAREA)$/.test(node.tagName);

  at("tools").addEventListener("submit", (event) => event.preventDefault());
  at("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(typed, changes.length > 5000 ? 150 : 0);
  });
  at("attribute").addEventListener("change", (event) =>
    chooseAttribute(event.target.value === "" ? -1 : Number(event.target.value)),
  );
  at("order").addEventListener("change", search);
  at("size").addEventListener("change", () => turnTo(0));
  at("page").addEventListener("change", (event) => turnTo(Number(event.target.value) - 1));
  at("previous").addEventListener("click", () => turnTo(asked.page - 1));
  at("next").addEventListener("click", () => turnTo(asked.page + 1));
  for (const chip of chips) chip.addEventListener("click", () => press(chip));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return clear();
    if (isTyping(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      at("search").focus();
    }
    if (event.key === "ArrowLeft") turnTo(asked.page - 1);
    if (event.key === "ArrowRight") turnTo(asked.page + 1);
  });
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });

  // Start

  const names = facts.attributes.map((name, number) => [name, number]);
  names.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  for (const [name, number] of names) at("attribute").add(new Option(name, number));
  for (const cell of document.querySelectorAll("[data-attribute], [data-shows]")) {
    const { attribute, shows } = cell.dataset;
    const button = element("button", "link", ...cell.childNodes);
    button.type = "button";
    button.title = "Show these changes";
    button.addEventListener("click", () => {
      if (shows) showOnly(shows);
      else chooseAttribute(Number(attribute));
      at("changes").scrollIntoView();
    });
    cell.append(button);
  }
  at("tools").hidden = false;
  at("keys").hidden = false;
  search();
})();
