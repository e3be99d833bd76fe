// Shows a widget in an output's own HTML: on its own if it computes where it is drawn
// (`state` holds what it needs), and on the kernel's model as soon as there is one.
function showInPage(widget, host, state, style) {
  const { link } = host.dataset;
  const sheet = document.createElement("style");
  sheet.textContent = style;
  const el = document.createElement("div");
  let clean = null;

  function show(model) {
    clean?.();
    host.replaceChildren(sheet, el);
    clean = widget.render({ model, el });
  }
  function connect(live) {
    show({
      get: (name) => live.get(name),
      set: (name, value) => live.set(name, value),
      save_changes: () => live.save_changes(),
      // The model outlives this output: it must not call what has left the page.
      on: (event, listener) => live.on(event, () => { if (el.isConnected) listener(); }),
    });
  }
  if (Object.keys(state).length > 0) show(standIn(state));
  if (!link) return;
  const live = globalThis.cnnlibModels?.get(link);
  if (live) connect(live);
  else addEventListener(`cnnlib-${link}`, (event) => connect(event.detail), { once: true });
}

// What a script needs of a widget model, without a kernel.
function standIn(state) {
  const listeners = {};
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      (listeners["change:" + name] ?? []).forEach((listener) => listener());
    },
    save_changes() {},
    on(event, listener) { (listeners[event] ??= []).push(listener); },
  };
}
