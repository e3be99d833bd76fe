"""A JupyterLab of the tests' own: its own folders, on a free port of this machine."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 300  # s, for a machine that is busy with something else
SETTINGS = {
    # Every cell is on the page, also those that nobody has scrolled to yet.
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none",
        "kernelShutdown": True,
    },
    # JupyterLab would ask its own server for news and for newer versions.
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


class Lab:
    """A running JupyterLab that serves one folder.

    folder: where its notebooks lie; address: of the page, with its token in it.
    """

    def __init__(self, root: Path):
        self.folder = root / "notebooks"
        self.folder.mkdir()
        runtime = root / "runtime"
        self.environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(root / "config"),
            "JUPYTER_DATA_DIR": str(root / "data"),
            "JUPYTER_RUNTIME_DIR": str(runtime),
            "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
            "IPYTHONDIR": str(root / "ipython"),
            "CNNLIB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }
        self.environment.pop("CNNLIB_WIDGETS", None)
        _write_settings(root / "settings")
        # The debugger complains when a kernel ends while it is asking it something.
        disabled = {"disabledExtensions": {"@jupyterlab/debugger-extension": True}}
        (root / "config" / "labconfig").mkdir(parents=True)
        page = root / "config" / "labconfig" / "page_config.json"
        page.write_text(json.dumps(disabled))
        self._log = root / "lab.log"
        options = [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.root_dir={self.folder}",
            "--LabApp.expose_app_in_browser=True",
        ]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *options],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            server = self._wait(runtime / f"jpserver-{self._process.pid}.json")
        except BaseException:
            self.stop()
            raise
        self.address = f"{server['url']}lab?token={server['token']}"

    def _wait(self, note: Path) -> dict:
        """Return what the server writes down about itself once it listens."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                return json.loads(note.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.05)
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()}")

    def trust(self, *paths: Path) -> None:
        """Sign notebooks, as JupyterLab does with what its user has run."""
        command = [sys.executable, "-m", "jupyter", "trust", *map(str, paths)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def stop(self) -> None:
        """End the server, and with it its kernels."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _write_settings(folder: Path) -> None:
    for plugin, values in SETTINGS.items():
        package, name = plugin.split(":")
        place = folder / package / f"{name}.jupyterlab-settings"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(values))
