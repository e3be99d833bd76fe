function softmax(logits) {
  const largest = Math.max(...logits);
  const raised = logits.map((z) => Math.exp(z - largest));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((e) => e / sum);
}

// Log-sum-exp, so that the loss stays finite where p rounds to zero.
function crossEntropy(logits, target) {
  const largest = Math.max(...logits);
  const sum = logits.reduce((a, z) => a + Math.exp(z - largest), 0);
  return largest + Math.log(sum) - logits[target];
}

function softmaxRow(name, index, group, actions) {
  const part = {};
  part.target = make("input", {
    type: "radio", name: group, onchange: () => actions.setTarget(index),
  });
  part.slider = make("input", {
    type: "range", step: 0.1, "aria-label": `logit of ${name}`,
    oninput: () => actions.setLogit(index, Number(part.slider.value)),
    onchange: actions.announce,
  });
  part.z = make("span");
  part.p = make("span");
  part.g = make("span");
  part.pFill = make("div", { class: "fill" });
  part.gFill = make("div", { class: "fill" });
  part.row = make("div", { class: "logit-row", role: "group", "aria-label": name },
    make("label", {}, part.target, name),
    make("div", {}, part.z, part.slider),
    make("div", { class: "probability" }, part.p,
      make("div", { class: "track" }, part.pFill)),
    make("div", { class: "gradient" }, part.g,
      make("div", { class: "track" }, part.gFill)));
  return part;
}

function fillSoftmaxRow(part, z, p, y, reach) {
  part.row.classList.toggle("target", y === 1);
  part.target.checked = y === 1;
  part.slider.min = -reach;
  part.slider.max = reach;
  part.slider.value = z;
  part.slider.setAttribute("aria-valuetext",
    `${show(z, 1)}, probability ${show(100 * p, 0)} percent`);
  part.z.textContent = `z = ${show(z, 1)}`;
  part.p.textContent = `p = ${show(p)}`;
  part.g.textContent = `p \u2212 y = ${show(p - y)}`;
  part.pFill.style.width = `${100 * p}%`;
  part.gFill.style.left = `${50 + 50 * Math.min(0, p - y)}%`;
  part.gFill.style.width = `${50 * Math.abs(p - y)}%`;
}

function render({ model, el }) {
  const first = [...model.get("logits")];
  const status = make("div", { class: "unseen", role: "status" });
  const rows = make("div", { role: "group", "aria-label": "classes" });
  const formula = make("p", { class: "formula" });
  let parts = [];

  function setLogits(logits) {
    model.set("logits", logits);
    model.save_changes();
  }
  const actions = {
    setTarget(index) {
      model.set("target", index);
      model.save_changes();
      actions.announce();
    },
    setLogit(index, value) {
      setLogits(model.get("logits").map((z, i) => (i === index ? value : z)));
    },
    announce() { status.textContent = formula.textContent; },
  };
  function step() {
    const target = model.get("target");
    const p = softmax(model.get("logits"));
    setLogits(model.get("logits").map((z, i) => z - (p[i] - Number(i === target))));
    actions.announce();
  }
  function reset() {
    setLogits([...first]);
    actions.announce();
  }
  function build() {
    const group = uniqueName("target");
    parts = model.get("classes").map((name, i) => softmaxRow(name, i, group, actions));
    rows.replaceChildren(...parts.map((part) => part.row));
    update();
  }
  function update() {
    const classes = model.get("classes");
    const logits = model.get("logits");
    const target = model.get("target");
    // Python sends classes and logits one after the other when both change.
    if (logits.length !== classes.length || target >= classes.length) return;
    const reach = Math.max(5, ...logits.map((z) => Math.ceil(Math.abs(z))));
    const p = softmax(logits);
    parts.forEach((part, i) =>
      fillSoftmaxRow(part, logits[i], p[i], Number(i === target), reach));
    formula.textContent = `loss = \u2212log p(${classes[target]}) = ` +
      `\u2212log ${show(p[target], 3)} = ${show(crossEntropy(logits, target), 3)}`;
  }

  makeCard(el, "Softmax and cross-entropy loss",
    make("p", { class: "title" },
      "Logits z, probabilities p = softmax(z), gradient p \u2212 y"),
    make("p", { class: "hint" },
      "Move a logit; choose the right answer (y = 1) by its button."),
    rows, formula,
    make("div", { class: "row" },
      make("button", { type: "button", onclick: step },
        "One step down: z \u2190 z \u2212 (p \u2212 y)"),
      make("button", { type: "button", onclick: reset }, "Start again")),
    status);
  build();
  model.on("change:classes", build);
  model.on("change:logits", update);
  model.on("change:target", update);
}

export default { initialize: offer, render, softmax, crossEntropy };
