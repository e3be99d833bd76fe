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
