// Shows a widget in a page without a kernel: a small stand-in for the widget model.
function showInPage(widget, host, state, style) {
  const listeners = {};
  const model = {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      (listeners["change:" + name] ?? []).forEach((listener) => listener());
    },
    save_changes() {},
    on(event, listener) { (listeners[event] ??= []).push(listener); },
    off() {},
  };
  const sheet = document.createElement("style");
  sheet.textContent = style;
  const el = document.createElement("div");
  host.replaceChildren(sheet, el);
  widget.render({ model, el });
}
