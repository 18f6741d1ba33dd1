// Three orthogonal cuts through one voxel, a map over the brain, drawn on plain canvases.
// Volumes come deflated inside the page (voxplain.report.viewer) and are inflated when first shown.

const PIXELS_PER_MM = 3;
const PLANES = [
  { axis: 0, across: 1, up: 2, ends: ["P", "A"] },
  { axis: 1, across: 0, up: 2, ends: ["L", "R"] },
  { axis: 2, across: 0, up: 1, ends: ["L", "R"] },
];

async function inflate(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

const digits = (value) => (value === 0 ? "0" : Number(value.toPrecision(3)).toString());

async function startViewer(root) {
  const data = JSON.parse(root.querySelector("script").textContent);
  const { shape, affine } = data;
  const find = (selector) => root.querySelector(selector);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const bytes = async (packed) => new Uint8Array(await inflate(packed));
  const colours = await bytes(data.colours);
  const underlay = await bytes(data.underlay);
  const brain = await bytes(data.brain);
  const atlases = [];
  for (const { names, data: packed } of data.atlases) {
    atlases.push({ names, regions: new Uint16Array(await inflate(packed)) });
  }
  const selects = all("select");
  const [threshold, opacity] = [find(".threshold"), find(".opacity")];
  const canvases = all(".plane canvas");
  const sliders = all(".plane input");
  const loaded = new Map();
  let layer = null;
  let at = shape.map((size) => Math.floor(size / 2));

  const index = (i, j, k) => (i * shape[1] + j) * shape[2] + k;
  const world = (voxel) =>
    affine.slice(0, 3).map((row) => row[3] + voxel.reduce((sum, x, axis) => sum + row[axis] * x, 0));
  const value = (where) => (layer.values[where] * layer.top) / 255;
  // As the figures do it: halves go up, whatever the last bits say.
  const millimetres = (x) => {
    const size = (Math.abs(x) + 1e-6).toFixed(1);
    return x < 0 && size !== "0.0" ? `−${size}` : size;
  };

  function describe(column, voxel) {
    const where = index(...voxel);
    const cells = [
      world(voxel).map(millimetres).join(", "),
      digits(value(where)),
      ...atlases.map(({ names, regions }) => names[regions[where]]),
    ];
    all(column).forEach((cell, k) => { cell.textContent = cells[k]; });
  }

  function cut({ axis, across, up }) {
    const [width, height] = [shape[across], shape[up]];
    const picture = new ImageData(width, height);
    const floor = threshold.value * layer.scale;
    const voxel = [...at];
    for (let y = 0; y < height; y += 1) {
      voxel[up] = height - 1 - y;
      for (let x = 0; x < width; x += 1) {
        voxel[across] = x;
        const where = index(...voxel);
        const here = value(where);
        const shown = here > 0 && here >= floor;
        const share = shown ? Number(opacity.value) : 0;
        const colour = shown ? 3 * Math.round((255 * here) / layer.scale) : 0;
        for (let c = 0; c < 3; c += 1) {
          picture.data[4 * (y * width + x) + c] =
            (1 - share) * underlay[where] + share * colours[colour + c];
        }
        picture.data[4 * (y * width + x) + 3] = 255;
      }
    }
    return picture;
  }

  function drawPlane(canvas, plane) {
    const picture = cut(plane);
    const small = new OffscreenCanvas(picture.width, picture.height);
    small.getContext("2d").putImageData(picture, 0, 0);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, canvas.width, canvas.height);
    const x = ((at[plane.across] + 0.5) / picture.width) * canvas.width;
    const y = (1 - (at[plane.up] + 0.5) / picture.height) * canvas.height;
    pen.strokeStyle = "#56b4e9";
    pen.lineWidth = 2;
    const gap = 14;
    pen.beginPath();
    for (const [from, to] of [[0, x - gap], [x + gap, canvas.width]]) {
      pen.moveTo(from, y);
      pen.lineTo(to, y);
    }
    for (const [from, to] of [[0, y - gap], [y + gap, canvas.height]]) {
      pen.moveTo(x, from);
      pen.lineTo(x, to);
    }
    pen.stroke();
    pen.fillStyle = "#fff";
    pen.font = "bold 28px system-ui, sans-serif";
    pen.textBaseline = "top";
    pen.textAlign = "left";
    pen.fillText(plane.ends[0], 10, 10);
    pen.textAlign = "right";
    pen.fillText(plane.ends[1], canvas.width - 10, 10);
  }

  function drawBar() {
    const canvas = find(".bar canvas");
    const pen = canvas.getContext("2d");
    for (let x = 0; x < canvas.width; x += 1) {
      const colour = 3 * Math.round((255 * x) / (canvas.width - 1));
      pen.fillStyle = `rgb(${colours[colour]}, ${colours[colour + 1]}, ${colours[colour + 2]})`;
      pen.fillRect(x, 0, 1, canvas.height);
    }
    pen.fillStyle = "#fff";
    pen.fillRect(threshold.value * (canvas.width - 2), 0, 2, canvas.height);
    find(".highest").textContent = digits(layer.scale);
    find(".unit").textContent = layer.unit;
    find(".threshold + output").textContent = digits(threshold.value * layer.scale);
    find(".opacity + output").textContent = `${Math.round(100 * opacity.value)} %`;
  }

  function draw() {
    canvases.forEach((canvas, k) => drawPlane(canvas, PLANES[k]));
    const place = world(at);
    sliders.forEach((slider, axis) => {
      slider.value = at[axis];
      slider.nextElementSibling.textContent = `${millimetres(place[axis])} mm`;
      slider.setAttribute("aria-valuetext", `${millimetres(place[axis])} millimetres`);
    });
    drawBar();
    describe(".crosshair", at);
  }

  function goToHighest() {
    const inside = layer.values.map((level, where) => level * brain[where]);
    const best = inside.indexOf(inside.reduce((a, b) => Math.max(a, b)));
    if (inside[best] === 0) return;
    const rest = best % (shape[1] * shape[2]);
    at = [(best - rest) / (shape[1] * shape[2]), Math.floor(rest / shape[2]), rest % shape[2]];
  }

  async function choose() {
    const key = selects.map((select) => select.value).join("|");
    const { data: packed, ...rest } = data.layers[key];
    if (!loaded.has(key)) loaded.set(key, await bytes(packed));
    layer = { ...rest, values: loaded.get(key) };
  }

  canvases.forEach((canvas, k) => {
    const plane = PLANES[k];
    canvas.width = Math.round(shape[plane.across] * data.sizes[plane.across] * PIXELS_PER_MM);
    canvas.height = Math.round(shape[plane.up] * data.sizes[plane.up] * PIXELS_PER_MM);
    canvas.parentElement.style.flexGrow = canvas.width;
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      const inside = (share, size) => Math.max(0, Math.min(size - 1, Math.floor(share * size)));
      const voxel = [...at];
      voxel[plane.across] = inside((event.clientX - box.left) / box.width, shape[plane.across]);
      voxel[plane.up] = inside(1 - (event.clientY - box.top) / box.height, shape[plane.up]);
      return voxel;
    };
    canvas.addEventListener("pointermove", (event) => {
      describe(".pointer", under(event));
      if (event.buttons) { at = under(event); draw(); }
    });
    canvas.addEventListener("pointerdown", (event) => { at = under(event); draw(); });
  });
  sliders.forEach((slider, axis) => {
    slider.max = shape[axis] - 1;
    slider.addEventListener("input", () => { at[axis] = Number(slider.value); draw(); });
  });
  for (const slider of [threshold, opacity]) slider.addEventListener("input", draw);
  for (const select of selects) {
    select.addEventListener("change", async () => { await choose(); draw(); });
  }
  find("button").addEventListener("click", () => { goToHighest(); draw(); });

  await choose();
  goToHighest();
  draw();
  root.dataset.ready = "true";
}

for (const root of document.querySelectorAll(".viewer")) startViewer(root);
