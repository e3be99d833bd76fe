"""The lecture in a real browser: headless Chromium on a JupyterLab of its own."""
