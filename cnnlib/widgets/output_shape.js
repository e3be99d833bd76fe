const KNOBS = [
  ["n", "input n", 1, 16], ["kernel_size", "kernel k", 0, 7], ["stride", "stride s", 0, 5],
  ["padding", "padding p", 0, 4], ["dilation", "dilation d", 0, 4],
];
const CELL = 26;
const LEFT = 110;

function box(x, y, look) {
  return make("rect", { x: x + 1.5, y: y + 1.5, width: CELL - 3, height: CELL - 3, rx: 3, ...look });
}

function label(x, y, words, anchor = "start") {
  return make("text", { x, y: y + 18, "text-anchor": anchor }, words);
}

// The padded input, then one line for each place where the kernel stands.
function drawSweep(n, k, s, p, d, size) {
  const total = n + 2 * p;
  const width = LEFT + total * CELL + 100;
  const lines = [label(0, 0, "input")];
  for (let j = 0; j < total; j++) {
    const real = j >= p && j < p + n;
    lines.push(box(LEFT + j * CELL, 0, real
      ? { fill: "var(--input)" }
      : { fill: "#fff", stroke: "var(--muted)", "stroke-dasharray": "4 3", "stroke-width": 2 }));
    if (!real) lines.push(label(LEFT + (j + 0.5) * CELL, 0, "0", "middle"));
  }
  const span = d * (k - 1) + 1;
  for (let i = 0; i < size; i++) {
    const y = (i + 1) * (CELL + 4) + 6;
    lines.push(label(0, y, `position ${i}`));
    lines.push(make("rect", { x: LEFT + i * s * CELL, y, width: span * CELL, height: CELL,
      rx: 4, fill: "none", stroke: "var(--window)", "stroke-width": 3 }));
    for (let a = 0; a < k; a++) {
      lines.push(box(LEFT + (i * s + a * d) * CELL, y, { fill: "var(--kernel)" }));
    }
    lines.push(box(LEFT + total * CELL + 30, y, { fill: "var(--output)" }));
    lines.push(label(LEFT + total * CELL + 62, y, `${i}`));
  }
  const unread = total - ((size - 1) * s + span);
  for (let j = total - unread; j < total; j++) {
    const x = LEFT + j * CELL;
    lines.push(make("path", { d: `M${x + 4} 4L${x + CELL - 4} ${CELL - 4}M${x + CELL - 4} 4L${x + 4} ${CELL - 4}`,
      stroke: j < p + n ? "#fff" : "var(--ink)", "stroke-width": 3 }));
  }
  const height = (size + 1) * (CELL + 4) + 10;
  return make("svg", { class: "sweep", viewBox: `0 0 ${width} ${height}`, role: "img",
    style: `max-width:${1.2 * width}px`,
    "aria-label": `${n} input cells with ${p} of padding on each side, and below them ` +
      `${size} positions of a kernel that spans ${span}` }, ...lines);
}

function formulaOf(n, k, s, p, d) {
  return `\u230a(n + 2p \u2212 d(k \u2212 1) \u2212 1) / s\u230b + 1 = ` +
    `\u230a(${n} + 2\u00b7${p} \u2212 ${d}\u00b7(${k} \u2212 1) \u2212 1) / ${s}\u230b + 1`;
}

function render({ model, el }) {
  const answer = make("p", { class: "answer" });
  const formula = make("p", { class: "formula" });
  const note = make("p", { class: "hint" });
  const sweep = make("div");
  const status = make("div", { class: "unseen", role: "status" });
  const knobs = KNOBS.map(([name, words, low, high]) => {
    const value = make("span");
    const slider = make("input", {
      type: "range", min: low, max: high, step: 1,
      oninput: () => { model.set(name, Number(slider.value)); model.save_changes(); },
      onchange: () => { status.textContent = answer.textContent; },
    });
    return { name, slider, value, field: make("label", {}, `${words} = `, value, slider) };
  });

  function refuse(reason) {
    answer.textContent = `Refused, as PyTorch does. ${reason}`;
    formula.textContent = note.textContent = "";
    sweep.replaceChildren();
  }
  function update() {
    for (const knob of knobs) {
      const value = model.get(knob.name);
      if (value > Number(knob.slider.max)) knob.slider.max = value;
      knob.slider.value = value;
      knob.value.textContent = value;
    }
    const [n, k, s, p, d] = KNOBS.map(([name]) => model.get(name));
    const reason = refusal(n, k, s, p, d);
    answer.classList.toggle("error", Boolean(reason));
    if (reason) return refuse(reason);
    const size = outputSize(n, k, s, p, d);
    const unread = n + 2 * p - ((size - 1) * s + d * (k - 1) + 1);
    answer.textContent = `output size = ${size}`;
    formula.textContent = `${formulaOf(n, k, s, p, d)} = ${size}`;
    note.textContent = unread
      ? `Crossed out: the last ${unread} of the padded cells, where no whole stride is left (the floor).`
      : "The last window ends at the last cell: the floor takes nothing away.";
    sweep.replaceChildren(drawSweep(n, k, s, p, d, size));
  }
  makeCard(el, "Output shape explorer",
    make("p", { class: "title" }, "At how many places does the kernel fit? (p zeros on each side)"),
    make("div", { class: "knobs" }, ...knobs.map((knob) => knob.field)),
    answer, formula, sweep, note, status);
  update();
  for (const [name] of KNOBS) model.on(`change:${name}`, update);
}

export default { initialize: offer, render, refusal, outputSize };
