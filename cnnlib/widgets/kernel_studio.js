// The kernel studio: a photo, a kernel or two, and what comes out, while one drags.
const CONTRAST = 6; // white is at most so many times the mean
// A map is { width, height, values }, row by row; a photo's values are 0 to 255.

function filterMap(map, kernel, stride) {
  const k = kernel.length;
  const width = outputSize(map.width, k, stride, 0, 1);
  const height = outputSize(map.height, k, stride, 0, 1);
  const values = new Float32Array(width * height);
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      const w = kernel[a][b];
      if (w === 0) continue;
      for (let i = 0; i < height; i++) {
        let from = (i * stride + a) * map.width + b;
        for (let to = i * width; to < (i + 1) * width; to++, from += stride) {
          values[to] += w * map.values[from];
        }
      }
    }
  }
  return { width, height, values };
}

function rectify({ width, height, values }) {
  return { width, height, values: values.map((x) => Math.max(0, x)) };
}

function poolMap(map, size) {
  const width = Math.floor(map.width / size);
  const height = Math.floor(map.height / size);
  const values = new Float32Array(width * height).fill(-Infinity);
  for (let i = 0; i < height * size; i++) {
    for (let j = 0; j < width * size; j++) {
      const to = Math.floor(i / size) * width + Math.floor(j / size);
      values[to] = Math.max(values[to], map.values[i * map.width + j]);
    }
  }
  return { width, height, values };
}

// Every map on the way: the photo, after each convolution (with its ReLU), the output.
function runStudio(photo, { kernel, second, relu, stride, pool }) {
  const maps = [photo];
  const kernels = second.length ? [kernel, second] : [kernel];
  kernels.forEach((weights, n) => {
    const map = filterMap(maps.at(-1), weights, n === kernels.length - 1 ? stride : 1);
    maps.push(relu ? rectify(map) : map);
  });
  maps.push(pool > 1 ? poolMap(maps.at(-1), pool) : maps.at(-1));
  return maps;
}

// The photo moved by (dx, dy); what leaves at one side comes back at the other.
function rolled({ width, height, values }, dx, dy) {
  const moved = new Float32Array(values.length);
  const wrap = (x, n) => ((x % n) + n) % n;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      moved[i * width + j] = values[wrap(i - dy, height) * width + wrap(j - dx, width)];
    }
  }
  return { width, height, values: moved };
}

// Zero is gray where a map has both signs, and black where it has only positive numbers.
function paintMap(canvas, { width, height, values }, signed, limit) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const [scale, zero] = signed ? [127.5 / limit, 127.5] : [255 / limit, 0];
  for (let n = 0; n < values.length; n++) {
    const gray = zero + scale * values[n];
    image.data[4 * n] = image.data[4 * n + 1] = image.data[4 * n + 2] = gray;
    image.data[4 * n + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// What is painted white, and whether there is more: a few large numbers shall not make
// all others gray.
function whiteOf(values) {
  let [largest, sum] = [0, 0];
  for (const x of values) {
    largest = Math.max(largest, Math.abs(x));
    sum += Math.abs(x);
  }
  const limit = Math.max(1, Math.min(largest, (CONTRAST * sum) / values.length));
  return [limit, largest > limit];
}

// A picture, video or bitmap as a map, cut to the shape of width x height.
function grayMap(source, width, height) {
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [w, h] = [source.videoWidth || source.width, source.videoHeight || source.height];
  const scale = Math.max(width / w, height / h);
  context.drawImage(source, (width - scale * w) / 2, (height - scale * h) / 2, scale * w, scale * h);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Float32Array(width * height);
  for (let n = 0; n < values.length; n++) {
    values[n] = Math.round(0.299 * data[4 * n] + 0.587 * data[4 * n + 1] + 0.114 * data[4 * n + 2]);
  }
  return { width, height, values };
}

// A number that is typed, stepped by the arrow keys, or dragged up and down.
function draggedNumber(label, change) {
  let grip = null;
  const set = (value) => change(Math.round(100 * value) / 100);
  const field = make("input", {
    type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": label,
    oninput: () => {
      const value = parseNumber(field.value);
      field.setAttribute("aria-invalid", Number.isNaN(value));
      if (!Number.isNaN(value)) change(value);
    },
    onkeydown: (event) => {
      const step = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      if (!step) return;
      event.preventDefault();
      set(parseNumber(field.value) + step * (event.shiftKey ? 10 : 1));
    },
    onpointerdown: (event) => {
      grip = { y: event.clientY, value: parseNumber(field.value), moved: false };
      field.setPointerCapture(event.pointerId);
    },
    onpointermove: (event) => {
      if (!grip || Number.isNaN(grip.value)) return;
      const up = grip.y - event.clientY;
      if (Math.abs(up) < 3 && !grip.moved) return;
      grip.moved = true;
      set(grip.value + Math.round(up / 4) / 10);
    },
    onpointerup: () => { grip = null; },
  });
  field.fill = (value) => {
    if (parseNumber(field.value) !== value) field.value = brief(value);
    field.setAttribute("aria-invalid", false);
  };
  return field;
}

function kernelGrid(name, change) {
  const fields = COUNT(3, 3, (i, j) => draggedNumber(`${name} row ${i + 1}, column ${j + 1}`,
    (value) => change(i, j, value)));
  const rows = fields.map((line) =>
    make("tr", {}, ...line.map((field) => make("td", {}, field))));
  const table = make("table", { "aria-label": name }, make("tbody", {}, ...rows));
  return {
    box: make("div", { class: "sheet kernel" }, table),
    fill: (values) => fields.forEach((line, i) => line.forEach((field, j) => field.fill(values[i][j]))),
  };
}

// A canvas with a frame over it, for a window that is given in the map's own pixels.
function mapPane(title, label, more) {
  const canvas = make("canvas", { class: "studio-map", tabindex: 0, role: "application",
    "aria-label": label, ...more });
  const frame = make("div", { class: "frame", hidden: true });
  const size = make("span", { class: "hint" });
  return {
    canvas, size,
    box: make("div", {}, make("p", { class: "title" }, title, " ", size),
      make("div", { class: "studio-pane" }, canvas, frame)),
    show(x, y, width, height) {
      frame.hidden = false;
      const part = (value, whole) => `${(100 * value) / whole}%`;
      Object.assign(frame.style, {
        left: part(x, canvas.width), top: part(y, canvas.height),
        width: part(width, canvas.width), height: part(height, canvas.height),
      });
    },
  };
}

// Where on a canvas a pointer is, in the map's pixels.
function pixelAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const place = (at, start, length, n) =>
    Math.min(n - 1, Math.max(0, Math.floor(((at - start) / length) * n)));
  return [place(event.clientY, box.top, box.height, canvas.height),
    place(event.clientX, box.left, box.width, canvas.width)];
}

function render({ model, el }) {
  const settings = () => Object.fromEntries(
    ["kernel", "second", "relu", "stride", "pool"].map((name) => [name, model.get(name)]));
  const put = (name, value) => { model.set(name, value); model.save_changes(); };
  const { width, height } = model.get("size");
  const photos = model.get("photos");
  const kernels = model.get("kernels");
  let photo = { width, height, values: new Float32Array(width * height) };
  let moved = photo;
  let shift = [0, 0];
  let maps = [];
  let chosen = null;
  let drawn = "";
  let drawing = 0;
  let camera = null;

  const status = make("p", { class: "hint", role: "status" });
  const sums = make("p", { class: "formula terms", role: "status" });
  const input = mapPane("Photo", "Photo: drag it, or press the arrow keys, to move it", {
    onpointerdown: (event) => { grip = [...pixelAt(input.canvas, event), ...shift]; input.canvas.setPointerCapture(event.pointerId); },
    onpointermove: (event) => {
      if (!grip) return;
      const [i, j] = pixelAt(input.canvas, event);
      move(grip[2] + j - grip[1], grip[3] + i - grip[0]);
    },
    onpointerup: () => { grip = null; },
    onkeydown: (event) => {
      const step = ARROWS[event.key];
      if (!step) return;
      event.preventDefault();
      move(shift[0] + step[1], shift[1] + step[0]);
    },
  });
  let grip = null;
  const output = mapPane("Output", "Output: point at a pixel, or press the arrow keys", {
    onpointermove: (event) => choose(...pixelAt(output.canvas, event)),
    onpointerdown: (event) => choose(...pixelAt(output.canvas, event)),
    onkeydown: (event) => {
      const step = ARROWS[event.key];
      if (!step) return;
      event.preventDefault();
      choose(chosen[0] + step[0], chosen[1] + step[1]);
    },
  });

  function move(dx, dy) {
    shift = [dx, dy];
    moved = rolled(photo, dx, dy);
    later();
  }
  function take(map) {
    photo = moved = map;
    shift = [0, 0];
    later();
  }
  // At most once a frame, however fast the hand is.
  function later() { drawing ||= requestAnimationFrame(draw); }
  function draw() {
    drawing = 0;
    const now = settings();
    maps = runStudio(moved, now);
    const result = maps.at(-1);
    const [limit, more] = whiteOf(result.values);
    const signed = result.values.some((x) => x < 0);
    paintMap(input.canvas, moved, false, 255);
    paintMap(output.canvas, result, signed, limit);
    input.size.textContent = `${height} \u00d7 ${width}`;
    output.size.textContent = `${result.height} \u00d7 ${result.width}`;
    first.fill(now.kernel);
    firstPicker.tell((name) => kernels[name], now.kernel);
    secondBox.hidden = now.second.length === 0;
    twice.checked = !secondBox.hidden;
    if (twice.checked) {
      second.fill(now.second);
      secondPicker.tell((name) => kernels[name], now.second);
    }
    relu.checked = now.relu;
    stride.value = now.stride;
    pool.value = now.pool;
    status.textContent = tellMove(result, now) ||
      `White is ${limit.toFixed(0)}${more ? " and more" : ""}, ${signed ? "gray is 0, black is negative" : "black is 0"}.`;
    const size = [result.height, result.width].join();
    if (size !== drawn) chosen = [result.height >> 1, result.width >> 1];
    drawn = size;
    choose(...chosen);
  }
  // How far the photo has been moved, and how much of the output that has changed.
  function tellMove({ values }, now) {
    if (camera || (!shift[0] && !shift[1])) return "";
    const before = runStudio(photo, now).at(-1).values;
    let [change, all] = [0, 0];
    values.forEach((x, n) => {
      change += Math.abs(x - before[n]) / 2;
      all += Math.abs(before[n]);
    });
    return `The photo has moved by ${show(shift[0], 0)} to the right and ` +
      `${show(shift[1], 0)} down; ` +
      `${(100 * Math.min(1, change / (all || 1))).toFixed(0)} % of the output has changed.`;
  }

  // The output's pixel, the window that it comes from, and the nine products.
  function choose(i, j) {
    const result = maps.at(-1);
    if (!result || !result.values.length) return;
    chosen = [Math.min(result.height - 1, Math.max(0, i)), Math.min(result.width - 1, Math.max(0, j))];
    const now = settings();
    const before = maps.at(-2);
    let [y, x] = chosen;
    if (now.pool > 1) [y, x] = winner(before, y * now.pool, x * now.pool, now.pool);
    const weights = now.second.length ? now.second : now.kernel;
    const read = maps.at(-3);
    const terms = weights.flatMap((line, a) => line.map((w, b) =>
      ({ w, x: read.values[(y * now.stride + a) * read.width + x * now.stride + b] })));
    const sum = terms.reduce((total, term) => total + term.w * term.x, 0);
    const side = now.second.length ? 5 : 3;
    input.show(x * now.stride, y * now.stride, side, side);
    output.show(chosen[1], chosen[0], 1, 1);
    const parts = terms.flatMap((term, n) => [n ? " + " : "",
      make("span", { class: "x" }, brief(Math.round(100 * term.x) / 100)), "\u00b7",
      make("span", { class: "w" }, term.w < 0 ? `(${brief(term.w)})` : brief(term.w))]);
    const value = result.values[chosen[0] * result.width + chosen[1]];
    const words = [now.relu && sum < 0 ? ", ReLU makes it 0" : "",
      now.pool > 1 ? `, the largest of its ${now.pool} \u00d7 ${now.pool} window` : ""];
    sums.replaceChildren(...parts, " = ", make("span", { class: "y" }, brief(sum)), ...words);
    output.canvas.setAttribute("aria-description",
      `row ${chosen[0]}, column ${chosen[1]}: ${brief(value)}`);
  }
  function winner(map, top, left, size) {
    let best = [top, left];
    for (let y = top; y < top + size; y++) {
      for (let x = left; x < left + size; x++) {
        if (map.values[y * map.width + x] > map.values[best[0] * map.width + best[1]]) best = [y, x];
      }
    }
    return best;
  }

  function load(name) {
    const image = new Image();
    image.onload = () => take(grayMap(image, width, height));
    image.src = photos[name];
  }
  async function open(file) {
    try {
      take(grayMap(await createImageBitmap(file), width, height));
      source.value = "edited";
    } catch {
      status.textContent = `${file.name} cannot be shown: it is no picture that this browser reads.`;
    }
  }
  async function film() {
    if (camera) return stopFilm();
    try {
      const video = make("video", { muted: true, playsinline: true });
      camera = await navigator.mediaDevices.getUserMedia({ video: { width, height } });
      video.srcObject = camera;
      await video.play();
      webcam.textContent = "Stop the webcam";
      source.value = "edited";
      const next = () => {
        if (!camera || !el.isConnected) return stopFilm();
        photo = grayMap(video, width, height);
        moved = shift[0] || shift[1] ? rolled(photo, ...shift) : photo;
        draw();
        requestAnimationFrame(next);
      };
      next();
    } catch {
      stopFilm();
      status.textContent = "No webcam: none is connected, or this page may not use it.";
    }
  }
  function stopFilm() {
    camera?.getTracks().forEach((track) => track.stop());
    camera = null;
    webcam.textContent = "Webcam";
  }

  const edit = (name) => (i, j, value) => put(name, model.get(name).map((line, a) =>
    (a === i ? line.map((old, b) => (b === j ? value : old)) : line)));
  const first = kernelGrid("kernel", edit("kernel"));
  const second = kernelGrid("second kernel", edit("second"));
  const firstPicker = picker("Kernel", Object.keys(kernels), (name) => put("kernel", kernels[name]));
  const secondPicker = picker("Then", Object.keys(kernels), (name) => put("second", kernels[name]));
  const secondBox = make("div", {}, secondPicker.field, second.box);
  const check = (label, change) => {
    const box = make("input", { type: "checkbox", onchange: () => change(box.checked) });
    return [box, make("label", { class: "field" }, box, label)];
  };
  const [twice, twiceField] = check("a second kernel", (on) => put("second", on ? model.get("kernel") : []));
  const [relu, reluField] = check("ReLU", (on) => put("relu", on));
  const choice = (label, values, change) => {
    const select = make("select", { onchange: () => change(Number(select.value)) },
      ...values.map(([value, name]) => make("option", { value }, name)));
    return [select, make("label", { class: "field" }, label, select)];
  };
  const [stride, strideField] = choice("stride", [1, 2, 3, 4].map((n) => [n, n]), (n) => put("stride", n));
  const [pool, poolField] = choice("max pooling",
    [[1, "none"], ...[2, 3, 4, 8].map((n) => [n, `${n} \u00d7 ${n}`])], (n) => put("pool", n));
  const source = make("select", { "aria-label": "photo", onchange: () => { stopFilm(); load(source.value); } },
    ...Object.keys(photos).map((name) => make("option", { value: name }, name)),
    make("option", { value: "edited", disabled: true }, "your own"));
  const chooser = make("input", { type: "file", accept: "image/*", class: "unseen", tabindex: -1,
    "aria-label": "a photo of your own", onchange: () => { stopFilm(); if (chooser.files[0]) open(chooser.files[0]); } });
  const own = make("button", { type: "button", onclick: () => chooser.click() }, "Own photo");
  const webcam = make("button", { type: "button", onclick: film }, "Webcam");

  makeCard(el, "Kernel studio",
    make("div", { class: "row" }, source, own, chooser, webcam, twiceField, reluField,
      strideField, poolField),
    make("div", { class: "studio" }, input.box,
      make("div", {}, make("div", {}, firstPicker.field, first.box), secondBox), output.box),
    status, sums,
    make("p", { class: "hint" },
      "Drag a number up or down to change it, drag the photo to move it, point at the output " +
      "to see its sum. Keys: Tab goes from part to part, the arrows change or move it. " +
      "Your photo and the webcam stay in this page: nothing is stored or sent."));
  load(Object.keys(photos)[0]);
  for (const name of ["kernel", "second", "relu", "stride", "pool"]) model.on(`change:${name}`, later);
  return () => { stopFilm(); cancelAnimationFrame(drawing); };
}

export default { initialize: offer, render, runStudio, rolled };
