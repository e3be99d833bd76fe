// The digit pad: a network in the kernel answers every stroke.
const PATIENCE = 3000; // ms without an answer before we say so

function mapGallery() {
  const title = make("p", { class: "hint" });
  const shelf = make("div", { class: "maps", role: "img" });
  const gallery = make("div", { hidden: true }, title, shelf);
  function fill(layer, maps) {
    gallery.hidden = !maps;
    if (!maps) return;
    const [count, height, width] = maps.shape;
    title.textContent = `What ${layer}, the first convolution, makes of it: ` +
      `${count} feature maps, ${height} \u00d7 ${width}; brighter is larger`;
    shelf.setAttribute("aria-label", `${count} feature maps of ${layer}`);
    while (shelf.children.length < count) {
      shelf.append(make("canvas", { class: "map", width, height }));
    }
    [...shelf.children].forEach((canvas, i) =>
      paintGray(canvas, maps.bytes, i * height * width));
  }
  return { gallery, fill };
}

function render({ model, el }) {
  const pen = { x: SIDE / 2, y: 60, down: false, shown: false };
  const hint = uniqueName("keys");
  const canvas = make("canvas", {
    class: "drawing", width: 2 * SIDE, height: 2 * SIDE, tabindex: 0,
    role: "application", "aria-label": "Drawing pad", "aria-describedby": hint,
  });
  const seen = make("canvas", {
    class: "seen", width: 28, height: 28, role: "img",
    "aria-label": "What the network sees, 28 by 28 pixels",
  });
  const status = make("p", { class: "formula", role: "status" });
  const speed = make("p", { class: "hint" });
  const answers = answerTable(model.get("classes"));
  const gallery = mapGallery();
  let asked = 0;
  let alarm = null;

  const redraw = () => paintStrokes(canvas, keeper.strokes, pen);
  const say = (words) => {
    if (status.textContent !== words) status.textContent = words;
  };
  const keeper = strokeKeeper(model, redraw, () => {
    asked = performance.now();
    clearTimeout(alarm);
    alarm = setTimeout(() => {
      status.classList.add("error");
      answers.fill([]);
      gallery.fill("", null);
      speed.textContent = "";
      say("No answer came. The network lives in the notebook's kernel, which is busy, " +
        "or was stopped: then run the notebook again, down to this cell.");
    }, PATIENCE);
  });
  keeper.clear = () => {
    pen.down = false;
    keeper.replace([]);
  };
  keeper.undo = () => {
    pen.down = false;
    keeper.replace(keeper.strokes.slice(0, -1));
  };

  function update() {
    clearTimeout(alarm);
    const { probabilities = [], seen: picture, maps, error } = model.get("answer");
    status.classList.toggle("error", Boolean(error));
    paintGray(seen, picture);
    answers.fill(probabilities);
    gallery.fill(model.get("layer"), maps);
    const best = probabilities.indexOf(Math.max(...probabilities));
    if (asked) speed.textContent = `answered in ${Math.round(performance.now() - asked)} ms`;
    if (error) say(error);
    else if (best < 0) say("Draw a digit.");
    else if (!keeper.busy && !pen.down) {
      say(`The network says ${model.get("classes")[best]}: ${percent(probabilities[best])}.`);
    }
  }

  const button = (name, action) =>
    make("button", { type: "button", onclick: action }, name);
  makeCard(el, "Digit pad",
    make("div", { class: "digit-pad" },
      make("div", {},
        make("p", { class: "title" }, "Draw a digit, large"), canvas,
        make("div", { class: "row", style: "margin-top:0.6rem" },
          button("Clear", () => keeper.clear()),
          button("Undo stroke", () => keeper.undo()))),
      make("div", {},
        make("p", { class: "title" }, "What the network sees"), seen, speed),
      make("div", {},
        make("p", { class: "title" }, "What it answers"), answers.table, status)),
    make("p", { class: "hint", id: hint },
      "Mouse or finger draws. Keys: arrows move the pen (with Shift by less), " +
      "Space puts it down and lifts it, Backspace takes back a stroke, Delete clears."),
    gallery.gallery);

  listenToPointer(canvas, keeper, pen);
  listenToKeys(canvas, keeper, pen, redraw, say);
  model.on("change:answer", update);
  redraw();
  update();
  return () => clearTimeout(alarm);
}

export default { initialize: offer, render };
