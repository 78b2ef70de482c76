/* Starts the viewer when the page is there. */

/** Unpack the data and show the planes; what fails is said in the page. */
async function start() {
  const root = document.getElementById("viewer");
  const message = root.querySelector("[data-part=message]");
  if (typeof DecompressionStream === "undefined") {
    message.textContent = say(
      "This browser is too old for the viewer (it cannot unpack gzip). The pictures below show the same places.",
    );
    return;
  }
  try {
    message.textContent = say("Unpacking the images ...");
    const bytes = await gunzip(bytesOf(document.getElementById("viewer-data").textContent));
    show(root, new State(content, bytes));
    message.textContent = "";
  } catch (error) {
    root.querySelector("[data-part=body]").hidden = true;
    message.textContent = say(
      "The viewer could not start ({reason}). The pictures below show the same places.",
      error.message,
    );
  }
}

/** Connect state, planes and controls. All changes between two pictures of the screen are drawn at once. */
function show(root, state) {
  root.querySelector("[data-part=body]").hidden = false;
  const panel = new Panel(state, root);
  const planes = [...root.querySelectorAll("[data-plane]")].map((element) => new Plane(state, element));
  let isWaiting = false;
  const draw = () => {
    isWaiting = false;
    for (const plane of planes) plane.draw();
    panel.refresh();
    root.dataset.drawn = String(Number(root.dataset.drawn || 0) + 1);
  };
  const ask = () => {
    if (!isWaiting) requestAnimationFrame(draw);
    isWaiting = true;
  };
  state.onChange(ask);
  new ResizeObserver(ask).observe(root);
  draw();
}

start();
