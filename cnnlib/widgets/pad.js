// A pad to draw a digit on: by mouse, finger or keys. What all pads share.

// The drawing is a list of strokes, each a list of [x, y] on a square of SIDE units.
// The network sees the same strokes brought to one size, with a pen of MNIST's width.
const SIDE = 280;
const PEN = 22;

function paintStrokes(canvas, strokes, pen) {
  const context = canvas.getContext("2d");
  context.setTransform(canvas.width / SIDE, 0, 0, canvas.height / SIDE, 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = "#fff";
  context.lineWidth = PEN;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(...stroke[0]);
    for (const point of stroke) context.lineTo(...point);
    context.stroke();
  }
  if (pen.shown) paintPen(context, pen);
}

// The keyboard's pen: a ring while it is up, a filled disc while it draws.
function paintPen(context, pen) {
  context.beginPath();
  context.arc(pen.x, pen.y, PEN / 2, 0, 2 * Math.PI);
  context.lineWidth = 4;
  const color = getComputedStyle(context.canvas).getPropertyValue("--window");
  context.strokeStyle = color;
  context.stroke();
  if (pen.down) {
    context.fillStyle = color;
    context.fill();
  }
}

// Gray values (a DataView of bytes) onto a canvas of their own size.
function paintGray(canvas, bytes, start = 0) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    const value = bytes ? bytes.getUint8(start + i) : 0;
    image.data.set([value, value, value, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

// Whole percents; what is not quite certain does not read 100 %.
function percent(p) {
  return p > 0.995 && p < 1 ? "> 99 %" : `${(100 * p).toFixed(0)} %`;
}

function answerTable(classes) {
  const rows = classes.map((name) => {
    const row = { fill: make("div", { class: "fill" }), value: make("td") };
    row.tr = make("tr", {}, make("th", { scope: "row" }, name),
      make("td", {}, make("div", { class: "track" }, row.fill)), row.value);
    return row;
  });
  const table = make("table", { class: "answers" },
    make("caption", { class: "unseen" }, "Probability of each class"),
    make("tbody", {}, ...rows.map((row) => row.tr)));
  function fill(probabilities) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    rows.forEach((row, i) => {
      const p = probabilities[i];
      row.fill.style.width = p === undefined ? 0 : `${100 * p}%`;
      row.value.textContent = p === undefined ? "" : percent(p);
      row.tr.classList.toggle("best", i === best);
    });
  }
  return { table, fill };
}

// The strokes, whatever draws them: mouse, finger, keys, or Python.
function strokeKeeper(model, redraw, sent) {
  let strokes = [...model.get("strokes")];
  let lastSent = 0;
  let timer = null;
  const keeper = {
    busy: false,
    get strokes() { return strokes; },
    begin(x, y) { strokes = [...strokes, [[x, y]]]; keeper.changed(); },
    extend(x, y) {
      const last = strokes[strokes.length - 1];
      strokes = [...strokes.slice(0, -1), [...last, [x, y]]];
      keeper.changed();
    },
    replace(next) { strokes = next; keeper.send(); redraw(); },
    changed() {
      redraw();
      // While a stroke is drawn, ask a few times a second; its end asks once more.
      const wait = Math.max(0, 80 - (Date.now() - lastSent));
      timer ??= setTimeout(keeper.send, wait);
    },
    send() {
      clearTimeout(timer);
      timer = null;
      lastSent = Date.now();
      model.set("strokes", strokes);
      model.save_changes();
      sent();
    },
  };
  model.on("change:strokes", () => {
    if (keeper.busy || model.get("strokes") === strokes) return;
    strokes = [...model.get("strokes")];
    redraw();
  });
  return keeper;
}

function listenToPointer(canvas, keeper, pen) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = SIDE / canvas.clientWidth;
    const clip = (value) => Math.round(Math.min(SIDE, Math.max(0, value * scale)));
    return [clip(event.clientX - box.left - canvas.clientLeft),
      clip(event.clientY - box.top - canvas.clientTop)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pen.shown = pen.down = false;
    keeper.busy = true;
    keeper.begin(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!keeper.busy) return;
    const seen = event.getCoalescedEvents?.() ?? [];
    (seen.length ? seen : [event]).forEach((e) => keeper.extend(...place(e)));
  });
  const end = () => {
    if (!keeper.busy) return;
    keeper.busy = false;
    keeper.send();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}

function listenToKeys(canvas, keeper, pen, redraw, say) {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function move([dx, dy], length) {
    pen.x = Math.min(SIDE, Math.max(0, pen.x + dx * length));
    pen.y = Math.min(SIDE, Math.max(0, pen.y + dy * length));
    pen.shown = true;
    if (pen.down) keeper.extend(pen.x, pen.y);
    else redraw();
  }
  function toggle() {
    pen.down = !pen.down;
    pen.shown = true;
    if (pen.down) keeper.begin(pen.x, pen.y);
    else keeper.send();
    say(pen.down ? "Pen down: the arrow keys draw." : "Pen up.");
    redraw();
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) move(moves[event.key], event.shiftKey ? 4 : 14);
    else if (event.key === " ") toggle();
    else if (event.key === "Backspace") keeper.undo();
    else if (event.key === "Delete") keeper.clear();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("blur", () => { pen.shown = pen.down = false; redraw(); });
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) { pen.shown = true; redraw(); }
  });
}
