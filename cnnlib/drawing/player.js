// Puts a button and a slider under a picture that moves: to pause it, and to see each of
// its steps. Without this script the picture moves by itself.
function addControls(image, steps, seconds, first) {
  const box = document.createElement("div");
  const page = box.attachShadow({ mode: "open" });
  const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0));
  // Whoever asks for less motion gets a picture that stands still until it is stepped.
  const rule = "@media(prefers-reduced-motion:reduce){*{animation:none!important}}";
  page.innerHTML = new TextDecoder().decode(bytes).replace(rule, "") + `<style>
    svg { display: block; max-width: 100%; min-width: ${image.style.minWidth}; height: auto; }
    div { display: flex; gap: 12px; align-items: center; max-width: 560px; margin: 6px 0;
      font: 16px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
    button { font: inherit; min-width: 92px; min-height: 44px; cursor: pointer; color: #1a1a1a;
      background: #f2f2f2; border: 1px solid #767676; border-radius: 6px; }
    input { flex: 1; min-width: 0; min-height: 32px; margin: 0; accent-color: #0072b2; }
    button:focus-visible, input:focus-visible { outline: 3px solid #0072b2; outline-offset: 2px; }
  </style><div><button type="button"></button>
    <input type="range" aria-label="step" min="1" step="1"><span></span></div>`;
  const [svg, button, slider, count] =
    ["svg", "button", "input", "span"].map((name) => page.querySelector(name));
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", image.alt);
  svg.querySelector("title").remove();  // a tooltip over everything
  slider.max = steps;
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  box.addEventListener("keydown", (event) => event.stopPropagation());
  image.replaceWith(box);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let standing = first > 0 || calm ? first : null; // the step; null while it moves
  let watch = null;

  const parts = () => svg.getAnimations({ subtree: true });
  function tell(step) {
    slider.value = step + 1;
    count.textContent = `${step + 1} of ${steps}`;
  }
  function now() {
    return Math.floor((parts()[0]?.currentTime ?? 0) / (1000 * seconds)) % steps;
  }
  function stand(step) {
    standing = step;
    clearInterval(watch);
    button.textContent = "Play";
    for (const part of parts()) {
      part.pause();
      part.currentTime = 1000 * seconds * step + 1;
    }
    tell(step);
  }
  function run() {
    standing = null;
    clearInterval(watch);
    parts().forEach((part) => part.play());
    button.textContent = "Pause";
    tell(now());
    watch = setInterval(() => (box.isConnected ? tell(now()) : clearInterval(watch)), 100);
  }
  const goOn = () => (standing === null ? run() : stand(standing));
  button.addEventListener("click", () => (standing === null ? stand(now()) : run()));
  slider.addEventListener("input", () => stand(slider.value - 1));
  // Whenever the picture comes onto the page, its animations start anew.
  page.addEventListener("animationstart", goOn);
  goOn();
}
