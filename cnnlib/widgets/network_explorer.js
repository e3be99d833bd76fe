// The network explorer: a small network that computes where it is drawn. Every unit can
// be asked for its sum: pointed at, or chosen by number.

const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// A step with its weights as numbers: 8-bit codes times the scale of their output.
function loadStep(step) {
  if (!step.weight) return step;
  const codes = new Int8Array(decode(step.weight).buffer);
  const each = codes.length / step.scale.length;
  const weight = Float32Array.from(codes, (code, i) => code * step.scale[Math.floor(i / each)]);
  return { ...step, weight };
}

// What an output of a step reads: a list of { c, i, j, w }, the inputs' places and
// weights. Padding is left out: it adds nothing.
function readsOf(step, input, c, i, j) {
  const [channels, height, width] = input.shape;
  const reads = [];
  if (step.kind === "dense") {
    const count = input.data.length;
    for (let n = 0; n < count; n++) {
      const rest = n % (height * width);
      reads.push({ c: Math.floor(n / (height * width)), i: Math.floor(rest / width),
        j: rest % width, w: step.weight[c * count + n] });
    }
    return reads;
  }
  const [h, w] = step.kernel;
  const all = step.kind === "conv";
  for (let k = all ? 0 : c; k < (all ? channels : c + 1); k++) {
    for (let u = 0; u < h; u++) {
      for (let v = 0; v < w; v++) {
        const y = i * step.stride[0] + u - step.padding[0];
        const x = j * step.stride[1] + v - step.padding[1];
        if (y < 0 || x < 0 || y >= height || x >= width) continue;
        const weight = all ? step.weight[((c * channels + k) * h + u) * w + v] : 1;
        reads.push({ c: k, i: y, j: x, w: weight });
      }
    }
  }
  return reads;
}

function compute(step, input) {
  const shape = step.shape.length === 3 ? step.shape : [step.shape[0], 1, 1];
  const [channels, rows, columns] = shape;
  const sums = new Float32Array(channels * rows * columns);
  if (step.kind === "dense") denseSums(step, input, sums);
  else if (step.kind === "conv") convolutionSums(step, input, shape, sums);
  else {
    for (let n = 0; n < sums.length; n++) {
      const [c, i, j] = placeOf(shape, n);
      const values = readsOf(step, input, c, i, j).map((read) => valueAt(input, read));
      sums[n] = step.kind === "max pool" ? Math.max(...values)
        : values.reduce((a, b) => a + b, 0) / values.length;
    }
  }
  const data = step.relu ? sums.map((sum) => Math.max(0, sum)) : sums;
  return { shape, sums, data };
}

function denseSums(step, input, sums) {
  const count = input.data.length;
  for (let k = 0; k < sums.length; k++) {
    let sum = step.bias[k];
    for (let n = 0; n < count; n++) sum += step.weight[k * count + n] * input.data[n];
    sums[k] = sum;
  }
}

function convolutionSums(step, input, [channels, rows, columns], sums) {
  const [depth, height, width] = input.shape;
  const [h, w] = step.kernel;
  for (let o = 0; o < channels; o++) {
    sums.fill(step.bias[o], o * rows * columns, (o + 1) * rows * columns);
    for (let c = 0; c < depth; c++) {
      for (let u = 0; u < h; u++) {
        for (let v = 0; v < w; v++) {
          const weight = step.weight[((o * depth + c) * h + u) * w + v];
          for (let i = 0; i < rows; i++) {
            const y = i * step.stride[0] + u - step.padding[0];
            if (y < 0 || y >= height) continue;
            for (let j = 0; j < columns; j++) {
              const x = j * step.stride[1] + v - step.padding[1];
              if (x < 0 || x >= width) continue;
              sums[(o * rows + i) * columns + j] +=
                weight * input.data[(c * height + y) * width + x];
            }
          }
        }
      }
    }
  }
}

function placeOf([, rows, columns], n) {
  const rest = n % (rows * columns);
  return [Math.floor(n / (rows * columns)), Math.floor(rest / columns), rest % columns];
}

function valueAt({ shape: [, rows, columns], data }, { c, i, j }) {
  return data[(c * rows + i) * columns + j];
}

function softmax(logits) {
  const top = Math.max(...logits);
  const raised = [...logits].map((z) => Math.exp(z - top));
  const total = raised.reduce((a, b) => a + b, 0);
  return { raised, total, shares: raised.map((e) => e / total) };
}

// The rectangles that one unit sees: of each layer below it, first the picture's.
function fieldsOf(steps, layers, place) {
  let { layer, c, i, j } = place;
  let [top, bottom, left, right] = [i, i, j, j];
  let only = c;
  const fields = { [layer]: { top, bottom, left, right, only } };
  for (; layer > 0; layer--) {
    const step = steps[layer - 1];
    const [, rows, columns] = layers[layer - 1].shape;
    if (step.kind === "dense") {
      [top, bottom, left, right, only] = [0, rows - 1, 0, columns - 1, null];
    } else {
      const [h, w] = step.kernel;
      top = Math.max(0, top * step.stride[0] - step.padding[0]);
      left = Math.max(0, left * step.stride[1] - step.padding[1]);
      bottom = Math.min(rows - 1, bottom * step.stride[0] - step.padding[0] + h - 1);
      right = Math.min(columns - 1, right * step.stride[1] - step.padding[1] + w - 1);
      if (step.kind === "conv") only = null;
    }
    fields[layer - 1] = { top, bottom, left, right, only };
  }
  return fields;
}

// A drawing as MNIST's digits: its strokes fitted to 20 x 20, drawn with a pen of
// MNIST's width, and moved so that the center of mass lies at the middle, 14.
function inkDigit(strokes) {
  const FIELD = 28, FIT = 20, WIDTH = 2.4, FINE = 4;
  const data = new Float32Array(FIELD * FIELD);
  const points = strokes.flat();
  if (points.length === 0) return data;
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const wide = Math.max(...xs) - left, high = Math.max(...ys) - top;
  const scale = (FIT - WIDTH) / Math.max(wide, high, 1);
  const inset = [(FIELD - wide * scale) / 2, (FIELD - high * scale) / 2];
  const canvas = make("canvas", { width: FIELD * FINE, height: FIELD * FINE });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.lineWidth = WIDTH * FINE;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = "#fff";
  for (const stroke of strokes) {
    const place = ([x, y]) =>
      [((x - left) * scale + inset[0]) * FINE, ((y - top) * scale + inset[1]) * FINE];
    context.beginPath();
    context.moveTo(...place(stroke[0]));
    for (const point of stroke) context.lineTo(...place(point));
    context.stroke();
  }
  const fine = context.getImageData(0, 0, FIELD * FINE, FIELD * FINE).data;
  const ink = new Float32Array(FIELD * FIELD);
  for (let y = 0; y < FIELD * FINE; y++) {
    for (let x = 0; x < FIELD * FINE; x++) {
      const at = Math.floor(y / FINE) * FIELD + Math.floor(x / FINE);
      ink[at] += fine[4 * (y * FIELD * FINE + x) + 3] / (FINE * FINE);
    }
  }
  const columns = [], rows = [];
  ink.forEach((value, n) => {
    columns[n % FIELD] = (columns[n % FIELD] ?? 0) + value;
    rows[Math.floor(n / FIELD)] = (rows[Math.floor(n / FIELD)] ?? 0) + value;
  });
  const [dx, dy] = [shiftToMiddle(columns), shiftToMiddle(rows)];
  ink.forEach((value, n) => {
    if (value > 0) data[n + dy * FIELD + dx] = Math.round(value);
  });
  return data;
}

// How far ink must move so that its center of mass comes to 14; none leaves the field.
function shiftToMiddle(ink) {
  const total = ink.reduce((a, b) => a + b);
  const mean = ink.reduce((sum, value, n) => sum + value * n, 0) / total;
  const first = ink.findIndex((value) => value > 0);
  const last = ink.findLastIndex((value) => value > 0);
  return Math.max(-first, Math.min(ink.length - 1 - last, Math.round(14 - mean)));
}

// Three digits, as in a sum that is written out.
function digits(value, count = 3) {
  const small = value !== 0 && Math.abs(value) < 0.0005;
  const text = small ? value.toExponential(1) : String(Number(value.toPrecision(count)));
  return text.replaceAll("-", "\u2212");
}
const factor = (value) => (value < 0 ? `(${digits(value)})` : digits(value));

// How wide a map is, in pixels: the more of them, the smaller.
function mapSide(layer, channels) {
  if (layer === 0) return 112;
  return channels > 32 ? 30 : channels > 16 ? 44 : 66;
}

// One layer on the page: a canvas a map, or one for all units of a dense layer.
function layerView(step, layer, shape, choose) {
  const flat = shape[1] * shape[2] === 1 && layer > 0;
  const [channels, rows, columns] = flat ? [1, 1, shape[0]] : shape;
  const color = layer === 0 && channels === 3;
  const cell = flat ? Math.max(4, Math.min(24, Math.floor(840 / columns)))
    : Math.max(1, Math.round(mapSide(layer, channels) / Math.max(rows, columns)));
  const count = color ? 1 : channels;
  const canvases = Array.from({ length: count }, (_, c) => {
    const canvas = make("canvas", { class: "unit-map", width: columns * cell,
      height: (flat ? Math.max(cell, 16) : rows * cell), "aria-hidden": true });
    canvas.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      const j = Math.floor((event.clientX - box.left) / box.width * columns);
      const i = Math.floor((event.clientY - box.top) / box.height * rows);
      const clip = (value, size) => Math.max(0, Math.min(size - 1, value));
      if (flat) choose({ layer, c: clip(j, columns), i: 0, j: 0 });
      else choose({ layer, c, i: clip(i, rows), j: clip(j, columns) });
    });
    return canvas;
  });
  const small = make("canvas", { width: columns, height: rows });
  function draw({ data }, field) {
    // Not Math.min(...data): a large layer has more numbers than a call may have.
    const low = data.reduce((a, b) => Math.min(a, b)), high = data.reduce((a, b) => Math.max(a, b));
    const spread = high - low || 1;
    const gray = (n) => Math.round(255 * (data[n] - low) / spread);
    const size = rows * columns;
    canvases.forEach((canvas, c) => {
      const image = new ImageData(columns, rows);
      for (let n = 0; n < size; n++) {
        const rgb = color ? [0, 1, 2].map((k) => Math.round(127.5 * (data[k * size + n] + 1)))
          : Array(3).fill(gray(c * size + n));
        image.data.set([...rgb, 255], 4 * n);
      }
      small.getContext("2d").putImageData(image, 0, 0);
      const context = canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, canvas.width, canvas.height);
      if (!field) return;
      const chosen = field.only === null || color || flat || field.only === c;
      canvas.classList.toggle("dim", !chosen);
      if (!chosen) return;
      context.strokeStyle = getComputedStyle(canvas).getPropertyValue("--window");
      context.lineWidth = 3;
      const [x, wide] = flat && field.only !== null ? [field.only, 1] : flat ? [0, columns]
        : [field.left, field.right - field.left + 1];
      const [y, high] = flat ? [0, canvas.height / cell]
        : [field.top, field.bottom - field.top + 1];
      context.strokeRect(x * cell + 1, y * cell + 1, Math.max(wide * cell - 2, 2),
        Math.max(high * cell - 2, 2));
    });
    if (!field) canvases.forEach((canvas) => canvas.classList.remove("dim"));
  }
  const name = layer === 0 ? "picture" : step.name + (step.relu ? " and ReLU" : "");
  const box = make("div", { class: "net-layer" },
    make("p", { class: "name" }, `${name}, ${shape.filter((n, k) => k === 0 || !flat)
      .join("\u00d7")}`),
    make("div", { class: count > 16 ? "maps tight" : "maps" }, ...canvases));
  return { box, draw, name: layer === 0 ? "picture" : step.name };
}

// The sum of a unit, written out.
function sumPanel(step, layers, place, opened, descend) {
  const { layer, c, i, j } = place;
  const [input, output] = [layers[layer - 1], layers[layer]];
  const reads = readsOf(step, input, c, i, j).map((read) => {
    const x = valueAt(input, read);
    return { ...read, x, term: x * read.w };
  });
  const n = (c * output.shape[1] + i) * output.shape[2] + j;
  const source = (read) => (input.shape[1] * input.shape[2] === 1 ? `unit ${read.c}`
    : `map ${read.c}, row ${read.i}, column ${read.j}`);
  const parts = [];
  if (step.kind === "max pool" || step.kind === "mean pool") {
    const words = reads.map((read) => digits(read.x)).join(", ");
    const rule = step.kind === "max pool" ? "the largest" : "the mean";
    parts.push(make("p", { class: "formula" },
      `${rule} of ${words} is ${digits(output.data[n])}`));
  } else {
    if (step.kind === "conv") parts.push(...windowPanel(reads, opened, descend));
    else parts.push(termTable(reads, source, descend));
    const sum = output.sums[n];
    const before = `${digits(total(reads))} + bias ${factor(step.bias[c])} = ${digits(sum)}`;
    parts.push(make("p", { class: "formula" }, `${reads.length} products: ${before}` +
      (step.relu ? `; ReLU: max(0, ${digits(sum)}) = ${digits(output.data[n])}` : "")));
  }
  return parts;
}

const total = (reads) => reads.reduce((sum, read) => sum + read.term, 0);

function grouped(reads, key = (read) => read.c) {
  const groups = new Map();
  for (const read of reads) groups.set(key(read), [...(groups.get(key(read)) ?? []), read]);
  return groups;
}

// The window on one input map: its numbers, each with its weight; every map's sum is a
// button that opens that map's window.
function windowPanel(reads, opened, descend) {
  const maps = grouped(reads);
  const strongest = [...maps].reduce((a, b) =>
    (Math.abs(total(b[1])) > Math.abs(total(a[1])) ? b : a))[0];
  opened.map = maps.has(opened.map) ? opened.map : strongest;
  const window = maps.get(opened.map);
  const rows = grouped(window, (read) => read.i);
  const table = make("table", { class: "window" },
    make("caption", {}, `The window on map ${opened.map}: what it holds, and the weight below`),
    make("tbody", {}, ...[...rows.values()].map((line) => make("tr", {},
      ...line.map((read) => make("td", {}, make("button", { type: "button",
        "aria-label": `row ${read.i}, column ${read.j}: ${digits(read.x)} times ` +
          `${digits(read.w)} is ${digits(read.term)}`,
        title: `${digits(read.x)} \u00d7 ${factor(read.w)} = ${digits(read.term)}`,
        onclick: () => descend(read) },
      make("span", { class: "x" }, digits(read.x)),
      make("span", { class: "w" }, `\u00d7${digits(read.w, 2)}`))))))));
  if (maps.size === 1) return [table];
  const strong = [...maps].sort((a, b) => Math.abs(total(b[1])) - Math.abs(total(a[1])))
    .slice(0, 16).sort((a, b) => a[0] - b[0]);
  const buttons = strong.map(([k, list]) => make("button", { type: "button",
    class: "sum", "aria-pressed": String(k === opened.map),
    onclick: () => opened.show(k) }, `map ${k}: ${digits(total(list))}`));
  const which = strong.length < maps.size
    ? `The sums of the 16 strongest of ${maps.size} input maps:`
    : "The sum over each input map:";
  return [table, make("p", { class: "hint" }, which),
    make("div", { class: "row sums" }, ...buttons)];
}

// The products that matter most, largest first; each leads on to the unit it reads.
function termTable(reads, source, descend) {
  const most = [...reads].sort((a, b) => Math.abs(b.term) - Math.abs(a.term)).slice(0, 8);
  const rest = total(reads) - total(most);
  const rows = most.map((read) => make("tr", {},
    make("th", { scope: "row" }, make("button", { type: "button", class: "link",
      onclick: () => descend(read) }, source(read))),
    make("td", {}, digits(read.x)), make("td", {}, `\u00d7 ${factor(read.w)}`),
    make("td", {}, `= ${digits(read.term)}`)));
  const left = reads.length - most.length;
  if (left > 0) {
    rows.push(make("tr", {}, make("th", { scope: "row" }, `the other ${left}`),
      make("td", {}), make("td", {}), make("td", {}, `= ${digits(rest)}`)));
  }
  return make("table", { class: "products" },
    make("caption", {}, "The largest products: output of the layer before, weight, product"),
    make("tbody", {}, ...rows));
}

function exponentialTable(logits, classes, chosen) {
  const { raised, total: sum, shares } = softmax(logits);
  const rows = classes.map((name, k) => make("tr", { class: k === chosen ? "best" : null },
    make("th", { scope: "row" }, name), make("td", {}, digits(logits[k])),
    make("td", {}, digits(raised[k])), make("td", {}, percent(shares[k]))));
  return make("table", { class: "products" },
    make("caption", {}, "Softmax: logit z, exp(z \u2212 largest z), and its share of the sum, " +
      digits(sum)),
    make("tbody", {}, ...rows));
}

function render({ model, el }) {
  const steps = model.get("steps").map(loadStep);
  const classes = model.get("classes");
  const { shape: [many, ...shape], bytes } = model.get("pictures");
  const pixels = decode(bytes);
  const size = shape.reduce((a, b) => a * b);
  const drawable = shape.join() === "1,28,28";
  let strokes = [], layers = [], place = null, above = null, queued = 0;
  const opened = { map: null, show: (map) => { opened.map = map; tellDetail(); } };

  const pictureData = () => (strokes.length > 0 ? inkDigit(strokes)
    : pixels.subarray(model.get("picture") * size, (model.get("picture") + 1) * size));
  const shapes = [shape, ...steps.map((s) => (s.shape.length === 3 ? s.shape : [s.shape[0], 1, 1]))];
  const views = shapes.map((s, n) => layerView(steps[n - 1], n, s, choose));
  const answers = answerTable(classes);
  const thread = make("nav", { "aria-label": "Where you are" });
  const detail = make("div", { class: "detail" });
  const status = make("p", { class: "hint", role: "status" });
  const speed = make("p", { class: "hint" });

  function run() {
    const started = performance.now();
    layers = [{ shape, data: Float32Array.from(pictureData(), (v) => v / 127.5 - 1) }];
    for (const step of steps) layers.push(compute(step, layers.at(-1)));
    answers.fill(softmax(layers.at(-1).data).shares);
    show();
    speed.textContent = `computed here in ${Math.round(performance.now() - started)} ms`;
  }
  function choose(next, from = null) {
    place = next;
    above = from;
    opened.map = null;
    show();
  }
  function show() {
    thumbs.forEach((thumb, n) => thumb.setAttribute("aria-pressed",
      String(strokes.length === 0 && n === model.get("picture"))));
    const fields = place ? fieldsOf(steps, layers, place) : {};
    views.forEach((view, n) => view.draw(layers[n], fields[n]));
    tellThread();
    tellDetail();
    tellFields();
  }
  function unitName({ layer, c, i, j }) {
    const [, rows, columns] = shapes[layer];
    if (rows * columns === 1) return `${layer === steps.length ? "class" : "unit"} ${
      layer === steps.length ? classes[c] : c}`;
    return `map ${c}, row ${i}, column ${j}`;
  }
  function tellThread() {
    const link = (words, action) =>
      make("button", { type: "button", class: "link", onclick: action }, words);
    const parts = [link("all layers", () => choose(null))];
    for (const [n, one] of (above ?? []).entries()) {
      parts.push(link(`${views[one.layer].name}, ${unitName(one)}`,
        () => choose(one, above.slice(0, n))));
    }
    if (place) {
      parts.push(make("span", { "aria-current": "true" },
        `${views[place.layer].name}, ${unitName(place)}`));
    }
    thread.replaceChildren(...parts.flatMap((part, k) => (k ? [" \u203a ", part] : [part])));
  }
  function tellDetail() {
    if (!place) {
      detail.replaceChildren(make("p", { class: "hint" },
        "Click a unit in any layer: its window lights up down to the picture, and its " +
        "sum is written out here."));
      return;
    }
    const value = valueAt(layers[place.layer], place);
    const title = `${views[place.layer].name}, ${unitName(place)}: ${digits(value)}`;
    status.textContent = title;
    const parts = [make("p", { class: "title" }, title)];
    if (place.layer === 0) parts.push(make("p", { class: "hint" },
      `A pixel of the picture, between \u22121 (black) and 1 (white).`));
    else {
      const descend = (read) => choose(
        { layer: place.layer - 1, c: read.c, i: read.i, j: read.j }, [...(above ?? []), place]);
      parts.push(...sumPanel(steps[place.layer - 1], layers, place, opened, descend));
    }
    if (place.layer === steps.length) {
      parts.push(exponentialTable(layers.at(-1).data, classes, place.c));
    }
    detail.replaceChildren(...parts);
  }

  // The same by number, for keys and screen readers.
  const number = (label, key) => {
    const field = make("input", { type: "number", min: 0, value: 0, step: 1, oninput: () => {
      const value = Number(field.value);
      const limits = shapes[Number(layerField.value)];
      const limit = limits[{ c: 0, i: 1, j: 2 }[key]];
      if (field.value === "" || !Number.isInteger(value) || value < 0 || value >= limit) return;
      choose({ layer: Number(layerField.value), c: Number(fields.c.value),
        i: Number(fields.i.value), j: Number(fields.j.value), [key]: value });
    } });
    return { field, label: make("label", { class: "field" }, label, field) };
  };
  const layerField = make("select", {
    onchange: () => choose({ layer: Number(layerField.value), c: 0, i: 0, j: 0 }),
  }, ...views.map((view, n) => make("option", { value: n }, view.name)));
  const made = { c: number("map or unit", "c"), i: number("row", "i"), j: number("column", "j") };
  const fields = Object.fromEntries(Object.entries(made).map(([key, m]) => [key, m.field]));
  function tellFields() {
    const now = place ?? { layer: Number(layerField.value), c: 0, i: 0, j: 0 };
    layerField.value = now.layer;
    for (const [n, key] of ["c", "i", "j"].entries()) {
      fields[key].max = shapes[now.layer][n] - 1;
      if (fields[key].getRootNode().activeElement !== fields[key]) fields[key].value = now[key];
      made[key].label.hidden = n > 0 && shapes[now.layer][1] * shapes[now.layer][2] === 1;
    }
  }

  const thumbs = Array.from({ length: many }, (_, n) => {
    const canvas = make("canvas", { width: shape[2], height: shape[1], class: "thumb" });
    const image = new ImageData(shape[2], shape[1]);
    const area = shape[1] * shape[2];
    for (let k = 0; k < area; k++) {
      const rgb = [0, 1, 2].map((m) => pixels[n * size + (shape[0] === 3 ? m * area : 0) + k]);
      image.data.set([...rgb, 255], 4 * k);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return make("button", { type: "button", class: "pick", "aria-label": `picture ${n + 1}`,
      onclick: () => {
        keeper?.replace([]);
        strokes = [];
        model.set("picture", n);
        model.save_changes();
        run();
      } }, canvas);
  });

  let keeper = null;
  const boxes = [];
  if (drawable) {
    const pen = { x: SIDE / 2, y: 60, down: false, shown: false };
    const hint = uniqueName("keys");
    const canvas = make("canvas", { class: "drawing", width: 2 * SIDE, height: 2 * SIDE,
      tabindex: 0, role: "application", "aria-label": "Drawing pad", "aria-describedby": hint });
    const redraw = () => {
      paintStrokes(canvas, keeper.strokes, pen);
      strokes = keeper.strokes;
      queued ||= requestAnimationFrame(() => { queued = 0; run(); });
    };
    keeper = strokeKeeper(model, redraw, () => {});
    keeper.clear = () => { pen.down = false; keeper.replace([]); };
    keeper.undo = () => { pen.down = false; keeper.replace(keeper.strokes.slice(0, -1)); };
    listenToPointer(canvas, keeper, pen);
    listenToKeys(canvas, keeper, pen, redraw, (words) => { status.textContent = words; });
    const button = (name, action) =>
      make("button", { type: "button", onclick: action }, name);
    boxes.push(make("div", {}, make("p", { class: "title" }, "Draw a digit, large"), canvas,
      make("div", { class: "row", style: "margin-top:0.6rem" },
        button("Clear", () => keeper.clear()), button("Undo stroke", () => keeper.undo())),
      make("p", { class: "hint", id: hint }, "Keys: arrows move the pen, Space puts it " +
        "down and lifts it, Backspace takes back a stroke.")));
    strokes = keeper.strokes;
    paintStrokes(canvas, strokes, pen);
  }
  boxes.push(make("div", {}, make("p", { class: "title" },
    drawable ? "or pick one" : "Pick a picture"),
  make("div", { class: "row picks" }, ...thumbs)),
  make("div", {}, make("p", { class: "title" }, "What it answers"), answers.table, speed));

  makeCard(el, "Network explorer",
    make("div", { class: "explorer-top" }, ...boxes),
    thread,
    make("div", { class: "row" }, make("label", { class: "field" }, "layer", layerField),
      made.c.label, made.i.label, made.j.label),
    make("div", { class: "explorer-main" },
      make("div", {}, ...views.map((view) => view.box)), detail),
    make("div", { class: "unseen" }, status));
  answers.table.querySelectorAll("tbody tr").forEach((row, c) => {
    row.style.cursor = "pointer";
    row.addEventListener("click", () => choose({ layer: steps.length, c, i: 0, j: 0 }));
  });
  model.on("change:picture", run);
  run();
}

export default { initialize: offer, render, loadStep, compute, inkDigit };
