// Helpers that every widget's script starts with.

// An element: attributes by name; "on..." are listeners; children are nodes or text.
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "rect", "path", "line", "circle", "g", "text", "title"];
  const element = svg.includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A number with a true minus sign; never "-0.00".
function show(value, digits = 2) {
  const fixed = value.toFixed(digits);
  return Number(fixed) === 0 ? fixed.replace("-", "") : fixed.replace("-", "\u2212");
}

// As few decimals as say it exactly, three at most.
function brief(value) {
  return String(Number(value.toFixed(3)) + 0).replace("-", "\u2212");
}

// The card that holds a widget. Keys typed into it stay with it: the notebook's own
// one-letter shortcuts (such as D, D: delete the cell) must not see them.
function makeCard(el, title, ...children) {
  const card = make("section", { class: "cnnlib", "aria-label": title }, ...children);
  card.setAttribute("data-lm-suppress-shortcuts", "true");
  card.addEventListener("keydown", (event) => event.stopPropagation());
  el.replaceChildren(card);
  return card;
}

// A name that no other element of the page has, for labels and radio groups.
function uniqueName(prefix) {
  return prefix + "-" + Math.random().toString(36).slice(2, 10);
}

// Called once for each model of a running kernel: the HTML of its outputs (page.js)
// shows the widget on it.
function offer({ model }) {
  const link = model.get("link");
  const models = (globalThis.cnnlibModels ??= new Map());
  models.set(link, model);
  dispatchEvent(new CustomEvent(`cnnlib-${link}`, { detail: model }));
  return () => models.delete(link);
}

// The size of a convolution's output, and why there may be none.

// The reasons are PyTorch's own, said in words. null: it refuses nothing.
function refusal(n, k, stride, padding, dilation, what = "input") {
  if (n < 1) return `The ${what} needs at least one cell.`;
  if (k < 1) return "The kernel needs at least one cell.";
  if (stride < 1) return "The stride must be at least 1: the window has to move.";
  if (padding < 0) return "The padding cannot be negative.";
  if (dilation < 1) return "The dilation must be at least 1.";
  const span = dilation * (k - 1) + 1;
  if (span > n + 2 * padding) {
    return `The kernel spans ${span} cells, but the padded ${what} has only ` +
      `${n + 2 * padding}.`;
  }
  return null;
}

function outputSize(n, k, stride, padding, dilation) {
  return Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
}

// "3", "-0.5", "1/9"; NaN for what is no number.
function parseNumber(text) {
  const parts = text.replace("\u2212", "-").replace(",", ".").split("/");
  if (parts.length > 2 || parts.some((part) => part.trim() === "")) return NaN;
  const value = parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(parts[0]);
  return Number.isFinite(value) ? value : NaN;
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const COUNT = (rows, columns, value) => Array.from({ length: rows }, (_, i) =>
  Array.from({ length: columns }, (_, j) => value(i, j)));

// A choice by name that also knows when what is shown has no name.
function picker(label, names, choose) {
  const select = make("select", { onchange: () => choose(select.value) },
    ...names.map((name) => make("option", { value: name }, name)),
    make("option", { value: "edited", disabled: true }, "edited"));
  // Names what is shown now; `sheet` gives the sheet that a name stands for.
  const tell = (sheet, now) => {
    const same = (name) => JSON.stringify(sheet(name)) === JSON.stringify(now);
    if (!same(select.value)) select.value = names.find(same) ?? "edited";
  };
  return { field: make("label", { class: "field" }, label, select), tell };
}
