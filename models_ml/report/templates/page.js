"use strict";
// Everything the page says is there without this script; it adds read-outs to charts and the cutoff slider.
const data = JSON.parse(document.getElementById("page-data").textContent);

for (const svg of document.querySelectorAll("svg[data-readings]")) {
  const points = [...data.readings[svg.dataset.readings]].sort((a, b) => a.x - b.x);
  const output = svg.closest("figure").querySelector(".readout");
  const cursor = svg.querySelector(".cursor");
  let shown = -1;

  const show = (i) => {
    shown = Math.min(Math.max(i, 0), points.length - 1);
    cursor.setAttribute("x1", points[shown].x);
    cursor.setAttribute("x2", points[shown].x);
    output.textContent = points[shown].text;
  };

  svg.addEventListener("pointermove", (event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const distance = (point) => Math.abs(point.x - place.x);
    show(points.reduce((best, point, i) => (distance(point) < distance(points[best]) ? i : best), 0));
  });
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -points.length, End: points.length };
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(shown < 0 ? 0 : shown + steps[event.key]);
  });
}

// On a small screen a wide chart scrolls; what stands out in it comes into view.
for (const box of document.querySelectorAll(".chart.scroll")) {
  const mark = [...box.querySelectorAll(".pointer")].at(-1);
  if (!mark) continue;
  const [place, frame] = [mark.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollLeft += place.left - frame.left - frame.width / 2;
}

const slider = document.getElementById("cutoff");
if (slider) {
  const figure = slider.closest("figure");
  const cursor = figure.querySelector(".cursor");
  const move = () => {
    const row = data.cutoffs[Number(slider.value)];
    slider.setAttribute("aria-valuetext", row.words);
    for (const [name, text] of Object.entries(row.shown)) document.getElementById(`cutoff-${name}`).textContent = text;
    cursor.setAttribute("x1", row.x);
    cursor.setAttribute("x2", row.x);
  };
  slider.addEventListener("input", move);
  move();
}
