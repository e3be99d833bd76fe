// The terms of one output cell: where each is read, the value there and its weight.
function termsAt(input, kernel, stride, padding, dilation, row, column) {
  return kernel.flatMap((weights, a) => weights.map((w, b) => {
    const i = row * stride + a * dilation;
    const j = column * stride + b * dilation;
    return { i, j, a, b, w, x: input[i - padding]?.[j - padding] ?? 0 };
  }));
}

function convolve(input, kernel, stride, padding, dilation) {
  const rows = outputSize(input.length, kernel.length, stride, padding, dilation);
  const columns = outputSize(input[0].length, kernel[0].length, stride, padding, dilation);
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) =>
    termsAt(input, kernel, stride, padding, dilation, i, j)
      .reduce((sum, { x, w }) => sum + x * w, 0)));
}

// One stop of the Tab key for each sheet; the arrow keys move inside it.
function roam(cells, event, row, column) {
  const step = ARROWS[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target;
  if (field.matches("input") && step[0] === 0) {
    const whole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    const edge = step[1] < 0 ? field.selectionEnd === 0 : field.selectionStart === field.value.length;
    if (!whole && !edge) return;
  }
  event.preventDefault();
  const next = cells[row + step[0]]?.[column + step[1]];
  if (!next) return;
  cells.flat().forEach((cell) => { cell.tabIndex = cell === next ? 0 : -1; });
  next.focus();
}

// A sheet of cells that can be typed into; padding is drawn around it as fixed zeros.
function editableSheet(kind, values, padding, change) {
  const fields = values.map((line, i) => line.map((value, j) => {
    const field = make("input", {
      type: "text", inputmode: "decimal", autocomplete: "off",
      "aria-label": `${kind} row ${i + 1}, column ${j + 1}`,
      tabindex: i + j === 0 ? 0 : -1,
      onfocus: () => field.select(),
      onkeydown: (event) => roam(fields, event, i, j),
      oninput: () => {
        const number = parseNumber(field.value);
        field.setAttribute("aria-invalid", Number.isNaN(number));
        if (!Number.isNaN(number)) change(i, j, number);
      },
      onblur: () => { if (field.getAttribute("aria-invalid") === "true") sheet.fill(); },
    });
    return field;
  }));
  const zero = () => make("td", { class: "zero", "aria-label": "padding 0" }, "0");
  const zeros = (count) => Array.from({ length: count }, zero);
  const edge = () => Array.from({ length: padding }, () =>
    make("tr", {}, ...zeros(values[0].length + 2 * padding)));
  const lines = fields.map((line) => make("tr", {}, ...zeros(padding),
    ...line.map((field) => make("td", {}, field)), ...zeros(padding)));
  const table = make("table", { "aria-label": kind },
    make("tbody", {}, ...edge(), ...lines, ...edge()));
  const frame = make("div", { class: "frame", hidden: true });
  const sheet = {
    box: make("div", { class: `sheet ${kind}` }, table, frame),
    cells: [...table.rows].map((row) => [...row.cells]),
    frame,
    fill() {
      fields.forEach((line, i) => line.forEach((field, j) => {
        if (field === field.getRootNode().activeElement &&
            parseNumber(field.value) === sheet.values[i][j]) return;
        field.value = brief(sheet.values[i][j]);
        field.setAttribute("aria-invalid", false);
      }));
    },
    values,
  };
  sheet.fill();
  return sheet;
}

function outputSheet(values, tell, choose) {
  const cells = values.map((line, i) => line.map((value, j) => {
    const cell = make("td", {
      role: "gridcell", tabindex: i + j === 0 ? 0 : -1,
      onmouseenter: () => choose(i, j),
      onclick: () => choose(i, j),
      onfocus: () => choose(i, j),
      onkeydown: (event) => roam(cells, event, i, j),
    }, brief(value));
    cell.setAttribute("aria-label", `output row ${i + 1}, column ${j + 1}: ${tell(i, j)}`);
    return cell;
  }));
  const table = make("table", { role: "grid", "aria-label": "output" },
    make("tbody", { role: "rowgroup" },
      ...cells.map((line) => make("tr", { role: "row" }, ...line))));
  return { box: make("div", { class: "sheet output" }, table), cells };
}

// The window around the cells that are read, and each weight beside its cell.
function lightWindow(sheet, terms) {
  sheet.cells.flat().forEach((cell) => {
    cell.classList.remove("lit");
    cell.querySelector(".times")?.remove();
  });
  sheet.frame.hidden = !terms;
  if (!terms) return;
  for (const { i, j, w } of terms) {
    sheet.cells[i][j].classList.add("lit");
    sheet.cells[i][j].append(
      make("span", { class: "times", "aria-hidden": "true" }, `\u00d7${brief(w)}`));
  }
  const first = sheet.cells[terms[0].i][terms[0].j];
  const last = sheet.cells[terms.at(-1).i][terms.at(-1).j];
  const corner = sheet.box.getBoundingClientRect();
  const start = first.getBoundingClientRect();
  const end = last.getBoundingClientRect();
  Object.assign(sheet.frame.style, {
    left: `${start.left - corner.left - 3}px`, top: `${start.top - corner.top - 3}px`,
    width: `${end.right - start.left + 6}px`, height: `${end.bottom - start.top + 6}px`,
  });
}

function writeTerms(terms, row, column, value) {
  const parts = terms.flatMap(({ x, w }, i) => [
    i ? " + " : "", make("span", { class: "x" }, brief(x)), "\u00b7",
    make("span", { class: "w" }, w < 0 ? `(${brief(w)})` : brief(w)),
  ]);
  return [`output[${row}, ${column}] = `, ...parts, " = ",
    make("span", { class: "y" }, brief(value))];
}

const INPUTS = {
  "counting 0, 1, 2, \u2026": (h, w) => COUNT(h, w, (i, j) => i * w + j),
  "an edge": (h, w) => COUNT(h, w, (i, j) => (j < w / 2 ? 0 : 9)),
  "one bright cell": (h, w) => COUNT(h, w, (i, j) =>
    Number(i === Math.floor(h / 2) && j === Math.floor(w / 2))),
  "a diagonal": (h, w) => COUNT(h, w, (i, j) => Number(i === j)),
};

function stepper(label, low, high, change) {
  const field = make("input", {
    type: "number", min: low, max: high, step: 1,
    oninput: () => {
      const value = Number(field.value);
      if (field.value !== "" && Number.isInteger(value) && Math.abs(value) <= high) change(value);
    },
  });
  return { field: make("label", { class: "field" }, label, field), input: field };
}

const SETTINGS = ["stride", "padding", "dilation"];

function render({ model, el }) {
  const get = () => ({
    input: model.get("input"), kernel: model.get("kernel"),
    settings: SETTINGS.map((name) => model.get(name)),
  });
  const put = (name, value) => { model.set(name, value); model.save_changes(); };
  const given = { input: model.get("input"), kernel: model.get("kernel") };
  const grids = make("div", { class: "grids" });
  const sizes = make("p", { class: "hint", role: "status" });
  const sum = make("p", { class: "formula terms" });
  let inputSheet, kernelSheet, result, output;
  let chosen = null;
  let drawn = "";
  let walk = null;

  const setCell = (name) => (i, j, value) => put(name, model.get(name).map((line, a) =>
    (a === i ? line.map((old, b) => (b === j ? value : old)) : line)));

  function choose(i, j) {
    chosen = [i, j];
    const { input, kernel, settings } = get();
    const terms = termsAt(input, kernel, ...settings, i, j);
    lightWindow(inputSheet, terms);
    result.cells.flat().forEach((cell) => cell.classList.remove("lit"));
    result.cells[i][j].classList.add("lit");
    sum.replaceChildren(...writeTerms(terms, i, j, output[i][j]));
  }
  function tell(i, j) {
    const { input, kernel, settings } = get();
    const terms = termsAt(input, kernel, ...settings, i, j);
    return terms.map(({ x, w }) => `${brief(x)} times ${brief(w)}`).join(" plus ") +
      ` is ${brief(output[i][j])}`;
  }
  function refuse() {
    const { input, kernel, settings } = get();
    return refusal(input.length, kernel.length, ...settings, "input's height") ??
      refusal(input[0].length, kernel[0].length, ...settings, "input's width");
  }
  function panel(title, ...content) {
    return make("div", {}, make("p", { class: "name" }, title), ...content);
  }
  function size(values) { return `${values.length} \u00d7 ${values[0].length}`; }

  // The editable sheets are kept while their shape is, so that typing keeps its place.
  function layOut() {
    const { input, kernel, settings } = get();
    const shape = JSON.stringify([size(input), size(kernel), settings]);
    if (shape === drawn) return;
    drawn = shape;
    const padding = Math.max(0, settings[1]);
    inputSheet = editableSheet("input", input, padding, setCell("input"));
    kernelSheet = editableSheet("kernel", kernel, 0, setCell("kernel"));
    result = null;
  }
  function update() {
    layOut();
    const { input, kernel, settings } = get();
    [inputSheet.values, kernelSheet.values] = [input, kernel];
    inputSheet.fill();
    kernelSheet.fill();
    SETTINGS.forEach((name, i) => {
      const { value } = steppers[i].input;
      if (value === "" || Number(value) !== settings[i]) steppers[i].input.value = settings[i];
    });
    inputPicker.tell(namedInput, input);
    kernelPicker.tell(namedKernel, kernel);
    const reason = refuse();
    sizes.classList.toggle("error", Boolean(reason));
    play.disabled = Boolean(reason);
    if (reason) return showRefusal(reason);
    output = convolve(input, kernel, ...settings);
    sizes.textContent = `${size(input)} input, ${size(kernel)} kernel, stride ` +
      `${settings[0]}, padding ${settings[1]}, dilation ${settings[2]}: ${size(output)} output`;
    const next = outputSheet(output, tell, choose);
    showGrids(next);
    const across = inputSheet.cells[0].length + kernel[0].length + output[0].length;
    grids.classList.toggle("tight", across > 10);
    const [rows, columns] = [output.length, output[0].length];
    chosen ??= [Math.floor((rows - 1) / 2), Math.floor((columns - 1) / 2)];
    choose(Math.min(chosen[0], rows - 1), Math.min(chosen[1], columns - 1));
  }
  function showRefusal(reason) {
    stop();
    output = result = null;
    lightWindow(inputSheet, null);
    sizes.textContent = `Refused, as PyTorch does. ${reason}`;
    sum.replaceChildren();
    showGrids(null);
  }
  function showGrids(next) {
    const output = next ? next.box : make("p", { class: "error" }, "no output");
    if (grids.contains(inputSheet.box)) {
      grids.lastElementChild.replaceChild(output, grids.lastElementChild.lastElementChild);
    } else {
      grids.replaceChildren(panel("Input", inputSheet.box),
        make("span", { class: "sign", "aria-hidden": "true" }, "\u2217"),
        panel("Kernel", kernelSheet.box),
        make("span", { class: "sign", "aria-hidden": "true" }, "="),
        panel("Output", output));
    }
    result = next;
  }

  function stop() {
    clearInterval(walk);
    walk = null;
    play.textContent = "Play";
  }
  function start() {
    play.textContent = "Pause";
    walk = setInterval(() => {
      const columns = output[0].length;
      const next = (chosen[0] * columns + chosen[1] + 1) % (output.length * columns);
      choose(Math.floor(next / columns), next % columns);
    }, 1200);
  }
  const play = make("button", { type: "button", onclick: () => (walk ? stop() : start()) }, "Play");
  const kernels = model.get("kernels");
  const namedKernel = (name) => kernels[name] ?? given.kernel;
  const namedInput = (name) =>
    INPUTS[name]?.(given.input.length, given.input[0].length) ?? given.input;
  const kernelPicker = picker("Kernel", ["as given", ...Object.keys(kernels)],
    (name) => put("kernel", namedKernel(name)));
  const inputPicker = picker("Input", ["as given", ...Object.keys(INPUTS)],
    (name) => put("input", namedInput(name)));
  const steppers = [stepper("stride", 1, 4, (v) => put("stride", v)),
    stepper("padding", 0, 3, (v) => put("padding", v)),
    stepper("dilation", 1, 3, (v) => put("dilation", v))];

  makeCard(el, "Convolution explorer",
    make("p", { class: "title" }, "Point at an output cell: its window and its sum"),
    make("div", { class: "row" }, inputPicker.field, kernelPicker.field,
      ...steppers.map((s) => s.field), play),
    sizes, grids, sum,
    make("p", { class: "hint" },
      "Every number of input and kernel can be changed. Keys: Tab goes from sheet to " +
      "sheet, the arrows from cell to cell."));
  update();
  // Until the card is on the page nothing has a place; then the frame finds its own.
  const watcher = new ResizeObserver(() => { if (result) choose(...chosen); });
  watcher.observe(grids);
  for (const name of ["input", "kernel", ...SETTINGS]) model.on(`change:${name}`, update);
  return () => { stop(); watcher.disconnect(); };
}

export default { initialize: offer, render, convolve, parseNumber };
