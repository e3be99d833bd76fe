"""A browser window that notes what its pages ask for and complain of."""

import re
from pathlib import Path

LOCAL = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|(file|data|blob):")
JUPYTERLAB = re.compile(r"https?://[^\s)]+/static/lab/")  # its own scripts
PATIENCE = 300_000  # ms, for a machine that is busy with something else
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

OPEN = """async (path) => {
    await jupyterapp.restored;
    const panel = await jupyterapp.commands.execute("docmanager:open", { path });
    await panel.context.ready;
    await panel.revealed;
}"""
# All cells, their outputs and their pictures are there.
SHOWN = """() => {
    const { content } = jupyterapp.shell.currentWidget;
    const cells = content.widgets;
    return cells.length === content.model.cells.length
        && cells.every((cell) => cell.model.type === "code"
            ? cell.outputArea.widgets.length >= cell.model.outputs.length
            : cell.node.querySelector(".jp-RenderedMarkdown")?.hasChildNodes())
        && [...document.images].every((image) => image.complete);
}"""
RUN = """async () => {
    const { context } = jupyterapp.shell.currentWidget;
    await context.sessionContext.ready;
    await context.sessionContext.session.kernel.info;
    globalThis.ran = false;
    jupyterapp.commands.execute("notebook:run-all-cells").then(() => { ran = true; });
}"""
ERRORS = """() => jupyterapp.shell.currentWidget.content.widgets
    .flatMap((cell) => cell.model.outputs?.toJSON() ?? [])
    .filter((output) => output.output_type === "error")
    .map((output) => `${output.ename}: ${output.evalue}`)"""
CLOSE = """async () => {
    const panel = jupyterapp.shell.currentWidget;
    const { sessionContext } = panel.context;
    await sessionContext.ready;
    await sessionContext.session.kernel.info; // what still starts does not end cleanly
    await sessionContext.shutdown();
    panel.dispose();
}"""


class Window:
    """A window of the browser. `page` is Playwright's.

    outside: the addresses that its pages asked for beyond this machine (all refused);
    complaints: errors in its console and in its scripts, but for what JupyterLab's
    own scripts throw among themselves: on a busy machine it sometimes trips over the
    panel that it is closing.
    """

    def __init__(self, browser, **options):
        self.context = browser.new_context(**options)
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.context.route(lambda url: not LOCAL.match(url), self._refuse)
        self.context.on("console", self._hear)
        self.context.on("weberror", self._catch)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.page.on("websocket", self._see_socket)

    def _refuse(self, route):
        self.outside.append(route.request.url)
        route.abort()

    def _hear(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def _catch(self, event):
        frames = re.findall(r"\S+:\d+:\d+", event.error.stack or "")
        if not frames or not all(JUPYTERLAB.search(frame) for frame in frames):
            self.complaints.append(event.error.stack or str(event.error))

    def _see_socket(self, socket):
        if not LOCAL.match(socket.url):
            self.outside.append(socket.url)

    def broken_images(self) -> list[str]:
        """The alt texts of pictures that the page wants and cannot show."""
        return self.page.evaluate(
            "[...document.images].filter((i) => !i.naturalWidth).map((i) => i.alt)"
        )


class Desk(Window):
    """A window with JupyterLab in it, where notebooks are opened and run."""

    def __init__(self, browser, lab):
        super().__init__(browser, viewport={"width": 1280, "height": 900})
        self.lab = lab
        self.start()

    def start(self) -> None:
        """Load JupyterLab into the window, as on the first day."""
        self.page.goto(self.lab.address)
        self.page.wait_for_function("globalThis.jupyterapp")

    def open(self, path: Path) -> None:
        """Open a notebook of the lab's folder and wait until all of it is drawn."""
        self.page.evaluate(OPEN, str(path.relative_to(self.lab.folder)))
        self.page.wait_for_function(SHOWN)

    def run_all(self, patience: float = PATIENCE) -> list[str]:
        """Run the notebook, for at most `patience` ms; return the errors in it."""
        self.page.evaluate(RUN)
        self.page.wait_for_function("ran", timeout=patience)
        self.page.wait_for_function(SHOWN)
        return self.page.evaluate(ERRORS)

    def close(self) -> None:
        """Close the notebook and end its kernel."""
        self.page.evaluate(CLOSE)

    def command(self, name: str, **arguments) -> None:
        self.page.evaluate(
            "([name, args]) => jupyterapp.commands.execute(name, args).then(() => {})",
            [name, arguments],
        )

    def theme(self, name: str) -> None:
        """Change to the "light" or the "dark" theme."""
        self.command("apputils:change-theme", theme=THEMES[name])
        light = str(name == "light").lower()
        self.page.wait_for_selector(
            f"body[data-jp-theme-light={light}]", state="attached"
        )

    def notebook(self):
        """The open notebook, as Playwright's locator."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
